"""The settings of noise: its size, the data set, the batch and the seed."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from landscape import Surface
from landscape.language import Message, msgid
from optimizers import Experiment, Run
from optimizers.maps.base import noisy
from optimizers.simulation.experiment import COVARIANCES, ISOTROPIC, MOST_SEED, seen
from optimizers.simulation.schedules import EPOCHS
from views.presets import DEFAULT
from views.settings.schedules import is_cut
from views.settings.setting import Idle, Note, OneOf, Range, Setting

if TYPE_CHECKING:
    from views.settings.settings import Settings

ALL = msgid("all")  # the full batch
MOST_NOISE = 1000.0
MOST_ACCUMULATED = 1024  # batches an update
MOST_PAGE_SAMPLES = 65_536
MOST_SLOW_SAMPLES = 1_000  # where each loss of some 10,000 in a picture takes a pass over them
FEWER_BATCHES = msgid(
    "{runs}: fewer batches an update than are set; drawn with replacement, they hold fewer than all"
    " samples."
)
FEWER_SAMPLES = msgid("{surface}: {most} of {samples} samples, a pass over which takes its time.")
UNFIT_BATCH = msgid("{label}: {old} is more than there are samples; it is {new} now.")


UNFIT_SHAPE = msgid("{label}: {old} does not fit the surface; it is {new} now.")
NO_SHAPE = msgid("The gradients are exact, so that their noise has no shape.")


def shapes_on(surface: Surface) -> tuple[str, ...]:
    """Return the covariances that noise may have on a surface."""
    return COVARIANCES if surface.quadratic and surface.samples is None else (ISOTROPIC,)


# How the samples of batches are drawn: by these ids in links, and what they are called.
RESHUFFLED, REPLACED = msgid("reshuffled"), msgid("with replacement")
DRAWINGS = (RESHUFFLED, REPLACED)


def drawing_text(replacement: bool) -> str:
    """Return how samples are drawn as its setting has it."""
    return REPLACED if replacement else RESHUFFLED


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


# --- What has no effect where no run sees noise

EXACT = msgid("Every run takes all samples, whose gradient is exact: the noise changes nothing.")
NO_DRAWS = msgid("The gradients are exact, so that nothing is drawn and every seed gives the same.")
ALIKE = msgid("The noise is 0, so that every batch size gives the exact gradient.")
NONE_DRAWN = msgid("The gradients are exact, however batches are drawn.")
ALL_TAKEN = msgid("An update takes all samples, whatever the size of its batches.")
NOT_SEVERAL = msgid("The gradients are exact, however many batches make an update.")
NO_SAMPLES = msgid("The runs are the same with any number of samples: no batch depends on it.")
NOTHING_TO_AVERAGE = msgid(
    "The gradients are exact: there is no noise for a falling rate to average."
)
SET_NOISE, SET_BATCH = msgid("Noise {noise}"), msgid("Batches of {size}")
SET_BOTH = msgid("Noise {noise} and batches of {size}")
FIRST_NOISE, FIRST_BATCH = 1.0, 32  # that a button sets


def by_data(settings: Settings) -> bool:
    """Tell whether samples make the surface: then no other noise is added."""
    return settings.surface.samples is not None


def samples_of(settings: Settings) -> int:
    """Return how many samples there are: fewer than set where each takes its time."""
    surface, count = settings.surface, int(settings["samples"])
    slow = surface.samples is not None and not surface.quadratic
    if not slow or settings.data is not None:  # of which no more than so many are taken
        return count
    return min(count, MOST_SLOW_SAMPLES // ways_of(settings))


def ways_of(settings: Settings) -> int:
    """Return in how many ways dropout leaves a sample, at most."""
    samples = settings.surface.samples
    some = settings.replaced("keep") or settings["keep"] < 1
    return 2**samples.columns if samples is not None and some else 1


def with_noise(
    settings: Settings, experiment: Experiment, why: Message, exact_sizes: tuple[int, ...] = ()
) -> Idle:
    """Say what has no effect without noise, and offer the noise or the batch that is missing.

    `exact_sizes` are those of batches, besides the full one, that will not do.
    """
    changes: dict[str, Any] = {}
    if not experiment.varies:
        changes["noise"] = FIRST_NOISE
    if experiment.samples // 2 <= max(exact_sizes, default=0):
        changes["samples"] = experiment.surface_record.usual_samples
    size = min(FIRST_BATCH, changes.get("samples", experiment.samples) // 2)
    if sizes_of(experiment) <= {None, *exact_sizes, experiment.samples}:
        if any(run.accumulate > 1 for run in experiment.runs):
            id = "accumulated" if settings.replaced("accumulate") else "accumulate"
            changes[id] = settings.plain(id)
        changes |= {"batches": (str(size), ALL)} if settings.replaced("batch") else {}
        changes |= {} if settings.replaced("batch") else {"batch": str(size)}
    offer = SET_BOTH if len(changes) > 1 else SET_NOISE if "noise" in changes else SET_BATCH
    told = {"noise": f"{FIRST_NOISE:g}", "size": str(size)}
    return Idle(Note(why), Note(offer, told), changes)


def idle_noise(settings: Settings, experiment: Experiment) -> Idle | None:
    """Say that noise has no effect on runs of the full batch."""
    if settings["noise"] == 0 or noisy(experiment):
        return None
    return with_noise(settings, experiment, EXACT)


def idle_without_noise(why: Message) -> Callable[[Settings, Experiment], Idle | None]:
    """Return what says that a setting has no effect where no run sees noise."""
    return lambda settings, experiment: (
        None if noisy(experiment) else with_noise(settings, experiment, why)
    )


def idle_without_batches(settings: Settings, experiment: Experiment) -> Idle | None:
    """Say that it makes no difference how batches are drawn where none is."""
    sizes = sizes_of(experiment)
    if experiment.varies and not sizes <= {None, experiment.samples}:
        return None
    return with_noise(settings, experiment, NONE_DRAWN)


def idle_batch(settings: Settings, experiment: Experiment) -> Idle | None:
    """Say that batch sizes have no effect without noise, where only updates are counted."""
    if experiment.varies and all(run.accumulate >= experiment.samples for run in experiment.runs):
        return with_noise(settings, experiment, ALL_TAKEN)
    if experiment.varies or counts_epochs(settings, experiment):
        return None
    if all(run.batch_size is None for run in experiment.runs):
        return None  # nobody has asked for batches
    return with_noise(settings, experiment, ALIKE)


def idle_accumulated(settings: Settings, experiment: Experiment) -> Idle | None:
    """Say that it makes no difference how many batches make an update without noise."""
    if noisy(experiment) or all(run.accumulate == 1 for run in experiment.runs):
        return None
    return with_noise(settings, experiment, NOT_SEVERAL)


def idle_samples(settings: Settings, experiment: Experiment) -> Idle | None:
    """Say that neither noise nor length depends on the number of samples."""
    sizes = sizes_of(experiment)
    if experiment.made_by_data:  # the loss is their mean
        return None
    # The noise of one sample does not depend on how many there are.
    if experiment.noise > 0 and sizes.difference({None, 1}):
        return None
    seen = settings["unit"] == "samples" and not settings.replaced("unit")
    if seen and None in sizes and not is_cut(settings, experiment):
        return None
    if counts_epochs(settings, experiment) and sizes != {None}:
        return None
    return with_noise(settings, experiment, NO_SAMPLES, (1,))


def sizes_of(experiment: Experiment) -> set[int | None]:
    """Return how many samples the updates of the runs see, None for the full batch."""
    samples = experiment.samples
    return {
        None if run.batch_size is None else seen(run.batch_size, run.accumulate, samples)
        for run in experiment.runs
    }


def within(
    runs: Sequence[Run], labels: Sequence[str], samples: int
) -> tuple[list[Run], list[Note]]:
    """Return runs that accumulate fewer than all samples where these are drawn with replacement.

    A note tells of those that would have taken more.
    """
    found, fewer = [], []
    for run, label in zip(runs, labels, strict=True):
        size, count = run.batch_size or samples, run.accumulate
        if run.replacement and size < samples <= size * count:
            count = max(1, (samples - 1) // size)
            fewer.append(label)
        found.append(run if count == run.accumulate else replace(run, accumulate=count))
    return found, [Note(FEWER_BATCHES, {"runs": ", ".join(fewer)})] if fewer else []


def counts_epochs(settings: Settings, experiment: Experiment) -> bool:
    """Tell whether the length of a run, or its schedule, is counted in epochs or samples."""
    counted = settings["unit"] != "updates" and not settings.replaced("unit")
    length = counted and not is_cut(settings, experiment)
    schedules = {run.schedule_params.get("unit") for run in experiment.runs}
    return length or not schedules.isdisjoint({EPOCHS, 1.0})


SETTINGS = (
    Setting(
        "noise",
        Range(0.0, MOST_NOISE, 0.5),
        DEFAULT.noise,
        msgid("Noise"),
        msgid("Standard deviation of one sample's gradient. A batch of B averages B of them."),
        idle=idle_noise,
    ),
    Setting(
        "covariance",
        OneOf(COVARIANCES),
        ISOTROPIC,
        msgid("Noise covariance"),
        msgid(
            "Isotropic noise is the same in all directions. Data-like noise is that of a regression"
            " at its minimum: its covariance is the Hessian times the square of the noise."
        ),
        needs=("surface", "compare"),
        choices=lambda settings: shapes_on(settings.surface),
        fallback=ISOTROPIC,
        unfit=UNFIT_SHAPE,
        used=lambda settings: not settings.replaced("covariance"),
        idle=idle_without_noise(NO_SHAPE),
    ),
    Setting(
        "samples",
        Range(2, MOST_PAGE_SAMPLES, 1000, whole=True),
        lambda settings: settings.surface.usual_samples,
        msgid("Samples N"),
        msgid("Size of the data set. A batch of all N gives the exact gradient."),
        needs=("surface",),
        idle=idle_samples,
    ),
    Setting(
        "batch",
        OneOf(batch_sizes(MOST_PAGE_SAMPLES), is_batch),
        ALL,
        msgid("Batch size B"),
        msgid("A power of two, or any whole number that is typed."),
        needs=("samples", "keep", "compare", "batch"),
        choices=lambda settings: batches_with(samples_of(settings), (settings["batch"],)),
        fallback=ALL,
        unfit=UNFIT_BATCH,
        used=lambda settings: not settings.replaced("batch"),
        idle=idle_batch,
    ),
    Setting(
        "drawing",
        OneOf(DRAWINGS),
        RESHUFFLED,
        msgid("Batches are drawn"),
        msgid(
            "Reshuffled, an epoch takes every sample once. With replacement each is drawn from all,"
            " and some are taken twice, others not at all."
        ),
        used=lambda settings: not settings.replaced("drawing"),
        idle=idle_without_batches,
    ),
    Setting(
        "accumulate",
        Range(1, MOST_ACCUMULATED, 1, whole=True),
        1,
        msgid("Batches an update"),
        msgid(
            "Gradient accumulation: an update takes the mean gradient of so many batches, one after"
            " another, which is that of one batch as large as all of them. An epoch has fewer"
            " updates then, and its last one takes the batches that are left."
        ),
        idle=idle_accumulated,
    ),
    Setting(
        "seed",
        Range(0, MOST_SEED, 1, whole=True),
        DEFAULT.seed,
        msgid("Seed"),
        msgid("Every run sees the same draws, so that a comparison is paired."),
        idle=idle_without_noise(NO_DRAWS),
    ),
)
