"""Nothing that a visitor reads escapes the catalog: in the pseudo-language all of it is changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from test_map_pages import MAPS, choice_of, small
from test_payload import unpack

from landscape import SURFACES
from landscape.language import PSEUDO, language, tr
from optimizers import OPTIMIZERS, Experiment, Run, simulate
from views.presets import PRESETS
from views.scene.curves import CURVES
from views.scene.figures import PICTURES, marks_of
from views.scene.scene import packed
from views.theme import LIGHT

# Names, which are the same in every language: of algorithms, of the app, and in formulas.
NAMES = {*OPTIMIZERS, "Zigzag", "PyTorch", "Keras", "EMA", "NumPy"}
NAME = re.compile(
    "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(NAMES, key=len)[::-1])
)
NO_WORD = re.compile(
    r"\$\$.*?\$\$|\$[^$]+\$"  # formulas
    r"|```.*?```|`[^`]*`"  # code
    r"|<[^>]*>|&#?\w+;"  # tags and entities
    r"|:material/\w+:|:(?:green|orange|red|blue|violet|gray|grey)\["  # icons and colours
    r"|%?\{[^}]*\}"  # what Plotly or the player fills in
    r"|10\^%\.2f|%\.?\d*[gdf]"  # and how a control writes its number
    r"|\d+(?:\.\d+)?e[-−]?\d+"  # numbers
    r"|https?://\S+",
    re.DOTALL,
)
WORD = re.compile(r"[A-Za-z]{2,}")


def words(text: str) -> list[str]:
    """Return the English words in a text that is shown in the pseudo-language."""
    return WORD.findall(NAME.sub("", NO_WORD.sub(" ", text)))


def escaped(texts: Iterator[tuple[str, str]]) -> dict[str, str]:
    """Return every text, by where it is, that holds an English word."""
    return {where: text for where, text in texts if words(text)}


def test_a_text_that_escaped_is_found():
    assert words("[[Ļöŵéšţ ļöšš: 0.5]] Adam 1.2e-7 $\\frac{a}{b}$ <b>") == []
    assert words("[[Ļöŵéšţ]] loss") == ["loss"]
    assert words("Adamant") == ["Adamant"]


# --- What is drawn

# Where a figure holds texts that are shown, and what else of it is text.
SHOWN = {"text", "ticktext", "label", "hovertemplate", "count", "meta", "customdata"}
HIDDEN = {"texts"}


def drawn_texts(value: Any, path: str = "", shown: bool = False) -> Iterator[tuple[str, str]]:
    """Return the texts that a figure, scene or panel shows, with their places."""
    if isinstance(value, str):
        if shown:
            yield path, value
    elif isinstance(value, dict):
        named = value.get("showlegend") is True or value.get("hoverinfo") == "name"
        for key, item in value.items():
            if key not in HIDDEN:
                there = shown or key in SHOWN or (key == "name" and named)
                yield from drawn_texts(item, f"{path}.{key}", there)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from drawn_texts(item, f"{path}[{index}]", shown)


EXPERIMENTS = {
    "wild": Experiment("Quadratic", steps=60, runs=(Run("SGD", lr=0.5), Run("Newton"))),
    "at rest": Experiment("Monkey saddle", start=(0.0, 0.0), runs=(Run("Newton"), Run("SGD"))),
    "exact": Experiment("Himmelblau", start=(3.0, 2.0), runs=(Run("SGD"),)),
    "settled": Experiment("Ackley", steps=2000, runs=(Run("Adam", lr=0.01),)),
}
EXPERIMENTS |= {
    surface: Experiment(surface, runs=(Run("SGD"), Run("Adam"))) for surface in SURFACES
}
EXPERIMENTS |= {slug: preset.experiment for slug, preset in PRESETS.items()}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_no_picture_or_curve_holds_an_english_word(name):
    experiment = EXPERIMENTS[name]
    trajectories = simulate(experiment)
    with language(PSEUDO):
        marks = marks_of([run.optimizer for run in experiment.runs], LIGHT)
        for view in PICTURES:
            for curve, unit in zip(CURVES, ("updates", "epochs", "samples"), strict=True):
                for part in packed(experiment, trajectories, marks, view, LIGHT, curve, unit):
                    assert escaped(drawn_texts(unpack(part))) == {}


@pytest.mark.parametrize("surface", ["Rosenbrock", "Monkey saddle", "Local-minima valley"])
@pytest.mark.parametrize("name", MAPS)
def test_no_map_holds_an_english_word(name, surface):
    request = small(surface)[name]
    with language(PSEUDO):
        shown = MAPS[name].draw(request, request.compute(), choice_of(request.experiment), LIGHT)
        texts = {"pixel": shown.pixel, "words": shown.words, "hint": tr(MAPS[name].hint)}
        assert escaped(texts.items()) == {}
        for panel in shown.panels:
            figure = {"label": panel.label, "text": [text for text, _ in panel.legend]}
            assert escaped(drawn_texts({**figure, "figure": panel.figure})) == {}
