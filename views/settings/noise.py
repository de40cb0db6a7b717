"""The settings of noise: its size, the data set, the batch and the seed."""

from __future__ import annotations

import functools
import math

from landscape.language import msgid
from optimizers.simulation.experiment import MOST_SEED
from views.presets import DEFAULT
from views.settings.setting import OneOf, Range, Setting

ALL = msgid("all")  # the full batch
MOST_NOISE = 1000.0
MOST_PAGE_SAMPLES = 65_536
UNFIT_BATCH = msgid("{label}: {old} is more than there are samples; it is {new} now.")


def batch_text(size: int | None) -> str:
    """Return a batch size as its setting has it."""
    return ALL if size is None else str(size)


def batch_value(text: str) -> int | None:
    """Return the batch size of its setting; None is the full batch."""
    return None if text == ALL else int(text)


@functools.lru_cache(maxsize=256)
def batch_sizes(samples: int) -> tuple[str, ...]:
    """Return the batch sizes the page offers: powers of two below `samples`, then all of them."""
    return (*(str(2**k) for k in range(math.ceil(math.log2(samples)))), ALL)


def all_batches() -> tuple[str, ...]:
    """Return every batch size that there can be on the page."""
    return batch_sizes(MOST_PAGE_SAMPLES)


SETTINGS = (
    Setting(
        "noise",
        Range(0.0, MOST_NOISE, 0.5),
        DEFAULT.noise,
        msgid("Noise"),
        msgid("Standard deviation of one sample's gradient. A batch of B averages B of them."),
    ),
    Setting(
        "samples",
        Range(2, MOST_PAGE_SAMPLES, 1000, whole=True),
        DEFAULT.samples,
        msgid("Samples N"),
        msgid("Size of the data set. A batch of all N gives the exact gradient."),
    ),
    Setting(
        "batch",
        OneOf(all_batches(), ordered=True),
        ALL,
        msgid("Batch size B"),
        needs=("samples", "compare"),
        choices=lambda settings: batch_sizes(settings["samples"]),
        fallback=ALL,
        unfit=UNFIT_BATCH,
        used=lambda settings: not settings.replaced("batch"),
    ),
    Setting(
        "seed",
        Range(0, MOST_SEED, 1, whole=True),
        DEFAULT.seed,
        msgid("Seed"),
        msgid("Every run sees the same draws, so that a comparison is paired."),
    ),
)
