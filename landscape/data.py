"""Samples: what the loss of a surface made by data is the mean over."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscape.checks import check_array, shown
from landscape.compiled import Kernel

Vector = NDArray[np.float64]

FEWEST_SAMPLES, MOST_SAMPLES = 2, 1_000_000
LARGEST = 1e6  # a feature or a label may be so far from 0
LEAST_KEEP = 0.1  # probability that dropout keeps an input


class Dataset:
    """N samples: features `x` float64 (N, d) and labels `y` float64 (N,).

    It cannot be changed, and equals every other one of the same numbers. Raises ValueError for
    what is no data set: numbers that are not finite or beyond 1e6, rows without a label, fewer than
    2 samples or more than a million, and a feature that is the same in all samples.
    """

    x: Vector
    y: Vector
    digest: str  # of its content

    def __init__(self, x: ArrayLike, y: ArrayLike) -> None:
        features, labels = check_array("x", x), check_array("y", y)
        if features.ndim == 1:
            features = features[:, None]
        if features.ndim != 2 or labels.ndim != 1 or len(features) != len(labels):
            raise ValueError(
                f"shapes of x {features.shape} and y {labels.shape}: must be (N,) or (N, d), and"
                " (N,)"
            )
        if not FEWEST_SAMPLES <= len(labels) <= MOST_SAMPLES:
            raise ValueError(
                f"samples = {len(labels)}: must be from {FEWEST_SAMPLES} to {MOST_SAMPLES}"
            )
        for name, values in (("x", features), ("y", labels)):
            bad = ~(np.abs(values) <= LARGEST)  # written so that NaN fails it
            if bad.any():
                value = shown(float(values[bad][0]))
                raise ValueError(f"{name} = {value}: must be numbers up to {LARGEST:g}")
        constant = np.ptp(features, axis=0) == 0
        if constant.any():
            raise ValueError(
                f"column {int(np.argmax(constant))} of x: must not be the same in all samples"
            )
        put = super().__setattr__
        for name, values in (("x", features), ("y", labels)):
            values = np.array(values, order="C") + 0.0  # a copy of our own, without -0
            values.flags.writeable = False
            put(name, values)
        content = (str(self.x.shape).encode(), self.x.tobytes(), self.y.tobytes())
        put("digest", hashlib.sha256(b"".join(content)).hexdigest())

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{name}: a Dataset cannot be changed")

    def __len__(self) -> int:
        return len(self.y)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dataset) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Dataset({len(self)} samples, {self.digest[:12]})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Dataset, (self.x, self.y)


@dataclass(frozen=True)
class Samples:
    """What makes a surface one of data: where its samples come from, and the mean over a batch.

    `make` maps a number of samples and the surface's parameters, by keyword, to a data set;
    `pack` maps features (W N, columns), labels (W N,) and shares (W,) to the numbers that the
    kernels get as `params`: the N samples in each of W ways, whose shares are parts of the loss.
    `fit` is what the weights x and y make of a sample's features f and g, as a formula that Python
    and JavaScript read alike, and `features` maps a data set and the parameters to those features,
    (N, columns), where they are not the data's own. The loss of a sample is half the square of the
    fit's distance from the label or, of `classes`, log(1 + exp(-fit)) for 1 and log(1 + exp(fit))
    for 0.
    Whoever brings data of their own gives `columns` features, and labels of two kinds, 0 and 1,
    where there are `classes`. Parameters that only `make` uses are in `made_by`.
    """

    make: Callable[..., Dataset]
    pack: Callable[..., Vector]
    batch: Kernel
    columns: int
    made_by: tuple[str, ...]
    fit: str
    classes: bool = False
    features: Callable[..., Vector] = lambda data, **params: data.x

    def numbers(self, data: Dataset, params: Mapping[str, float], keep: float) -> Vector:
        """Return the numbers that the kernels get as `params`, where dropout keeps an input so."""
        kept, shares = ways(keep, self.columns)
        features = self.features(data, **params)
        copies = (features[None] * kept[:, None] / keep).reshape(-1, self.columns)
        return self.pack(copies, np.tile(data.y, len(shares)), shares)

    def check(self, name: str, data: Any) -> None:
        """Raise a ValueError unless `data` is a data set for the surface of this name."""
        if not isinstance(data, Dataset):
            raise ValueError(f"data = {shown(data)}: must be a Dataset")
        if data.x.shape[1] != self.columns:
            raise ValueError(
                f"data: {data.x.shape[1]} columns of x: must be {self.columns} on {name}"
            )
        if np.linalg.matrix_rank(data.x) < self.columns:
            raise ValueError("data: the columns of x must not be multiples of each other")
        if self.classes and not set(np.unique(data.y)) == {0.0, 1.0}:
            raise ValueError(f"data: y must hold 0 and 1, and both, on {name}")


def ways(keep: float, inputs: int) -> tuple[Vector, Vector]:
    """Return the ways in which dropout leaves some inputs: 1 or 0 (W, inputs), and shares (W,).

    An input is kept, 1, with the probability `keep`. Way w drops input j where bit j of w is set.
    Where all are kept there is one way.
    """
    if keep == 1.0:
        return np.ones((1, inputs)), np.ones(1)
    dropped = np.arange(2**inputs)[:, None] >> np.arange(inputs) & 1
    kept = (1 - dropped).astype(np.float64)
    shares: Vector = np.where(dropped, 1 - keep, keep).prod(axis=1)
    return kept, shares


# Of two inputs. Kernels have it in a HEAD of their own: Numba's cache knows a kernel's file alone.
MOST_WAYS = 4


def in_ways(shares: Vector, *columns: Vector) -> Vector:
    """Return the rows of `in_rows` behind N, the number of ways, and the shares of MOST_WAYS."""
    padded = np.pad(shares, (0, MOST_WAYS - len(shares)))
    return in_rows((len(columns[0]) // len(shares), len(shares), *padded), *columns)


def from_ways(numbers: Vector, columns: int) -> tuple[list[Vector], Vector]:
    """Return the columns of `in_ways`, and the weight of each row in a sum that is then over N."""
    count, shares = int(numbers[0]), numbers[2 : 2 + int(numbers[1])]
    rows = numbers[2 + MOST_WAYS :].reshape(-1, columns)
    return [column.copy() for column in rows.T], np.repeat(shares, count)


def in_rows(head: Iterable[float], *columns: Vector) -> Vector:
    """Return the numbers of a head, and behind them the samples one after the other."""
    rows = np.column_stack(columns).ravel()
    return np.concatenate([np.array(list(head), dtype=np.float64), rows])
