"""Links from strangers: no text of theirs is rendered, and none ends in an exception."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
import streamlit.testing.v1 as testing
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from landscape.language import PSEUDO, language
from optimizers import Experiment, simulate
from views.server.save import table
from views.server.table import cell
from views.settings.choice import choose
from views.settings.setting import HARMLESS, clean, harmless
from views.settings.settings import Settings, read
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
}
texts = st.one_of(st.sampled_from(ACTS), st.text(max_size=60), st.just("0.1, zzz"))


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
    chosen = Settings({"compare": compare})
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
                    if "href=" in shown:
                        continue  # a link to a file holds the query, encoded
                    assert "zz" not in outside(shown), (kind, shown)
        for kind in ("selectbox", "slider", "number_input", "text_input", "multiselect", "button"):
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
        told = page.locator("[data-testid=stAlert]")
        assert "left out" in " ".join(told.all_inner_texts())
        assert told.locator("a, img, .katex").count() == 0
        assert page.locator("[src*=host], [href*='//host'], [href*='zzz.example']").count() == 0
