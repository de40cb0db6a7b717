"""Every setting of the lab by name, with its default; what a link may say."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

from landscape import SURFACES, Surface
from optimizers import OPTIMIZERS, Experiment, Optimizer
from optimizers.analysis.measures import largest_curvature, stability_limit
from optimizers.record import NO_DECAY
from optimizers.simulation.experiment import Run
from views.presets import DEFAULT, MAPS, PRESETS, Preset
from views.theme import MOST_PANELS

FACTORS = (
    *("Optimizer", "Learning rate", "Momentum", "Batch size", "Schedule"),
    *("Start", "Seed", "Weight decay"),
)
# Of settings that are inputs of whole numbers the last part of the name.
WHOLE_NUMBERS = ("length", "samples", "seed", "seeds", "step", "warmup", "history")
UNITS = ("updates", "epochs", "samples")
ALL = "all"  # the full batch
MOST_UPDATES = 5_000  # that the page draws for one run
MOST_LENGTH = 10_000_000  # in whatever unit
MOST_PAGE_SAMPLES = 65_536


def batch_text(size: int | None) -> str:
    return ALL if size is None else str(size)


def batch_sizes(samples: int) -> list[str]:
    """Return the batch sizes the page offers: powers of two below `samples`, then all of them."""
    return [str(2**k) for k in range(math.ceil(math.log2(samples)))] + [ALL]


class Settings:
    """Names and defaults of the page's widgets, with a preset chosen or without.

    The defaults of a preset come from its experiment. A widget's name begins with the preset's
    slug, so that a link holds just the preset and what was changed since, and so that one step
    back in the browser undoes the whole choice of a preset.
    """

    def __init__(self, slug: str = "") -> None:
        self.preset: Preset | None = PRESETS.get(slug)
        experiment = self.preset.experiment if self.preset else DEFAULT
        compare = self.preset.compare if self.preset else FACTORS[0]
        self._defaults = defaults(experiment, compare) | dict(
            self.preset.map if self.preset else {}
        )
        self.drawn = False  # whether the whole page is drawn: what runs now is a part of it
        self.reading = False  # whether settings are read and nothing is drawn
        self.closed = False  # whether what is asked for is in a closed drawer
        self.held: Mapping[str, Any] = {}  # what the session holds, by key
        self.linked: Mapping[str, str] = {}  # what the link holds, by key
        self.map_values: dict[str, Any] | None = None  # what a map's controls say, by key
        self.shown: dict[str, Any] = {}  # key and default of every setting asked for

    @property
    def view(self) -> str:
        """The view that the preset is for, or an empty text."""
        return MAPS if self.preset and self.preset.map else ""

    def map_changed(self) -> bool:
        """Tell whether the map's controls, as far as they are drawn, differ from the preset."""
        return any(self.shown[key] != value for key, value in (self.map_values or {}).items())

    def key(self, name: str) -> str:
        """Return the widget's key, which is its name in the link."""
        return f"{self.preset.slug}.{name}" if self.preset else name

    def default(self, name: str, otherwise: Any) -> Any:
        """Return the preset's value of a setting, or `otherwise` where it says nothing of it."""
        return self.shown.setdefault(self.key(name), self._defaults.get(name, otherwise))


def defaults(experiment: Experiment, compare: str) -> dict[str, Any]:
    """Return the settings, by name, that reproduce an experiment."""
    surface, first = experiment.surface, experiment.runs[0]
    x, y = experiment.start or SURFACES[surface].start
    values: dict[str, Any] = {
        "surface": surface,
        **{f"{surface}.{name}": value for name, value in experiment.params.items()},
        f"{surface}.x": x,
        f"{surface}.y": y,
        "compare": compare,
        "length": experiment.steps,
        "noise": experiment.noise,
        "samples": experiment.samples,
        "seed": experiment.seed,
        f"{compare}.optimizer": first.optimizer,
        "optimizers": [run.optimizer for run in experiment.runs],
        "batch": batch_text(first.batch_size),
        "schedule": first.schedule,
        "warmup": first.warmup,
    }
    for run in experiment.runs:
        values |= run_defaults(experiment, run)
    compared = f"{surface}.{first.optimizer}"
    if compare == "Learning rate":
        values[f"{compared}.rates"] = number_list([run.lr or 0.0 for run in experiment.runs])
    if compare == "Momentum":
        values[f"{compared}.momenta"] = number_list(
            [run.hyper["momentum"] for run in experiment.runs]
        )
    if compare == "Batch size":
        values["batches"] = [batch_text(run.batch_size) for run in experiment.runs]
    if compare == "Schedule":
        values["schedules"] = [run.schedule for run in experiment.runs]
    if compare == "Weight decay":
        values["decays"] = number_list([run.weight_decay for run in experiment.runs])
    return values


