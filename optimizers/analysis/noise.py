"""The noise of a batch's gradient: its covariance, and the scale on which a batch is large.

The gradients of N samples at a position have the covariance S; the mean of a batch of B that is
drawn from them without replacement has S (N - B) / (B (N - 1)), with replacement S / B. What
dropout leaves of a sample is drawn anew whenever it is seen: without replacement too, the part D of
S that is the mean over the samples of the covariance over their ways is D / B.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscape.data import ways
from optimizers.simulation import driver
from optimizers.simulation.experiment import Plan, check_count

Matrix = NDArray[np.float64]


def sample_gradients(plan: Plan, position: ArrayLike) -> Matrix:
    """Return the gradient of every sample at a position (2,), float64 (N, 2).

    With dropout it is the mean over all ways to drop inputs.

    Raises ValueError where the surface is not made by data.
    """
    gradients, shares = gradients_by_ways(plan, position)
    found: Matrix = np.tensordot(shares, gradients, 1)
    return found


def gradients_by_ways(plan: Plan, position: ArrayLike) -> tuple[Matrix, Matrix]:
    """Return the same in each of W ways to drop inputs, (W, N, 2), and their shares (W,)."""
    objective = plan.objective
    samples = objective.surface.samples
    if samples is None:
        raise ValueError(f"surface = {objective.name!r}: must be one that is made by data")
    at = np.array(position, dtype=np.float64)
    found = np.empty((objective.ways * objective.count, 2))
    driver.sample_gradients(samples.batch.pointer, at, objective.numbers, found)
    return found.reshape(objective.ways, -1, 2), ways(objective.keep, samples.columns)[1]


def sample_covariance(plan: Plan, position: ArrayLike) -> Matrix:
    """Return the covariance (2, 2) of one sample's gradient at a position (2,).

    Where no samples make the surface it is that of the noise that is added.
    """
    if plan.objective.count:
        return sum(_parts(plan, position), np.zeros((2, 2)))
    added: Matrix = plan.sample_noise**2 * plan.covariance
    return added


def _parts(plan: Plan, position: ArrayLike) -> tuple[Matrix, Matrix]:
    """Return the covariances (2, 2) that samples have, and that dropout adds, of one's gradient."""
    gradients, shares = gradients_by_ways(plan, position)
    means = np.tensordot(shares, gradients, 1)
    off, left = means - means.mean(axis=0), gradients - means
    drawn = np.einsum("w,wni,wnj->ij", shares, left, left) / len(means)
    return off.T @ off / len(off), drawn


def batch_covariance(plan: Plan, position: ArrayLike, batch_size: int) -> Matrix:
    """Return the covariance (2, 2) of the mean gradient of a batch at a position (2,).

    It is drawn as those of the plan are.
    """
    size = check_count("batch_size", batch_size, plan.epoch.samples)
    share = plan.epoch.noise(1.0, size) ** 2
    if plan.objective.dropped:
        of_samples, drawn = _parts(plan, position)
        return share * of_samples + drawn / size
    covariance: Matrix = share * sample_covariance(plan, position)
    return covariance


def independent_samples(plan: Plan, position: ArrayLike) -> float:
    """Return how many independent samples have a mean as noisy as that of the plan's batches.

    The sizes of noise are compared by what they add to the loss of the local quadratic. It is
    infinite where a batch has no noise.
    """
    if not plan.objective.dropped:
        size = plan.epoch.noise(1.0, plan.batch_size)
        return 1 / size**2 if size else float("inf")
    hxx, hxy, hyy = plan.objective.hessian(*np.asarray(position, dtype=np.float64))
    hessian = np.array([[hxx, hxy], [hxy, hyy]])
    one, batch = (
        float(np.trace(hessian @ batch_covariance(plan, position, size)))
        for size in (1, plan.batch_size)
    )
    return one / batch if batch else float("inf")


@dataclass(frozen=True)
class NoiseScale:
    """On what scale a batch is large, at one position (McCandlish et al., 2018).

    `simple` is tr S / |G|^2, and `weighted` tr(H S) / G'HG, of the exact gradient G, the Hessian H
    and the covariance S of one sample's gradient. `largest` is the best rate of one step along the
    exact gradient, |G|^2 / G'HG. All are infinite or NaN where the gradient vanishes, and a
    `largest` that is not positive means that no rate is too large.
    """

    simple: float
    weighted: float
    largest: float
    slope: float  # |G|^2

    def best_rate(self, batch_size: float) -> float:
        """Return the rate of one step that lowers the expected loss of the local model most."""
        return self.largest / (1 + self.weighted / batch_size)

    def expected_fall(self, batch_size: float) -> float:
        """Return by how much one step at that rate lowers it."""
        return self.best_rate(batch_size) * self.slope / 2


def noise_scale_at(plan: Plan, position: ArrayLike) -> NoiseScale:
    """Return the noise scale at a position (2,)."""
    x, y = np.asarray(position, dtype=np.float64)
    gradient = np.array(plan.objective.gradient(x, y))
    hxx, hxy, hyy = plan.objective.hessian(x, y)
    hessian = np.array([[hxx, hxy], [hxy, hyy]])
    covariance = sample_covariance(plan, position)
    slope = gradient @ gradient
    bend = gradient @ hessian @ gradient
    with np.errstate(divide="ignore", invalid="ignore"):
        return NoiseScale(
            float(np.trace(covariance) / slope),
            float(np.trace(hessian @ covariance) / bend),
            float(slope / bend),
            float(slope),
        )
