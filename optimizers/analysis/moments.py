"""The expected loss of noisy runs on a quadratic, exact and without a seed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optimizers.simulation.experiment import Plan

Vector = NDArray[np.float64]


def has_moments(plan: Plan) -> bool:
    """Tell whether a run's expected loss is known: of a heavy ball on an analytic quadratic.

    Its noise is the same everywhere and its rate constant, and it is neither clipped nor stopped.
    """
    run, objective = plan.run, plan.objective
    constant = run.schedule == "Constant" and not run.warmup
    alone = plan.rule.ball_of(run.hyper) is not None and not run.weight_decay
    alone = alone and not (plan.clipping.on or plan.stopping.on)
    return objective.quadratic and not objective.count and constant and alone


def expected_gaps(plan: Plan, rates: ArrayLike, sizes: ArrayLike) -> Iterator[Vector]:
    """Yield the expected loss above the lowest after 0, 1, 2, ... updates, each (b, r).

    They are those of a run at `rates` (r,) with batches of `sizes` (b,). Along an axis of curvature
    h the heavy ball v = mu v + g, x -= rate v moves the second moments (E x x, E x v, E v v) by a
    matrix, and the gradient's noise adds to them; the loss is h / 2 E x x, summed over both axes.

    Raises ValueError where `has_moments` does not hold.
    """
    ball = plan.rule.ball_of(plan.run.hyper)
    if ball is None or not has_moments(plan):
        name = plan.objective.name
        raise ValueError(f"surface = {name!r}: must be a quadratic, of a heavy ball at one rate")
    mu, share = ball
    (point,) = plan.objective.minimizers()
    hxx, hxy, hyy = plan.objective.hessian(point.x, point.y)
    h, axes = np.linalg.eigh([[hxx, hxy], [hxy, hyy]])
    rate = share * np.asarray(rates, dtype=np.float64)[:, None]
    epochs = [plan.epoch_of(int(size)) for size in np.ravel(sizes)]
    shape = np.diag(axes.T @ plan.covariance @ axes)
    whole, short = (
        np.square([epoch.noise(plan.sample_noise, size) for epoch, size in pairs])[:, None, None]
        * shape
        for pairs in (
            [(epoch, epoch.batch_size) for epoch in epochs],
            [(epoch, epoch.last) for epoch in epochs],
        )
    )
    period = np.array([epoch.updates for epoch in epochs])[:, None, None]
    off = axes.T @ (np.array(plan.start) - (point.x, point.y))
    xx = np.tile(off**2, (len(epochs), len(rate), 1))
    xv, vv = np.zeros_like(xx), np.zeros_like(xx)
    for update in itertools.count(1):
        with np.errstate(over="ignore", invalid="ignore"):  # of rates that are too large
            gaps = (xx @ h) / 2
        yield gaps
        with np.errstate(over="ignore", invalid="ignore"):
            variance = np.where(update % period == 0, short, whole)
            along = h * xx + mu * xv  # E x v after the gradient is taken
            vv = h * h * xx + 2 * mu * h * xv + mu * mu * vv + variance
            xx = xx - 2 * rate * along + rate**2 * vv
            xv = along - rate * vv
