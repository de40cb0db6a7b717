"""Nothing that a visitor reads escapes the catalog: in the pseudo-language all of it is changed."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from babel.messages.pofile import read_po
from conftest import ROOT, answer_of
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest
from test_map_pages import MAPS, choice_of, small
from test_payload import unpack

from landscape import SURFACES
from landscape.language import LANGUAGES, PSEUDO, TEMPLATE, language, tr
from optimizers import OPTIMIZERS, Experiment, Run, simulate
from views import presets
from views.gallery.gallery import cards
from views.live.answer import asked, described
from views.maps import page
from views.maps.files import table
from views.presets import PRESETS
from views.scene.curves import CURVES
from views.scene.figures import PICTURES, marks_of
from views.scene.scene import Drawing, packed
from views.server.save import serve
from views.settings.choice import choose
from views.settings.rates import FAIR
from views.settings.runs import MODELS
from views.settings.settings import Settings
from views.settings.table import FACTORS
from views.theme import LIGHT

# Names, which are the same in every language: of algorithms, of languages, of the app, in formulas.
NAMES = {*OPTIMIZERS, *LANGUAGES.values(), "Zigzag", "PyTorch", "Keras", "EMA", "NumPy"}
NAME = re.compile(
    "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(NAMES, key=len)[::-1])
)
NO_WORD = re.compile(
    r"\$\$.*?\$\$|\$[^$]+\$"  # formulas
    r"|```.*?```|`[^`]*`|<(?:script|style)>.*?</(?:script|style)>"  # code
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


def test_names_of_algorithms_are_no_messages():
    with TEMPLATE.open("rb") as file:
        ids = {message.id for message in read_po(file)}
    assert len(ids) > 400
    assert ids & {*OPTIMIZERS} == set()


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
            for curve, unit in zip(
                CURVES, ("updates", "epochs", "samples", "updates"), strict=True
            ):
                drawing = Drawing(experiment, trajectories, marks, view, LIGHT, curve, unit)
                for part in packed(drawing):
                    assert escaped(drawn_texts(unpack(part))) == {}


@pytest.mark.parametrize("surface", ["Rosenbrock", "Monkey saddle", "Local-minima valley"])
@pytest.mark.parametrize("name", MAPS)
def test_no_map_holds_an_english_word(name, surface):
    request = small(surface)[name]
    with language(PSEUDO):
        result = request.compute()
        columns = next(table(result)).splitlines()[0].replace(",", " ")
        shown = MAPS[name].draw(request, result, choice_of(request.experiment), LIGHT)
        texts = {
            "columns": columns,
            "pixel": shown.pixel,
            "words": shown.words,
            "hint": tr(MAPS[name].hint),
        }
        assert escaped(texts.items()) == {}
        for panel in shown.panels:
            figure = {"label": panel.label, "text": [key.text for key in panel.legend]}
            assert escaped(drawn_texts({**figure, "figure": panel.figure})) == {}


# --- The page

# Parts of an element that nobody reads: what they are called among programs, and programs.
UNREAD = {
    *("id", "key", "form_id", "element_id", "user_key", "fragment_id", "icon", "mime_type"),
    *("query_param_key", "page_script_hash", "html_content", "css_content", "js_content"),
    *("component_name", "class_name", "element_type", "language", "default_value", "format"),
    *("raw_values", "raw_value", "string_value", "type", "json"),
}
GRAY = re.compile(r"^:gray(?=\[)")  # how a popover's label is written
OPTIONS = ("options", "string_values")


def element_texts(message: Message, path: str = "") -> Iterator[tuple[str, str]]:
    """Return the texts of an element that a visitor reads, with their places."""
    for field, value in message.ListFields():
        where = f"{path}.{field.name}"
        if field.name in UNREAD or type(message).__name__ == "Code":
            continue
        if field.name == "bytes":
            yield from drawn_texts(unpack(value), where)
        several = [*value] if hasattr(value, "append") or hasattr(value, "add") else [value]
        for item in several:
            if isinstance(item, str):
                yield where, html.unescape(GRAY.sub("", item))
            elif isinstance(item, Message):
                yield from element_texts(item, where)


def page_texts(block: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Return the texts of a page, of all that is in a block."""
    if getattr(block, "proto", None) is not None:
        yield from element_texts(block.proto, f"{path}{block.type}")
    for name, child in getattr(block, "children", {}).items():
        yield from page_texts(child, f"{path}{block.type}[{name}].")


