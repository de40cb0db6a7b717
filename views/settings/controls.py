"""The lab's controls: Streamlit widgets in, an experiment out."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from landscape import SURFACES, Surface
from landscape.record import Number
from optimizers import OPTIMIZERS, SCHEDULES, Experiment, Optimizer, Run, Schedule
from optimizers.maps import RateSweep
from optimizers.maps.base import noisy
from optimizers.record import COUPLED, DECOUPLED, EMA, NO_DECAY
from optimizers.simulation.experiment import updates_per_epoch
from optimizers.simulation.schedules import MILESTONES
from optimizers.simulation.schedules import UNITS as MILESTONE_UNITS
from views.presets import MAPS
from views.settings.settings import (
    ALL,
    FACTORS,
    MOST_LENGTH,
    MOST_PAGE_SAMPLES,
    MOST_UPDATES,
    UNITS,
    Settings,
    batch_sizes,
    doubled,
    number_list,
    rates_to_compare,
    read_numbers,
    read_points,
    rules_for,
    starts_to_compare,
)
from views.theme import MOST_PANELS

RATE_DECADES = (-6.0, 2.0)
MOST_RATE = 10.0 ** RATE_DECADES[1]
MOST_NOISE = 1000.0
# How the rates of compared optimizers are made fair.
OWN, SAME, BEST, EFFECTIVE = "each its own", "the same", "each its best", "the same effective"
FAIR = (OWN, SAME, BEST, EFFECTIVE)
FAIR_HELP = (
    "The best rate of each is found by a sweep over this surface, start and length. The effective"
    " rate is the rate over 1 - momentum: what a step adds up to while the gradient stays."
)
RATES_TRIED, DECADES_TRIED, SEEDS_TRIED = 241, (-5, 1), 16
BEST_NOTE = (
    f"Each optimizer has its own best rate: of {RATES_TRIED} rates from 1e-5 to 10, and as many"
    " between the neighbours of the best of them, the one with the lowest final loss (with noise,"
    f" the lowest median of {SEEDS_TRIED} seeds)."
)
SCENE = "scene"  # the fragment that shows the experiment
ABOUT = "about"  # the fragment that tells of the surface
OWED = "owed"  # in the session: fragments of rates that have changed and are not drawn yet
ECHO = 1.0  # seconds in which a browser takes in what it was sent
HALF = 106  # pixels: half of a row of the sidebar
DECAY_HELP = {
    COUPLED: "added to the gradient, times the position.",
    DECOUPLED: "the position shrinks by its product with the rate.",
}

ScheduleParams = Mapping[str, Mapping[str, Any]]  # of every schedule shown, by its name


@dataclass(frozen=True)
class Choice:
    """What the controls say: an experiment, how its runs are called, and what to tell the user."""

    experiment: Experiment
    labels: tuple[str, ...]
    unit: str  # of the budget: updates, epochs or samples
    messages: tuple[str, ...]
    compare: str = FACTORS[0]


def choose(settings: Settings) -> Choice:
    """Draw the controls and return what they say."""
    messages: list[str] = []
    if not settings.reading:
        st.session_state[OWED] = set()  # all are drawn now
    # Both are slow to ask, so they are asked once.
    settings.held = st.session_state.to_dict()
    settings.linked = st.query_params.to_dict()
    surface, params = surface_controls(settings)
    compare = pick(
        settings,
        "compare",
        "Compare",
        FACTORS,
        help="What differs between the panels. Everything else is set once and shared.",
    )
    names = optimizer_controls(settings, compare, messages)
    rules = [OPTIMIZERS[name] for name in names]
    fair = OWN
    if compare == FACTORS[0] and len(rules) > 1:
        fair = pick(settings, "fair", "Learning rates", FAIR, help=FAIR_HELP)
    rates: dict[str, float] = {}
    if fair in (SAME, EFFECTIVE):
        shared = rate_control(settings, surface, rules[0], fair)
    elif fair == OWN and compare != "Learning rate":
        rates = {r.name: rate_control(settings, surface, r) for r in rules}
    values = value_controls(settings, compare, surface, rules[0], messages)
    with drawer(settings, "Hyperparameters"):
        hypers = {rule.name: hyper_controls(settings, rule, compare) for rule in rules}
    start = surface.start if compare == "Start" else start_controls(settings, surface)
    samples, noise, seed, batch = noise_controls(settings, compare, values)
    schedule, schedule_params, warmup = schedule_controls(settings, compare, values)
    length, unit = length_controls(settings)

    runs: list[Run] = []
    labels: list[str] = []
    for value in values if compare != FACTORS[0] else names:
        name = value if compare == FACTORS[0] else names[0]
        hyper, decay = hypers[name]
        if fair in (SAME, EFFECTIVE):
            rates[name] = shared * (
                remainder(OPTIMIZERS[name], hyper) if fair == EFFECTIVE else 1.0
            )
        run = Run(
            name,
            lr=rates.get(name),
            hyper=hyper,
            weight_decay=decay,
            batch_size=batch,
            schedule=schedule,
            schedule_params=schedule_params[schedule],
            warmup=warmup,
        )
        run, label = vary(run, compare, value, schedule_params)
        steps = updates_in(length, unit, samples, run.batch_size)
        if steps > MOST_UPDATES:
            messages.append(f"{label}: cut to {MOST_UPDATES:,} of {steps:,} updates.")
        runs.append(replace(run, steps=min(steps, MOST_UPDATES)))
        labels.append(label)
    most = max(run.steps or 1 for run in runs)
    experiment = Experiment(
        surface=surface.name,
        params=params,
        start=start,
        steps=most,
        noise=noise,
        samples=samples,
        seed=seed,
        runs=tuple(replace(run, steps=None if run.steps == most else run.steps) for run in runs),
    )
    if fair == BEST:
        runs = [at_best_rate(experiment, run) for run in experiment.runs]
        experiment = replace(experiment, runs=tuple(runs))
        messages.append(BEST_NOTE)
    if fair != OWN:
        labels = [f"{r.optimizer} lr {r.lr:.4g}" for r in experiment.runs]
    if compare in ("Batch size", "Seed") and noise == 0:
        messages.append(f"The noise is 0, so every {compare.lower()} gives the exact gradient.")
    if any(run.weight_decay for run in runs):
        messages.append("Weight decay moves the minimizer: the pluses mark the minima without it.")
    return Choice(experiment, tuple(labels), unit, tuple(messages), compare)


def remainder(rule: Optimizer, hyper: Mapping[str, float]) -> float:
    """Return what to multiply an effective rate by: 1 - momentum, where gradients are summed."""
    if rule.memory is None or rule.memory.convention(hyper) == EMA:
        return 1.0
    return 1.0 - hyper[rule.memory.hyper]


def at_best_rate(experiment: Experiment, run: Run) -> Run:
    """Return a run of an experiment with the best rate it can have there."""
    alone = (replace(run, lr=None, steps=None),)
    steps = experiment.plan(run).steps
    return replace(run, lr=best_rate(replace(experiment, steps=steps, runs=alone)))


@functools.lru_cache(maxsize=512)
def best_rate(experiment: Experiment) -> float:
    """Return the rate at which an experiment's one run ends lowest, of RATES_TRIED twice.

    The second time they lie between the neighbours of the first time's best.
    """
    seeds = SEEDS_TRIED if noisy(experiment) else 1
    low, high = (10.0**decade for decade in DECADES_TRIED)
    first = RateSweep(experiment, low, high, RATES_TRIED, seeds).compute().best(0)
    step = (high / low) ** (1 / (RATES_TRIED - 1))
    near = max(first / step, low), min(first * step, high)
    return float(f"{RateSweep(experiment, *near, RATES_TRIED, seeds).compute().best(0):.4g}")


def read(settings: Settings) -> Choice:
    """Return what the controls say now, without drawing them."""
    settings.reading = True
    try:
        return choose(settings)
    finally:
        settings.reading = False


def again(*fragments: str) -> None:
    """Run fragments, and the rates' controls that an overtaken run still owes the page.

    A picture of runs comes first, being quick and looked at; a map may take its time.
    """
    owed = [*fragments, *st.session_state.get(OWED, ())]
    mapped = st.session_state.get("view") == MAPS
    st.rerun([*owed, SCENE] if mapped else [SCENE, *owed])


def redraw() -> None:
    """Run only what shows the experiment: a changed number leaves all other controls alone."""
    again()


def redraw_surface() -> None:
    """Run what a changed parameter of the surface changes."""
    again(ABOUT)


def updates_in(length: int, unit: str, samples: int, batch: int | None) -> int:
    """Return how many updates make a number of updates, epochs or samples."""
    if unit == "epochs":
        return length * updates_per_epoch(samples, batch)
    return -(-length // (batch or samples)) if unit == "samples" else length


def vary(run: Run, compare: str, value: Any, params: ScheduleParams) -> tuple[Run, str]:
    """Return the run with the compared factor at `value`, and its label."""
    if compare == "Learning rate":
        return replace(run, lr=value), f"lr {value:g}"
    if compare == "Momentum":
        return replace(run, hyper={**run.hyper, "momentum": value}), f"momentum {value:g}"
    if compare == "Batch size":
        size = None if value == ALL else int(value)
        return replace(run, batch_size=size), f"batch {value}"
    if compare == "Schedule":
        return replace(run, schedule=value, schedule_params=params[value]), value
    if compare == "Start":
        return replace(run, start=value), f"start ({value[0]:g}, {value[1]:g})"
    if compare == "Seed":
        return replace(run, seed=int(value)), f"seed {value:.0f}"
    if compare == "Weight decay":
        return replace(run, weight_decay=value), f"decay {value:g}"
    return run, run.optimizer


@contextmanager
def drawer(settings: Settings, label: str) -> Iterator[None]:
    """Draw a popover whose content costs next to nothing while it is closed.

    Streamlit spends about half a millisecond on every widget of every run, for every student.
    """
    if settings.reading:
        yield
        return
    popover = st.popover(label, width="stretch", key=f"drawer {label}", on_change="rerun")
    with inside(settings, popover):
        yield


@contextmanager
def inside(settings: Settings, opened: Any) -> Iterator[None]:
    """Draw into a popover or an expander that is open or closed."""
    settings.closed = not opened.open
    with opened:
        yield
    settings.closed = False


def asked(settings: Settings, name: str, otherwise: Any, draw: Callable[..., Any]) -> Any:
    """Return a setting's value; `draw(default, key, bind)` draws its widget.

    In a closed drawer only widgets that differ from their default are drawn: those are in the
    link, which a widget must be drawn to read and to keep.
    """
    default, key = settings.default(name, otherwise), settings.key(name)
    if settings.reading:
        return settings.held.get(key, default)
    if (
        settings.closed
        and key not in settings.linked
        and settings.held.get(key, default) == default
    ):
        return default
    value = draw(default, key=key, bind="query-params")
    if settings.map_values is not None:
        settings.map_values[key] = value
    return value


def put(settings: Settings, name: str, value: Any) -> None:
    """Set a setting of the lab, and the link with it."""
    key = settings.key(name)
    if key not in st.session_state:
        # Streamlit puts a value from code into the link only if the widget was there before.
        st.query_params[key] = str(value)
    st.session_state[key] = value


def pick(
    settings: Settings,
    name: str,
    label: str,
    options: Sequence[str],
    otherwise: str = "",
    **more: Any,
) -> str:
    """Draw a choice of one of `options`, by default the first."""
    return asked(
        settings,
        name,
        otherwise or options[0],
        lambda value, **link: st.selectbox(label, options, options.index(value), **link, **more),
    )


def number(
    settings: Settings,
    name: str,
    label: str,
    low: float,
    high: float,
    otherwise: float,
    step: float,
    **more: Any,
) -> Any:
    """Draw an input of a number: a whole one if `step` is."""
    kind, shown = (int, "%d") if isinstance(step, int) else (float, "%g")
    more = {"on_change": redraw, **more}
    return asked(
        settings,
        name,
        kind(otherwise),
        lambda value, **link: st.number_input(
            label, kind(low), kind(high), kind(value), step, shown, **link, **more
        ),
    )


def number_control(
    settings: Settings, owner: str, fact: Number, on_change: Callable[[], None] = redraw
) -> float:
    """Draw the control of a recorded number: a slider, or an input where it spans decades."""
    name, label = f"{owner}.{fact.name}", fact.name.replace("_", " ")
    low, high, default = fact.low, fact.high, fact.default
    if fact.choices:
        return fact.check(
            owner, pick(settings, name, label, fact.choices, fact.choices[0], help=fact.help)
        )
    more: dict[str, Any] = {"help": fact.help, "on_change": on_change}
    if fact.integer:
        return number(settings, name, label, low, high, default, 1, **more)
    if fact.scale == "log" or 0.99 < high < 1:  # .99, .999 and .9999 are far apart
        step = default / 2 if fact.scale == "log" else 0.01
        return number(settings, name, label, low, high, default, step, **more)
    return asked(
        settings,
        name,
        default,
        lambda value, **link: st.slider(
            label,
            low,
            high,
            float(value),
            (high - low) / 180,
            "%.4g",
            **link,
            **more,
        ),
    )


def surface_controls(settings: Settings) -> tuple[Surface, dict[str, float]]:
    surface = SURFACES[pick(settings, "surface", "Surface", list(SURFACES), "Quadratic")]
    return surface, {
        p.name: number_control(settings, surface.name, p, redraw_surface)
        for p in surface.parameters
    }


def optimizer_controls(settings: Settings, compare: str, messages: list[str]) -> list[str]:
    """Draw the choice of the optimizers to compare, or of the one whose settings are compared."""
    names = list(OPTIMIZERS)
    if compare == FACTORS[0]:
        return several(settings, "optimizers", "Optimizers", names, names[:1], messages)
    otherwise = "Momentum" if compare == "Momentum" else "SGD"
    return [pick(settings, f"{compare}.optimizer", "Optimizer", rules_for(compare), otherwise)]


def several(
    settings: Settings,
    name: str,
    label: str,
    options: Sequence[str],
    otherwise: Sequence[str],
    messages: list[str],
) -> list[str]:
    """Draw a choice of up to MOST_PANELS options, kept in order; without one it is the default."""
    default = settings.default(name, list(otherwise))
    chosen = asked(
        settings,
        name,
        default,
        lambda value, **link: st.multiselect(
            label, options, value, max_selections=MOST_PANELS, **link
        ),
    )
    if not chosen:
        messages.append(f"Nothing is chosen to compare: {', '.join(default)} are shown.")
    return (chosen or default)[:MOST_PANELS]


def rate_control(settings: Settings, surface: Surface, rule: Optimizer, shared: str = "") -> float:
    """Draw the controls of a learning rate, `shared` by all or a rule's own, and return it."""
    name = f"{surface.name}.{'rate' if shared else f'{rule.name}.lr'}"
    default = settings.default(name, rule.default_rate(surface))
    if not settings.reading:
        title = {SAME: "Common", EFFECTIVE: "Effective"}.get(shared, rule.name)
        st.fragment(rate_pair, key=name)(settings, title, name, default)
    return float(settings.held.get(settings.key(name), default))


