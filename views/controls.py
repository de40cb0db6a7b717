"""The lab's controls: Streamlit widgets in, an experiment out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from landscape import SURFACES, Surface
from landscape.record import Number
from optimizers import OPTIMIZERS, SCHEDULES, Experiment, Optimizer, Run, Schedule
from optimizers.experiment import updates_per_epoch
from optimizers.record import NO_DECAY
from optimizers.schedules import MILESTONES
from optimizers.schedules import UNITS as MILESTONE_UNITS
from views.settings import (
    ALL,
    FACTORS,
    MOST_PAGE_SAMPLES,
    MOST_UPDATES,
    UNITS,
    Settings,
    batch_sizes,
    momentum_rules,
    number_list,
    read_numbers,
)
from views.theme import MOST_PANELS

RATE_DECADES = (-6.0, 2.0)
MOST_RATE = 10.0 ** RATE_DECADES[1]
LINK: dict[str, Any] = {"bind": "query-params"}

ScheduleParams = Mapping[str, Mapping[str, Any]]  # of every schedule shown, by its name


@dataclass(frozen=True)
class Choice:
    """What the controls say: an experiment, how its runs are called, and what to tell the user."""

    experiment: Experiment
    labels: tuple[str, ...]
    colours: tuple[int, ...]  # index of each run's marks
    messages: tuple[str, ...]


def choose(settings: Settings) -> Choice:
    """Draw the controls and return what they say."""
    messages: list[str] = []
    surface, params = surface_controls(settings)
    compare = st.selectbox(
        "Compare",
        FACTORS,
        FACTORS.index(settings.default("compare", FACTORS[0])),
        key=settings.key("compare"),
        help="What differs between the panels. Everything else is set once and shared.",
        **LINK,
    )
    names = optimizer_controls(settings, compare)
    rules = [OPTIMIZERS[name] for name in names]
    shared_rate = compare == "Learning rate"
    rates = {} if shared_rate else {r.name: rate_control(settings, surface, r) for r in rules}
    values = value_controls(settings, compare, surface, rules[0], messages)
    with st.popover("Hyperparameters", width="stretch"):
        hypers = {
            rule.name: hyper_controls(
                settings, rule, skip="momentum" if compare == "Momentum" else ""
            )
            for rule in rules
        }
    start = start_controls(settings, surface)
    samples, noise, seed, batch = noise_controls(settings, compare, values)
    schedule, schedule_params, warmup = schedule_controls(settings, compare, values)
    length, unit = length_controls(settings)

    runs: list[Run] = []
    labels: list[str] = []
    for value in values if compare != FACTORS[0] else names:
        name = value if compare == FACTORS[0] else names[0]
        hyper, decay = hypers[name]
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
        steps = length * (updates_per_epoch(samples, run.batch_size) if unit == "epochs" else 1)
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
    if compare == "Batch size" and noise == 0:
        messages.append("The noise is 0, so every batch gives the same, exact gradient.")
    if any(run.weight_decay for run in runs):
        messages.append("Weight decay moves the minimizer: the stars mark the minima without it.")
    order = list(OPTIMIZERS)
    # An optimizer keeps its marks whatever it is compared with.
    by_value = ((i + 1) % MOST_PANELS for i in range(len(runs)))
    colours = [order.index(n) for n in names] if compare == FACTORS[0] else by_value
    return Choice(experiment, tuple(labels), tuple(colours), tuple(messages))


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
    return run, run.optimizer


def number_control(settings: Settings, name: str, number: Number, place: Any = st) -> float:
    """Draw a slider for a linear number, an input for one that spans decades."""
    default = settings.default(name, number.default)
    common = {"key": settings.key(name), "help": number.help, **LINK}
    label = number.name.replace("_", " ")
    if number.integer:
        return place.number_input(
            label, int(number.low), int(number.high), int(default), 1, **common
        )
    if number.scale == "log" or 0.99 < number.high < 1:  # .99, .999 and .9999 are far apart
        step = number.default / 2 if number.scale == "log" else 0.01
        return place.number_input(
            label, number.low, number.high, float(default), step, "%g", **common
        )
    step = (number.high - number.low) / 180
    return place.slider(label, number.low, number.high, float(default), step, "%.4g", **common)


def surface_controls(settings: Settings) -> tuple[Surface, dict[str, float]]:
    names = list(SURFACES)
    name = st.selectbox(
        "Surface",
        names,
        names.index(settings.default("surface", "Quadratic")),
        key=settings.key("surface"),
        **LINK,
    )
    surface = SURFACES[name]
    params = {p.name: number_control(settings, f"{name}.{p.name}", p) for p in surface.parameters}
    return surface, params


def optimizer_controls(settings: Settings, compare: str) -> list[str]:
    names = list(OPTIMIZERS)
    if compare == FACTORS[0]:
        default = settings.default("optimizers", ["SGD"])
        chosen = st.multiselect(
            "Optimizers", names, default, key=settings.key("optimizers"), **LINK
        )
        return chosen or default
    if compare == "Momentum":
        names = momentum_rules()
    name = f"{compare}.optimizer"
    return [
        st.selectbox(
            "Optimizer",
            names,
            names.index(settings.default(name, "Momentum" if compare == "Momentum" else "SGD")),
            key=settings.key(name),
            **LINK,
        )
    ]


def rate_control(settings: Settings, surface: Surface, rule: Optimizer) -> float:
    """Draw a logarithmic slider and an exact number for a learning rate, kept in step."""
    name = f"{surface.name}.{rule.name}.lr"
    key = settings.key(name)
    default = float(settings.default(name, rule.default_rate(surface)))

    def slid() -> None:
        st.session_state[key] = float(f"{10 ** st.session_state[key + '.slider']:.3g}")

    left, right = st.columns([3, 2], gap="small", vertical_alignment="bottom")
    rate = right.number_input(
        f"{rule.name} exact rate",
        0.0,
        MOST_RATE,
        default,
        default / 10,
        "%g",
        key=key,
        label_visibility="collapsed",
        **LINK,
    )
    low, high = RATE_DECADES
    exponent = math.log10(rate) if rate > 0 else low
    st.session_state[key + ".slider"] = min(max(round(exponent, 2), low), high)
    left.slider(
        f"{rule.name} rate",
        low,
        high,
        step=0.02,
        format="10^%.2f",
        key=key + ".slider",
        on_change=slid,
    )
    return rate


def hyper_controls(
    settings: Settings, rule: Optimizer, skip: str
) -> tuple[dict[str, float], float]:
    st.markdown(f"**{rule.name}** — {rule.sentence} {rule.differs}")
    hyper = {
        h.name: number_control(settings, f"{rule.name}.{h.name}", h)
        for h in rule.hyperparameters
        if h.name != skip
    }
    if rule.weight_decay == NO_DECAY:
        return hyper, 0.0
    decay = Number("weight_decay", r"\lambda", 0.0, 0.0, 1.0, f"{rule.weight_decay.capitalize()}.")
    return hyper, number_control(settings, f"{rule.name}.weight_decay", decay)


def value_controls(
    settings: Settings, compare: str, surface: Surface, rule: Optimizer, messages: list[str]
) -> list[Any]:
    """Draw the list of values to compare and return them."""
    if compare in ("Learning rate", "Momentum"):
        if compare == "Momentum":
            kind, label, low, high = "momenta", "Momenta to compare", 0.0, 0.999
            otherwise = "0, 0.5, 0.9, 0.99"
        else:
            kind, label, low, high = "rates", "Rates to compare", 0.0, MOST_RATE
            rate = rule.default_rate(surface)
            otherwise = number_list(rate * factor for factor in (0.1, 0.5, 1, 1.5))
        name = f"{surface.name}.{rule.name}.{kind}"
        text = st.text_input(
            label,
            settings.default(name, otherwise),
            max_chars=200,
            key=settings.key(name),
            help=f"Up to {MOST_PANELS} numbers, separated by commas.",
            **LINK,
        )
        numbers, complaints = read_numbers(text, low, high)
        messages += complaints
        if not numbers:
            messages.append(f"No number to compare: {otherwise} are shown.")
            numbers, _ = read_numbers(otherwise, low, high)
        return numbers
    if compare == "Batch size":
        default = settings.default("batches", ["1", "32", "256", ALL])
        options = batch_sizes(MOST_PAGE_SAMPLES)
        chosen = st.multiselect(
            "Batch sizes to compare",
            options,
            default,
            max_selections=MOST_PANELS,
            key=settings.key("batches"),
            **LINK,
        )
        return [size for size in options if size in chosen][:MOST_PANELS] or default
    if compare == "Schedule":
        default = settings.default("schedules", ["Constant", "Step", "Cosine", "Inverse sqrt"])
        chosen = st.multiselect(
            "Schedules to compare", list(SCHEDULES), default, key=settings.key("schedules"), **LINK
        )
        return [name for name in SCHEDULES if name in chosen] or default
    return []


def start_controls(settings: Settings, surface: Surface) -> tuple[float, float]:
    start = []
    for place, letter, side, default in zip(
        st.columns(2), "xy", surface.domain, surface.start, strict=True
    ):
        middle, width = sum(side) / 2, side[1] - side[0]
        name = f"{surface.name}.{letter}"
        start.append(
            place.number_input(
                f"Start {letter}",
                middle - width,
                middle + width,
                float(settings.default(name, default)),
                width / 40,
                "%g",
                key=settings.key(name),
                help="Or click on a panel.",
                **LINK,
            )
        )
    return start[0], start[1]


def noise_controls(
    settings: Settings, compare: str, values: list[Any]
) -> tuple[int, float, int, int | None]:
    noise = st.number_input(
        "Noise",
        0.0,
        1000.0,
        float(settings.default("noise", 0.0)),
        0.5,
        "%g",
        key=settings.key("noise"),
        help="Standard deviation of one sample's gradient. A batch of B averages B of them.",
        **LINK,
    )
    with st.popover("Batch, samples and seed", width="stretch"):
        samples = st.number_input(
            "Samples N",
            2,
            MOST_PAGE_SAMPLES,
            settings.default("samples", 10_000),
            1000,
            key=settings.key("samples"),
            help="Size of the data set. A batch of all N gives the exact gradient.",
            **LINK,
        )
        batch = ALL
        if compare != "Batch size":
            options = batch_sizes(samples)
            batch = st.select_slider(
                "Batch size B",
                options,
                settings.default("batch", ALL),
                key=settings.key("batch"),
                **LINK,
            )
        seed = st.number_input(
            "Seed",
            0,
            2**32 - 1,
            settings.default("seed", 0),
            key=settings.key("seed"),
            help="Every run sees the same draws, so that a comparison is paired.",
            **LINK,
        )
        st.button("New draw", on_click=draw_again, args=(settings.key("seed"),))
    # A batch cannot hold more than there is.
    values[:] = list(
        dict.fromkeys(
            ALL if compare == "Batch size" and v != ALL and int(v) >= samples else v for v in values
        )
    )
    return samples, noise, seed, None if batch == ALL else int(batch)


def draw_again(key: str) -> None:
    """Take the next seed."""
    st.session_state[key] = (st.session_state[key] + 1) % 2**32


def schedule_controls(
    settings: Settings, compare: str, values: list[Any]
) -> tuple[str, ScheduleParams, int]:
    """Draw the schedule's controls; return its name, the numbers of all shown, and the warm-up."""
    with st.popover("Schedule and warm-up", width="stretch"):
        if compare == "Schedule":
            shown = values
        else:
            names = list(SCHEDULES)
            default = names.index(settings.default("schedule", names[0]))
            key = settings.key("schedule")
            shown = [st.selectbox("Schedule", names, default, key=key, **LINK)]
        params = {name: schedule_numbers(settings, SCHEDULES[name]) for name in shown}
        warmup = st.number_input(
            "Warm-up, in updates",
            0,
            MOST_UPDATES,
            settings.default("warmup", 0),
            key=settings.key("warmup"),
            help="The rate rises linearly over this many updates.",
            **LINK,
        )
    return shown[0], params, warmup


