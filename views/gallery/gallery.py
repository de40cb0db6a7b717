"""The gallery's page, and the way from one experiment of it to the next.

`draw` draws the whole page below the header (views/navigation.py), and `draw_steps` the way to the
neighbours of a preset, beside its title in the lab. Both change the setting `preset`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from landscape.language import current, msgid, tr, whole
from views.maps import MAPS
from views.presets import GROUPS, LISTED, PRESETS
from views.presets.preset import Preset
from views.server.server import address
from views.settings import session
from views.settings.settings import Settings

FOLDER = Path(__file__).parent
KEY = "gallery cards"
TITLE = msgid("Gallery")
PROMISE = msgid(
    "One point per experiment, every number in it computed. Pick one and it opens in the lab."
)
FAILED = msgid("The gallery could not be loaded. Reload the page to try again.")

# As with the player: a script that Streamlit sends with every message only fetches a module.
SCRIPT = """const at = (path) => new URL(path, document.baseURI).href;
const ready = import(at("%(module)s"));
export default function ({ data, parentElement, setTriggerValue }) {
  ready
    .then((module) => module.show(parentElement, data, at("%(pictures)s"), setTriggerValue))
    .catch((error) => {
      parentElement.textContent = %(failed)s;
      console.error(error);
    });
}"""


def draw(settings: Settings, opened: Callable[[], None] | None = None) -> None:
    """Draw the gallery: a card for every listed preset, by groups, with a filter.

    `opened` is called when a card is chosen, before its preset is.
    """

    def choose() -> None:
        slug = st.session_state[KEY].chosen
        if isinstance(slug, str) and slug in PRESETS:
            if opened:
                opened()
            session.change({"preset": slug})

    register()(key=KEY, data=cards(settings), on_chosen_change=choose)


def register() -> Any:
    """Register the component, one for each language; return its mounting command."""
    script = SCRIPT % {
        "module": address("gallery.js"),
        "pictures": address("pictures.svg"),
        "failed": json.dumps(tr(FAILED)),
    }
    css = (FOLDER / "gallery.css").read_text("utf-8")
    name = f"zigzag_gallery_{current()}"
    return st.components.v2.component(name, css=css, js=script, isolate_styles=False)


def cards(settings: Settings) -> dict[str, Any]:
    """Return what the gallery shows, every text in the current language."""
    kept = {"lang": settings["lang"]} if "lang" in settings.values else {}
    groups = [
        {
            "name": tr(group.name),
            "filter": counted(tr(group.short), len(shown)),
            "cards": [
                {
                    "slug": preset.slug,
                    "link": "./?" + urlencode({**kept, "preset": preset.slug}),
                    "title": tr(preset.title),
                    "caption": tr(preset.caption),
                    "axes": [tr(name) if name else "" for name in axes_of(preset)],
                }
                for preset in shown
            ],
        }
        for group in GROUPS.values()
        if (shown := [preset for preset in group.presets if preset.listed])
    ]
    return {
        "title": tr(TITLE),
        "promise": tr(PROMISE),
        "label": tr("Show one group"),
        "all": counted(tr("All"), len(LISTED)),
        "here": settings["preset"],
        "groups": groups,
    }


def axes_of(preset: Preset) -> tuple[str, str]:
    """Return what grows to the right and upwards in a preset's picture, if that is a map's."""
    return MAPS[preset.map["map"]].axes if preset.map else ("", "")


def counted(name: str, count: int) -> str:
    """Return the text of a filter."""
    return f"{name[:1].upper()}{name[1:]} {whole(count)}"


@functools.cache
def neighbours(slug: str) -> Mapping[str, str]:
    """Return the presets before and after one in the gallery, which has no end, by their places."""
    slugs = [preset.slug for preset in LISTED]
    if slug not in slugs:
        return {"next": slugs[0]}
    at = slugs.index(slug)
    return {"previous": slugs[at - 1], "next": slugs[(at + 1) % len(slugs)]}


def draw_steps(settings: Settings) -> None:
    """Draw the way to the experiments before and after a preset in the gallery."""
    slug = settings["preset"]
    if not slug:
        return
    found = neighbours(slug)
    labels = {"previous": tr("Previous"), "next": tr("Next")}
    with st.container(key="steps", horizontal=True, vertical_alignment="center", width="content"):
        for way, other in found.items():
            st.button(
                labels[way],
                key=f"{way} experiment",
                help=tr(PRESETS[other].title),
                on_click=session.change,
                args=({"preset": other},),
            )
        if "previous" in found:
            place = [preset.slug for preset in LISTED].index(slug) + 1
            said = tr("{place} of {count}", place=whole(place), count=whole(len(LISTED)))
            st.caption(said, width="content")
