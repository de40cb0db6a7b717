"""The sheet of a lesson for paper: its questions without answers, pictures as vectors.

Plotly draws the pictures in the browser, as SVG, from the app's own figures: the ground of each
card and where its runs start.
"""

from __future__ import annotations

import asyncio
import html
import json

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from landscape.language import current, known, language, tr, whole
from views.lessons import LESSONS
from views.lessons.lesson import LETTERS, Lesson, filled
from views.lessons.outcome import UnmeasuredError, card_of, outcome
from views.lessons.page import numbered
from views.lessons.picture import HEIGHT, picture
from views.server.server import OWN, address
from views.theme import LIGHT

PAGE = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ max-width: 46rem; margin: 1rem auto; padding: 0 1rem; color: #17202b; }}
body {{ font: 16px/1.5 sans-serif; word-break: keep-all; }}
h1 {{ margin: 0; font-size: 1.6rem; }}
.name {{ display: flex; justify-content: space-between; border-bottom: 1px solid; }}
section {{ break-inside: avoid; margin: 1.2rem 0; }}
h2 {{ margin: 0; font-size: 1.1rem; }}
ol {{ list-style: none; margin: 0.4rem 0; padding: 0; }}
li::before {{ content: "☐ "; }}
.picture {{ height: {height}px; }}
</style>
<script src="{plotly}"></script></head>
<body><p class="name"><span>{kicker}</span><span>{name}: ________________________</span></p>
<h1>{title}</h1>{cards}
<script>
for (const place of document.querySelectorAll(".picture")) {{
  const figure = JSON.parse(place.nextElementSibling.textContent);
  Plotly.newPlot(place, figure.data, figure.layout, {{ staticPlot: true, responsive: true }});
}}
</script></body></html>
"""


def sheet(lesson: Lesson) -> str:
    """Return the page of a lesson, in the current language."""
    return PAGE.format(
        lang=html.escape(current()),
        title=html.escape(tr(lesson.title)),
        kicker=html.escape(numbered(lesson)),
        name=html.escape(tr("Name")),
        plotly=html.escape("../" + address("plotly.js").removeprefix(f"{OWN}/")),
        height=HEIGHT,
        cards="".join(question(lesson, place + 1) for place in range(len(lesson.cards))),
    )


def question(lesson: Lesson, number: int) -> str:
    """Return a card's question with its picture at the start, as HTML."""
    card, numbers = card_of(lesson.name, str(number)), outcome(lesson.name, str(number)).numbers
    text, asked = (html.escape(filled(message, numbers)) for message in (card.text, card.question))
    answers = "".join(
        f"<li>{LETTERS[place].upper()}. {html.escape(filled(answer.text, numbers))}</li>"
        for place, answer in enumerate(card.answers)
    )
    head = html.escape(tr("Card {place}", place=whole(number)))
    figure = json.dumps(picture(lesson.name, str(number), LIGHT), separators=(",", ":"))
    return (
        f"<section><h2>{head}</h2><p>{text} <b>{asked}</b></p><div class='picture'></div>"
        f'<script type="application/json">{figure}</script><ol>{answers}</ol></section>'
    )


async def serve(request: Request) -> Response:
    """Answer with the sheet of a lesson."""
    lesson = LESSONS.get(request.path_params["name"])
    if lesson is None:
        return PlainTextResponse("Not found", 404)
    code = known(request.query_params.get("lang"))
    try:
        return HTMLResponse(await asyncio.to_thread(made, lesson, code))
    except UnmeasuredError as problem:
        with language(code):
            return PlainTextResponse(problem.text(), 503 if problem.full else 500)


def made(lesson: Lesson, code: str) -> str:
    """Return the sheet of a lesson in a language."""
    with language(code):
        return sheet(lesson)


ROUTE = Route("/sheet/{name}.html", serve)
