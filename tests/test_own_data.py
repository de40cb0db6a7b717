"""Data of a visitor's own: what a text holds, what is told of others, and who has them."""

from __future__ import annotations

import time

import numpy as np
import pytest
from test_page import opened

from landscape import SURFACES, Dataset, language
from views.live.kept import TRAJECTORIES
from views.scene.samples import MOST_MOVED, movable, moved
from views.settings.own_data import MOST_CHARACTERS, read_samples, text_of
from views.settings.setting import UnreadError
from views.settings.settings import read, write

LINE, PLANE, CLASSES = (
    SURFACES[name] for name in ("Linear regression", "Two features", "Logistic regression")
)


def fault(text, surface=LINE):
    with pytest.raises(UnreadError) as told:
        read_samples(text, surface)
    return told.value.note.text()


@pytest.mark.parametrize(
    "text",
    [
        "0,1\n1,2.5\n2,3",
        "feature,label\n0,1\n1,2.5\n2,3\n",
        '"f";"t"\r\n0;1\r\n"1";"2,5"\r\n2;3\r\n',
        "0\t1\n1\t2,5\n2\t3",
        "\ufeff 0 1\n\n1  2.5\n2 3",
        "0, 1\n1, 2.5\n2, 3e0",
    ],
)
def test_a_text_is_read_as_people_write_tables(text):
    data = read_samples(text, LINE)
    np.testing.assert_array_equal(data.x[:, 0], [0, 1, 2])
    np.testing.assert_array_equal(data.y, [1, 2.5, 3])


@pytest.mark.parametrize("surface", [LINE, PLANE, CLASSES], ids=lambda each: each.name)
def test_samples_as_text_are_read_as_they_were(surface):
    data = surface.at({}, 30).data
    assert read_samples(text_of(data), surface) == data


@pytest.mark.parametrize("name", ["Linear regression", "Logistic regression", "Sine fit"])
def test_a_sample_is_moved_to_a_place_of_the_panel_and_the_valley_with_it(name):
    before = SURFACES[name].at({}, 20)
    data = moved(before, 3, 0.5, 1.75)
    assert len(data) == 20
    classes = name == "Logistic regression"
    assert data.x[3].tolist() == ([0.5, 1.75] if classes else [0.5])
    assert data.y[3] == (before.data.y[3] if classes else 1.75)
    others = [k for k in range(20) if k != 3]
    np.testing.assert_array_equal(data.x[others], before.data.x[others])
    np.testing.assert_array_equal(data.y[others], before.data.y[others])
    after = SURFACES[name].at({}, None, data)
    assert after.hessian(1.0, 0.5) != before.hessian(1.0, 0.5)
    for row, across in ((-1, 0.0), (20, 0.0), (3, 1e9)):
        assert moved(before, row, across, 0.0) is None


def test_only_few_samples_are_moved_and_each_where_its_own_numbers_are():
    assert movable(LINE.at({}, MOST_MOVED))
    assert not movable(LINE.at({}, MOST_MOVED + 1))
    assert not movable(LINE.at({"standardize": 1}, 20))
    assert not movable(PLANE.at({}, 20))
    two = Dataset([0.0, 1.0], [0.0, 1.0])
    assert moved(LINE.at({}, None, two), 0, 1.0, 5.0) is None, "the feature would be constant"


def test_the_samples_can_be_edited_as_text():
    app = opened(surface="Linear regression", samples="5", optimizers=["SGD"])
    (button,) = [each for each in app.button if each.label == "Edit these samples"]
    button.click().run()
    (area,) = [each for each in app.text_area if each.label == "Your data"]
    rows = area.value.splitlines()
    assert len(rows) == 5
    area.set_value("\n".join([*rows[:4], "3, 9"])).run()
    data = app.session_state["settings"].data
    assert data.x[4, 0] == 3
    assert data.y[4] == 9


