"""The palettes: every path stands out from the ground, and the runs from each other."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from conftest import ROOT
from numpy.typing import NDArray

from views.maps.basins import mix
from views.scene.figures import Mark, marks_of
from views.theme import DARK, LIGHT, MOST_PANELS, SYMBOLS, THEMES, Theme

Vector = NDArray[np.float64]

# What people see who lack one kind of cone: Machado, Oliveira and Fernandes, A Physiologically-
# based Model for Simulation of Color Vision Deficiency (2009), severity 1, of linear RGB.
VISION = {
    "typical": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = XYZ.sum(axis=1)  # D65


def linear(colour: str) -> Vector:
    """Return the linear RGB of a colour, each from 0 to 1."""
    values = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2), from 1 to 21."""
    low, high = sorted(float(XYZ[1] @ linear(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: Vector) -> Vector:
    """Return CIELAB of linear RGB."""
    share = XYZ @ np.clip(rgb, 0, 1) / WHITE
    f = np.where(share > (6 / 29) ** 3, np.cbrt(share), share / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def difference(one: Vector, other: Vector) -> float:
    """Return CIEDE2000 of two colours in CIELAB (Sharma, Wu and Dalal, 2005)."""
    lightness = one[0], other[0]
    mean = (np.hypot(*one[1:]) + np.hypot(*other[1:])) / 2
    g = 0.5 * (1 - np.sqrt(mean**7 / (mean**7 + 25.0**7)))
    a, b = ((1 + g) * one[1], (1 + g) * other[1]), (one[2], other[2])
    chroma = np.hypot(a[0], b[0]), np.hypot(a[1], b[1])
    hue = [np.degrees(np.arctan2(b[i], a[i])) % 360 for i in (0, 1)]
    turn = (hue[1] - hue[0] + 180) % 360 - 180 if chroma[0] * chroma[1] else 0.0
    steps = (
        lightness[1] - lightness[0],
        chroma[1] - chroma[0],
        2 * np.sqrt(chroma[0] * chroma[1]) * np.sin(np.radians(turn / 2)),
    )
    middle = (hue[0] + turn / 2) % 360 if chroma[0] * chroma[1] else hue[0] + hue[1]
    at, c = sum(lightness) / 2, sum(chroma) / 2
    t = (
        1
        - 0.17 * np.cos(np.radians(middle - 30))
        + 0.24 * np.cos(np.radians(2 * middle))
        + 0.32 * np.cos(np.radians(3 * middle + 6))
        - 0.20 * np.cos(np.radians(4 * middle - 63))
    )
    scales = (
        1 + 0.015 * (at - 50) ** 2 / np.sqrt(20 + (at - 50) ** 2),
        1 + 0.045 * c,
        1 + 0.015 * c * t,
    )
    weighed = [step / scale for step, scale in zip(steps, scales, strict=True)]
    rotated = 60 * np.exp(-(((middle - 275) / 25) ** 2))
    rotation = -np.sin(np.radians(rotated)) * 2 * np.sqrt(c**7 / (c**7 + 25.0**7))
    total = sum(w**2 for w in weighed) + rotation * weighed[1] * weighed[2]
    return float(np.sqrt(total))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [  # of the test data of Sharma, Wu and Dalal
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (58, 24, 15), 19.4535),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_difference_is_that_of_its_authors(one, other, expected):
    assert difference(np.array(one), np.array(other)) == pytest.approx(expected, abs=1e-4)


@pytest.fixture(params=THEMES.values(), ids=THEMES)
def theme(request) -> Theme:
    return request.param


def test_every_path_stands_out_from_every_step_of_the_ground(theme):
    for run, step in itertools.product(theme.runs, (theme.page, *theme.ground)):
        assert contrast(run, step) >= 3, (run, step)


@pytest.mark.parametrize("vision", VISION)
def test_the_colours_of_the_runs_differ_for_every_vision(theme, vision):
    seen = [lab(VISION[vision] @ linear(run)) for run in theme.runs]
    for one, other in itertools.combinations(range(len(seen)), 2):
        assert difference(seen[one], seen[other]) >= 10, (theme.runs[one], theme.runs[other])


def test_text_stands_out_from_the_page_and_from_the_ground(theme):
    for under in (theme.page, theme.side, *theme.ground):
        assert contrast(theme.text, under) >= 7  # AAA
    for under in (theme.page, theme.side):
        assert contrast(theme.muted, under) >= 4.5  # AA


def test_contours_are_seen_and_stay_behind_the_paths(theme):
    for step in theme.ground:
        assert 1.5 <= contrast(theme.contour, step) < min(contrast(r, step) for r in theme.runs)


def test_low_losses_have_the_colour_of_the_page(theme):
    for low, *others in (theme.ground, theme.ramp):
        assert contrast(low, theme.page) < 1.1
        steps = [contrast(colour, theme.page) for colour in (low, *others)]
        assert steps == sorted(steps)


@pytest.mark.parametrize("vision", VISION)
def test_what_diverged_is_not_taken_for_a_loss(theme, vision):
    ramp = [
        mix(end, start, share)
        for start, end in itertools.pairwise(theme.ramp)
        for share in np.linspace(0, 1, 20)
    ]
    grey = lab(VISION[vision] @ linear(theme.diverged))
    assert min(difference(lab(VISION[vision] @ linear(step)), grey) for step in ramp) > 8


def test_the_marks_of_all_runs_differ(theme):
    marks = marks_of(map(str, range(MOST_PANELS)), theme)
    assert len({(mark.colour, mark.dash) for mark in marks}) == MOST_PANELS
    assert len(set(SYMBOLS)) == MOST_PANELS
    for mark in marks:  # hollow and dashed together
        assert mark.symbol.endswith("-open") == (mark.dash == "dash")


def test_a_run_is_coloured_by_its_place():
    for theme in THEMES.values():
        assert marks_of(["SGD", "Adam"], theme)[1] == Mark("Adam", theme.runs[1], SYMBOLS[1])


def test_what_streamlit_writes_too_pale_is_in_the_muted_ink_of_the_theme():
    style = (ROOT / "views" / "page.css").read_text("utf-8")
    assert f"light-dark({LIGHT.muted}, {DARK.muted})".lower() in style.lower()


def test_has_asks_for_no_part_of_a_class():
    """It would be asked again at every change of a class, as of a slider's value, anywhere."""
    for path in (ROOT / "views").rglob("*.css"):
        assert not re.search(r":has\([^()]*\[class", path.read_text("utf-8")), path.name


def test_nothing_around_the_whole_page_is_styled_by_what_it_has():
    """A browser would look at nearly all of the page again at every change of anything in it."""
    around = re.compile(
        r"(:root|#root|(?<![-\w.])(html|body)|\.st(App|AppViewContainer|Main|MainBlockContainer))"
        r"(?![-\w])[^\s,{>~+]*:has\("
    )
    for rule in (":root:has(.a)", ":root:not(:has(.a)) b", "html:has(.a)", ".stMain:has(.a) b"):
        assert around.search(rule)
    for rule in (".stMain [class]:has(> a)", ".stMainer:has(a)", ".zz-body:has(a)"):
        assert not around.search(rule)
    sheets = [path for end in ("css", "py") for path in (ROOT / "views").rglob(f"*.{end}")]
    assert len(sheets) > 50
    for path in sheets:
        assert path.name == "modes.py" or not around.search(path.read_text("utf-8")), path.name