def rate_pair(settings: Settings, title: str, name: str, default: float) -> None:
    """Draw a logarithmic slider and an exact number, kept in step."""
    key = settings.key(name)
    slider = f"{key}.slider"
    low, high = RATE_DECADES

    def position(rate: float) -> float:
        return min(max(round(math.log10(rate), 2), low), high) if rate > 0 else low

    def rate_at(exponent: float) -> float:
        return float(f"{10**exponent:.3g}")

    def changed() -> None:
        st.session_state.setdefault(OWED, set()).add(name)
        again()

    def typed() -> None:
        if echoes(key):
            st.session_state[key] = rate_at(st.session_state[slider])
        changed()

    def slid() -> None:
        if echoes(slider):
            st.session_state[slider] = position(st.session_state[key])
        else:
            follow(key, rate_at(st.session_state[slider]))
        changed()

    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        place = st.container()
        # First, because it knows what the link says.
        rate = number(
            *(settings, name, f"{title} exact rate", 0.0, MOST_RATE, default, default / 10),
            label_visibility="collapsed",
            width=88,
            on_change=typed,
        )
        follow(slider, position(rate))
        place.slider(
            f"{title} rate",
            low,
            high,
            step=0.02,
            format="10^%.2f",
            key=slider,
            on_change=slid,
        )
    st.session_state.get(OWED, set()).discard(name)


