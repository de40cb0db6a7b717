"""The row of settings above the panels: small popovers that say what is set, and all the rest."""

from __future__ import annotations

from typing import Any

import streamlit as st

from landscape import Dataset, Formula, Surface
from landscape.language import msgid, tr, whole
from optimizers import OPTIMIZERS, SCHEDULES
from optimizers.maps.base import noisy
from optimizers.record import NO_DECAY
from optimizers.simulation.experiment import MOST_SEED
from views.scene.figures import PICTURES, SPACE
from views.scene.samples import MOST_MOVED
from views.settings.cards import carded
from views.settings.choice import chosen, planned
from views.settings.clip_and_stop import clip_and_stop_ids
from views.settings.formulas import BOUNDS, EXAMPLES, FRAME, TEXT, example_of
from views.settings.noise import ALL, by_data, samples_of, shapes_on
from views.settings.numbers import exact
from views.settings.own_data import MOST_CHARACTERS, read_samples, text_of
from views.settings.session import OWN_DATA, SETTINGS, change, take_in, write_link
from views.settings.setting import UnreadError
from views.settings.settings import Settings
from views.settings.table import TABLE
from views.settings.watching import ENDS, HIDDEN, PATHS, SHOWN, averaging_ids, of_nesterov
from views.settings.widgets import (
    EXPLAINED,
    alone,
    draw,
    draw_live,
    explain,
    key_of,
    said,
    switch,
    unless_locked,
)

# Keys of the session, and what is said of a visitor's own data.
OWN_TEXT, OWN_FILE, OWN_FAULT = "own text", "own file", "own fault"
FILE_HTML = '<label><span></span> <input type="file" accept=".csv,.tsv,.txt,text/*"></label>'
# What is too large comes as a text that is too large, for one sentence to be said of both.
FILE_JS = """export default function ({ data, parentElement, setTriggerValue }) {
  parentElement.querySelector("span").textContent = data.label;
  const input = parentElement.querySelector("input");
  input.onchange = async () => {
    const [file] = input.files;
    if (!file) return;
    const most = %d;
    const large = file.size > most;
    setTriggerValue("text", large ? " ".repeat(most + 1) : await file.text());
    input.value = "";
  };
}"""
FILE_JS = FILE_JS.replace("%d", str(MOST_CHARACTERS))
OWN_COLUMNS = msgid("Rows of {count} numbers from a CSV file or a table, the label last.")
OWN_CLASSES = msgid("Rows of {count} columns from a CSV file or a table; the last is the class.")
OWN_KEPT = msgid(
    "They stay in the memory of this visit: no link, no file and no other visitor has them."
)
EXAMPLE = "example of a formula"
MOST_SHOWN = 40  # characters of a formula
NOISE_IDS = ("noise", "covariance", "batch", "drawing", "samples", "seed")


def draw_row(settings: Settings, views: bool = True) -> None:
    """Draw the row of settings, with the switch of `views` where there is more than one."""
    st.session_state[EXPLAINED] = {}
    with st.container(key="row", horizontal=True, gap="small", vertical_alignment="center"):
        with popover(msgid("Surface"), surface_text(settings), "surface"):
            draw_surface(settings)
        alone(draw_start, ids=start_ids(settings))
        with popover(msgid("Updates"), length_text(settings), "length"):
            draw_length(settings)
        alone(draw_noise, ids=NOISE_IDS)
        with popover(msgid("Schedule"), schedule_text(settings), "schedule"):
            draw_schedules(settings)
        with popover(msgid("Compare"), tr(settings.factor.label), "compare"):
            draw_comparison(settings)
        with st.popover(tr("+ Run"), key="popover runs"):
            draw_runs(settings)
        with st.container(
            key="views", horizontal=True, width="content", vertical_alignment="center"
        ):
            if views:
                switch(settings, "view", PICTURES)
                if noisy(chosen(settings)):
                    switch(settings, "show", (PATHS, ENDS))
                    explain(settings, "show")
                draw_arrows(settings)
            with st.popover(tr("All settings"), key="popover all"):
                draw_rest(settings)


def popover(label: str, value: str, name: str) -> Any:
    """Return a popover that is called by what is set in it."""
    return st.popover(f":gray[{tr(label)}] {value}", key=f"popover {name}")


# --- What the popovers say


