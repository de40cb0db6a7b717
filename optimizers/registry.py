"""The update rules by name, oldest first."""

from landscape.discover import discover
from optimizers.record import Optimizer

OPTIMIZERS = discover("optimizers.rules", "OPTIMIZER", Optimizer, lambda record: record.year)