DRAWERS = (
    "Run by run: what happened, and how it was measured",
    "Code for this run",
    "What a batch costs",
)


def opened(**link: Any) -> AppTest:
    """Return the page in the pseudo-language as a link opens it, with every drawer open."""
    app = AppTest.from_file(ROOT / "app.py", default_timeout=120)
    for drawer in DRAWERS:
        app.session_state[f"drawer {drawer}"] = True
    app.session_state["save"] = True
    for name, value in {"lang": PSEUDO, "look": "open", **link}.items():
        app.query_params[name] = value
    return app.run()


def again(app: AppTest) -> AppTest:
    """Run the page again; AppTest asks for what its options are called, as a browser would say."""
    with language(PSEUDO):
        return app.run()


def answer_texts(app: AppTest) -> Iterator[tuple[str, str]]:
    """Return the texts that the player gets from the server."""
    for component in app.get("bidi_component"):
        page = json.loads(component.proto.json) if component.proto.json else {}
        if "place" not in page and page:
            query = page["link"]
            with language(PSEUDO):
                answer = described(asked(query))
            answer["told"].pop("link")
            yield from drawn_texts(answer, "answer")
            yield from drawn_texts(answer["told"], "told", shown=True)


def check(app: AppTest) -> None:
    """Check that a page shows something, and no English word."""
    assert not app.exception
    texts = [*page_texts(app.main, "main."), *page_texts(app.sidebar, "sidebar.")]
    texts += answer_texts(app)
    assert len(texts) > 50
    assert escaped(iter(texts)) == {}


def test_there_is_no_drawer_that_these_tests_leave_closed():
    app = opened(schedule="Step", noise="1")
    closed = [
        block.proto for block in blocks(app) if block.type in ("expandable", "popover", "expander")
    ]
    assert len(closed) >= len(DRAWERS)


def blocks(app: AppTest) -> Iterator[Any]:
    """Return every block of a page."""
    waiting = [app.main, app.sidebar]
    while waiting:
        block = waiting.pop()
        yield block
        waiting += getattr(block, "children", {}).values()


@pytest.mark.parametrize("slug", ["", *PRESETS])
def test_no_preset_shows_an_english_word(slug):
    check(opened(preset=slug))


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("view", PICTURES)
def test_no_factor_shows_an_english_word(factor, view):
    check(opened(compare=factor, view=view, noise="1", warmup="3", length="20"))


@pytest.mark.parametrize("factor", FACTORS)
def test_no_factor_that_makes_no_difference_shows_an_english_word(factor):
    check(opened(compare=factor, unit="epochs", length="20000", samples="1000"))


@pytest.mark.parametrize("surface", SURFACES)
def test_no_surface_shows_an_english_word(surface):
    check(opened(surface=surface, optimizers=[*OPTIMIZERS], schedule="Step", curve="Stability"))


@pytest.mark.parametrize("fair", FAIR)
def test_no_way_to_make_rates_fair_shows_an_english_word(fair):
    check(opened(fair=fair, length="20", **{"look.model": MODELS[2]}))


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize(
    "more",
    [
        {"noise": "1", "batch": "8"},
        {"noise": "0"},
        *({"compare": factor, "noise": "1"} for factor in ("Learning rate", "Schedule")),
        {"surface": "Monkey saddle", "compare": "Batch size", "noise": "1"},
    ],
    ids=str,
)
def test_no_map_or_reason_why_there_is_none_shows_an_english_word(name, more, monkeypatch):
    monkeypatch.setattr(page, "QUICK", 60.0)
    sizes = {"map.size": "32", "map.starts": "64", "length": "20"}
    kinds = ("sweep", "momentum", "batch", "ensemble", "escape", "scaling", "sharpness")
    seeds = {f"{kind}.seeds": "3" for kind in kinds}
    check(opened(view="Maps", map=name, **{**sizes, **seeds, **more}))


def test_a_map_that_is_given_up_or_too_large_shows_no_english_word(monkeypatch):
    monkeypatch.setattr(page, "QUICK", 60.0)
    too_large = {"map.size": "256", "momentum.seeds": "99", "noise": "1", "batch": "8"}
    too_large["optimizers"] = "Momentum"
    app = opened(view="Maps", map="Rate and momentum", **too_large)
    check(app)
    assert len(app.info) == 1
    app = opened(view="Maps", map="Rate and momentum", length="50", **too_large)
    check(app)
    assert len(app.error) == 1
    app = opened(view="Maps")
    settings = app.session_state["settings"]
    request = MAPS[settings["map"]].ask(settings, choose(settings))
    monkeypatch.setattr(page.JOBS, "kept", lambda request: None)
    app.session_state[page.CANCELLED] = hash(request)
    check(again(app))
    assert len(app.info) == 1


