"""Averages of a run's iterates: the mean of Polyak and Ruppert, and an exponential one.

Where noise lets the iterates of a constant rate hover around a minimum, their average walks into
it: the noise of single iterates cancels (Ruppert 1988; Polyak and Juditsky 1992, "Acceleration of
stochastic approximation by averaging"). An average looks at the path alone, and changes no update.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landscape.checks import check_names, check_number
from landscape.language import msgid
from optimizers.analysis.moments import has_moments
from optimizers.simulation.experiment import MOST_STEPS, Plan, Trajectory

Vector = NDArray[np.float64]

MEAN, EXPONENTIAL = AVERAGES = msgid("mean"), msgid("exponential")
MOST_GAMMA = 0.9999
USUAL_GAMMA = 0.99


@dataclass(frozen=True)
class Average:
    """How iterates x_0, x_1, ... of a run are averaged from the `first` on.

    "mean" is (x_first + ... + x_k) / (k - first + 1), of the tail of the path where `first` > 0.
    "exponential" is a_k = gamma a_(k-1) + (1 - gamma) x_k and begins with the first iterate,
    a_first = x_first, as PyTorch's AveragedModel does: there is no correction of a bias, and that
    iterate keeps the weight gamma^(k - first).

    `gamma` is from 0 to 0.9999, `first` a whole number of updates. Raises ValueError for others,
    and for another `kind`.
    """

    kind: str = MEAN
    gamma: float = USUAL_GAMMA
    first: int = 0

    def __post_init__(self) -> None:
        check_names("kind", [self.kind], AVERAGES)
        gamma = check_number("gamma", self.gamma, 0.0, MOST_GAMMA)
        first = int(check_number("first", self.first, 0, MOST_STEPS, integer=True))
        # An equal average is the same one: gamma does not matter to a mean.
        object.__setattr__(self, "gamma", USUAL_GAMMA if self.kind == MEAN else gamma)
        object.__setattr__(self, "first", first)

    def of_path(self, path: Vector) -> Vector:
        """Return the average after every update, float64 (k+1, 2), of a path (k+1, 2).

        Up to the `first` iterate there is nothing to average: there it is the iterate itself.
        """
        found = np.array(path, dtype=np.float64)
        tail = found[self.first :]
        if self.kind == MEAN:
            tail[:] = np.cumsum(tail, axis=0) / np.arange(1, len(tail) + 1)[:, None]
        elif len(tail):
            tail[1:] *= 1 - self.gamma
            tail[:] = decayed(tail, self.gamma)
        return found

    def weights(self, updates: int) -> Vector:
        """Return the weight of each iterate in the average after so many updates, (updates + 1,).

        They sum to 1.
        """
        found = np.zeros(updates + 1)
        tail = found[min(self.first, updates) :]
        if self.kind == MEAN:
            tail[:] = 1 / len(tail)
        else:
            tail[:] = self.gamma ** np.arange(len(tail))[::-1]
            tail[1:] *= 1 - self.gamma
        return found


@dataclass(frozen=True, eq=False)
class Averaged:
    """The averages of a run's iterates: `path` float64 (k+1, 2), and the `loss` of each (k+1,).

    There is one for each of the run's finite positions.
    """

    average: Average
    path: Vector
    loss: Vector

    @property
    def first(self) -> int:
        """The update from which on it is an average: of a shorter run, its last."""
        return min(self.average.first, len(self.path) - 1)


def averaged(trajectory: Trajectory, average: Average) -> Averaged:
    """Return the average of a run's iterates after every update, with its loss.

    On a surface made by data a loss takes a pass over the samples, as one of the run does.
    """
    path = average.of_path(trajectory.finite_path)
    with np.errstate(over="ignore", invalid="ignore"):  # of a run that diverges
        loss: Vector = trajectory.objective.loss(*path.T)
    return Averaged(average, path, loss)


def decayed(values: Vector, factor: float) -> Vector:
    """Return y_k = values_k + factor y_(k-1) along the first axis, for |factor| <= 1.

    It doubles the reach of the sum in every pass: no power of the factor is divided by, and a long
    path takes a few passes in place of a loop.
    """
    found = values.copy()
    reach, power = 1, factor
    while reach < len(found) and power:
        found[reach:] += power * found[:-reach]
        reach, power = 2 * reach, power * power
    return found


# --- What theory expects


@dataclass(frozen=True)
class Expected:
    """The mean over all seeds of the loss above the lowest, after all updates of a run.

    `last` is that of the last iterate, `averaged` of the average.
    """

    last: float
    averaged: float


def expected(plan: Plan, average: Average) -> Expected | None:
    """Return what is expected of a run without momentum on a noisy quadratic, None of others.

    Along an eigenvector of curvature h an iterate is rho^k d minus the sum of the earlier draws,
    each times rate rho^(its age), with rho = 1 - rate h and the start's distance d. An average is
    linear in the draws too, so that this is exact, the way from the start included. In the long run
    the mean of T iterates has the variance c / (T h^2), c that of the gradient, whatever the rate
    (Polyak and Juditsky 1992), and an exponential average that of an iterate times
    (1 - gamma) (1 + rho gamma) / ((1 + gamma) (1 - rho gamma)).
    """
    rule, hyper = plan.rule, plan.run.hyper
    like = rule.ball_of(hyper)
    if not has_moments(plan) or like is None or like[0] or plan.noise == 0:
        return None
    _, share = like
    objective, rate, updates = plan.objective, share * plan.lr, plan.steps
    (minimum,) = objective.minimizers()
    hxx, hxy, hyy = objective.hessian(minimum.x, minimum.y)
    curvatures, axes = np.linalg.eigh([[hxx, hxy], [hxy, hyy]])
    if rate * curvatures[-1] >= 2:
        return None
    shape = np.diag(axes.T @ plan.covariance @ axes)
    away = axes.T @ (np.array(plan.start) - (minimum.x, minimum.y))
    noises = plan.noises(0, updates)
    last = np.zeros(updates + 1)
    last[-1] = 1.0
    found = []
    for weights in (last, average.weights(updates)):
        gap = 0.0
        for h, c, d in zip(curvatures, shape, away, strict=True):
            rho = 1 - rate * h
            # How much of a draw all later iterates hold, from the last draw backwards.
            held = decayed(weights[:0:-1], rho)[::-1]
            bias = d * float(weights @ rho ** np.arange(updates + 1))
            gap += h / 2 * (bias**2 + c * float(np.square(rate * held * noises).sum()))
        found.append(float(gap))
    return Expected(*found)
