"""The settings under the panels: each run's own under its panel, and below all what they share."""

from __future__ import annotations

import html

import streamlit as st

from landscape.language import msgid, number, tr
from optimizers import OPTIMIZERS, Experiment, Run
from optimizers.analysis.measures import run_limit
from optimizers.maps.base import noisy
from views.scene.figures import GAPS, OVERLAY, SIDE_BY_SIDE, SPACE
from views.scene.scene import arrangements
from views.settings.choice import chosen, planned
from views.settings.numbers import told_apart
from views.settings.rates import BEST, EFFECTIVE, OWN, RATES_TRIED, SAME, best_rate, run_alone
from views.settings.settings import Settings
from views.settings.sliders import RATES, compared_texts, place_of, texts_of
from views.settings.table import TABLE
from views.settings.widgets import alone, draw_listed, draw_rate, draw_share
from views.theme import Theme

TITLES = {SAME: msgid("Common"), EFFECTIVE: msgid("Effective")}  # of a rate that is shared
MOST_TRIED = 250_000  # updates of a sweep that says whether a rate is the best


def draw_cards(settings: Settings, theme: Theme) -> None:
    """Draw the settings that matter most, in columns as wide as the panels above them."""
    count = len(settings.names())
    st.html(f"<style>{grid(settings, count)}{colours(count, theme)}</style>")
    fair = settings["fair"] if len(settings.rules) > 1 else OWN
    factor = settings.factor
    with st.container(key="cards-beside" if beside(settings) else "cards"):
        if factor.of_rules:
            for place, name in enumerate(settings.rules):
                with st.container(key=f"card-{place}"):
                    alone(draw_rule, place, name, fair, ids=carded(settings, name))
        elif compared_texts(settings):
            for place in range(count):
                with st.container(key=f"card-{place}"):
                    alone(draw_compared, place, ids=(settings.compared,))
    shared = [f"{settings['surface']}.rate"] if fair in (SAME, EFFECTIVE) else []
    if not factor.of_rules:
        shared = [id for id in carded(settings, settings.rules[0]) if not settings.replaced(id)]
    if shared:
        with st.container(key="card-shared", horizontal=True):
            alone(draw_shared, shared, fair, ids=shared)


def carded(settings: Settings, name: str) -> tuple[str, ...]:
    """Return the settings of a rule that stand under the panels: its rate and first number."""
    ids = [f"{settings['surface']}.{name}.lr"]
    ids += [f"{name}.{fact.name}" for fact in OPTIMIZERS[name].hyperparameters[:1]]
    return tuple(id for id in ids if texts_of(TABLE[id].kind))


def draw_rule(settings: Settings, place: int, name: str, fair: str) -> None:
    """Draw the settings of one optimizer among others.

    The rate's limit follows the other numbers, and nothing here follows the rate.
    """
    rate, *more = carded(settings, name)
    if fair == OWN:
        alone(draw_own, rate, place, name)
    elif fair == BEST:
        label, found = tr("{optimizer} learning rate", optimizer=tr(name)), tr("best rate tried")
        st.html(f'<div class="lab-fixed">{html.escape(label)}<b>{html.escape(found)}</b></div>')
    for id in more:
        draw_share(settings, id, of_rule(id))


def draw_own(settings: Settings, id: str, place: int, name: str) -> None:
    """Draw the rate of one optimizer among others."""
    draw_rate(settings, id, tr(name), of_rate(settings, place))


def of_rule(id: str) -> str:
    """Return what a number of a rule is called where other rules stand beside it."""
    rule, _, name = id.rpartition(".")
    title = tr(name).replace("_", " ")
    return title.capitalize() if rule.lower() == name else f"{tr(rule)} {title}"


def draw_compared(settings: Settings, place: int) -> None:
    """Draw the slider of one of the compared numbers."""
    values = settings.listed(settings.compared)[0]
    if place < len(values):
        name = tr(settings.factor.label)
        label = tr("{name} of run {place}", name=name, place=str(place + 1))
        rates = texts_of(TABLE[settings.instead].kind) is RATES
        beside = of_rate(settings, place) if rates else ""
        draw_listed(settings, place, label, told_apart(values)[place], beside)


def draw_shared(settings: Settings, ids: list[str], fair: str) -> None:
    """Draw the settings that all runs share."""
    for id in ids:
        if id.endswith((".rate", ".lr")):
            title = TITLES[fair] if id.endswith(".rate") else settings.rules[0]
            draw_rate(settings, id, tr(title))
        else:
            draw_share(settings, id, of_rule(id))


def of_rate(settings: Settings, place: int) -> str:
    """Return a rate's limit of stability, at its place, and whether it is the best, as HTML."""
    experiment = chosen(settings)
    run = experiment.runs[place]
    parts = []
    limit = run_limit(experiment, run)
    if limit is not None:
        share = place_of(RATES, limit) / (len(RATES) - 1)
        text = html.escape(tr("limit {rate}", rate=number(limit, 2)))
        parts.append(f'<div class="lab-limit" style="--at:{share:.4f}">{text}</div>')
    if is_best(experiment, run):
        parts.append(f'<div class="lab-best">{html.escape(tr("best rate tried"))}</div>')
    return "".join(parts)


def is_best(experiment: Experiment, run: Run) -> bool:
    """Tell whether a run has the best rate of a sweep, if that is short, to three digits."""
    if noisy(experiment) or 2 * RATES_TRIED * experiment.plan(run).steps > MOST_TRIED:
        return False
    return f"{best_rate(run_alone(experiment, run)):.3g}" == f"{experiment.plan(run).lr:.3g}"


def beside(settings: Settings) -> bool:
    """Tell whether the cards stand beside the picture on a wide page: where it is one for all."""
    return planned(settings).view in (OVERLAY, SPACE)


def grid(settings: Settings, count: int) -> str:
    """Return the style that lays cards out as the panels above them are.

    A card is the foot of its panel, unless they stand apart: then it has a frame of its own.
    """
    style, view = "", planned(settings).view
    for found in reversed(arrangements(count)):
        last = found["below"] > 1e8
        wide = 1 if last and beside(settings) else found["columns"]
        gap = 100 * GAPS[0] / (wide + GAPS[0] * (wide - 1))  # as between the panels
        apart = view != SIDE_BY_SIDE or found["rows"] > 1
        rule = (
            f"[class*=st-key-cards]{{grid-template-columns:repeat({wide},minmax(0,1fr))!important;"
            f"column-gap:{gap:.3f}%!important;"
            f"--card-top:{int(apart)}px;--card-round:{'12px' if apart else '0 0 12px 12px'};"
            f"--card-gap:{0.5 * apart}rem}}"
        )
        style += rule if last else f"@container page (max-width:{found['below']}px){{{rule}}}"
    return style


def colours(count: int, theme: Theme) -> str:
    """Return the style that gives each card the colour of its run."""
    return "".join(
        f".st-key-card-{place}{{--run:{theme.runs[place % len(theme.runs)]}}}"
        for place in range(count)
    )
