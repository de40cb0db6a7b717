"""The controls of settings: each drawn from the setting's kind.

A control shows the value of its setting. One that is changed by other means than by hand becomes
another control, with another key: what the browser still says of the old one then means nothing.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from landscape.expression import MOST_FORMULA
from landscape.language import SOURCE, language, msgid, tr
from views.settings.choice import chosen, idle
from views.settings.formulas import Span, Text, range_of, step_of
from views.settings.session import MISTAKEN, NOTES, SETTINGS, WHOLE, change, write_link
from views.settings.setting import (
    MOST_LIST,
    Idle,
    Note,
    NumberList,
    OneOf,
    PairList,
    PointList,
    Range,
    Rate,
    RunName,
    Setting,
    Several,
    UnreadError,
    number_list,
)
from views.settings.settings import Settings
from views.settings.sliders import compared_texts, place_of, texts_of
from views.settings.table import TABLE
from views.theme import MOST_PANELS

LIST_HELP = msgid(
    "Up to {most} numbers, separated by commas; with semicolons between them a comma is decimal."
)
ALONE = "alone"  # in the session: the ids of settings whose controls are drawn alone
NEEDED = {id for setting in TABLE.values() for id in setting.needs}  # by other settings
EXPLAINED = "explained"  # in the session: why settings on the page have no effect, by id
CONTROLS = "shown"  # in the session: how often each control was replaced, and what it shows


def key_of(settings: Settings, name: str, value: Any) -> str:
    """Return the key of the control that shows `value` under a name."""
    shown: dict[str, tuple[int, Any]] = st.session_state.setdefault(CONTROLS, {})
    count, last = shown.get(name, (0, value))
    # A run of the script goes on for a moment when a change has overtaken it. What it draws then
    # is thrown away, and it must leave no trace.
    if st.session_state[SETTINGS] is settings:
        count += not same(last, value)
        shown[name] = count, value
    return numbered(settings, name, count)


def same(shown: Any, value: Any) -> bool:
    """Tell whether a control that shows one value shows the other."""
    if isinstance(shown, float) and isinstance(value, float):
        return math.isclose(shown, value, rel_tol=1e-9)  # a slider's steps do not quite add up
    return bool(shown == value)


def numbered(settings: Settings, name: str, count: int) -> str:
    """Return the key of a control that was replaced so often.

    It has the language in it: a browser calls an option by what is written on it, so that what it
    says of a control in another language means nothing.
    """
    code = settings["lang"]
    return name + (f" ({count})" if count else "") + (f" {code}" if code != SOURCE else "")


def moved(name: str, id: str, meaning: Callable[[Any], Any]) -> None:
    """Take over what a control says; `meaning` makes a value of the setting of it."""
    value = said(name)
    take(name, id, tuple(value) if isinstance(value, list) else value, meaning)


def said(name: str) -> Any:
    """Return what the control under a name says."""
    count, _ = st.session_state[CONTROLS][name]
    return st.session_state[numbered(st.session_state[SETTINGS], name, count)]


def take(name: str, id: str, value: Any, meaning: Callable[[Any], Any]) -> None:
    """Take over the value that a control shows now."""
    shown = st.session_state[CONTROLS]
    count, before = shown[name]
    # Streamlit takes a new control for a changed one if the run that drew it was overtaken.
    if same(before, value):
        write_link()
        return
    shown[name] = count, value
    change({id: meaning(value)})
    _, notes = st.session_state[NOTES]
    if id in st.session_state.get(ALONE, ()) and (
        st.session_state[WHOLE] or NEEDED & {id} or outdated() or notes
    ):
        st.rerun()


def outdated() -> bool:
    """Tell whether what the page says of settings without effect holds no more."""
    settings, shown = st.session_state[SETTINGS], st.session_state.get(EXPLAINED, {})
    experiment = chosen(settings)
    return any(idle(settings, id, experiment) != found for id, found in shown.items())


@st.fragment
def alone(draw_it: Callable[..., None], *what: Any, ids: Sequence[str] = ()) -> None:
    """Draw controls of settings that nothing else of the script's page depends on.

    When one of them is changed only they are drawn again: what follows it, the player shows. The
    session says where that is not all (WHOLE), and whether there is anything to tell (NOTES).
    """
    st.session_state.setdefault(ALONE, set()).update(ids or what[:1])
    settings = st.session_state[SETTINGS]
    with language(settings["lang"]):
        draw_it(settings, *what)


def control(
    settings: Settings,
    name: str,
    id: str,
    value: Any,
    meaning: Callable[[Any], Any] = lambda value: value,
) -> dict[str, Any]:
    """Return the key and the callback of a control that shows `value`."""
    return {"key": key_of(settings, name, value), "on_change": moved, "args": (name, id, meaning)}


def unless_locked(
    settings: Settings,
    name: str,
    id: str,
    value: Any,
    meaning: Callable[[Any], Any] = lambda value: value,
) -> dict[str, Any]:
    """Return the same of a widget, which a teacher's link may lock."""
    return control(settings, name, id, value, meaning) | {"disabled": settings.locks(id)}