def schedule_numbers(settings: Settings, schedule: Schedule) -> dict[str, Any]:
    st.markdown(f"**{schedule.name}** — {schedule.sentence}")
    values: dict[str, Any] = {
        number.name: number_control(settings, f"{schedule.name}.{number.name}", number)
        for number in schedule.numbers
    }
    if not schedule.stepped:
        return values
    unit_name, text_name = f"{schedule.name}.unit", f"{schedule.name}.milestones"
    units = list(MILESTONE_UNITS)
    values["unit"] = st.selectbox(
        "Milestones in",
        units,
        units.index(settings.default(unit_name, units[0])),
        key=settings.key(unit_name),
        help="Percent of the run, epochs, or updates.",
        **LINK,
    )
    otherwise = number_list(MILESTONES)
    text = st.text_input(
        "Milestones",
        settings.default(text_name, otherwise),
        max_chars=200,
        key=settings.key(text_name),
        **LINK,
    )
    numbers, complaints = read_numbers(text, 1e-9, 1e9)
    for complaint in complaints:
        st.caption(complaint)
    values["milestones"] = sorted(numbers) or MILESTONES
    return values


def length_controls(settings: Settings) -> tuple[int, str]:
    """Draw the budget's controls; return how many updates or epochs, and which of the two."""
    left, right = st.columns(2, vertical_alignment="bottom")
    length = left.number_input(
        "Length",
        1,
        MOST_UPDATES,
        settings.default("length", 100),
        10,
        key=settings.key("length"),
        help=f"At most {MOST_UPDATES:,} updates are drawn.",
        **LINK,
    )
    unit = right.selectbox(
        "Unit",
        UNITS,
        UNITS.index(settings.default("unit", UNITS[0])),
        key=settings.key("unit"),
        label_visibility="collapsed",
        **LINK,
    )
    return length, unit
