"""The lessons' page: all lessons in a list, or one card of a lesson.

A card goes through three phases. Asked, its picture stands at the start. Answered, the runs play.
When they have, or on reload, it says what was measured. What was answered is in the page's link,
so that it is kept on reload and by a step back, whatever server answers. In a class an answered
card waits until the class's answers are revealed, and then plays by itself.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from landscape.language import msgid, tr, whole
from views.classroom import member
from views.lessons import LESSONS, small
from views.lessons.index import COURSE, MISCONCEPTIONS, STANDINGS, cards_on
from views.lessons.lesson import LETTERS, Card, Lesson, filled
from views.lessons.outcome import Outcome, UnmeasuredError, card_of, outcome
from views.modes.modes import draw_mode
from views.player import player
from views.settings import session
from views.settings.settings import KEPT, Settings, read
from views.settings.teaching import UNANSWERED
from views.stage import descents, tell_of_link
from views.theme import Theme

STYLE = Path(__file__).parent / "lessons.css"
PLAYS = "plays"  # in the session: the lesson and card whose runs play now
ASK, RUN, DONE = "ask", "run", "done"  # phases, as the player knows them
# Below the answers of a card that is asked, by how a class stands to it.
CAPTIONS = {
    member.FREE: msgid("The answer is measured after your prediction."),
    member.ASKED: msgid("What comes of it is shown when the class's answers are revealed."),
    member.CLOSED: msgid("The class takes no answers now."),
    member.AHEAD: msgid("The class has not come to this card yet."),
}
PHASES = {ASK: msgid("Predict"), RUN: msgid("Run"), DONE: msgid("Measured")}


def draw(settings: Settings, theme: Theme, leave: Callable[[], None]) -> None:
    """Draw the page; `leave` is called when the lab is to be opened with what is set then."""
    st.html(STYLE)
    st.html(f"<style>{theme.style()}</style>")
    if st.context.is_embedded:  # without a header, as the lab
        draw_mode("embedded")
    if settings["lesson"]:
        draw_card(settings, theme, leave)
    else:
        draw_list(theme)


# --- The list


def draw_list(theme: Theme) -> None:
    """Draw all lessons, and the index of what they show."""
    st.title(tr("Lessons"), anchor=False)
    st.markdown(tr("Predict what happens, run it, and see what is measured."))
    tell_of_link()
    with st.container(key="lessons"):
        for lesson in LESSONS.values():
            with st.container(key=f"lesson {lesson.name}", border=True):
                st.html(
                    f"{small.image(lesson, theme)}"
                    f'<p class="zz-place">{html.escape(numbered(lesson))}</p>'
                    f"<h2>{html.escape(tr(lesson.title))}</h2>"
                    f"<p>{html.escape(tr(lesson.finds))}</p>"
                    f'<p class="zz-place">{html.escape(extent(lesson))}</p>'
                )
                with st.container(horizontal=True, vertical_alignment="center"):
                    st.button(
                        tr("Begin"),
                        key=f"begin {lesson.name}",
                        help=tr(lesson.title),
                        on_click=go_to,
                        args=({"lesson": lesson.name},),
                    )
                    link = html.escape(urlencode({"lesson": lesson.name}))
                    said = html.escape(tr("For teachers"))
                    st.html(
                        f'<a class="zz-quiet" href="./teacher?{link}" target="_self">{said}</a>'
                    )
    st.subheader(tr("What the course says, and where it is measured"), anchor=False)
    st.html(index())


def numbered(lesson: Lesson) -> str:
    """Return the place of a lesson among all."""
    return tr("Lesson {place} of {count}", place=whole(lesson.place), count=whole(len(LESSONS)))


def extent(lesson: Lesson) -> str:
    """Return how long a lesson is."""
    return tr(
        "{minutes} minutes, {count} cards",
        minutes=whole(lesson.minutes),
        count=whole(len(lesson.cards)),
    )


def index() -> str:
    """Return what the course says and what people believe, with links to the cards, as HTML."""
    rows = []
    for sentence in (*COURSE, *MISCONCEPTIONS):
        links = " ".join(
            f'<a href="./lessons?{link}" target="_self">{html.escape(name)}</a>'
            for link, name in cards_on(sentence.name)
        )
        stands = html.escape(tr(STANDINGS[sentence.standing]))
        but = html.escape(tr(sentence.but))
        said = f"{html.escape(tr(sentence.text))} <small>{but}</small>"
        rows.append(f"<tr><td>{said}</td><td>{stands}</td><td>{links}</td></tr>")
    head = "".join(
        f"<th>{html.escape(text)}</th>"
        for text in (tr("What is said"), tr("How it stands"), tr("Measured in"))
    )
    return (
        f'<div class="zz-index" tabindex="0"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


# --- A card


def draw_card(settings: Settings, theme: Theme, leave: Callable[[], None]) -> None:
    """Draw one card: on a wide page words beside the picture, on a phone around it."""
    lesson = LESSONS[settings["lesson"]]
    card = card_of(lesson.name, settings["card"])
    phase = phase_of(settings)
    with st.container(key="lesson"):
        head, ask, stage, below = (
            st.container(key=f"lesson-{part}") for part in ("head", "words", "stage", "below")
        )
    place = player.register_place()
    with head:
        tell_of_link()
        st.html(heading(lesson, settings, phase))
    with stage:
        speed = str(settings.values.get("speed", ""))
        descents(
            settings,
            theme,
            act=phase,
            clock=["0" if phase == ASK else "", speed],
            plays=phase == RUN,
            more={"ended": ended},
        )
    with below:
        player.place(place, "transport")
    with ask:
        draw_words(settings, card, phase, leave)
    st.session_state[session.WHOLE] = True


def heading(lesson: Lesson, settings: Settings, phase: str) -> str:
    """Return the title of a card, how far the lesson has come, and its phase, as HTML."""
    here, count = int(settings["card"]), len(lesson.cards)
    bar = "".join(
        f'<i class="{"zz-done" if given(settings, place + 1) != UNANSWERED else ""}'
        f'{" zz-here" if place + 1 == here else ""}"></i>'
        for place in range(count)
    )
    said = tr("Card {place} of {count}", place=whole(here), count=whole(count))
    phases = "".join(
        f"<li{' aria-current=step' if phase == each else ''}>{html.escape(tr(name))}</li>"
        for each, name in PHASES.items()
    )
    return (
        f'<div class="zz-bars" role="img" aria-label="{html.escape(said)}">{bar}</div>'
        f'<p class="zz-place">{html.escape(numbered(lesson))} · {html.escape(said)}</p>'
        f"<h1>{html.escape(tr(lesson.title))}</h1>"
        f'<ol class="zz-phases">{phases}</ol>'
    )


def draw_words(settings: Settings, card: Card, phase: str, leave: Callable[[], None]) -> None:
    """Draw the text and question of a card, its answers, what was measured, and the way on."""
    try:
        with st.spinner(tr("Measuring")):
            found = outcome(settings["lesson"], settings["card"])
    except UnmeasuredError as problem:
        st.warning(problem.text())
    else:
        draw_question(settings, card, phase, found)
    if settings["class"]:
        member.draw(settings, given(settings).replace(UNANSWERED, ""), follow, remember)
    draw_way(settings, phase, leave)


def draw_question(settings: Settings, card: Card, phase: str, found: Outcome) -> None:
    """Draw the text and question of a card, its answers, and what was measured."""
    text, question = (html.escape(filled(m, found.numbers)) for m in (card.text, card.question))
    st.html(f'<p class="zz-ask">{text} <b>{question}</b></p>')
    if phase == ASK:
        stage = member.stage(settings)
        for place, answer in enumerate(card.answers):
            said = filled(answer.text, found.numbers)
            st.button(
                f"**{LETTERS[place].upper()}**\u2003{said}",
                key=f"answer {place}",
                type="primary" if LETTERS[place] == given(settings) else "secondary",
                width="stretch",
                disabled=stage in (member.AHEAD, member.CLOSED),
                on_click=predict,
                args=(place,),
            )
        st.caption(tr(CAPTIONS.get(stage, CAPTIONS[member.FREE])))
    else:
        st.html(answered(settings, card, phase, found))
    if phase == RUN:
        st.button(tr("Show what is measured"), key="skip", on_click=ended)
    if phase == DONE:
        said, why = (html.escape(filled(m, found.numbers)) for m in (card.measured, card.why))
        head, reason = (html.escape(tr(name)) for name in ("Measured", "Why"))
        st.html(
            f'<div class="zz-measured" role="status"><h2>{head}</h2><p>{said}</p>'
            f"<p><b>{reason}.</b> {why}</p></div>"
        )


def answered(settings: Settings, card: Card, phase: str, found: Outcome) -> str:
    """Return the locked answers, with the prediction and what was measured, as HTML."""
    own = LETTERS.find(given(settings))  # in a class it may be revealed unanswered
    items = []
    for place, answer in enumerate(card.answers):
        right = phase == DONE and place in found.right
        marks = [tr("your prediction")] if place == own else []
        marks += [tr("measured")] if right else []
        names = f"{'zz-own' if place == own else ''}{' zz-right' if right else ''}"
        items.append(
            f'<li class="{names}"><b>{LETTERS[place].upper()}</b>'
            f"<span>{html.escape(filled(answer.text, found.numbers))}</span>"
            f"<em>{html.escape(', '.join(marks))}</em></li>"
        )
    return f'<ul class="zz-answers">{"".join(items)}</ul>'


def draw_way(settings: Settings, phase: str, leave: Callable[[], None]) -> None:
    """Draw the buttons that lead to other cards and to the lab."""
    lesson, here = LESSONS[settings["lesson"]], int(settings["card"])
    if member.stage(settings) != member.FREE:
        draw_way_in_class(settings, phase, leave)
        return
    with st.container(key="lesson-way", horizontal=True):
        if here > 1:
            st.button(tr("Previous"), on_click=go_to, args=({"card": str(here - 1)},))
        if here < len(lesson.cards):
            label, to = tr("Next"), {"card": str(here + 1)}
        elif after := [*LESSONS][lesson.place :][:1]:
            label, to = tr("Next lesson"), {"lesson": after[0]}
        else:
            label, to = tr("All lessons"), {"lesson": ""}
        if phase == ASK:
            label = tr("Skip this card")
        st.button(label, key="next", on_click=go_to, args=(to,))
        if phase == DONE:
            st.button(tr("Try it yourself"), key="try", on_click=to_lab, args=(leave,))
            st.button(tr("Predict again"), on_click=predict, args=(None,))
        if lesson.place < len(LESSONS) or here < len(lesson.cards):
            st.button(tr("All lessons"), key="all", on_click=go_to, args=({"lesson": ""},))
    if not (settings["class"] or st.context.is_embedded):
        link = html.escape(urlencode({"lesson": lesson.name}))
        said = html.escape(tr("Open a class on this lesson"))
        st.html(f'<a class="zz-quiet" href="./class?{link}" target="_self">{said}</a>')


def draw_way_in_class(settings: Settings, phase: str, leave: Callable[[], None]) -> None:
    """Draw the buttons that lead to the cards that a class has come to, and to the lab."""
    here, standing = int(settings["card"]), member.known(settings)
    with st.container(key="lesson-way", horizontal=True):
        if here > 1:
            st.button(tr("Previous"), on_click=go_to, args=({"card": str(here - 1)},))
        if standing and here < standing.card:
            st.button(tr("Next"), key="next", on_click=go_to, args=({"card": str(here + 1)},))
        if phase == DONE:
            st.button(tr("Try it yourself"), key="try", on_click=to_lab, args=(leave,))


# --- What was answered


def given(settings: Settings, number: int | None = None) -> str:
    """Return the letter of the answer to a card, by default the one shown, or UNANSWERED."""
    number = int(settings["card"]) if number is None else number
    letter = settings["answers"][number - 1 : number] or UNANSWERED
    card = card_of(settings["lesson"], str(number))
    return str(letter) if letter in LETTERS[: len(card.answers)] else UNANSWERED


def phase_of(settings: Settings) -> str:
    """Return the phase of the card that is shown: a class asks until its answers are revealed."""
    stage = member.stage(settings)
    if stage in member.TOGETHER or (stage == member.FREE and given(settings) == UNANSWERED):
        return ASK
    plays = st.session_state.get(PLAYS) == (settings["lesson"], settings["card"])
    return RUN if plays else DONE


def predict(place: int | None) -> None:
    """Take an answer of the card that is shown, and let its runs play; or take it back."""
    settings: Settings = st.session_state[session.SETTINGS]
    if member.stage(settings) == member.FREE:
        st.session_state[PLAYS] = settings["lesson"], settings["card"]
    remember(UNANSWERED if place is None else LETTERS[place])


def remember(letter: str) -> None:
    """Take note of the answer to the card that is shown, or of UNANSWERED."""
    settings: Settings = st.session_state[session.SETTINGS]
    here = int(settings["card"]) - 1
    answers = [*settings["answers"].ljust(here + 1, UNANSWERED)]
    answers[here] = letter
    session.change({"answers": "".join(answers).rstrip(UNANSWERED)})


def follow(before: str, after: str, card: int) -> None:
    """Go on with the class, whose stage of the card that is shown was another one `before`.

    It leads to its next card whoever has answered or can only wait. Whoever still thinks about a
    card sees that the class is elsewhere, and goes there by hand.
    """
    settings: Settings = st.session_state[session.SETTINGS]
    thinks = given(settings) == UNANSWERED and before in (member.ASKED, member.UNKNOWN)
    if card and not thinks:
        go_to({"card": str(card)})
        return
    if after == member.SHOWN and before in (member.ASKED, member.CLOSED):
        st.session_state[PLAYS] = settings["lesson"], settings["card"]
    session.write_link()


def ended() -> None:
    """Say what was measured: the runs have been played, or are not waited for."""
    st.session_state.pop(PLAYS, None)
    session.write_link()


def go_to(changes: Mapping[str, Any]) -> None:
    """Go to another card or lesson."""
    st.session_state.pop(PLAYS, None)
    session.change(changes)


# --- The way to the lab


def in_lab(settings: Settings) -> Settings:
    """Return what the lab shows of a card; how the page stands is kept."""
    card = card_of(settings["lesson"], settings["card"])
    found, _ = read(card.lab or card.shows)
    kept = {id: value for id, value in settings.values.items() if id in KEPT}
    return Settings({**found.values, **kept})


def to_lab(leave: Callable[[], None]) -> None:
    """Set what the card shows, and leave for the lab."""
    session.keep(in_lab(st.session_state[session.SETTINGS]), ())
    leave()
