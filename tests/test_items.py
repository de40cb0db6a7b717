"""A new surface and a new optimizer are one file each, and are then what the others are."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SURFACE = Path("landscape/surfaces/booth.py")
RULE = Path("optimizers/rules/sign_sgd.py")
NEW = "Booth or signSGD"

# What compares an item with a second, independent source, or its texts with the catalog of the
# project: these two have neither.
REFERENCES = (
    "test_landscape.py::test_the_loss_is_the_textbook_formula",
    "test_landscape.py::test_as_many_critical_points_are_listed_as_there_are",
    "test_landscape.py::test_the_domain_and_the_start_are_those_of_the_table",
    "test_listing.py::test_pytorch_repeated_the_run",
    "test_texts.py::test_no_picture_or_curve_holds_an_english_word",
    "test_texts.py::test_no_surface_shows_an_english_word",
    "test_optimizers.py::test_a_rule_takes_the_steps_of_its_textbook",
    "test_optimizers.py::test_weight_decay_enters_as_in_the_textbook",
    "test_optimizers.py::test_noise_is_added_to_the_gradient_before_the_rule_and_its_rate",
)


@pytest.fixture
def place(tmp_path):
    """A folder with the two new files, as their author would write them."""
    for item in (SURFACE, RULE):
        (tmp_path / item).parent.mkdir(parents=True)
        shutil.copy(TESTS / "items" / item, tmp_path / item)
    return tmp_path


def python(place, *arguments):
    """Run Python with the folder on its path, and return what it said and whether it failed."""
    told = subprocess.run(
        [sys.executable, *arguments],
        cwd=TESTS.parent,
        env={**os.environ, "PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
    )
    return told.stdout + told.stderr, told.returncode


def run_tests(place, *arguments):
    """Run tests with the folder on Python's path, and return as `python` does."""
    command = ("-m", "pytest", "-p", "no:cacheprovider", "-m", "not browser")
    return python(place, *command, *arguments)


def change(file, old, new):
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


@pytest.mark.slow
def test_both_meet_all_that_is_specified_of_every_item(place):
    skipped = [f"--deselect=tests/{test}" for test in REFERENCES]
    files = sorted(str(path) for path in TESTS.glob("test_*.py") if path != Path(__file__))
    told, code = run_tests(place, "-k", NEW, *skipped, *files)
    assert code == 0, told
    (passed,) = re.findall(r"(\d+) passed", told)
    assert int(passed) > 200, "the specification did not see the new items"


@pytest.mark.slow
def test_both_are_on_the_page_in_the_maps_in_listings_links_and_files(place):
    told, code = run_tests(place, "tests/items/specification.py")
    assert code == 0, told


@pytest.mark.slow
def test_a_factor_is_on_the_page_in_links_labels_maps_and_files(tmp_path):
    place = tmp_path / "views" / "factors"
    shutil.copytree(TESTS / "items" / "views" / "factors", place)
    files = (f"tests/test_{name}.py" for name in ("settings", "page", "map_pages"))
    told, code = run_tests(tmp_path, "tests/items/factor.py")
    assert code == 0, told
    told, code = run_tests(tmp_path, "-k", "Second", *files)
    assert code == 0, told


# Item, what is right in its file, what is wrong, and the test that finds it.
WRONG = (
    (RULE, "- $lr", "+ $lr", "test_step.py::test_the_printed_numbers_are_true"),
    (RULE, "theta[i] -= ", "theta[i] += ", "test_listing.py::test_the_class_repeats_the_run"),
    (RULE, "uses_time=False", "uses_time=True", "test_sweep.py::test_a_rule_uses_time_if"),
    (SURFACE, "2 * u + 4 * v, 4", "2 * u + 3 * v, 4", "test_listing.py::test_the_formulas_of"),
    (
        SURFACE,
        "quadratic=True",
        "quadratic=False",
        "test_landscape.py::test_a_surface_is_quadratic",
    ),
    (SURFACE, "(1.0, 3.0,", "(1.0, 3.1,", "test_landscape.py::test_every_critical_point_is_stat"),
)


@pytest.mark.slow
def test_each_wrong_fact_is_found(place):
    for item, old, new, _ in WRONG:
        change(place / item, old, new)
    files = sorted({f"tests/{test.split('::')[0]}" for *_, test in WRONG})
    names = " or ".join(test.split("::")[1] for *_, test in WRONG)
    told, code = run_tests(place, "-rf", "-k", f"({NEW}) and ({names})", *files)
    assert code == 1, told
    for *_, test in WRONG:
        assert f"FAILED tests/{test}" in told


@pytest.mark.parametrize(
    ("item", "field"),
    [
        (SURFACE, "listing=LISTING"),
        (RULE, "formula=formula"),
        (RULE, "memory=None"),
        (RULE, "listing=LISTING"),
        (RULE, "uses_time=False"),
        (RULE, "needs_hessian=False"),
    ],
    ids=lambda value: value.split("=")[0] if isinstance(value, str) else value.stem,
)
def test_a_record_without_a_field_stops_the_import_and_is_named(place, item, field):
    change(place / item, f"    {field},\n", "")
    told, code = python(place, "-c", "import optimizers")
    assert code == 1
    module = ".".join(item.with_suffix("").parts)
    last = told.strip().splitlines()[-1]
    assert last.startswith(f"ImportError: {module}: ")
    assert repr(field.split("=")[0]) in last
