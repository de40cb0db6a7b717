"""The update rules by name: those that follow gradients, then those of curvature, oldest first."""

from landscape.discover import discover
from optimizers.record import Optimizer


def _place(record: Optimizer) -> tuple[bool, int]:
    return not record.l1_steps, record.year  # what takes curvature has no steps for a kink


OPTIMIZERS = discover("optimizers.rules", "OPTIMIZER", Optimizer, _place)