def follow(key: str, value: Any) -> None:
    """Set a widget from code, and remember what it said until then."""
    before = st.session_state.get(key)
    if before != value:
        st.session_state[f"{key}.before"] = before, time.monotonic()
    st.session_state[key] = value


def echoes(key: str) -> bool:
    """Tell whether a widget says what it said before it followed another.

    A change of a third widget that comes meanwhile still brings the old value from the browser.
    """
    before, since = st.session_state.get(f"{key}.before", (None, 0.0))
    return bool(st.session_state[key] == before and time.monotonic() - since < ECHO)


def hyper_controls(
    settings: Settings, rule: Optimizer, compare: str
) -> tuple[dict[str, float], float]:
    """Draw a rule's hyperparameters, but for what is compared; return them and its decay."""
    if not (settings.closed or settings.reading):
        st.markdown(f"**{rule.name}** — {rule.sentence} {rule.differs}")
    hyper = {
        h.name: number_control(settings, rule.name, h)
        for h in rule.hyperparameters
        if h.name != compare.lower()
    }
    if rule.weight_decay == NO_DECAY or compare == "Weight decay":
        return hyper, 0.0
    text = f"{rule.weight_decay.capitalize()}: {DECAY_HELP[rule.weight_decay]}"
    decay = Number("weight_decay", r"\lambda", 0.0, 0.0, 1.0, text)
    return hyper, number_control(settings, rule.name, decay)


