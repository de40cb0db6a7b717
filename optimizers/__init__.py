"""Update rules, learning-rate schedules and the simulation of experiments.

`OPTIMIZERS` and `SCHEDULES` map names to records; every module in `optimizers/rules` that defines
`OPTIMIZER` is in the first. An `Experiment` is frozen data, `simulate` turns it into trajectories,
`verdict` says what becomes of each, and `describe` puts it into words; `averaged` has an average
of its iterates, and `before_looking_ahead` Nesterov's points in Sutskever's form.
"""

from optimizers.analysis.averaging import Average, Averaged, averaged
from optimizers.analysis.lookahead import before_looking_ahead
from optimizers.analysis.verdicts import Verdict, verdict
from optimizers.analysis.words import describe
from optimizers.record import Optimizer
from optimizers.registry import OPTIMIZERS
from optimizers.simulation.chunks import EngineError
from optimizers.simulation.experiment import Experiment, Run, Trajectory, simulate
from optimizers.simulation.schedules import SCHEDULES, Schedule
from optimizers.simulation.sweep import Cancelled, Sweep, sweep

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "Average",
    "Averaged",
    "Cancelled",
    "EngineError",
    "Experiment",
    "Optimizer",
    "Run",
    "Schedule",
    "Sweep",
    "Trajectory",
    "Verdict",
    "averaged",
    "before_looking_ahead",
    "describe",
    "simulate",
    "sweep",
    "verdict",
]
