"""The teacher's page of a lesson: objective, what to say, what to expect and why, and the links."""

from __future__ import annotations

import html
from urllib.parse import urlencode

import streamlit as st

from landscape.language import current, tr, whole
from views.lessons import LESSONS
from views.lessons.lesson import LETTERS, Lesson, filled
from views.lessons.outcome import UnmeasuredError, card_of, outcome
from views.lessons.page import STYLE, extent, go_to, numbered
from views.lessons.picture import picture
from views.server.server import OWN
from views.settings.settings import Settings
from views.stage import tell_of_link
from views.theme import Theme


def draw(settings: Settings, theme: Theme) -> None:
    """Draw the page of the lesson that is set, of the first one where none is."""
    st.html(STYLE)
    st.html(f"<style>{theme.style()}</style>")
    lesson = LESSONS[settings["lesson"] or next(iter(LESSONS))]
    st.title(tr("For teachers: {lesson}", lesson=tr(lesson.title)), anchor=False)
    st.caption(f"{numbered(lesson)} · {extent(lesson)}")
    tell_of_link()
    st.markdown(f"**{tr('Objective')}.** {tr(lesson.objective)}")
    st.markdown(f"**{tr('What to say')}.** {tr(lesson.say)}")
    st.html(links(lesson))
    for place in range(len(lesson.cards)):
        draw_card(lesson, str(place + 1), theme)
    names = list(LESSONS)
    with st.container(horizontal=True):
        if lesson.place > 1:
            before = names[lesson.place - 2]
            st.button(tr("Previous"), on_click=go_to, args=({"lesson": before},))
        if lesson.place < len(names):
            st.button(tr("Next"), on_click=go_to, args=({"lesson": names[lesson.place]},))


def draw_card(lesson: Lesson, number: str, theme: Theme) -> None:
    """Draw a card: the answer to expect and why, and beside it how its runs end."""
    with st.container(key=f"expected {number}", border=True):
        words, beside = st.columns([3, 2], gap="medium", vertical_alignment="center")
    try:
        with words, st.spinner(tr("Measuring")):
            text = expected(lesson, number)
    except UnmeasuredError as problem:
        words.warning(problem.text())
        return
    words.html(text)
    beside.plotly_chart(
        picture(lesson.name, number, theme, ended=True),
        theme=None,
        key=f"picture {number}",
        config={"staticPlot": True},
        alt=tr("How the runs of card {place} end", place=whole(int(number))),
    )


def links(lesson: Lesson) -> str:
    """Return the links to the lesson, to a class on it and to the sheet for paper, as HTML."""
    own = urlencode({"lesson": lesson.name, "lang": current()})
    sheet = f"{OWN}/sheet/{lesson.name}.html?lang={current()}"
    return (
        f'<p class="zz-links"><a href="./lessons?{html.escape(own)}" target="_blank">'
        f"{html.escape(tr('The lesson, for the class'))}</a>"
        f'<a href="./class?{html.escape(own)}" target="_self">'
        f"{html.escape(tr('Open a class on this lesson'))}</a>"
        f'<a href="{html.escape(sheet)}" target="_blank">'
        f"{html.escape(tr('Sheet for paper: the questions without answers'))}</a></p>"
    )


def expected(lesson: Lesson, number: str) -> str:
    """Return a card with the answer to expect and why, as HTML."""
    card, found = card_of(lesson.name, number), outcome(lesson.name, number)
    link = html.escape(urlencode({"lesson": lesson.name, "card": number, "lang": current()}))

    def text(message: str) -> str:
        return html.escape(filled(message, found.numbers))

    answers = "".join(
        f'<li class="{"zz-right" if place in found.right else ""}">'
        f"<b>{LETTERS[place].upper()}</b><span>{text(answer.text)}</span>"
        f"<em>{html.escape(tr('measured')) if place in found.right else ''}</em></li>"
        for place, answer in enumerate(card.answers)
    )
    head = html.escape(tr("Card {place}", place=whole(int(number))))
    return (
        f'<section class="zz-expected"><h2><a href="./lessons?{link}" target="_blank">{head}</a>'
        f"</h2><p>{text(card.text)} <b>{text(card.question)}</b></p>"
        f'<ul class="zz-answers">{answers}</ul>'
        f"<p><b>{html.escape(tr('Measured'))}.</b> {text(card.measured)}</p>"
        f"<p><b>{html.escape(tr('Why'))}.</b> {text(card.why)}</p></section>"
    )
