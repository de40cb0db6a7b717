"""Links from strangers: no text of theirs is rendered, and none ends in an exception."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
import streamlit.testing.v1 as testing
from conftest import ROOT, answer_of, awaited, comparing
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import Headers
from test_head import said, served

from landscape.language import PSEUDO, language
from optimizers import Experiment, simulate
from views.live import routes as live
from views.maps import MAPS, files
from views.maps.base import MOST_REQUEST_UPDATES
from views.maps.reasons import Lack
from views.server import save
from views.server.save import table
from views.server.table import cell
from views.settings.choice import choose
from views.settings.rates import BEST, SAME
from views.settings.setting import HARMLESS, clean, harmless
from views.settings.settings import Settings, read, write
from views.settings.table import FACTORS, TABLE

# Each would be an element, a request, a formula, or another order of the words around it.
ACTS = (
    "zzz ![](//host/zzz)",
    "[zzz](https://host)",
    "www.zzz.example",
    "https://zzz.example",
    "zzz@zzz.example",
    "<img src=//zzz>",
    "<script>zzz()</script>",
    "$zzz^2$",
    ":red[zzz]",
    ":material/zzz:",
    "# zzz",
    "- zzz",
    "1. zzz",
    "**zzz** _zzz_ ~~zzz~~",
    "`zzz",
    "``` zzz",
    "| zzz |\n|--|",
    "zzz\n\n---\n\nzzz",
    "&lt;zzz&gt;",
    "zzz\u202e\u2066zzz",
    "zzz\u05d0\u0627",
    "zz\u200b\u200d\ufeffz zzz",
    "\\zzz",
    "{zzz}",
    "%s{0}",
)
LISTS = {
    "Learning rate": "Quadratic.SGD.rates",
    "Start": "Quadratic.starts",
    "Seed": "seeds",
    "Weight decay": "decays",
    "Momentum": "Quadratic.Momentum.momenta",
    "Warm-up": "warmups",
    "Updates": "budgets",
    "Rate and momentum": "Quadratic.Momentum.pairs",
}
texts = st.one_of(st.sampled_from(ACTS), st.text(max_size=60), st.just("0.1, zzz"))


# That a page has, whatever its link says.
PAGE_STYLES = [path.read_text().strip() for path in (ROOT / "views").rglob("*.css")]


def outside(text: str) -> str:
    """Return a text without its code spans; each must end."""
    assert text.count("`") % 2 == 0
    return re.sub("`[^`]*`", "", text)


def check_harmless(told: str) -> None:
    """Hold what is said of a link against what may be in it."""
    assert "zz" not in outside(told).replace("?", "")
    for span in re.findall("`([^`]*)`", told):
        assert harmless(span) == span.replace("`", "?")
    assert told.isprintable()


@settings(max_examples=300, deadline=None)
@given(text=st.text())
def test_a_harmless_text_holds_nothing_that_acts(text):
    found = harmless(text)
    assert len(found) == len(text)
    assert not set(found) & set("<>[]{}`*~#$:/\\|&!@=\"'\n\r\t%^")
    assert found.isprintable()
    assert harmless(found) == found.replace("?", "?")
    assert len(clean(text)) <= 43


def test_what_people_write_is_left_as_it_is():
    for text in (
        "start (1, 2)",
        "lr 0.1",
        "Batch size B",
        "1e-3; +2",
        "Adam.weight_decay",
        "학습률",
    ):
        assert harmless(text) == text
    assert set(HARMLESS) >= set(" .,-")


@pytest.mark.parametrize("name", TABLE)
def test_no_setting_lets_a_text_through_to_what_is_said_of_it(name):
    for text in ACTS:
        for query in (
            {name: text},
            {name: [text, text]},
            {name: text * 30},
            {f"{name}{text}": "1"},
        ):
            _, notes = read(query)
            for note in notes:
                check_harmless(note.text())


@settings(max_examples=200, deadline=None)
@given(compare=st.sampled_from(sorted(FACTORS)), text=texts)
def test_no_list_lets_a_text_through_to_what_is_compared(compare, text):
    chosen = Settings(comparing(compare))
    changed, _ = chosen.changed({chosen.compared: text})
    choice = choose(changed)
    for note in choice.notes:
        check_harmless(note.text())
    for label in (*choice.labels, *choice.names):
        assert "zz" not in label


SHOWN = ("markdown", "caption", "info", "warning", "error", "html", "title", "header", "table")


def strings(message: Any) -> list[str]:
    """Return every text of a message to the browser, the values of its fields among them."""
    found: list[str] = []
    for field, value in message.ListFields():
        for each in value if field.is_repeated else [value]:
            if field.message_type and not field.message_type.GetOptions().map_entry:
                found += strings(each) if hasattr(each, "ListFields") else []
            elif isinstance(each, str):
                found.append(each)
    return found


@pytest.mark.parametrize("compare", LISTS)
def test_no_text_of_a_link_reaches_the_page_but_as_the_value_of_its_field(compare):
    for text in ACTS[:20]:
        app = testing.AppTest.from_file(ROOT / "app.py", default_timeout=60)
        given_text = f"0.1 {text}" if compare != "Start" else f"1 1; {text}"
        for key, value in {"compare": compare, LISTS[compare]: given_text}.items():
            app.query_params[key] = value
        app.run()
        assert not app.exception
        for kind in SHOWN:
            for element in app.get(kind):
                for shown in strings(element.proto):
                    if any(style in shown for style in PAGE_STYLES):
                        continue
                    if "href=" in shown:
                        continue  # a link to a file holds the query, encoded
                    assert "zz" not in outside(shown), (kind, shown)
        for kind in ("selectbox", "slider", "text_input", "multiselect", "button"):
            for widget in app.get(kind):
                assert "zzz" not in widget.label


def test_no_text_of_a_table_is_a_formula():
    trajectories = simulate(Experiment(steps=1))
    for label in ("=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1"):
        assert cell(label) == f"'{label}"
        rows = table((label,), trajectories[:1]).split("\n", 1)[1]
        assert rows.lstrip('"').startswith(f"'{label}"[:2])
    assert [cell(value) for value in (-1.5, "lr 1", "")] == [-1.5, "lr 1", ""]


def test_what_is_told_is_harmless_in_every_language():
    with language(PSEUDO):
        for text in ACTS:
            for note in choose(read({"compare": "Seed", "seeds": text})[0]).notes:
                assert "zz" not in outside(note.text())


# --- Any link, any address

ODD = (
    *(
        "",
        " ",
        "nan",
        "inf",
        "-inf",
        "1e400",
        "-0",
        "1e-320",
        "9" * 400,
        "0x10",
        "1_0",
        "\x00",
        "[0.0]",
    ),
    *(
        "{}",
        "null",
        "true",
        "[[[[",
        '{"colours":[0.0]}',
        "%",
        "%00",
        "\ud7ff",
        "\U0001f600",
        "None",
    ),
    *("$$ID-abc", "$$WIDGET_ID-x", "__proto__", "..", "../../etc/passwd", "a" * 5000, *ACTS),
)


def values_of(name: str) -> st.SearchStrategy[str]:
    """Return texts for a setting: those that it takes, and others."""
    kind: Any = TABLE[name].kind if name in TABLE else None
    numbers = st.floats().map(str) | st.integers().map(str)
    options = getattr(kind, "options", ())
    if options:
        # A search for the best rates takes seconds.
        return st.sampled_from([o for o in options if o != BEST]) | st.sampled_from(ODD)
    near = st.floats(getattr(kind, "low", 0.0), getattr(kind, "high", 1.0)).map(str)
    lists = st.lists(numbers | near | st.sampled_from(ODD), max_size=12).map(", ".join)
    return near | numbers | lists | st.sampled_from(ODD) | st.text(max_size=20)


names = st.sampled_from(sorted(TABLE)) | st.sampled_from(ODD) | st.text(max_size=10)
pairs = names.flatmap(lambda name: st.tuples(st.just(name), values_of(name)))
links = st.lists(pairs, max_size=12)


def query_of(link: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in link:
        found.setdefault(name, []).append(value)
    return found


@settings(max_examples=400, deadline=None)
@given(link=links)
def test_any_link_is_read_and_chooses_an_experiment(link):
    read_, notes = read(query_of(link))
    choice = choose(read_)
    for note in (*notes, *choice.notes):
        outside(note.text())
    assert 1 <= len(choice.experiment.runs) <= 9
    assert all(1 <= choice.experiment.plan(run).steps <= 5000 for run in choice.experiment.runs)
    for each in MAPS.values():
        asked = each.bounded(read_, choice)
        assert isinstance(asked, Lack) or asked.updates <= MOST_REQUEST_UPDATES
    assert read(write(read_))[0] == read_


@settings(max_examples=150, deadline=None)
@given(link=links, kind=st.sampled_from(["csv", "html", "exe", "", "..", "\x00"]))
def test_no_address_of_a_file_ends_in_an_exception(link, kind):
    query = urlencode(link, errors="surrogatepass")
    assert answer_of(save.serve, query, kind=kind).status_code in (200, 400, 404)


@settings(max_examples=60, deadline=None)
@given(link=links)
def test_no_address_of_a_scene_ends_in_an_exception(link):
    query = urlencode(link, errors="surrogatepass").encode()
    for name in live.SOURCES:
        answer = awaited(live.respond(name, "GET", query, Headers({})))
        assert answer.status_code in (200, 400, 503)


@settings(max_examples=25, deadline=None)
@given(link=links)
def test_no_link_ends_in_an_exception_on_the_page(link):
    app = testing.AppTest.from_file(ROOT / "app.py", default_timeout=60)
    for name, values in query_of([*link, ("view", "Side by side")]).items():
        app.query_params[name] = values
    app.run()
    assert not app.exception


def drawn(page: str) -> None:
    """Draw a page of the header."""
    from views import navigation

    getattr(navigation, f"draw_{page}")()


# What keeps a map small, whatever the link says.
SMALL = (("length", "20"), ("samples", "16"), ("map.starts", "64"), ("fair", SAME))


@pytest.mark.parametrize("page", ["maps", "gallery", "lessons", "class"])
@settings(max_examples=12, deadline=None)
@given(link=links)
def test_no_link_ends_in_an_exception_on_another_page(page, link):
    app = testing.AppTest.from_function(drawn, default_timeout=60, args=(page,))
    for name, values in query_of([*link, *SMALL]).items():
        app.query_params[name] = values
    app.run()
    assert not app.exception


@settings(max_examples=100, deadline=None)
@given(link=links)
def test_no_link_breaks_the_head_of_the_page(link):
    _, page = served(urlencode(link, errors="surrogatepass"))
    assert said(page)["title"].endswith("Zigzag")
    assert page.count(b"<title>") == page.count(b"og:image") == 1


@pytest.mark.parametrize("query", ["=1", "%24%24ID-abc=1", "colours=%5B0.0%5D", "&&&=&", "%ff=%ff"])
def test_empty_and_strange_names_are_told_of(query):
    link = parse_qs(query, keep_blank_values=True)
    (note, *_) = read(link)[1]
    assert "no such setting" in note.text()
    assert "``" not in note.text()
    for serve in (save.serve, files.serve):
        assert answer_of(serve, query, kind="csv", name="m").status_code == 400


@pytest.mark.browser
@pytest.mark.parametrize("query", ["?=1", "?$$ID-abc=1"])
def test_a_strange_name_shows_a_page_that_says_so(visit, query):
    page = visit(query).page
    assert "no such setting" in page.locator("[data-testid=stAlert]").first.inner_text()
    assert page.locator("[data-testid=stException]").count() == 0


@pytest.mark.browser
@pytest.mark.parametrize("compare", ["Learning rate", "Start"])
def test_no_text_of_a_link_is_an_element_or_a_request(visit, compare):
    # The fixture fails where the page asks another host for anything.
    for text in (
        "![](//host/zzz)",
        "[zzz](//host/)",
        "www.zzz.example",
        "<img/src=//host>",
        "$zzz$",
    ):
        link = {"compare": compare, LISTS[compare]: f"1 1; {text}", text: "1", "noise": text}
        page = visit(f"?{urlencode(link)}").page
        page.locator(".zz-note").first.wait_for()  # the player tells what it was told
        told = page.locator("[data-testid=stAlert], .zz-note")
        assert "left out" in " ".join(told.all_inner_texts())
        assert told.locator("a, img, .katex").count() == 0
        assert page.locator("[src*=host], [href*='//host'], [href*='zzz.example']").count() == 0