def surface_text(settings: Settings) -> str:
    """Return the surface, its parameters that are not at their defaults, and its regularization."""
    surface = settings.surface
    ids = {fact.name: f"{surface.name}.{fact.name}" for fact in surface.parameters}
    changed = [
        f"{tr(name)} {choice_or_number(settings[id])}"
        for name, id in ids.items()
        if settings[id] != settings.plain(id) and not settings.replaced(id)
    ]
    name = formula_text(settings) if isinstance(surface, Formula) else tr(surface.name)
    return ", ".join([name, *changed, *strengths(settings)])


def formula_text(settings: Settings) -> str:
    """Return the name of a formula to pick from, or else the begin of one's own."""
    example = example_of(settings)
    if example is not None:
        return tr(example)
    text = settings[TEXT]
    # Of what is taken as a formula only the sign of a product is Markdown's too.
    return (text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…").replace("*", r"\*")


def strengths(settings: Settings) -> list[str]:
    """Return the strengths of L2 and L1 that are not 0, and a keep probability below 1."""
    found = [
        f"{name} {exact(settings[id])}"
        for id, name in (("l2", "L2"), ("l1", "L1"))
        if settings[id] and not settings.replaced(id)
    ]
    if by_data(settings) and settings["keep"] < 1 and not settings.replaced("keep"):
        found.append(tr("keep {value}", value=exact(settings["keep"])))
    return found


def choice_or_number(value: str | float) -> str:
    """Return the value of a parameter."""
    return tr(value) if isinstance(value, str) else exact(value)


def start_text(settings: Settings) -> str:
    """Return the start as two numbers."""
    return ", ".join(
        exact(settings[id]).replace("-", "\N{MINUS SIGN}") for id in start_ids(settings)
    )


def length_text(settings: Settings) -> str:
    """Return the length, with its unit if that is not updates."""
    unit = settings["unit"]
    return str(settings["length"]) if unit == "updates" else f"{settings['length']} {tr(unit)}"


def noise_text(settings: Settings) -> str:
    """Return the noise and the batch; of a surface made by data, how many of its samples."""
    if by_data(settings):
        samples = whole(samples_of(settings))
        if settings.replaced("batch"):
            return tr("several of {samples}", samples=samples)
        if settings["batch"] == ALL:
            return tr("all {samples}", samples=samples)
        return tr("{size} of {samples}", size=several(settings), samples=samples)
    size, batch = settings["noise"], several(settings)
    text = exact(size) if size else tr("none")
    if batch == ALL or settings.replaced("batch"):
        return text
    return f"{text}, {tr('batch {size}', size=batch)}"


def several(settings: Settings) -> str:
    """Return the batch size, times the batches of an update where these are several."""
    batch, count = settings["batch"], settings["accumulate"]
    if batch == ALL or settings.replaced("batch"):
        return str(batch)
    size = whole(int(batch)) if by_data(settings) else batch
    return size if count == 1 or settings.replaced("accumulate") else f"{count} × {size}"


def schedule_text(settings: Settings) -> str:
    """Return the schedule and the warm-up."""
    warmup = settings["warmup"]
    names = list(dict.fromkeys(run.schedule for run in chosen(settings).runs))
    text = tr(names[0]) if len(names) == 1 else tr("several")
    return text + (f", {tr('warm-up {count}', count=str(warmup))}" if warmup else "")


# --- What is in them


def draw_surface(settings: Settings) -> None:
    """Draw the surface, its parameters and what is added to it: limits of rates depend on them."""
    draw(settings, "surface")
    surface = settings.surface
    if isinstance(surface, Formula):
        draw_formula(settings, surface)
    else:
        for fact in surface.parameters:
            draw(settings, f"{surface.name}.{fact.name}")
    st.caption(tr(surface.sentence))
    draw_regularization(settings)
    if surface.samples:
        draw_own_data(settings, surface)


def draw_formula(settings: Settings, formula: Formula) -> None:
    """Draw the formula, some to pick from, its parameters with their ranges, and the frame."""
    draw(settings, TEXT)
    shown = example_of(settings)
    if not settings.absent(TEXT):
        st.selectbox(
            tr("Or one of these"),
            [example.name for example in EXAMPLES],
            None if shown is None else [example.name for example in EXAMPLES].index(shown),
            format_func=tr,
            placeholder=tr("Choose"),
            key=key_of(settings, EXAMPLE, shown),
            on_change=take_example,
            disabled=settings.locks(TEXT),
        )
    for fact in formula.parameters:
        id = f"{formula.name}.{fact.name}"
        draw(settings, id)
        with st.container(horizontal=True, vertical_alignment="top"):
            for end in BOUNDS:
                draw(settings, f"{id}.{end}")
    with st.container(horizontal=True, vertical_alignment="top"):
        for id in FRAME:
            draw(settings, id)


def take_example() -> None:
    """Show the formula that was picked, in its frame and from its start."""
    found = said(EXAMPLE)
    for example in EXAMPLES:
        if example.name == found:
            change(example.changes())
            return
    write_link()


def draw_own_data(settings: Settings, surface: Surface) -> None:
    """Draw where a visitor's own samples are pasted or read from a file."""
    wanted = OWN_CLASSES if surface.samples and surface.samples.classes else OWN_COLUMNS
    columns = 2 if surface.samples is None else surface.samples.columns + 1
    st.text_area(
        tr("Your data"),
        key=OWN_TEXT,
        placeholder="1.2, 3.4\n2.1, 3.9" if columns == 2 else "1.2, 0.4, 1\n2.1, 3.9, 0",
        help=tr(OWN_KEPT),
        on_change=take_text,
        args=(surface,),
    )
    st.caption(tr(wanted, count=str(columns)))
    objective = chosen(settings).objectives[0]
    if objective.data is not None and len(objective.data) <= MOST_MOVED:
        st.button(tr("Edit these samples"), on_click=write_samples, args=(objective.data,))
    file_reader()(
        key=OWN_FILE, data={"place": "file", "label": tr("CSV file")}, on_text_change=take_file
    )
    if fault := st.session_state.get(OWN_FAULT):
        st.warning(fault.text())
    if settings.data is not None:
        told = tr("{count} samples of your own are shown.", count=whole(len(settings.data)))
        st.caption(f"{told} {tr(OWN_KEPT)}")
        st.button(tr("Leave your data"), on_click=leave_data)


def show_own(surface: str, data: Dataset) -> None:
    """Show samples as the visitor's own, and as text in the field for them."""
    st.session_state[OWN_TEXT] = text_of(data)
    st.session_state.pop(OWN_FAULT, None)
    take_in(surface, data)


def write_samples(data: Dataset) -> None:
    """Put samples into the field for the visitor's own, where they can be changed by keys."""
    st.session_state[OWN_TEXT] = text_of(data)
    write_link()


def take_text(surface: Surface) -> None:
    """Take in the samples that a visitor has pasted, or keep why they are none."""
    st.session_state.pop(OWN_FAULT, None)
    text = st.session_state[OWN_TEXT]
    if not text.strip():
        leave_data()
        return
    take(text, surface)


def take_file() -> None:
    """Take in the file that a visitor has chosen, or keep why it holds no samples."""
    st.session_state.pop(OWN_FAULT, None)
    told = st.session_state[OWN_FILE].text
    if isinstance(told, str):
        take(told, st.session_state[SETTINGS].surface)


def take(text: str, surface: Surface) -> None:
    """Take in the samples of a text, or keep why it holds none."""
    if surface.samples is None:
        return
    try:
        take_in(surface.name, read_samples(text, surface))
    except UnreadError as problem:
        st.session_state[OWN_FAULT] = problem.note


def file_reader() -> Any:
    """Return the mounting command of a field that reads a file as text.

    Streamlit's own sends it to an address, which only the process that holds the session answers.
    """
    return st.components.v2.component("zigzag_file", html=FILE_HTML, js=FILE_JS)


def leave_data() -> None:
    """Go back to the samples that the surface makes."""
    st.session_state.pop(OWN_DATA, None)
    st.session_state.pop(OWN_FAULT, None)
    st.session_state[OWN_TEXT] = ""
    change({})


def start_ids(settings: Settings) -> tuple[str, str]:
    """Return the settings of the start."""
    return f"{settings['surface']}.x", f"{settings['surface']}.y"


def draw_start(settings: Settings) -> None:
    """Draw where the runs start."""
    if settings.replaced(start_ids(settings)[0]):
        return
    opened = popover(msgid("Start"), start_text(settings), "start")
    with opened.container(horizontal=True, vertical_alignment="top"):
        for id in start_ids(settings):
            draw(settings, id)


def draw_length(settings: Settings) -> None:
    """Draw how long the runs are."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        draw(settings, "length", explained=False)
        draw(settings, "unit", label_visibility="collapsed")
    explain(settings, "length")


def draw_noise(settings: Settings) -> None:
    """Draw what there is of the noise on the surface: its size and shape, batches and the seed."""
    called = msgid("Batch") if by_data(settings) else msgid("Noise")
    with popover(called, noise_text(settings), "noise"):
        surface = settings.surface
        there = {"noise": not by_data(settings), "covariance": len(shapes_on(surface)) > 1}
        ids = tuple(id for id in NOISE_IDS if there.get(id, True))
        for id in ids:
            draw(settings, id, explained=False)
        explain(settings, *ids)
        following = {"seed": (settings["seed"] + 1) % (MOST_SEED + 1)}
        if not settings.absent("seed"):
            locked = settings.locks("seed")
            st.button(tr("New draw"), on_click=change, args=(following,), disabled=locked)


def draw_schedules(settings: Settings) -> None:
    """Draw the schedule, the numbers of all that are in use, and the warm-up."""
    draw(settings, "schedule", explained=False)
    for name in dict.fromkeys(run.schedule for run in chosen(settings).runs):
        schedule = SCHEDULES[name]
        st.markdown(f"**{tr(name)}** — {tr(schedule.sentence)}")
        for fact in schedule.numbers:
            draw(settings, f"{name}.{fact.name}", explained=False)
        if schedule.stepped:
            draw(settings, f"{name}.unit", explained=False)
            draw(settings, f"{name}.milestones", explained=False)
            for note in settings.listed(f"{name}.milestones")[1]:
                st.caption(note.text())
        ids = [f"{name}.{fact.name}" for fact in schedule.numbers]
        explain(settings, *ids, *([f"{name}.unit", f"{name}.milestones"] * schedule.stepped))
    draw(settings, "warmup")


def draw_regularization(settings: Settings) -> None:
    """Draw L2 and L1, how L1 gets into an update, and the dropout of inputs."""
    ids = ("l2", "l1", "l1_step", *(("keep",) if by_data(settings) else ()))
    if settings.hides(*ids):
        return
    st.markdown(f"**{tr('Regularization')}**")
    for id in ids:
        draw(settings, id, explained=False)
    explain(settings, *ids[2:])


def draw_comparison(settings: Settings) -> None:
    """Draw what differs between the runs, and how rates are made fair."""
    draw(settings, "compare")
    if len(settings.rules) > 1:
        draw(settings, "fair")


def draw_runs(settings: Settings) -> None:
    """Draw which runs there are."""
    factor = settings.factor
    if not factor.of_rules:
        draw(settings, f"{factor.name}.optimizer")
    draw(settings, settings.compared)


def draw_arrows(settings: Settings) -> None:
    """Draw whether the parts of the next step are shown, where a picture has paths in the plane."""
    choice = planned(settings)
    if settings.hides("arrows") or choice.view == SPACE or choice.seeds:
        return
    shown = settings["arrows"] == SHOWN
    setting = TABLE["arrows"]
    st.checkbox(
        setting.title,
        shown,
        help=tr(setting.help),
        **unless_locked(settings, "arrows", "arrows", shown, lambda on: SHOWN if on else HIDDEN),
    )


def draw_rest(settings: Settings) -> None:
    """Draw every setting that stands nowhere else: of the picture and of the rules."""
    draw(settings, "curve")
    if not noisy(chosen(settings)):
        draw(settings, "show")
    draw(settings, "future")
    if of_nesterov(settings) or settings["sutskever"] == SHOWN:
        draw(settings, "sutskever")
    for id in (*averaging_ids(settings), "accumulate", *clip_and_stop_ids(settings)):
        draw(settings, id)
    for name in settings.rules:
        draw_hyperparameters(settings, name)


def draw_hyperparameters(settings: Settings, name: str) -> None:
    """Draw what a rule is, its hyperparameters that have no slider, and its weight decay."""
    rule = OPTIMIZERS[name]
    st.markdown(f"**{tr(name)}** — {tr(rule.sentence)} {tr(rule.differs)}")
    ids = [f"{name}.{fact.name}" for fact in rule.hyperparameters]
    if rule.weight_decay != NO_DECAY:
        ids.append(f"{name}.weight_decay")
    for id in ids:
        if id not in carded(settings, name):
            draw_live(settings, id)
