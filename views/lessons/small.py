"""The small picture of each lesson in their list, served as an image in the colours of a theme."""

from __future__ import annotations

import functools
import hashlib
import html
import re
from collections.abc import Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from views.lessons.lesson import Lesson
from views.server.server import FOREVER, OWN
from views.theme import LIGHT, THEMES, Theme

PICTURES = Path(__file__).parent / "pictures.svg"  # made by .ci/gallery.py
SYMBOL = re.compile(r'<symbol id="zz-([\w-]+)"[^>]* (viewBox="[^"]*">.*?)</symbol>')
PAIR = re.compile(r"light-dark\((#\w+),(#\w+)\)")


def image(lesson: Lesson, theme: Theme) -> str:
    """Return the small picture of a lesson, as HTML."""
    text = picture(lesson.name, theme.name)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    address = html.escape(f"{OWN}/lesson/{lesson.name}-{theme.name}.svg?{digest}")
    return f'<img class="zz-small" alt="" src="./{address}">'


@functools.cache
def picture(lesson: str, theme: str) -> str:
    """Return the small picture of a lesson as SVG; raise KeyError where there is none."""
    light = THEMES[theme] is LIGHT
    drawn = PAIR.sub(lambda pair: pair[1 if light else 2], symbols()[lesson])
    return f'<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" {drawn}</svg>'


@functools.cache
def symbols() -> Mapping[str, str]:
    """Return what is in the pictures, with their view boxes, by the lessons' names."""
    return {found[1]: found[2] for found in SYMBOL.finditer(PICTURES.read_text("utf-8"))}


async def serve(request: Request) -> Response:
    """Answer with the small picture of a lesson."""
    try:
        text = picture(request.path_params["name"], request.path_params["theme"])
    except KeyError:
        return PlainTextResponse("Not found", 404)
    return Response(text, media_type="image/svg+xml", headers={"Cache-Control": FOREVER})


ROUTE = Route("/lesson/{name}-{theme:str}.svg", serve)
