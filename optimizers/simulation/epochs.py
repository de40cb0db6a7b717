"""How a data set is cut into batches, and the noise of each batch's gradient."""

from __future__ import annotations

import functools
import math
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Epoch:
    """One pass over `samples` in batches of `batch_size`.

    Where that does not divide them, the last batch has what is left; with `drop_last` it is left
    out. With `replacement` as many samples are drawn, each from all of them, instead of one after
    the other until none is left. Updates are counted from 0.
    """

    samples: int
    batch_size: int
    drop_last: bool = False
    replacement: bool = False

    @property
    def updates(self) -> int:
        """The updates of one epoch."""
        full, rest = divmod(self.samples, self.batch_size)
        return full + (rest > 0 and not self.drop_last)

    @property
    def last(self) -> int:
        """The size of an epoch's last batch."""
        rest = self.samples % self.batch_size
        return rest if rest and not self.drop_last else self.batch_size

    @property
    def seen(self) -> int:
        """The samples that one epoch sees."""
        return (self.updates - 1) * self.batch_size + self.last

    def samples_seen(self, updates: Any) -> Any:
        """Return how many samples are seen in so many updates, a number or an integer array."""
        epochs, rest = np.divmod(updates, self.updates)
        return epochs * self.seen + rest * self.batch_size

    def updates_to_see(self, samples: int) -> int:
        """Return the fewest updates that see so many samples."""
        epochs, rest = divmod(samples, self.seen)
        return epochs * self.updates + min(-(-rest // self.batch_size), self.updates)

    def noises(self, noise: float, first: int, count: int) -> NDArray[np.float64]:
        """Return the standard deviation of each batch's mean gradient, float64 (count,).

        They are those of the updates from `first`; `noise` is that of one sample's gradient.
        """
        found = np.full(count, self.noise(noise, self.batch_size))
        short = self.noise(noise, self.last)
        found[(self.updates - 1 - first) % self.updates :: self.updates] = short
        return found

    def noise(self, noise: float, size: int) -> float:
        """Return the standard deviation of the mean gradient of a batch of some size."""
        return noise_scale(noise, self.samples, size, self.replacement)


KEPT_NUMBERS = 2**20  # an order of at most so many is kept


def order(
    seed: int, samples: int, epochs: int, first: int = 0, replacement: bool = False
) -> NDArray[np.int32]:
    """Return the order of the samples in `epochs` epochs from `first`, int32 (epochs x samples,).

    Each epoch is a new permutation or, with `replacement`, as many draws from all samples; a seed
    has the same ones whoever asks, however many.
    """
    if (first + epochs) * samples > KEPT_NUMBERS:
        return _order(seed, samples, epochs, first, replacement)
    return _kept_order(seed, samples, epochs, first, replacement)


def _order(
    seed: int, samples: int, epochs: int, first: int, replacement: bool
) -> NDArray[np.int32]:
    rows = np.empty((epochs, samples), dtype=np.int32)
    orders = _orders(seed, samples, replacement)
    with orders.lock:
        orders.go_to(first)
        for row in rows:
            row[:] = orders.next()
    rows.flags.writeable = False
    return rows.reshape(-1)


class Orders:
    """The orders of a seed, one after the other, from where the last one asked stopped."""

    def __init__(self, seed: int, samples: int, replacement: bool = False) -> None:
        self.lock = threading.Lock()
        self._seed, self._samples, self._replacement = seed, samples, replacement
        self._begin()

    def _begin(self) -> None:
        self._random, self._epoch = np.random.default_rng(self._seed), 0

    def go_to(self, epoch: int) -> None:
        """Let the next order be that of an epoch."""
        if self._epoch > epoch:
            self._begin()
        while self._epoch < epoch:
            self.next()

    def next(self) -> NDArray[np.int64]:
        """Return the order of the next epoch."""
        self._epoch += 1
        if self._replacement:
            return self._random.integers(self._samples, size=self._samples)
        return self._random.permutation(self._samples)


_orders = functools.lru_cache(maxsize=256)(Orders)


AT_ONCE = 2**18  # samples whose inputs are dropped together


def rows(
    seed: int,
    samples: int,
    epochs: int,
    first: int = 0,
    replacement: bool = False,
    keep: float = 1.0,
    inputs: int = 1,
) -> NDArray[np.int32]:
    """Return the order of the samples with what dropout leaves of each, as rows of all its ways.

    Row w N + i is sample i in way w, in which input j is dropped where bit j of w is set. Whether
    it is belongs to the seed, the epoch and the sample's place in it, whatever the batch size: an
    input that is dropped at one `keep` is dropped at every lower one.
    """
    found = order(seed, samples, epochs, first, replacement)
    if keep == 1.0:
        return found
    found = found.copy()
    bits = np.random.PCG64([seed, 1])  # a stream of its own, so that the order stays what it is
    bits.advance(first * samples * inputs)  # a number takes one step of it
    random, powers = np.random.Generator(bits), samples * 2 ** np.arange(inputs)
    for begin in range(0, found.size, AT_ONCE):
        part = found[begin : begin + AT_ONCE]
        part += ((random.random((part.size, inputs)) >= keep) @ powers).astype(np.int32)
    return found


_kept_order = functools.lru_cache(maxsize=32)(_order)


def noise_scale(noise: float, samples: int, batch_size: int, replacement: bool = False) -> float:
    """Return the standard deviation of a batch's mean gradient in each coordinate.

    A batch of B is drawn from the N samples without replacement, so the variance of one sample's
    gradient is divided by B and multiplied by (N - B) / (N - 1); with `replacement` it is only
    divided. The full batch is never drawn, and exact.
    """
    if batch_size == samples:
        return 0.0
    if replacement:
        return noise / math.sqrt(batch_size)
    return noise * math.sqrt((samples - batch_size) / (batch_size * (samples - 1)))