def draw(settings: Settings, id: str, explained: bool = True, **look: Any) -> None:
    """Draw the control of a setting, unless what is compared takes its place.

    It is `explained` under the control where the setting has no effect.

    `look` is what its Streamlit widget takes besides.
    """
    if settings.absent(id):
        return
    setting = TABLE[id]
    if isinstance(setting.kind, Rate):
        raise TypeError(f"{id}: a rate is drawn by `draw_rate`, with a title")
    if setting.width != "stretch":
        look.setdefault("width", setting.width)
    look.setdefault("help", tr(setting.help) or None)
    DRAWN[type(setting.kind)](setting, settings, look.pop("label", setting.title), look)
    if explained:
        explain(settings, id)


def explain(settings: Settings, *ids: str) -> None:
    """Say under controls why their settings have no effect, each reason once.

    Buttons make them count, one for all that the same changes help.
    """
    said: list[Idle] = []
    for id in ids:
        found = None if settings.absent(id) else idle(settings, id)
        st.session_state.setdefault(EXPLAINED, {})[id] = found
        if not found or found in said:
            continue
        said.append(found)
        st.caption(found.why.text())
        if any(found.changes == other.changes for other in said[:-1]):
            continue
        st.button(
            found.offer.text(),
            key=f"{id} counts",
            disabled=any(map(settings.locks, found.changes)),
            on_click=change,
            args=(dict(found.changes),),
        )


def draw_live(settings: Settings, id: str) -> None:
    """Draw the control of a setting alone if the player sees it move, and otherwise with others."""
    if isinstance(TABLE[id].kind, Range):
        alone(draw, id)
    else:
        draw(settings, id)


def _range(setting: Setting, settings: Settings, label: str, look: dict[str, Any]) -> None:
    kind: Any = setting.kind
    low, high = kind.low, kind.high
    if isinstance(kind, Span):
        low, high = range_of(settings, setting.id.rpartition(".")[2])
    if not kind.slider:
        # The note stands under the field, also where other fields stand beside it.
        with st.container(width=look.get("width", "stretch"), gap="xxsmall"):
            if note := field(settings, setting.id, label, look):
                tell(note)
        return
    value = settings[setting.id]
    look |= unless_locked(settings, setting.id, setting.id, value)
    step = step_of(low, high) if isinstance(kind, Span) else kind.step
    st.slider(label, low, high, value, step, "%.4g", **look)


def field(settings: Settings, id: str, label: str, look: dict[str, Any]) -> Note | None:
    """Draw the field of a number, and return what to tell of a text in it that is none.

    It is a field of text: the one that Streamlit has for numbers takes 0,01 for 1.
    """
    kind: Any = TABLE[id].kind
    value = settings[id]
    key = key_of(settings, id, value)
    disabled = look.pop("disabled", False) or settings.locks(id)
    text = st.text_input(
        label,
        kind.write(value)[0],
        key=key,
        on_change=typed,
        args=(id,),
        disabled=disabled,
        **look,
    )
    try:
        kind.typed(text)
    except UnreadError as problem:
        return problem.note
    return None


def _formula(setting: Setting, settings: Settings, label: str, look: dict[str, Any]) -> None:
    """Draw the field of a formula; one of a link that is none stands there to be mended."""
    kind: Any = setting.kind
    value = settings[setting.id]
    key = key_of(settings, setting.id, value)
    if mistaken := st.session_state.pop(MISTAKEN, ""):
        st.session_state[key] = mistaken
    text = st.text_input(
        label,
        value,
        key=key,
        on_change=typed,
        args=(setting.id,),
        disabled=settings.locks(setting.id),
        max_chars=MOST_FORMULA,
        **look,
    )
    try:
        kind.typed(text)
    except UnreadError as problem:
        tell(problem.note)


def typed(id: str) -> None:
    """Take over a number or a formula that was typed; a text that is none stays in the field."""
    kind: Any = TABLE[id].kind
    try:
        number = kind.typed(said(id))
    except UnreadError:
        write_link()
        return
    take(id, id, number, lambda number: number)


def tell(note: Note) -> None:
    """Say under a control what is the matter with it."""
    st.caption(f":red[{note.text()}]")


def _one(setting: Setting, settings: Settings, label: str, look: dict[str, Any]) -> None:
    kind: Any = setting.kind
    options = list(setting.choices(settings) if setting.choices else kind.options)
    value = settings[setting.id]
    look |= unless_locked(settings, setting.id, setting.id, value)
    look |= {"format_func": lambda option: tr(kind.label(option)), "placeholder": tr("Choose")}
    look["accept_new_options"] = kind.other is not None
    st.selectbox(label, options, options.index(value), **look)