def test_labels_of_classes_may_be_any_two_texts():
    for no, yes in (("0", "1"), ("cat", "dog"), ("-1", "1")):
        data = read_samples(f"a,b,c\n1,2,{yes}\n2,1,{no}\n-1,4,{yes}", CLASSES)
        np.testing.assert_array_equal(data.y, [1, 0, 1])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "nothing in it"),
        (" \n\n\t", "nothing in it"),
        ("f,t", "2 samples or more"),
        ("1,2", "2 samples or more"),
        ("1,2\n3", "Row 2 has 1 columns; there must be 2 on Linear regression."),
        ("1,2\n3,4,5", "Row 2 has 3 columns"),
        ("1,2\nnan,4", "`nan` in row 2 is not a number."),
        ("1,2\n3,inf", "`inf` in row 2 is not a number."),
        ("1,2\n3,1e9", "`1e9` in row 2 is not a number from"),
        ("1,2\n3,x", "`x` in row 2 is not a number."),
        ("1,2\n3,<b>", "`?b?` in row 2 is not a number."),
        ("1,2\n1,3\n1,4", "Column 1 is the same in all samples"),
        ("PK\x03\x04\x00\x00", "no text in UTF-8"),
        ("1,2\n\ufffd,3", "no text in UTF-8"),
        ("1\x00,\x002\x00\n", "no text in UTF-8"),
        (",".join(["1"] * 400_000), "Row 1 is longer than 1,000 characters."),
        ("1,2\n" * 70_000, "more than 65,536 samples"),
        (" " * (MOST_CHARACTERS + 1), "larger than 1 MB"),
        ("1,2\n" * 300_000, "larger than 1 MB"),
        ('"1;2"\n"3;4;"', "Row 2 has 3 columns"),
    ],
)
def test_what_holds_no_samples_is_told_in_one_sentence_at_once(text, told):
    began = time.process_time()  # others on this machine make it wait
    said = fault(text)
    assert time.process_time() - began < 2.0
    assert told in said
    assert said.endswith(".")


def test_what_is_told_depends_on_the_surface():
    assert "must be 3 on Two features" in fault("1,2\n3,4", PLANE)
    assert "multiples of each other" in fault("1,2,3\n2,4,1\n3,6,0", PLANE)
    assert "3 different labels; there must be two" in fault("1,2,a\n2,1,b\n3,1,c", CLASSES)
    assert "1 different labels" in fault("1,2,a\n2,1,a\n3,1,a", CLASSES)
    assert "more than 1,000 samples" in fault("1,2,a\n" * 1_500, CLASSES)


def test_what_is_told_is_in_the_visitors_language():
    with language.language("ko"):
        assert "행" in fault("1,2\n3")


# --- On the page

LINK = {"surface": "Linear regression", "optimizers": "SGD", "Linear regression.SGD.lr": "0.05"}
ROWS = "0,1\n1,3\n2,5\n3,7.5\n"


def paste(app, text):
    (area,) = (each for each in app.text_area if each.label == "Your data")
    return area.set_value(text).run()


def test_pasted_samples_take_the_place_of_those_that_are_made():
    app = opened(**LINK)
    paste(app, ROWS)
    assert not app.exception
    assert any("4 samples of your own" in each.value for each in app.caption)
    settings = app.session_state["settings"]
    assert len(settings.data) == 4
    assert settings["samples"] == 4
    # The link says nothing of them, and whoever opens it sees samples that are made.
    link = write(settings)
    assert "7.5" not in str(link)
    assert read(link)[0].data is None
    (button,) = (each for each in app.button if each.label == "Leave your data")
    button.click().run()
    assert app.session_state["settings"].data is None
    assert not app.exception


def test_a_fault_is_told_and_changes_nothing_else():
    app = opened(**LINK)
    paste(app, ROWS)
    data = app.session_state["settings"].data
    paste(app, "1,2\n3,nan")
    assert [each.value for each in app.warning] == ["`nan` in row 2 is not a number."]
    assert app.session_state["settings"].data == data


def test_nobody_else_has_them_and_nothing_keeps_them():
    app, other = opened(**LINK), opened(**LINK)
    kept = len(TRAJECTORIES)
    paste(app, ROWS)
    other.run()
    assert other.session_state["settings"].data is None
    assert len(TRAJECTORIES) == kept


def test_another_surface_or_number_of_samples_puts_them_aside_and_back():
    app = opened(**LINK)
    paste(app, ROWS)
    data = app.session_state["settings"].data
    (surface,) = (each for each in app.selectbox if each.label == "Surface")
    surface.set_value("Quadratic").run()
    assert app.session_state["settings"].data is None
    assert not app.exception
    (surface,) = (each for each in app.selectbox if each.label == "Surface")
    surface.set_value("Linear regression").run()
    assert app.session_state["settings"].data == data
    assert not app.exception
