"""A lesson's card in a class: the answer goes there, and a line says how it stands.

How the class stands is told by the browser, which asks for it: `stage` is what that means for the
card that is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st

from landscape.language import script_texts
from views.classroom.component import component
from views.classroom.questions import SUBJECTS
from views.settings import session
from views.settings.settings import Settings

KEY = "class member"
STANDING = "class standing"  # in the session: how the class stands, with its code

# Of a card: no class asks it; nothing is known yet; the class has not come to it; it is asked; its
# answers are closed; what was answered is revealed, or the class is past it.
FREE, UNKNOWN, AHEAD, ASKED, CLOSED, SHOWN = "free", "unknown", "ahead", "asked", "closed", "shown"
TOGETHER = (UNKNOWN, AHEAD, ASKED, CLOSED)  # what comes of it is not to be seen yet


@dataclass(frozen=True)
class Standing:
    """How a class stands: at which card of which subject; `over` is a class that has ended."""

    subject: str = ""
    card: int = 0
    open: bool = False
    revealed: bool = False
    over: bool = False


def read(told: Any) -> Standing | None:
    """Return what the browser tells of a class; None if it makes no sense."""
    if not isinstance(told, dict):
        return None
    if told == {"over": True}:
        return Standing(over=True)
    subject = SUBJECTS.get(str(told.get("subject")))
    card, flags = told.get("card"), (told.get("open"), told.get("revealed"))
    if subject is None or not all(isinstance(flag, bool) for flag in flags):
        return None
    if type(card) is not int or not 1 <= card <= subject.cards:
        return None
    return Standing(subject.name, card, *map(bool, flags))


def known(settings: Settings) -> Standing | None:
    """Return how the visitor's class stands, as far as it is known."""
    code, standing = st.session_state.get(STANDING, ("", None))
    return standing if code == settings["class"] else None


def stage(settings: Settings) -> str:
    """Return how the class stands to the card that is shown."""
    return stage_of(settings, known(settings)) if settings["class"] else FREE


def stage_of(settings: Settings, standing: Standing | None) -> str:
    """Return how a class that stands so stands to the card that is shown."""
    if standing is None:
        return UNKNOWN
    if standing.over or standing.subject != settings["lesson"]:
        return FREE
    here = int(settings["card"])
    if here != standing.card:
        return SHOWN if here < standing.card else AHEAD
    return SHOWN if standing.revealed else ASKED if standing.open else CLOSED


def stands(changed: Callable[[str, str, int], None]) -> None:
    """Take in how the class stands, as the browser tells it.

    `changed` is called with the stages of the card that is shown, before and after, and with the
    number of the card to which the class has moved, which is 0 where it has not.
    """
    found = read(st.session_state[KEY].standing)
    if found is None:
        return
    here: Settings = st.session_state[session.SETTINGS]
    before, was = stage(here), known(here)
    st.session_state[STANDING] = here["class"], found
    moved = not found.over and (was is None or was.card != found.card)
    goes = moved and found.subject == here["lesson"] and str(found.card) != here["card"]
    changed(before, stage(here), found.card if goes else 0)


def draw(
    settings: Settings,
    answer: str,
    changed: Callable[[str, str, int], None],
    remembered: Callable[[str], None],
) -> None:
    """Draw the line of the card that is shown, whose answer is a letter, or empty.

    `changed` is called as `stands` says, and `remembered` with the answer to the card that the
    browser knows where the link does not.
    """

    def leave() -> None:
        if st.session_state[KEY].code == "":
            session.change({"class": ""})

    def go() -> None:
        found = known(st.session_state[session.SETTINGS])
        if found and not found.over:
            session.change({"card": str(found.card)})

    def remember() -> None:
        told = st.session_state[KEY].answer
        if isinstance(told, list) and told[:1] == [st.session_state[session.SETTINGS]["card"]]:
            remembered(str(told[-1]))

    standing = known(settings)
    component("member", "member.js")(
        key=KEY,
        data={
            "code": settings["class"],
            "subject": settings["lesson"],
            "card": settings["card"],
            "answer": answer,
            "stage": stage(settings),
            "standing": standing and told(standing),
            "texts": script_texts(),
        },
        on_code_change=leave,
        on_standing_change=lambda: stands(changed),
        on_go_change=go,
        on_answer_change=remember,
    )


def told(standing: Standing) -> dict[str, Any]:
    """Return how a class stands as the browser tells it."""
    if standing.over:
        return {"over": True}
    return {name: value for name, value in asdict(standing).items() if name != "over"}
