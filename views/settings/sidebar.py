"""The sidebar: the controls of the experiment, in the order of the page."""

from __future__ import annotations

import streamlit as st

from landscape import SURFACES
from landscape.language import msgid, tr
from optimizers import OPTIMIZERS, SCHEDULES
from optimizers.record import NO_DECAY
from optimizers.simulation.experiment import MOST_SEED
from views.settings.choice import chosen
from views.settings.rates import EFFECTIVE, OWN, SAME
from views.settings.session import change
from views.settings.settings import Settings
from views.settings.widgets import EXPLAINED, alone, draw, draw_live, draw_rate, drawer, explain

TITLES = {SAME: msgid("Common"), EFFECTIVE: msgid("Effective")}  # of a rate that is shared


def draw_sidebar(settings: Settings) -> None:
    """Draw the controls of an experiment."""
    st.session_state[EXPLAINED] = {}
    draw(settings, "surface")
    surface, factor = SURFACES[settings["surface"]], settings.factor
    for fact in surface.parameters:
        draw_live(settings, f"{surface.name}.{fact.name}")
    draw(settings, "compare")
    draw_optimizers(settings)
    if not factor.of_rules:
        draw(settings, settings.compared)
    if (opened := drawer(msgid("Hyperparameters"))).open:
        with opened:
            for name in settings.rules:
                draw_hyperparameters(settings, name)
    alone(draw_start, ids=start_ids(settings))
    draw_live(settings, "noise")
    if (opened := drawer(msgid("Batch, samples and seed"))).open:
        with opened:
            draw_noise(settings)
    if (opened := drawer(msgid("Schedule and warm-up"))).open:
        with opened:
            draw_schedules(settings)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        draw(settings, "length", explained=False)
        draw(settings, "unit", label_visibility="collapsed")
    explain(settings, "length")


def draw_optimizers(settings: Settings) -> None:
    """Draw which optimizers there are, and their rates."""
    surface, factor = settings["surface"], settings.factor
    draw(settings, settings.compared if factor.of_rules else f"{factor.name}.optimizer")
    fair = OWN
    if len(settings.rules) > 1:
        draw(settings, "fair")
        fair = settings["fair"]
    if fair in TITLES:
        alone(draw_rate, f"{surface}.rate", tr(TITLES[fair]))
    elif fair == OWN:
        for name in settings.rules:
            alone(draw_rate, f"{surface}.{name}.lr", tr(name))


def draw_hyperparameters(settings: Settings, name: str) -> None:
    """Draw what a rule is, its hyperparameters and its weight decay."""
    rule = OPTIMIZERS[name]
    st.markdown(f"**{tr(name)}** — {tr(rule.sentence)} {tr(rule.differs)}")
    ids = [f"{name}.{fact.name}" for fact in rule.hyperparameters]
    if rule.weight_decay != NO_DECAY:
        ids.append(f"{name}.weight_decay")
    for id in ids:
        draw_live(settings, id)


def start_ids(settings: Settings) -> tuple[str, str]:
    """Return the settings of the start."""
    return f"{settings['surface']}.x", f"{settings['surface']}.y"


def draw_start(settings: Settings) -> None:
    """Draw where the runs start."""
    with st.container(horizontal=True, vertical_alignment="top"):
        for id in start_ids(settings):
            draw(settings, id)


def draw_noise(settings: Settings) -> None:
    """Draw samples, batch and seed."""
    draw(settings, "samples")
    draw(settings, "batch")
    draw(settings, "seed")
    following = {"seed": (settings["seed"] + 1) % (MOST_SEED + 1)}
    if not settings.replaced("seed"):
        st.button(tr("New draw"), on_click=change, args=(following,))


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