def run_defaults(experiment: Experiment, run: Run) -> dict[str, Any]:
    """Return the settings of one run that are not shared by all."""
    rule, name = OPTIMIZERS[run.optimizer], run.optimizer
    values: dict[str, Any] = {
        f"{experiment.surface}.{name}.lr": experiment.plan(run).lr,
        f"{name}.weight_decay": run.weight_decay,
    }
    for fact in rule.hyperparameters:
        value = run.hyper[fact.name]
        values[f"{name}.{fact.name}"] = fact.choices[int(value)] if fact.choices else value
    for key, value in run.schedule_params.items():
        text = number_list(value) if isinstance(value, tuple) else value
        values[f"{run.schedule}.{key}"] = text
    return values


def number_list(values: Any) -> str:
    """Return numbers as the text that `read_numbers` reads."""
    return ", ".join(f"{value:g}" for value in values)


def read_numbers(text: str, low: float, high: float) -> tuple[list[float], list[str]]:
    """Read numbers separated by commas, blanks or semicolons.

    Returns the numbers from `low` to `high`, at most MOST_PANELS of them and each once, and a
    complaint for every word that is left out.
    """
    numbers: list[float] = []
    complaints: list[str] = []
    for word in text.replace(",", " ").replace(";", " ").split()[:100]:
        try:
            value = float(word)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            complaints.append(f"{word[:20]!r} is left out: not a number from {low:g} to {high:g}.")
        elif value in numbers:
            complaints.append(f"{word[:20]} is left out: it is there already.")
        elif len(numbers) == MOST_PANELS:
            complaints.append(f"{word[:20]} is left out: at most {MOST_PANELS} runs are compared.")
        else:
            numbers.append(value)
    return numbers, complaints


def rules_for(factor: str) -> list[str]:
    """Return the optimizers that have what is compared."""
    if factor == "Momentum":
        return [
            name
            for name, rule in OPTIMIZERS.items()
            if any(h.name == "momentum" for h in rule.hyperparameters)
        ]
    if factor == "Weight decay":
        return [name for name, rule in OPTIMIZERS.items() if rule.weight_decay != NO_DECAY]
    return list(OPTIMIZERS)


# Above the limit of stability, just below it, half of it (no zigzag on a quadratic), and slow.
SHARES_OF_LIMIT = (1.05, 0.95, 0.5, 0.01)
SHARES_OF_DEFAULT = (10.0, 3.0, 1.0, 0.1)  # where no theory sets a limit


def rates_to_compare(surface: Surface, rule: Optimizer) -> str:
    """Return a very high, a high, a good and a low learning rate, as text.

    They are shares of the rule's limit over the largest curvature at a global minimizer, with the
    parameters and hyperparameters at their defaults: a list that moved with every control would
    not be the user's own.
    """
    scale = stability_limit(rule, rule.resolve(), largest_curvature(surface))
    shares = SHARES_OF_LIMIT
    if scale is None:
        scale, shares = rule.default_rate(surface), SHARES_OF_DEFAULT
    return number_list(float(f"{share * scale:.3g}") for share in shares)


def starts_to_compare(surface: Surface) -> str:
    """Return four starts as text: the surface's, its mirror images, and the frame's quarters."""
    (x0, x1), (y0, y1) = surface.domain
    x, y = surface.start
    mirrored = itertools.product((x, x0 + x1 - x), (y, y0 + y1 - y))
    quarters = itertools.product(
        (x0 + (x1 - x0) / 4, x1 - (x1 - x0) / 4), (y0 + (y1 - y0) / 4, y1 - (y1 - y0) / 4)
    )
    texts = dict.fromkeys(f"{a:g} {b:g}" for a, b in (*mirrored, *quarters))
    return "; ".join(list(texts)[:4])


def read_points(text: str, surface: Surface) -> tuple[list[tuple[float, float]], list[str]]:
    """Read points, "x y" separated by semicolons; return them and a complaint for every other.

    They lie within twice the domain, at most MOST_PANELS of them and each once.
    """
    points: list[tuple[float, float]] = []
    complaints: list[str] = []
    for words in text.split(";")[:100]:
        try:
            x, y = (float(word) for word in words.replace(",", " ").split())
        except ValueError:
            x = y = math.nan
        inside = all(
            low <= value <= high
            for value, (low, high) in zip((x, y), map(doubled, surface.domain), strict=True)
        )
        if not inside:
            complaints.append(f"{words.strip()[:20]!r} is left out: not a point near the frame.")
        elif (x, y) not in points and len(points) < MOST_PANELS:
            points.append((x, y))
    return points, complaints


def doubled(side: tuple[float, float]) -> tuple[float, float]:
    """Return an interval of twice the width about the same middle."""
    middle, width = (side[0] + side[1]) / 2, side[1] - side[0]
    return middle - width, middle + width