def value_controls(
    settings: Settings, compare: str, surface: Surface, rule: Optimizer, messages: list[str]
) -> list[Any]:
    """Draw the list of values to compare and return them."""
    owner = f"{surface.name}.{rule.name}"
    if compare == "Learning rate":
        text = rates_to_compare(surface, rule)
        return listed(settings, f"{owner}.rates", "Rates to compare", MOST_RATE, text, messages)
    if compare == "Momentum":
        text = "0, 0.5, 0.9, 0.99"
        return listed(settings, f"{owner}.momenta", "Momenta to compare", 0.999, text, messages)
    if compare == "Batch size":
        options = batch_sizes(MOST_PAGE_SAMPLES)
        default = ["1", "32", "256", ALL]
        return several(*(settings, "batches", "Batch sizes to compare", options, default, messages))
    if compare == "Schedule":
        default = ["Constant", "Step", "Cosine", "Inverse sqrt"]
        return several(
            *(settings, "schedules", "Schedules to compare", list(SCHEDULES), default, messages)
        )
    if compare == "Start":
        return points(settings, surface, messages)
    if compare == "Seed":
        most = 2**32 - 1
        seeds = listed(settings, "seeds", "Seeds to compare", most, "0, 1, 2, 3", messages)
        return list(dict.fromkeys(map(math.floor, seeds)))
    if compare == "Weight decay":
        text = "0, 0.01, 0.1, 1"
        return listed(settings, "decays", "Weight decays to compare", 1.0, text, messages)
    return []