def _run(setting: Setting, settings: Settings, label: str, look: dict[str, Any]) -> None:
    options = list(setting.choices(settings) if setting.choices else ())
    first = options[0]
    value = settings[setting.id] or first
    look |= unless_locked(
        settings, setting.id, setting.id, value, lambda name: "" if name == first else name
    )
    st.selectbox(label, options, options.index(value), placeholder=tr("Choose"), **look)


def _several(setting: Setting, settings: Settings, label: str, look: dict[str, Any]) -> None:
    kind: Any = setting.kind
    value = settings[setting.id]
    look |= unless_locked(settings, setting.id, setting.id, value)
    options = list(setting.choices(settings) if setting.choices else kind.options)
    look |= {"format_func": tr, "placeholder": tr("Choose")}
    look |= {"max_selections": MOST_PANELS, "accept_new_options": kind.other is not None}
    st.multiselect(label, options, list(value), **look)


def _listed(setting: Setting, settings: Settings, label: str, look: dict[str, Any]) -> None:
    value = settings[setting.id]
    look |= unless_locked(settings, setting.id, setting.id, value)
    if isinstance(setting.kind, NumberList) and not setting.help:
        look["help"] = tr(LIST_HELP, most=MOST_PANELS)
    st.text_input(label, value, max_chars=MOST_LIST, **look)


DRAWN: Mapping[type, Callable[[Setting, Settings, str, dict[str, Any]], None]] = {
    Range: _range,
    Span: _range,
    Text: _formula,
    OneOf: _one,
    RunName: _run,
    Several: _several,
    NumberList: _listed,
    PointList: _listed,
    PairList: _listed,
}


def draw_rate(settings: Settings, id: str, title: str, beside: str = "") -> None:
    """Draw the controls of a learning rate, called by whose it is, with HTML `beside` them."""
    label = tr("{optimizer} learning rate", optimizer=title)
    draw_pair(settings, id, label, tr("{optimizer} exact rate", optimizer=title), beside)


def draw_share(settings: Settings, id: str, label: str) -> None:
    """Draw the controls of a hyperparameter whose slider has positions of its own."""
    draw_pair(settings, id, label, tr("exact {name}", name=label))


def draw_pair(settings: Settings, id: str, label: str, name: str, beside: str = "") -> None:
    """Draw the two controls of a number: a slider and, by another name, the exact number."""
    if settings.absent(id):
        return
    kind: Any = TABLE[id].kind
    value, texts = settings[id], texts_of(kind)
    with st.container(key=f"pair {id}", gap=None):
        shown = texts[place_of(texts, value)]
        slide(settings, id, f"{id}.slider", label, texts, shown, kind.write(value)[0], float)
        note = field(settings, id, name, {"label_visibility": "collapsed"})
        if beside:
            st.html(beside)
        if note:
            tell(note)


def draw_listed(settings: Settings, place: int, label: str, written: str, beside: str = "") -> None:
    """Draw the slider of one of the compared numbers, which is `written` beside it."""
    id, texts = settings.compared, compared_texts(settings)
    if settings.hides(id):
        return

    def listed(text: str) -> str:
        numbers = [*settings.listed(id)[0]]
        if float(text) not in numbers:
            numbers[place] = float(text)
        return number_list(numbers)

    value = settings.listed(id)[0][place]
    with st.container(key=f"pair {id}.{place}", gap=None):
        shown = texts[place_of(texts, value)]
        slide(settings, id, f"{id}.{place}.slider", label, texts, shown, written, listed)
        st.html(f'<div class="lab-value">{html.escape(written)}</div>{beside}')


def slide(
    settings: Settings,
    id: str,
    name: str,
    label: str,
    texts: Sequence[str],
    shown: str,
    written: str,
    meaning: Callable[[str], Any],
) -> None:
    """Draw a slider under a name; a value between two positions is written at the nearer one."""
    st.select_slider(
        label,
        texts,
        shown,
        format_func=lambda text: written if text == shown else text,
        **unless_locked(settings, name, id, shown, meaning),
    )


def switch(settings: Settings, id: str, options: Sequence[str]) -> None:
    """Draw a setting as buttons side by side, of which one is pressed."""
    if settings.hides(id):
        return
    value, kind = settings[id], TABLE[id].kind
    assert isinstance(kind, OneOf)
    st.segmented_control(
        TABLE[id].title,
        options,
        default=value,
        format_func=lambda option: tr(kind.label(option)),
        required=True,
        label_visibility="collapsed",
        **unless_locked(settings, id, id, value),
    )


def drawer(label: str) -> Any:
    """Return a popover whose content need be drawn only while it is `open`."""
    return st.popover(label, key=f"drawer {label}", on_change=write_link)
