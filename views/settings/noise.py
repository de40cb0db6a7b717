"""The settings of noise: its size, the data set, the batch and the seed."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable

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


def is_batch(text: str) -> bool:
    """Tell whether a text is a batch size that the page takes beside those it offers."""
    return re.fullmatch("[1-9][0-9]{0,4}", text) is not None and int(text) <= MOST_PAGE_SAMPLES


def batches_with(samples: int, set_ones: Iterable[str]) -> tuple[str, ...]:
    """Return the batch sizes the page offers and those that are set, as far as they fit."""
    fitting = {text for text in set_ones if is_batch(text) and int(text) <= samples}
    *sizes, all_of_them = batch_sizes(samples)
    return (*sorted(fitting.union(sizes), key=int), all_of_them)


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
        OneOf(batch_sizes(MOST_PAGE_SAMPLES), is_batch),
        ALL,
        msgid("Batch size B"),
        msgid("A power of two, or any whole number that is typed."),
        needs=("samples", "compare", "batch"),
        choices=lambda settings: batches_with(settings["samples"], (settings["batch"],)),
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
