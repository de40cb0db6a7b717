"""The update rules by name: those that follow gradients, then those of curvature, oldest first."""

from landscape.discover import discover
from optimizers.record import Optimizer


def _place(record: Optimizer) -> tuple[bool, int]:
    return record.second_order, record.year


OPTIMIZERS = discover("optimizers.rules", "OPTIMIZER", Optimizer, _place)
