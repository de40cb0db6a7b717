"""The points of Sutskever's form of Nesterov's gradient, beside those of a run.

A run of Nesterov, as PyTorch has it, shows the points theta + mu v at which gradients are taken.
Sutskever et al. (ICML 2013) call theta itself the position: v <- mu v - lr grad f(theta + mu v),
theta <- theta + v. It is where the run's step along the gradient alone would have led.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizers.registry import OPTIMIZERS
from optimizers.simulation.experiment import Run, Trajectory

NESTEROV = "Nesterov"

Vector = NDArray[np.float64]


class Points(NamedTuple):
    """Positions, float64 (k+1, 2), and the loss at each of them, (k+1,)."""

    path: Vector
    loss: Vector


def looks_ahead(run: Run) -> bool:
    """Tell whether a run is Nesterov's with momentum, so that it has such points."""
    rule = OPTIMIZERS[run.optimizer]
    return rule.name == NESTEROV and rule.memory_of(run.hyper) is not None


def before_looking_ahead(trajectory: Trajectory) -> Points | None:
    """Return Sutskever's points of a run of Nesterov with momentum, None of any other run.

    The first is the start, and point k is x_(k-1) - lr_(k-1) g_(k-1), from the run's positions x
    and the gradients g that it was given: x_k without the part -lr_(k-1) mu v_k of the velocity v_k
    that sums gradients. At a constant rate they are to rounding those of the recursion above; where
    the rate changes they are not, because his velocity holds the earlier rates. Losses are those of
    all samples.
    """
    if not looks_ahead(trajectory.run):
        return None
    count = len(trajectory.finite_path)
    path = trajectory.finite_path.copy()
    with np.errstate(over="ignore", invalid="ignore"):  # of a run that diverges
        path[1:] = path[:-1] - (trajectory.lr[:, None] * trajectory.gradient)[: count - 1]
        loss: Vector = trajectory.objective.loss(*path.T)
    return Points(path, loss)
