"""Texts: catalogs of messages, the languages that answer, and how numbers are written."""

from __future__ import annotations

import importlib.util
import re
import threading
from typing import Any

import pytest
from babel.messages.pofile import read_po
from babel.messages.pofile import write_po as write

from landscape import language as languages
from landscape.language import PSEUDO, current, known, language, msgid, number, percent, tr, tr_n
from landscape.language import whole as whole_number
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def texts() -> Any:
    """The script that collects the messages."""
    spec = importlib.util.spec_from_file_location("texts", ROOT / ".ci" / "texts.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def korean(tmp_path, monkeypatch):
    """A language of four messages: one as it should be, one fuzzy, one empty, and a plural."""
    (tmp_path / "ko.po").write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Plural-Forms: nplurals=1; plural=0;\\n"\n\n'
        '#: views/lab.py\nmsgid "{name} diverges at step {step}."\n'
        'msgstr "{name}: {step}번째 스텝에서 발산합니다."\n\n'
        '#: views/player/player.js\nmsgid "Play"\nmsgstr "재생"\n\n'
        '#, fuzzy\nmsgid "Learning rate"\nmsgstr "학습"\n\n'
        'msgid "Loss"\nmsgstr ""\n\n'
        'msgid "{count} run"\nmsgid_plural "{count} runs"\nmsgstr[0] "{count}회 실행"\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    monkeypatch.setitem(languages.LANGUAGES, "ko", "한국어")
    caches = languages._catalog, languages._translations
    for cache in caches:
        cache.cache_clear()
    yield tmp_path / "ko.po"
    for cache in caches:
        cache.cache_clear()


def test_english_is_the_source_itself():
    assert tr("Learning rate") == "Learning rate"
    assert tr("{name} diverges at step {step}.", name="SGD", step=3) == "SGD diverges at step 3."
    assert tr("") == ""
    assert msgid("Loss") == "Loss"


def test_a_message_without_values_may_hold_braces():
    assert tr(r"$\frac{a}{b}$") == r"$\frac{a}{b}$"


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (12_000, "12,000 runs")]
)
def test_a_plural_counts_as_people_write_it(count, text):
    assert tr_n("{count} run", "{count} runs", count) == text


def test_another_language_answers_within_its_block(korean):
    step = {"name": "SGD", "step": 33}
    with language("ko"):
        assert current() == "ko"
        assert tr("{name} diverges at step {step}.", **step) == "SGD: 33번째 스텝에서 발산합니다."
        assert [tr_n("{count} run", "{count} runs", n) for n in (1, 2)] == ["1회 실행", "2회 실행"]
        with language("en"):
            assert tr("Play") == "Play"
        assert tr("Play") == "재생"
        assert tr("") == ""
    assert current() == "en"
    assert tr("Play") == "Play"


def test_what_is_missing_or_fuzzy_is_answered_in_english(korean):
    with language("ko"):
        assert tr("Learning rate") == "Learning rate"
        assert tr("Loss") == "Loss"
        assert tr("Not in the catalog") == "Not in the catalog"


def test_threads_speak_their_own_language(korean):
    heard = []
    with language("ko"):
        thread = threading.Thread(target=lambda: heard.append(tr("Play")))
        thread.start()
        thread.join()
        heard.append(tr("Play"))
    assert heard == ["Play", "재생"]


def test_the_language_is_left_when_an_error_leaves_the_block(korean):
    with pytest.raises(RuntimeError), language("ko"):
        raise RuntimeError
    assert current() == "en"


@pytest.mark.parametrize("code", ["", "EN", "xx", "../ko", "pseudo\0"])
def test_an_unknown_language_is_refused_and_a_link_with_one_is_english(code):
    with pytest.raises(ValueError, match="language = "), language(code):
        pass
    assert known(code) == "en"


def test_a_link_may_name_no_language_or_the_pseudo_language():
    assert known(None) == "en"
    assert known(PSEUDO) == PSEUDO
    assert PSEUDO not in languages.LANGUAGES


def test_the_scripts_messages_are_those_of_javascript_files(korean):
    assert languages.script_texts() == {}
    with language("ko"):
        assert languages.script_texts() == {"Play": "재생"}


def test_the_pseudo_language_changes_every_letter_and_nothing_else(monkeypatch, tmp_path, texts):
    catalog = texts.Catalog()
    catalog.add("Lowest loss: {loss}. <b>Rate</b> $\\eta$ is `lr` &amp; :material/save: is kept")
    catalog.add(("{count} run", "{count} runs"))
    template = tmp_path / "messages.pot"
    with template.open("wb") as file:
        write(file, catalog)
    monkeypatch.setattr(languages, "TEMPLATE", template)
    caches = languages._catalog, languages._translations
    for cache in caches:
        cache.cache_clear()
    with language(PSEUDO):
        text = tr(
            "Lowest loss: {loss}. <b>Rate</b> $\\eta$ is `lr` &amp; :material/save: is kept",
            loss=number(0.5),
        )
        assert text == (
            "[[Ļöŵéšţ ļöšš: 0.5. <b>Ŕàţé</b> $\\eta$ îš `lr` &amp; :material/save: îš ķéþţ]]"
        )
        assert tr_n("{count} run", "{count} runs", 1) == "[[1 ŕûñ]]"
        assert tr_n("{count} run", "{count} runs", 2) == "[[2 ŕûñš]]"
        assert tr("Not in the catalog") == "Not in the catalog"
    for cache in caches:
        cache.cache_clear()