def points(settings: Settings, surface: Surface, messages: list[str]) -> list[tuple[float, float]]:
    """Draw a list of starts; without a usable one it is the default."""
    otherwise = starts_to_compare(surface)
    text = asked(
        settings,
        f"{surface.name}.starts",
        otherwise,
        lambda value, **link: st.text_input(
            "Starts to compare",
            value,
            max_chars=400,
            help="Points x y, separated by semicolons. A click on a panel moves its start.",
            **link,
        ),
    )
    found, complaints = read_points(text, surface)
    messages += complaints
    if not found:
        messages.append(f"No start to compare: {otherwise} are shown.")
        found, _ = read_points(otherwise, surface)
    return found


def listed(
    settings: Settings, name: str, label: str, most: float, otherwise: str, messages: list[str]
) -> list[float]:
    """Draw a list of numbers from 0 to `most`; without a usable one it is the default."""
    text = asked(
        settings,
        name,
        otherwise,
        lambda value, **link: st.text_input(
            label,
            value,
            max_chars=200,
            help=f"Up to {MOST_PANELS} numbers, separated by commas.",
            **link,
        ),
    )
    numbers, complaints = read_numbers(text, 0.0, most)
    messages += complaints
    if not numbers:
        messages.append(f"No number to compare: {otherwise} are shown.")
        numbers, _ = read_numbers(otherwise, 0.0, most)
    return numbers


def row(settings: Settings) -> Any:
    """Return a row for controls."""
    if settings.reading or settings.closed:
        return nullcontext()
    return st.container(horizontal=True, vertical_alignment="bottom")


