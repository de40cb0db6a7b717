"""Numbers as texts: how a field, a link and a list read them, and that nothing is lost."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from landscape import SURFACES
from views.settings.numbers import exact, number_of, told_apart
from views.settings.setting import Range, UnreadError, clean, read_numbers, read_points
from views.settings.settings import read

APP = Path(__file__).parents[1] / "app.py"
FIELD, WHOLE = Range(0.0, 100.0, 1.0), Range(1, 10**7, 1, whole=True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0,01", 0.01),
        ("0.01", 0.01),
        ("1e-3", 1e-3),
        ("1,5E-3", 1.5e-3),
        (".5", 0.5),
        (",5", 0.5),
        ("5.", 5.0),
        (" 7 ", 7.0),
        ("+3", 3.0),
        ("\N{MINUS SIGN}2", -2.0),
        ("0,001", 0.001),
    ],
)
def test_a_text_is_read_as_its_number(text, value):
    assert number_of(text) == value


def test_zero_has_no_sign():
    for text in ("-0", "-0,0", "-1e-999"):
        assert math.copysign(1.0, number_of(text)) == 1.0
        assert math.copysign(1.0, FIELD.typed(text)) == 1.0
    assert math.copysign(1.0, FIELD.check(-0.0)) == 1.0


@pytest.mark.parametrize(
    "text",
    ["abc", "nan", "inf", "1_000", "0x10", "1 2", "1,2,3", "1.2,3", "--1", "\u0661", "e5", ","],
)
def test_any_other_text_is_refused(text):
    with pytest.raises(ValueError, match="is not a number"):
        number_of(text)
    with pytest.raises(UnreadError) as refused:
        FIELD.typed(text)
    assert refused.value.note.text() == f"`{clean(text)}` is not a number."


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        (FIELD, "", "Type a number from 0 to 100."),
        (FIELD, "  ", "Type a number from 0 to 100."),
        (FIELD, "1e999", "`1e999` is not from 0 to 100."),
        (FIELD, "-0,5", "`-0,5` is not from 0 to 100."),
        (FIELD, "1,500", "`1,500` may mean 1.5 or 1500: type one of these."),
        (WHOLE, "10,000", "`10,000` may mean 10 or 10000: type one of these."),
        (WHOLE, "10.000", "`10.000` may mean 10 or 10000: type one of these."),
        (WHOLE, "2.5", "`2.5` is not a whole number."),
        (WHOLE, "0", "`0` is not from 1 to 1e+07."),
    ],
)
def test_what_is_no_value_of_the_field_is_told_and_never_changed_into_one(kind, text, told):
    with pytest.raises(UnreadError) as refused:
        kind.typed(text)
    assert refused.value.note.text() == told


def test_a_whole_number_may_be_written_with_a_power():
    assert WHOLE.typed("1e3") == 1000
    assert isinstance(WHOLE.typed("1e3"), int)


def test_a_link_reads_numbers_as_a_field_does():
    settings, notes = read({"Quadratic.SGD.lr": "0,01"})
    assert notes == []
    assert settings["Quadratic.SGD.lr"] == 0.01
    settings, notes = read({"noise": "1,500"})
    assert "noise" not in settings.values
    assert [note.values["name"] for note in notes] == ["noise"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.1, 0.2", [0.1, 0.2]),
        ("0.1,0.2;0.3", [0.1, 0.2, 0.3]),
        ("0,1; 0,2", [0.1, 0.2]),
        ("0,01;", [0.01]),
        ("1, 2; 3", [1.0, 2.0, 3.0]),
        ("0, 0.5, 0.9", [0.0, 0.5, 0.9]),
    ],
)
def test_a_list_separates_by_commas_and_between_semicolons_they_are_decimal(text, values):
    assert read_numbers(text, 0.0, 100.0) == (values, [])


def test_a_decimal_comma_in_a_list_is_told():
    numbers, notes = read_numbers("0,01", 0.0, 100.0)
    assert numbers == [0.0, 1.0]
    (note,) = notes
    assert note.text().startswith("`0,01` is read as two numbers, 0 and 01: a comma separates.")
    assert read_numbers("0,1,2,3", 0, 9, whole=True) == ([0, 1, 2, 3], [])


def test_points_may_have_decimal_commas():
    points, notes = read_points("1,5 2; 3,4; 1, 2; -0 0,5", SURFACES["Quadratic"])
    assert points == [(1.5, 2.0), (3.0, 4.0), (1.0, 2.0), (0.0, 0.5)]
    assert notes == []


def test_texts_tell_numbers_apart_and_are_read_as_they_were():
    assert told_apart([0.1, 1 / 3]) == ["0.1", "0.333333"]
    assert told_apart([1.0, math.nextafter(1.0, 2)]) == ["1", "1.0000000000000002"]
    for value in (0.1, 1 / 3, 1e-300, 12345678.9):
        assert float(exact(value)) == value


# --- On the page


@pytest.fixture
def app() -> AppTest:
    made = AppTest.from_file(APP, default_timeout=60)
    made.query_params["optimizers"] = "SGD"
    return made.run()


def noise(app: AppTest) -> str:
    (field,) = (widget for widget in app.text_input if widget.label == "Noise")
    value: str = field.value
    return value


def test_a_comma_is_a_decimal_one_and_the_text_stays_as_it_was_typed(app):
    app.text_input(key="noise").set_value("0,01").run()
    assert app.query_params["noise"] == "0.01"
    assert noise(app) == "0,01"


@pytest.mark.parametrize("text", ["abc", "", "1e999", "-3", "1,500"])
def test_a_refused_text_changes_nothing_and_stays_beside_the_reason(app, text):
    app.text_input(key="noise").set_value("2").run()
    app.text_input(key="noise").set_value(text).run()
    assert app.query_params["noise"] == "2"
    assert noise(app) == text
    with pytest.raises(UnreadError) as refused:
        Range(0.0, 1000.0, 0.5).typed(text)
    reason = f":red[{refused.value.note.text()}]"
    assert reason in [caption.value for caption in app.caption]
    app.text_input(key="length").set_value("50").run()
    assert (noise(app), app.query_params["noise"]) == (text, "2"), "another control is moved"
    app.text_input(key="noise").set_value("3").run()
    assert app.query_params["noise"] == "3"
    assert reason not in [caption.value for caption in app.caption]