LINKS = {
    "unknown": {"surface": "x", "view": "y", "zz": "1", "preset": "none", "v": "7", "lr": "a"},
    "twice": {"length": ["5", "6"], "optimizers": ["SGD", "x"], "noise": ["1", "2"]},
    "unfit batch": {"samples": "100", "batch": "8192", "noise": "1"},
    "unfit batches": {"samples": "100", "compare": "Batch size", "batches": ["8192", "4"]},
    "unfit run": {"look.run": "Newton", "look.step": "3"},
    "unfit run of a factor": {"look.run": "x", "compare": "Batch size", "noise": "1"},
    "nothing": {"optimizers": ""},
    "no rates": {"compare": "Learning rate", "Quadratic.SGD.rates": "x, 0.1, 0.1, 99999"},
    "only bad rates": {"compare": "Learning rate", "Quadratic.SGD.rates": "x"},
    "many seeds": {"compare": "Seed", "seeds": "1 2 3 4 5 6 7 8 9 10 11"},
    "bad starts": {"compare": "Start", "Quadratic.starts": "1; 2 2; 2 2; 900 1"},
    "no batches": {"compare": "Batch size", "batches": ""},
    "no schedules": {"compare": "Schedule", "schedules": ""},
    "changed": {"preset": "ravine", "length": "5"},
    "decay": {"SGD.weight_decay": "0.1"},
    "milestones": {"schedule": "Step", "Step.milestones": "x, 5"},
    "rate 0": {"Quadratic.SGD.lr": "0"},
    "no step": {
        "surface": "Monkey saddle",
        "optimizers": "Newton",
        "Monkey saddle.x": "0",
        "Monkey saddle.y": "0",
    },
    "one run": {"optimizers": "SGD"},
    "all diverge": {"compare": "Learning rate", "Quadratic.SGD.rates": "5, 6"},
}


@pytest.mark.parametrize("name", LINKS)
def test_no_message_shows_an_english_word(name):
    check(opened(**LINKS[name]))


def test_what_a_change_by_hand_brings_with_it_is_told_without_an_english_word():
    app = opened(noise="1", samples="16384", batch="8192")
    app.text_input(key=f"samples {PSEUDO}").set_value("100")
    again(app)
    assert len(app.warning) == 1
    check(app)


def test_a_preset_keeps_the_language():
    app = opened(preset=presets.LISTED[0].slug)
    app.button(key="next experiment").click()
    check(again(app))
    assert app.query_params["preset"] == presets.LISTED[1].slug
    assert app.query_params["lang"] == PSEUDO


def test_the_gallery_shows_no_english_word():
    with language(PSEUDO):
        found = cards(Settings({"lang": PSEUDO}))
    said = [found["title"], found["promise"], found["label"], found["all"]]
    for group in found["groups"]:
        said += [group["name"], group["filter"]]
        said += [text for card in group["cards"] for text in (card["title"], card["caption"])]
    assert len(said) > 2 * len(presets.LISTED)
    assert escaped(enumerate(said)) == {}


# --- Files, and the player's own texts


def test_the_saved_page_shows_no_english_word():
    answer = answer_of(serve, f"lang={PSEUDO}&preset=ravine", kind="html")
    text = answer.body.decode()
    titles = re.findall(r"<head>.*?<title>(.*?)</title>|<h1>(.*?)</h1>", text, re.DOTALL)
    titles = ["".join(title) for title in titles]
    assert len(titles) == 2
    assert escaped(enumerate(map(html.unescape, titles))) == {}
    parts = [unpack(base64.b64decode(part)) for part in re.findall(r'bytes\("([^"]+)"\)', text)]
    assert len(parts) == 2
    assert escaped(drawn_texts(parts)) == {}
    assert parts[1]["texts"]["Play"] == "[[Þļàý]]"


def test_a_saved_page_and_its_link_are_in_the_language_of_the_page():
    app = opened()
    (links,) = (e.proto.body for e in app.get("html") if "save/" in e.proto.body)
    assert links.count(f"lang={PSEUDO}") == 3