def start_controls(settings: Settings, surface: Surface) -> tuple[float, float]:
    def coordinate(letter: str, side: tuple[float, float], default: float) -> float:
        return number(
            *(settings, f"{surface.name}.{letter}", f"Start {letter}"),
            *(*doubled(side), default, (side[1] - side[0]) / 40),
            help="Or click on a panel.",
            width=HALF,
        )

    with row(settings):
        x = coordinate("x", surface.domain[0], surface.start[0])
        return x, coordinate("y", surface.domain[1], surface.start[1])


def noise_controls(
    settings: Settings, compare: str, values: list[Any]
) -> tuple[int, float, int, int | None]:
    """Draw noise, samples, batch and seed; `values` larger than the samples become all of them."""
    noise = number(
        *(settings, "noise", "Noise", 0.0, MOST_NOISE, 0.0, 0.5),
        help="Standard deviation of one sample's gradient. A batch of B averages B of them.",
    )
    with drawer(settings, "Batch, samples and seed"):
        samples = number(
            *(settings, "samples", "Samples N", 2, MOST_PAGE_SAMPLES, 10_000, 1000),
            help="Size of the data set. A batch of all N gives the exact gradient.",
            on_change="rerun",  # the batch sizes depend on it
        )
        batch = ALL
        if compare == "Batch size":
            values[:] = dict.fromkeys(v if v != ALL and int(v) < samples else ALL for v in values)
        else:
            sizes = batch_sizes(samples)
            batch = asked(
                settings,
                "batch",
                ALL,
                lambda value, **link: st.select_slider(
                    "Batch size B", sizes, value if value in sizes else ALL, **link
                ),
            )
        seed = number(
            *(settings, "seed", "Seed", 0, 2**32 - 1, 0, 1),
            help="Every run sees the same draws, so that a comparison is paired.",
        )
        if not (settings.closed or settings.reading):
            st.button("New draw", on_click=draw_again, args=(settings.key("seed"),))
    return samples, noise, seed, None if batch == ALL else int(batch)


def draw_again(key: str) -> None:
    """Take the next seed."""
    st.session_state[key] = (st.session_state[key] + 1) % 2**32


def schedule_controls(
    settings: Settings, compare: str, values: list[Any]
) -> tuple[str, ScheduleParams, int]:
    """Draw the schedule's controls; return its name, the numbers of all shown, and the warm-up."""
    with drawer(settings, "Schedule and warm-up"):
        if compare == "Schedule":
            shown = values
        else:
            shown = [pick(settings, "schedule", "Schedule", list(SCHEDULES))]
        params = {name: schedule_numbers(settings, SCHEDULES[name]) for name in shown}
        warmup = number(
            *(settings, "warmup", "Warm-up, in updates", 0, MOST_UPDATES, 0, 1),
            help="The rate rises linearly over this many updates.",
        )
    return shown[0], params, warmup


def schedule_numbers(settings: Settings, schedule: Schedule) -> dict[str, Any]:
    if not (settings.closed or settings.reading):
        st.markdown(f"**{schedule.name}** — {schedule.sentence}")
    values: dict[str, Any] = {
        fact.name: number_control(settings, schedule.name, fact) for fact in schedule.numbers
    }
    if not schedule.stepped:
        return values
    values["unit"] = pick(
        *(settings, f"{schedule.name}.unit", "Milestones in", MILESTONE_UNITS),
        help="Percent of the run, epochs, or updates.",
    )
    text = asked(
        settings,
        f"{schedule.name}.milestones",
        number_list(MILESTONES),
        lambda value, **link: st.text_input("Milestones", value, max_chars=200, **link),
    )
    numbers, complaints = read_numbers(text, 1e-9, 1e9)
    if not settings.reading:
        for complaint in complaints:
            st.caption(complaint)
    values["milestones"] = sorted(numbers) or MILESTONES
    return values


def length_controls(settings: Settings) -> tuple[int, str]:
    """Draw the budget's controls; return how many updates or epochs, and which of the two."""
    with row(settings):
        length = number(
            *(settings, "length", "Length", 1, MOST_LENGTH, 100, 10),
            help=f"At most {MOST_UPDATES:,} updates are drawn.",
            width=HALF,
        )
        unit = pick(settings, "unit", "Unit", UNITS, label_visibility="collapsed", width=HALF)
        return length, unit