# --- Numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.019, "0.019"),
        (-0.25, "−0.25"),
        (1.0, "1"),
        (9.96, "10"),
        (99.4, "99"),
        (99.6, "99.6"),
        (1234.5, "1,230"),
        (999_999.0, "1,000,000"),
        (1e6, "1e6"),
        (1.25e-7, "1.2e-7"),
        (1e-16, "1e-16"),
        (-2e9, "−2e9"),
        (0.36050, "0.36"),
        (5.3458, "5.3"),
        (18.4, "18"),
        (158.5, "158"),
        (99.96, "100"),
        (0.0996, "0.1"),
        (123456, "123,000"),
        (0.00042, "0.00042"),
        (0.000011, "0.000011"),
        (2.34e-9, "2.3e-9"),
        (1.5e7, "1.5e7"),
        (-3.21, "−3.2"),
        (float("inf"), "∞"),
        (float("-inf"), "−∞"),
        (float("nan"), "no value"),
    ],
)
def test_a_number_has_two_or_three_digits(value, text):
    assert number(value) == text


def test_a_shown_number_is_within_five_percent():
    for exponent in range(-120, 121):
        value = 10.0 ** (exponent / 10) * 1.037
        assert float(number(value).replace(",", "")) == pytest.approx(value, rel=0.051)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.000722, 3, "0.000722"),
        (1234.5, 6, "1,234.5"),
        (0.1, 6, "0.1"),
        (1.23456e-7, 4, "1.235e-7"),
        (2e-7, 1, "2e-7"),
        (1e-8, 6, "1e-8"),
        (-7.0, 4, "−7"),
    ],
)
def test_a_number_has_the_digits_that_are_asked_for(value, digits, text):
    assert number(value, digits) == text


def test_whole_numbers_and_shares():
    assert [whole_number(n) for n in (0, 999, 12_800, -1000)] == ["0", "999", "12,800", "−1,000"]
    assert [percent(0.724), percent(0.724, 1), percent(1.0)] == ["72%", "72.4%", "100%"]


def test_numbers_are_written_with_the_languages_own_marks(monkeypatch):
    monkeypatch.setitem(languages.LANGUAGES, "de", "Deutsch")
    with language("de"):
        assert (number(1234.5, 6), number(1.5e-9), whole_number(12_800)) == (
            "1.234,5",
            "1,5e-9",
            "12.800",
        )
        assert percent(0.724, 1) == "72,4%"


# --- The catalogs in the repository


SOURCE = """
@dataclass
class Fact:
    name: str
    help: Message
    choices: tuple[Message, ...] = ()

    @staticmethod
    def choice(name: str, help: Message) -> Fact: ...

def label(settings: Settings, name: str, text: Message) -> None: ...

tr("one" " and two", name=tr("inner"))
tr("yes" if x else "no")
tr(known)
tr_n("{count} run", "{count} runs", n)
Fact("a", "help a", choices=("on", "off"))
Fact.choice("b", help="help b")
label(*(settings, "name", "label"), on_change=None)
msgid("marked")
print("not a message")
"""


def test_messages_are_the_constants_given_to_what_takes_messages(texts):
    tree = texts.ast.parse(SOURCE)
    own = texts.ast.parse((ROOT / "landscape" / "language.py").read_text("utf-8"))
    takers = texts.takers_in(own) | texts.takers_in(tree)
    assert {*texts.messages_in(tree, takers)} == {
        *("one and two", "inner", "yes", "no", ("{count} run", "{count} runs")),
        *("help a", "on", "off", "help b", "label", "marked"),
    }


@pytest.mark.parametrize("given", ['f"rate {x}"', '"rate " + x'])
def test_a_message_that_is_put_together_is_refused(texts, given):
    own = texts.ast.parse((ROOT / "landscape" / "language.py").read_text("utf-8"))
    with pytest.raises(ValueError, match="not a constant"):
        [*texts.messages_in(texts.ast.parse(f"tr({given})"), texts.takers_in(own))]


def test_every_catalog_is_up_to_date(texts):
    stale = [path for path, held in texts.up_to_date().items() if path.read_text("utf-8") != held]
    assert stale == [], "run .venv/bin/python .ci/texts.py"


def test_every_language_has_a_catalog_and_every_catalog_a_language(texts):
    there = {path.stem for path in texts.FOLDER.glob("*.po")}
    assert there | {"en"} == {*languages.LANGUAGES}


def test_no_language_leaves_a_message_out_or_has_other_parts_than_it(texts):
    """What .ci/texts.py names: messages without a translation, and translations that do not fit."""
    for path in texts.FOLDER.glob("*.po"):
        with path.open("rb") as file:
            assert [*texts.faults(read_po(file, locale=path.stem))] == []


def test_a_message_that_is_missing_fuzzy_or_has_other_parts_is_found(korean, texts):
    with korean.open("rb") as file:
        catalog = read_po(file, locale="ko")
    catalog.add("{a} of {b}", "{b}개 중 {c}")
    catalog.add("**{a}** to {b}", "{a}~{b}")
    catalog.add("At 0.5, $x$ is 0.5", "0.5에서 $x$가 최소")
    assert [re.sub(r": .*", "", fault) for fault in texts.faults(catalog)] == [
        "fuzzy",
        "not translated",
        "other placeholders",
        "other markup",
        "a number is missing",
    ]
