"""The view of maps without a browser: they open, draw, say what is true and answer clicks."""

from __future__ import annotations

import csv
import html
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import numpy as np
import plotly.graph_objects as go
import pytest
from conftest import answer_of, comparing
from starlette.responses import Response
from streamlit.testing.v1 import AppTest
from test_page import results

from landscape import SURFACES
from landscape.language import number
from landscape.record import CriticalPoint
from optimizers import OPTIMIZERS, Average, Experiment, Run, simulate
from optimizers.analysis.measures import run_limit
from optimizers.maps import (
    BasinMap,
    BatchGrid,
    Ensemble,
    Escape,
    MomentumGrid,
    NoiseBall,
    RateSweep,
    Scaling,
    SharpnessSweep,
)
from optimizers.maps.basins import NOWHERE, UNDECIDED
from optimizers.maps.grids import SAMPLES, STEPS, UPDATES
from optimizers.maps.rates import RATE_ZONES
from views.maps import MAPS, files, page
from views.maps.base import Shown
from views.maps.rates import good_at
from views.presets import PRESETS
from views.scene.payload import pack
from views.server import jobs as server_jobs
from views.server.jobs import Job, Jobs
from views.settings.choice import Choice, choose
from views.settings.schedules import MOST_UPDATES
from views.settings.setting import doubled
from views.settings.settings import read
from views.settings.table import FACTORS
from views.theme import DARK, LIGHT

ROOT = Path(__file__).parents[1]
NOISY = {"noise": "2", "batch": "8"}
VALLEY = {"surface": "Local-minima valley", **NOISY}  # on which every map can be made

RUNS = (Run("Momentum", batch_size=8), Run("SGD", batch_size=8), Run("Adam", lr=0.1, batch_size=8))
LABELS = ("Momentum", "SGD", "Adam")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the page wait for its map: only a browser comes back to look at a longer one."""
    monkeypatch.setattr(page, "QUICK", 60.0)
    monkeypatch.setattr(server_jobs, "PATIENCE", 60.0)


def opened(**link: Any) -> AppTest:
    """Return the view of maps as a link opens it."""
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    for name, value in {"view": "Maps", **link}.items():
        app.query_params[name.replace("__", ".")] = value
    return app.run()


def asked(app: AppTest) -> Any:
    """Return the request of the map on the page, read from the address of its numbers."""
    (link,) = (
        found
        for element in app.get("html")
        if (found := re.search(r'href="([^"]+)"', element.proto.body))
    )
    return request_of(urlsplit(html.unescape(link[1])).query)


def request_of(query: str) -> Any:
    """Return the request of the map that a query asks for."""
    settings, notes = read(parse_qs(query, keep_blank_values=True))
    assert notes == []
    return MAPS[settings["map"]].ask(settings, choose(settings))


def pixel(app: AppTest) -> bool:
    """Tell whether the page says what one pixel, point or line of a map is."""
    return any(re.match(r"(One|Each|Left)", caption.value) for caption in app.caption)


def check_opens(app: AppTest) -> None:
    assert not app.exception
    assert not app.warning
    assert not app.error
    assert pixel(app) or app.info, "a map or why there is none"


# --- Every map, from a link


@pytest.mark.parametrize("name", MAPS)
def test_every_map_opens_from_a_link(name):
    app = opened(map=name, **VALLEY)
    check_opens(app)
    assert pixel(app)
    assert app.get("bidi_component")
    assert asked(app).experiment.surface == "Local-minima valley"


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("name", MAPS)
def test_every_map_opens_on_every_surface(name, surface):
    few = {"samples": "16"} if SURFACES[surface].samples else {}
    check_opens(opened(map=name, **{**VALLEY, "surface": surface, **few}))


@pytest.mark.parametrize("compare", FACTORS)
@pytest.mark.parametrize("name", MAPS)
def test_every_map_opens_whatever_is_compared(name, compare):
    link = {k: v for k, v in VALLEY.items() if (k, compare) != ("batch", "Batch size")}
    if not FACTORS[compare].fits(SURFACES[link["surface"]]):
        link |= comparing(compare)
        if SURFACES[link["surface"]].samples:
            link |= {"samples": "16"}
    check_opens(opened(map=name, **{"compare": compare, **link}))


def test_the_maps_are_left_as_they_were_entered():
    app = opened(map="Basins of attraction")
    assert asked(app).size == 256
    app.selectbox(key="map.starts").set_value("64").run()
    assert asked(app).size == 64
    query = {name.replace(".", "__"): value for name, value in app.query_params.items()}
    assert len(results(opened(**{**query, "view": "Overlay"}))) == 4
    app = opened(**{**query, "view": "Maps"})
    assert not app.exception
    assert asked(app).size == 64


def test_a_map_in_another_map_s_place_has_its_own_defaults():
    app = opened(**VALLEY)
    seen = {}
    for name in [*MAPS, *MAPS][::-1]:
        app.selectbox(key="map").set_value(name).run()
        check_opens(app)
        fresh = asked(opened(map=name, **VALLEY))
        assert asked(app) == fresh, "its link would show another map"
        seen[name] = getattr(fresh, "seeds", 1)
    assert len(set(seen.values())) > 4


def test_the_runs_to_choose_from_are_those_that_have_what_is_varied():
    app = opened(map="Basins of attraction", optimizers=["SGD", "Adam"])
    app.selectbox(key="map.run").set_value("Adam").run()
    assert asked(app).experiment.runs[0].optimizer == "Adam"
    app.selectbox(key="map.run").set_value("SGD").run()
    app.selectbox(key="map").set_value("Rate and momentum").run()
    check_opens(app)
    assert asked(app).experiment.runs[0].optimizer == "Adam"


MAP_PRESETS = [slug for slug, preset in PRESETS.items() if preset.map]


def claimed(app: AppTest) -> bool:
    return not any("You changed this experiment" in text.value for text in app.markdown)


@pytest.mark.parametrize("slug", MAP_PRESETS)
def test_a_preset_whose_map_is_changed_says_that_its_claim_need_not_hold(slug):
    app = opened(preset=slug)
    assert claimed(app)
    own = {"map", *(setting.id for setting in MAPS[PRESETS[slug].map["map"]].settings)}
    ours = [w.key for w in app.main.text_input if w.key in own and not w.disabled]
    assert ours or PRESETS[slug].map["map"] == "Basins of attraction"
    for key in ours:
        before = app.text_input(key=key).value
        app.text_input(key=key).set_value(f"{2 * float(before):g}").run()
        assert not claimed(app), key
        app.text_input(key=key).set_value(before).run()
        assert claimed(app), key
    choices = [w.key for w in app.main.selectbox if w.key in own]
    assert "map" in choices
    for key in choices:
        before = app.selectbox(key=key).value
        options = app.selectbox(key=key).options
        if len(options) == 1:
            continue
        app.selectbox(key=key).set_value(next(o for o in options if o != before)).run()
        assert not claimed(app), key
        app.selectbox(key=key).set_value(before).run()
        assert claimed(app), key


def test_the_controls_ask_for_what_they_say():
    app = opened(
        map="Rate and momentum",
        map__low="0.01",
        map__high="0.5",
        map__size="32",
        map__measure=STEPS,
        momentum__seeds="5",
        tolerance="0.1",
        length="60",
        **NOISY,
    )
    check_opens(app)
    request = asked(app)
    assert (request.low, request.high, request.size, request.seeds) == (0.01, 0.5, 32, 5)
    assert (request.measure, request.tolerance) == (STEPS, 0.1)
    assert request.experiment.steps == 60
    assert [run.optimizer for run in request.experiment.runs] == ["Momentum"]
    assert "60 updates; 32 × 32 pixels" in " ".join(c.value for c in app.caption)


def test_a_change_of_a_control_makes_another_map():
    app = opened(noise="0")
    words = [m.value for m in app.markdown][-1]
    app.text_input(key="Quadratic.SGD.lr").set_value("0.1").run()
    assert [m.value for m in app.markdown][-1] == words, "every rate is in the map"
    app.slider(key="Quadratic.rotation").set_value(30.0).run()
    check_opens(app)
    assert asked(app).experiment.params["rotation"] == 30
    app.text_input(key="length").set_value("20").run()
    check_opens(app)
    assert [m.value for m in app.markdown][-1] != words


# --- What cannot be made is said


NOT_THESE = {
    "rates are compared": ("Learning-rate sweep", {"compare": "Learning rate"}, "something other"),
    "no momentum": ("Rate and momentum", {"optimizers": ["SGD"]}, "No run has a momentum"),
    "no noise": ("Rate and batch size", {"noise": "0"}, "set the noise above 0"),
    "full batch": ("Ensemble of seeds", {"batch": "all"}, "a batch smaller than all"),
    "no local minimum": ("Escape probability", {"surface": "Quadratic"}, "no local minimum"),
    "batches are compared": ("Escape probability", {"compare": "Batch size"}, "something other"),
    "no lowest loss": ("Schedules under noise", {"surface": "Monkey saddle"}, "no lowest loss"),
    "no target": ("Updates against batch size", {"surface": "Monkey saddle"}, "no target"),
    "sizes are compared": ("Updates against batch size", {"compare": "Batch size"}, "something"),
    "schedules are compared": ("Schedules under noise", {"compare": "Schedule"}, "something other"),
}


@pytest.mark.parametrize(("name", "link", "words"), NOT_THESE.values(), ids=NOT_THESE.keys())
def test_why_there_is_no_map(name, link, words):
    link = {**VALLEY, **link}
    if link.get("compare") == "Batch size":
        del link["batch"]
    app = opened(map=name, **link)
    check_opens(app)
    assert any(words in info.value for info in app.info)


@pytest.mark.parametrize(("name", "link", "words"), NOT_THESE.values(), ids=NOT_THESE.keys())
def test_one_click_sets_up_what_a_map_needs(name, link, words):
    link = {**VALLEY, **link}
    if link.get("compare") == "Batch size":
        del link["batch"]
    app = opened(map=name, **link)
    assert app.button(key="set up").label.startswith("Set up: ")
    app.button(key="set up").click().run()
    check_opens(app)
    assert pixel(app)
    assert type(asked(app)) is type(small("Himmelblau")[name])


@pytest.mark.parametrize("compare", FACTORS)
@pytest.mark.parametrize("name", MAPS)
def test_every_map_is_at_most_one_click_away_from_the_first_page(name, compare):
    """Without a page: the changes that the button would make are enough for a request."""
    settings, _ = read({"compare": compare, "map": name, "view": "Maps"})
    _, changes = page.lacking(settings, MAPS[name])
    settings, _ = settings.changed(changes)
    assert page.lacking(settings, MAPS[name]) == ([], {})
    assert settings["map"] == name


def test_a_map_that_would_take_too_long_offers_nothing():
    link = {"map": "Ensemble of seeds", "ensemble.seeds": "1000", "length": "5000", **NOISY}
    settings, _ = read({**link, "optimizers": [*OPTIMIZERS][:9]})
    lacks = page.lacking(settings, MAPS["Ensemble of seeds"])
    assert lacks == ([], {}) or lacks[1] == {}


def test_a_map_that_is_too_large_is_refused_in_words():
    large = {"map.size": "256", "momentum.seeds": "99", "length": "50"}
    app = opened(map="Rate and momentum", **large, **NOISY)
    assert not app.exception
    assert "This map cannot be made" in app.error[0].value
    assert "`cells = 6488064" in app.error[0].value


HOSTILE = [
    ("Learning-rate sweep", "map.low", "nan"),
    ("Learning-rate sweep", "map.low", "0"),
    ("Learning-rate sweep", "map.low", "-1"),
    ("Learning-rate sweep", "map.high", "1e308"),
    ("Learning-rate sweep", "map.high", "inf"),
    ("Learning-rate sweep", "sweep.seeds", "0"),
    ("Learning-rate sweep", "sweep.seeds", "1e9"),
    ("Learning-rate sweep", "sweep.seeds", "inf"),
    ("Learning-rate sweep", "map", "Everest"),
    ("Learning-rate sweep", "map", "<script>"),
    ("Rate and momentum", "map.size", "100000"),
    ("Rate and momentum", "map.measure", "speed"),
    ("Rate and momentum", "momentum.run", "Magic"),
    ("Rate and momentum", "tolerance", "0"),
    ("Rate and momentum", "momentum.seeds", "100"),
    ("Rate and batch size", "map.budget", "money"),
    ("Rate and batch size", "batch.seeds", "nan"),
    ("Basins of attraction", "map.starts", "7"),
    ("Ensemble of seeds", "ensemble.seeds", "-5"),
    ("Escape probability", "escape.seeds", "1e400"),
    ("Schedules under noise", "ball.low", "1e-300"),
    ("Schedules under noise", "ball.seeds", ""),
]


@pytest.mark.parametrize(("of", "name", "value"), HOSTILE, ids=[f"{n}={v}" for _, n, v in HOSTILE])
def test_a_hostile_link_shows_the_default_map_and_says_so(of, name, value):
    app = opened(**{"map": of, **VALLEY, name: value})
    assert not app.exception
    assert not app.error
    if value:  # an empty value is none
        (warning,) = app.warning
        assert f"`{name}`" in warning.value
        assert "<" not in warning.value
    assert asked(app) == asked(opened(map=of, **VALLEY))


@pytest.mark.parametrize(
    "name", ["Learning-rate sweep", "Rate and momentum", "Rate and batch size"]
)
def test_a_range_of_rates_the_wrong_way_round_is_turned(name):
    app = opened(map=name, map__low="5", map__high="0.01", **VALLEY)
    check_opens(app)
    assert (asked(app).low, asked(app).high) == (0.01, 5)


def test_a_range_of_one_rate_is_the_default_range():
    app = opened(map__low="1", map__high="1")
    check_opens(app)
    assert (asked(app).low, asked(app).high) == (1e-4, 10)


# --- Long maps


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> Jobs:
    """Jobs that know nothing of what other tests have made."""
    fresh = Jobs()
    for module in (page, files):
        monkeypatch.setattr(module, "JOBS", fresh)
    return fresh


def buttons(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def test_a_map_that_takes_long_is_shown_in_the_end(jobs, monkeypatch):
    monkeypatch.setattr(page, "QUICK", 0.0)
    app = opened(map="Basins of attraction", **{"map.starts": "512", "length": "200"})
    assert "Cancel" in buttons(app)
    settings, _ = read(app.query_params)
    request = MAPS[settings["map"]].ask(settings, choose(settings))
    assert jobs.watch("the test", request)[0].done.wait(60)
    check_opens(app.run())
    assert jobs.kept(asked(app)) is not None
    assert "Cancel" not in buttons(app)


def test_a_map_that_was_given_up_is_made_only_on_demand(jobs, monkeypatch):
    app = opened(map="Basins of attraction")
    request = asked(app)
    monkeypatch.setattr(page, "JOBS", Jobs())
    app.session_state[page.CANCELLED] = hash(request)
    app.run()
    assert "Given up" in app.info[0].value
    assert not pixel(app)
    assert page.JOBS.kept(request) is None
    next(b for b in app.button if b.label == "Make it after all").click().run()
    check_opens(app)
    assert asked(app) == request


def test_another_map_is_made_after_one_was_given_up(jobs):
    app = opened(map="Basins of attraction")
    app.session_state[page.CANCELLED] = hash(replace(asked(app), size=64))
    app.selectbox(key="map.starts").set_value("64").run()
    assert "Given up" in app.info[0].value
    app.selectbox(key="map.starts").set_value("128").run()
    check_opens(app)
    assert asked(app).size == 128


# --- Figures and words


def choice_of(
    experiment: Experiment, labels: tuple[str, ...] = LABELS, compare: str = ""
) -> Choice:
    count = len(experiment.runs)
    return Choice(experiment, labels[:count], "updates", compare=compare or next(iter(FACTORS)))


def experiment_on(surface: str, **more: Any) -> Experiment:
    noise = 0 if SURFACES[surface].samples else 2
    return Experiment(surface, steps=60, noise=noise, runs=RUNS, **more)


def small(surface: str) -> dict[str, Any]:
    """Return a small request of every map, by the map's name."""
    experiment = experiment_on(surface)
    return {
        "Learning-rate sweep": RateSweep(experiment, count=21, seeds=5),
        "Rate and momentum": MomentumGrid(experiment, size=24, seeds=3),
        "Rate and batch size": BatchGrid(experiment, size=12, seeds=3),
        "Basins of attraction": BasinMap(experiment, size=24),
        "Ensemble of seeds": Ensemble(experiment, seeds=20),
        "Escape probability": Escape(experiment, seeds=20),
        "Updates against batch size": Scaling(experiment, count=9, seeds=4, tolerance=0.3),
        "Schedules under noise": NoiseBall(experiment, count=11, seeds=8),
        "Curvature against the rate": SharpnessSweep(experiment, count=21, seeds=5),
    }


OUTLINES = re.findall(r'^  \["([\w-]+)", "M', (ROOT / "views/player/chart.js").read_text(), re.M)
SIGNS = {*OUTLINES, *(f"{name}-open" for name in OUTLINES)}


def signs_of(trace: dict[str, Any]) -> set[str]:
    """Return what a legend may call the marks of a trace."""
    kind, mode = trace["type"], trace.get("mode", "lines")
    if kind in ("heatmap", "contour"):
        return {"area"}
    dash = trace.get("line", {}).get("dash", "solid")
    found = {"line" if dash == "solid" else "dash"} if "lines" in mode else set()
    return found | ({trace["marker"]["symbol"]} if "markers" in mode else set())


def drawn(name: str, request: Any, theme: Any = LIGHT) -> tuple[Any, Shown]:
    result = request.compute()
    return result, MAPS[name].draw(request, result, choice_of(request.experiment), theme)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("surface", ["Rosenbrock", "Rastrigin", "Monkey saddle", "Ackley"])
@pytest.mark.parametrize("name", MAPS)
def test_plotly_accepts_every_figure_and_it_can_be_sent(name, surface, theme):
    _, shown = drawn(name, small(surface)[name], theme)
    assert shown.panels
    for panel in shown.panels:
        made = go.Figure(panel.figure)
        assert len(made.data) == len(panel.figure["data"]) > 0
        assert made.layout.paper_bgcolor == "rgba(0,0,0,0)"
        assert panel.label
        assert {"l", "r", "t", "b"} <= panel.figure["layout"]["margin"].keys()
        assert pack({**panel.figure})
        assert panel.legend or len(panel.figure["layout"]["annotations"]) == len(RUNS)
        assert all(re.fullmatch(r"#[0-9a-fA-F]{6}", key.colour) for key in panel.legend)
        assert {key.sign for key in panel.legend} <= SIGNS
        drawn_signs = {sign for trace in panel.figure["data"] for sign in signs_of(trace)}
        drawn_signs |= {s["line"]["dash"] for s in panel.figure["layout"].get("shapes", ())}
        assert {key.sign for key in panel.legend} <= drawn_signs, "the marks that are drawn"


@pytest.mark.parametrize("name", ["Rate and momentum", "Rate and batch size"])
@pytest.mark.parametrize("measure", ["final loss", STEPS])
def test_a_map_on_which_nothing_arrives_or_all_diverge_is_drawn_and_says_so(name, measure):
    wild = replace(small("Rosenbrock")[name], low=50.0, high=100.0, measure=measure)
    result, shown = drawn(name, wild)
    assert np.isinf(result.gap).all()
    assert shown.words == "Every run diverges."
    assert go.Figure(shown.panels[0].figure)
    never = replace(small("Rosenbrock")[name], low=1e-6, high=1e-5, measure=STEPS)
    _, shown = drawn(name, never)
    assert "No run comes below the tolerance of 0.001" in shown.words
    assert go.Figure(shown.panels[0].figure)


def test_a_map_of_one_batch_size_is_drawn():
    experiment = Experiment(steps=4000, noise=1, samples=2, runs=(Run("SGD", batch_size=1),))
    result, shown = drawn(
        "Rate and batch size", BatchGrid(experiment, size=2, seeds=1, budget=SAMPLES)
    )
    assert result.others.tolist() == [2]
    assert go.Figure(shown.panels[0].figure)


def test_the_axis_of_the_batch_sizes_ends_where_the_pixels_do():
    result, shown = drawn("Rate and batch size", small("Rosenbrock")["Rate and batch size"])
    low, high = shown.panels[0].figure["layout"]["yaxis"]["range"]
    first, second, *_, before, last = np.log10(result.others)
    assert (low, high) == pytest.approx((first - (second - first) / 2, last + (last - before) / 2))


def numbers(text: str) -> list[float]:
    """Return the numbers in a text as people write them."""
    plain = text.replace("−", "-").replace(",", "")
    return [float(n) for n in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e-?\d+)?", plain)]


def line_of(words: str, start: str) -> str:
    (line,) = (line for line in words.splitlines() if line.startswith(f"- {start}"))
    return line.removeprefix(f"- {start}")


def test_the_words_of_the_rate_sweep_are_those_of_its_arrays():
    experiment = Experiment(params={"condition": 20}, steps=200, runs=RUNS[:2])
    request = RateSweep(experiment, count=101)
    result, shown = drawn("Learning-rate sweep", request)
    for c, limit in enumerate((2 * 1.9 / 20, 2 / 20)):
        line = line_of(shown.words, LABELS[c])
        best, gap, low, high, lost, told = numbers(line)
        assert best == pytest.approx(result.best(c), rel=0.05)
        assert gap == pytest.approx(result.median[c].min(), rel=0.05)
        good = result.rates[result.zone[c] == RATE_ZONES.index("good")]
        assert (low, high) == pytest.approx((good[0], good[-1]), rel=0.05)
        diverging = result.rates[result.zone[c] == RATE_ZONES.index("diverges")]
        assert lost == pytest.approx(diverging[0], rel=0.05)
        assert told == pytest.approx(limit, rel=0.05)
    lines = shown.panels[0].figure["layout"]["shapes"]
    assert [line["x0"] for line in lines] == pytest.approx([2 * 1.9 / 20, 2 / 20])


def test_the_curves_of_the_rate_sweep_are_its_arrays():
    request = small("Rosenbrock")["Learning-rate sweep"]
    result, shown = drawn("Learning-rate sweep", request)
    curves = [t for t in shown.panels[0].figure["data"] if t.get("name") in LABELS]
    for c, curve in enumerate(curves):
        expected = [v if math.isfinite(v) else None for v in result.median[c]]
        assert curve["y"] == expected
        assert curve["x"] == result.rates.tolist()
    assert len(curves) == 3
    (strip,) = (t for t in shown.panels[0].figure["data"] if t["type"] == "heatmap")
    assert strip["z"] == result.zone.tolist()


def test_the_average_of_the_iterates_is_in_the_rate_sweep_where_it_is_set():
    link = {"view": "Maps", "map": "Learning-rate sweep", "average": "mean", "noise": "2"}
    settings, notes = read({**link, "surface": "Quadratic", "batch": "8", "optimizers": "SGD"})
    assert not notes
    choice = choose(settings)
    request = MAPS["Learning-rate sweep"].ask(settings, choice)
    assert request.average == Average()
    small = replace(request, count=15, seeds=9)
    result = small.compute()
    shown = MAPS["Learning-rate sweep"].draw(small, result, choice, LIGHT)
    named = "SGD, mean of the iterates"
    (line,) = (t for t in shown.panels[0].figure["data"] if t.get("name") == named)
    assert line["y"] == [v if math.isfinite(v) else None for v in result.averaged[0]]
    assert line["line"]["dash"] == "dot"
    assert "mean of the iterates" in [key.text for key in shown.panels[0].legend]
    best = result.rates[int(np.argmin(result.averaged[0]))]
    told = f"the mean of the iterates ends lowest at rate {number(best)}, excess loss"
    assert told in shown.words
    low, _ = shown.panels[0].figure["layout"]["yaxis"]["range"]
    assert 10**low < result.averaged[0].min()


def test_the_words_of_rate_and_momentum_name_the_best_pixel_and_polyak():
    experiment = Experiment(params={"condition": 25}, steps=100, runs=RUNS[:1])
    result, shown = drawn("Rate and momentum", MomentumGrid(experiment, size=40))
    rate, momentum, gap, diverged, polyak_rate, polyak = numbers(shown.words.replace("%", " "))
    j, i = np.unravel_index(result.gap.argmin(), result.gap.shape)
    assert (rate, momentum, gap) == pytest.approx(
        (result.rates[i], result.others[j], result.gap[j, i]), rel=0.05
    )
    assert diverged == round(100 * np.isinf(result.gap).mean())
    assert (polyak_rate, polyak) == pytest.approx((4 / 36, (4 / 6) ** 2), rel=0.01)
    request = MomentumGrid(experiment, size=40, measure=STEPS)
    shown = MAPS["Rate and momentum"].draw(request, result, choice_of(experiment), LIGHT)
    assert numbers(shown.words)[2] == result.arrived.min()


def test_weight_decay_moves_the_limit_and_polyaks_point_of_rate_and_momentum():
    """The curvatures are 2 + 1 and 0.1 + 1."""
    run = Run("Momentum", weight_decay=1.0)
    experiment = Experiment(params={"scale": 0.1, "condition": 20.0}, runs=(run,))
    request = MomentumGrid(experiment, size=16)
    _, shown = drawn("Rate and momentum", request)
    limit, polyak = shown.panels[0].figure["data"][1:3]
    assert 10 ** limit["x"][0] == pytest.approx(2 / 3)
    high, low = math.sqrt(3.0), math.sqrt(1.1)
    assert 10 ** polyak["x"][0] == pytest.approx(4 / (high + low) ** 2)
    assert 1 - 10 ** -polyak["y"][0] == pytest.approx(((high - low) / (high + low)) ** 2)
    # Above the limit, and only there, runs diverge.
    still = replace(run, hyper={"momentum": 0.0})
    ends = [
        simulate(replace(experiment, steps=2000, runs=(replace(still, lr=lr),)))[0].diverged_at
        for lr in (0.99 * 2 / 3, 1.01 * 2 / 3)
    ]
    assert [end is None for end in ends] == [True, False]


def test_polyaks_point_is_that_of_the_convention():
    experiment = Experiment(runs=(Run("Momentum", hyper={"convention": "EMA"}),))
    _, shown = drawn("Rate and momentum", MomentumGrid(experiment, size=16))
    polyak = shown.panels[0].figure["data"][2]
    high, low = math.sqrt(10.0), 1.0
    best = ((high - low) / (high + low)) ** 2
    assert 10 ** polyak["x"][0] == pytest.approx(4 / (high + low) ** 2 / (1 - best))


def test_the_limit_of_a_sweep_belongs_to_the_minimizer_that_decay_has_moved():
    experiment = Experiment("Rosenbrock", runs=(Run("SGD", weight_decay=1.0), Run("SGD")))
    limits = [run_limit(experiment, run) for run in experiment.runs]
    assert limits == pytest.approx([0.00447, 0.00199], rel=5e-3)
    # From near the moved minimizer runs settle below the limit and leave it above.
    for share, settles in ((0.98, True), (1.02, False)):
        run = replace(experiment.runs[0], lr=share * limits[0], start=(0.554, 0.3053))
        (found,) = simulate(replace(experiment, steps=4000, runs=(run,)))
        away = np.hypot(*(found.path[-200:] - found.path[0]).T).max()
        assert (away < 1e-3) == settles


def test_a_sweep_says_from_where_on_every_rate_diverges_and_which_do_below():
    experiment = Experiment("Styblinski-Tang", runs=(Run("Momentum"),))
    _, shown = drawn("Learning-rate sweep", RateSweep(experiment, 1e-4, 10, 101))
    assert "best at rate 0.063" in shown.words
    assert "diverges at every rate from 0.071 on; of the rates below, 0.05 to 0.056" in shown.words
    last = 10 ** shown.panels[0].figure["layout"]["xaxis"]["range"][1]
    assert 2 * 0.063 < last < 0.2, "where all diverge the rates end soon"
    _, shown = drawn("Learning-rate sweep", RateSweep(experiment, 1e-4, 10**-1.2, 57))
    assert "diverges at 0.05 to 0.056, and at no higher rate" in shown.words


@pytest.mark.parametrize(
    ("surface", "rule", "told"),
    [
        ("Quadratic", "SGD", "good from 0.028 to 0.18;"),
        ("Rosenbrock", "Momentum", "good at 0.0018, 0.0028 to 0.0032;"),
        (
            "Beale",
            "RMSProp",
            "good at 0.04 to 0.056, 0.071 to 0.11, 0.14 to 0.2, 0.32 to 0.35, and in 1 more"
            " stretch.",
        ),
    ],
)
def test_a_sweep_names_the_stretches_of_good_rates_that_its_strip_shows(surface, rule, told):
    request = RateSweep(Experiment(surface, runs=(Run(rule),)), 1e-4, 10, 101)
    _, shown = drawn("Learning-rate sweep", request)
    assert told in shown.words


@pytest.mark.parametrize(
    ("stretches", "best", "told"),
    [
        ([(0.1, 0.1)], 0.1, "good at that rate only"),
        ([(0.1, 0.2)], 0.1, "good from 0.1 to 0.2"),
        ([(0.1101, 0.1104)], 0.1101, "good at 0.11"),
        ([(0.1, 0.1), (0.3, 0.3)], 0.3, "good at 0.1, 0.3"),
        ([(0.1, 0.1), (0.2, 0.3), (1, 1), (2, 3)], 1, "good at 0.1, 0.2 to 0.3, 1, 2 to 3"),
        (
            [(0.1, 0.1), (0.2, 0.2), (0.3, 0.3), (1, 1), (2, 2), (3, 3)],
            3,
            "good at 0.1, 0.2, 0.3, 3, and in 2 more stretches",
        ),
        (
            [(0.1, 0.2), (0.3, 0.3), (0.5, 0.6), (1, 2), (3, 4)],
            0.3,
            "good at 0.1 to 0.2, 0.3, 1 to 2, 3 to 4, and in 1 more stretch",
        ),
    ],
)
def test_of_many_stretches_of_good_rates_the_best_and_the_widest_are_named(stretches, best, told):
    assert good_at(stretches, best) == told


def test_a_sweep_rates_nothing_where_the_loss_has_no_lower_bound():
    experiment = Experiment("Monkey saddle", runs=(Run("Momentum"), Run("Adam")))
    _, shown = drawn("Learning-rate sweep", RateSweep(experiment, 1e-4, 10, 101))
    assert "good from" not in shown.words
    assert "best" not in shown.words
    assert "no rate is good or bad" in shown.words
    zones = [key.text for key in shown.panels[0].legend if key.text.startswith("zone")]
    assert zones == ["zone: diverges", "zone: falls without end"]


@pytest.mark.parametrize("name", [name for name in MAPS if name != "Ensemble of seeds"])
def test_a_caption_tells_the_updates_of_every_run(name):
    """Batches of 8 and 32 see the same samples in another number of updates.

    An ensemble's axis is that of the updates.
    """
    runs = (replace(RUNS[0], steps=240), replace(RUNS[1], batch_size=32, steps=60))
    experiment = Experiment("Local-minima valley", steps=7, noise=2, runs=runs)
    requests = {
        "Learning-rate sweep": RateSweep(experiment, count=5, seeds=2),
        "Escape probability": Escape(experiment, seeds=4),
        "Updates against batch size": Scaling(experiment, count=3, seeds=2),
        "Schedules under noise": NoiseBall(experiment, count=3, seeds=2),
        "Curvature against the rate": SharpnessSweep(experiment, count=5, seeds=2),
        "Basins of attraction": BasinMap(replace(experiment, runs=runs[:1]), size=8),
        "Rate and momentum": MomentumGrid(replace(experiment, runs=runs[:1]), size=8),
        "Rate and batch size": BatchGrid(
            replace(experiment, runs=runs[:1]), size=4, budget=UPDATES
        ),
    }
    request = requests[name]
    shown = MAPS[name].draw(request, request.compute(), choice_of(request.experiment), LIGHT)
    several = len(request.experiment.runs) > 1
    assert ("60 to 240 updates" if several else "240 updates") in shown.pixel
    assert "7 updates" not in shown.pixel


@pytest.mark.parametrize("name", ["Rate and momentum", "Rate and batch size"])
def test_the_pixels_of_a_map_are_its_arrays(name):
    result, shown = drawn(name, small("Rosenbrock")[name])
    heat, *_ = shown.panels[0].figure["data"]
    assert 10 ** np.array(heat["x"]) == pytest.approx(result.rates)
    height = 10 ** np.array(heat["y"])
    others = result.others if name == "Rate and batch size" else 1 / (1 - result.others)
    assert height == pytest.approx(others)
    z = np.array([[math.inf if v is None else v for v in line] for line in heat["z"]], float)
    assert (np.isinf(z) == np.isinf(result.gap)).all()
    finite = np.isfinite(z)
    assert 0 < finite.mean() < 1
    assert 10 ** z[finite] == pytest.approx(np.maximum(result.gap[finite], 1e-16), rel=1e-3)


def test_the_words_of_rate_and_batch_size_name_the_best_rates():
    experiment = experiment_on("Rosenbrock", samples=65_536)
    request = BatchGrid(experiment, size=12, seeds=3, budget=SAMPLES)
    result, shown = drawn("Rate and batch size", request)
    found = numbers(shown.words.replace("%", " "))
    j, i = np.unravel_index(result.gap.argmin(), result.gap.shape)
    assert found[:3] == pytest.approx(
        [result.rates[i], result.others[j], result.gap[j, i]], rel=0.05
    )
    assert found[1] == result.others[j]
    ridge, sizes = result.ridge(), result.others
    expected = [x for k in (0, len(sizes) // 2, -1) for x in (ridge[k], sizes[k])]
    assert found[4:] == pytest.approx(expected, rel=0.05)
    assert "1,920 samples" in shown.pixel
    assert "1,920 updates at batch 1," in shown.pixel
    assert "1 update at batch 65,536" in shown.pixel


def place(point: CriticalPoint) -> str:
    """Return a critical point as the page writes it."""
    return f"{point.kind} ({point.x:.3g}, {point.y:.3g})".replace("-", "−")


def test_the_words_of_the_basins_are_shares_of_the_starts():
    experiment = Experiment("Himmelblau", steps=200, runs=(Run("SGD", lr=0.018),))
    result, shown = drawn("Basins of attraction", BasinMap(experiment, size=64))
    told = dict(
        reversed(part.split("% ", 1)) for part in re.split(r", (?=[\d.]+%)", shown.words[21:-1])
    )
    names = {NOWHERE: "diverged", UNDECIDED: "undecided"}
    names |= {k: place(p) for k, p in enumerate(result.points)}
    for k, name in names.items():
        share = 100 * (result.where == k).mean()
        assert float(told.get(name, 0)) == pytest.approx(share, abs=0.051)
    assert len(told) > 4
    assert sum(map(float, told.values())) == pytest.approx(100, abs=0.3)


def test_the_colours_of_the_basins_are_those_of_their_ends():
    experiment = Experiment("Himmelblau", steps=200, runs=(Run("SGD", lr=0.018),))
    result, shown = drawn("Basins of attraction", BasinMap(experiment, size=64))
    heat = shown.panels[0].figure["data"][0]
    *keys, shades = shown.panels[0].legend
    assert shades.text == "pale: soon there, dark: late"
    legend = [key.text for key in keys]
    # A key shows the palest and the darkest shade of its end.
    assert [[pale, dark] for _, pale, _, dark in keys] == [
        [low[1], high[1]]
        for low, high in zip(heat["colorscale"][::2], heat["colorscale"][1::2], strict=True)
    ]
    colour = np.floor(heat["z"]).astype(int)
    for k, point in enumerate(result.points[:2]):
        index = legend.index(place(point))
        assert ((colour == index) == (result.where == k)).all()
    assert ((colour == legend.index("diverged")) == (result.where == NOWHERE)).all()
    assert ((colour == legend.index("undecided")) == (result.where == UNDECIDED)).all()
    assert heat["zmax"] == len(legend)
    positions = [at for at, _ in heat["colorscale"]]
    assert positions == sorted(positions)
    assert (positions[0], positions[-1]) == (0, 1)


def test_more_ends_than_colours_share_one():
    experiment = Experiment("Rastrigin", steps=60, runs=(Run("SGD"),))
    result, shown = drawn("Basins of attraction", BasinMap(experiment, size=64))
    assert len(np.unique(result.where)) > 20
    texts = [key.text for key in shown.panels[0].legend]
    assert "other ends" in texts
    assert len(texts) == len({key.colour for key in shown.panels[0].legend}) < 13
    assert go.Figure(shown.panels[0].figure)


def test_the_table_of_the_ensemble_holds_its_medians_and_shares():
    request = Ensemble(experiment_on("Local-minima valley"), seeds=50)
    result, shown = drawn("Ensemble of seeds", request)
    header, _, *rows = (line for line in shown.words.splitlines() if line.startswith("|"))
    names = [cell.strip() for cell in header.strip("|").split("|")][2:]
    for c, row in enumerate(rows):
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[0] == LABELS[c]
        assert numbers(cells[1]) == pytest.approx([result.median[c, -1]], rel=0.05)
        for name, cell in zip(names, cells[2:], strict=True):
            (k,) = (k for k, p in enumerate(result.points[c]) if name == place(p))
            assert float(cell.rstrip("%")) == round(100 * np.mean(result.where[c] == k))
    assert len(rows) == 3


def test_the_words_of_the_escape_are_shares_with_their_intervals():
    request = Escape(experiment_on("Local-minima valley"), seeds=50)
    result, shown = drawn("Escape probability", request)
    for c, label in enumerate(LABELS):
        found = numbers(line_of(shown.words, f"{label}: ").replace("%", " "))
        expected = []
        for b in (0, len(result.sizes) // 2, -1):
            bands = (result.share, result.low, result.high)
            expected += [round(100 * float(band[c, b])) for band in bands] + [result.sizes[b]]
        assert found == expected


def test_the_words_of_the_noise_ball_are_its_arrays():
    experiment = Experiment(steps=400, noise=2, runs=RUNS[:2])
    result, shown = drawn("Schedules under noise", NoiseBall(experiment, 1e-2, 1.0, 21, 20))
    for c in range(2):
        (line,) = (x for x in shown.words.splitlines() if x.startswith(f"- {LABELS[c]} at rate"))
        rate, measured, theory = numbers(line)
        r = int(np.argmin(abs(result.rates - rate)))
        assert measured == pytest.approx(result.measured[c, r], rel=0.05)
        assert theory == pytest.approx(result.theory[c, r], rel=0.05)
    last = line_of(shown.words, "Momentum in the end: ")
    told = dict(part.rsplit(" ", 1) for part in last.rstrip(".").split(", "))
    for name, gap in zip(result.schedules, result.shrinking[:, -1], strict=True):
        assert float(told[name]) == pytest.approx(gap, rel=0.05)


def test_the_words_of_the_curvature_are_those_of_its_arrays():
    runs = (Run("SGD"), Run("Adam", 0.01), Run("Momentum"))
    experiment = Experiment("Four linear layers", start=(4, 0.2), steps=2000, runs=runs)
    request = SharpnessSweep(experiment, 0.02, 0.2, count=41)
    result, shown = drawn("Curvature against the rate", request)
    below, total, count, low, high, share = numbers(line_of(shown.words, LABELS[0]))
    assert (below, total) == (result.below(0).sum(), result.ends(0).sum())
    edge = result.rates[result.at_edge(0)]
    assert count == len(edge) > 10
    assert (low, high) == pytest.approx((edge[0], edge[-1]), rel=0.01)
    assert share == 1  # percent
    just_under = result.curvature[0, result.at_edge(0)] / result.limit[0, result.at_edge(0)]
    assert (1 - just_under < share / 100).all()
    line = line_of(shown.words, LABELS[1])
    assert line.startswith(": no theory sets a limit")
    ends = result.curvature[1, result.ends(1)]
    assert numbers(line) == pytest.approx([ends.min(), ends.max()], rel=0.01)


def test_where_every_rate_diverges_no_curvature_is_told():
    far = Experiment("Four linear layers", start=(4, 4), steps=50, runs=(Run("SGD"),))
    result, shown = drawn("Curvature against the rate", SharpnessSweep(far, 1.0, 9.0, count=5))
    assert not result.ends(0).any()
    assert shown.words == f"- {LABELS[0]}: diverges at every rate."


@pytest.mark.parametrize(
    ("surface", "noise", "told"),
    [
        (
            "Four linear layers",
            0.0,
            "Each point is one run, 30 updates; 5 rates. The curvature is that of the nearest"
            " minimum of the valley, where the run ends.",
        ),
        (
            "Rosenbrock",
            2.0,
            "Each point is the median of 3 runs with different noise; 30 updates each, 5 rates."
            " The curvature is the largest where the run ends.",
        ),
    ],
)
def test_the_caption_of_the_curvature_says_where_it_is_taken(surface, noise, told):
    run = Run("SGD", batch_size=8 if noise else None)
    experiment = Experiment(surface, steps=30, noise=noise, runs=(run,))
    request = SharpnessSweep(experiment, count=5, seeds=3 if noise else 1)
    assert drawn("Curvature against the rate", request)[1].pixel == told


def test_losses_without_a_lowest_are_not_called_gaps():
    for name, request in small("Monkey saddle").items():
        if name != "Schedules under noise":
            _, shown = drawn(name, request)
            assert "gap" not in shown.words


# --- Clicks


def click(name: str, request: Any, x: float, y: float, compare: str = "") -> dict[str, Any]:
    result = request.compute()
    choice = choice_of(request.experiment, compare=compare)
    load = MAPS[name].load
    assert load
    return load(request, result, choice, x, y)


def test_a_click_on_the_rate_sweep_takes_its_rate_for_the_nearest_curve():
    request = RateSweep(experiment_on("Rosenbrock"), count=41)
    result = request.compute()
    at = int(np.isfinite(result.median).all(axis=0).nonzero()[0][-1])
    for c, run in enumerate(RUNS):
        height = math.log10(result.median[c, at])
        found = click("Learning-rate sweep", request, math.log10(result.rates[at]), height)
        assert found == {
            f"Rosenbrock.{run.optimizer}.lr": pytest.approx(result.rates[at], rel=0.005)
        }


def test_a_click_on_the_rate_sweep_of_a_surface_without_a_lowest_finds_the_nearest_curve():
    request = RateSweep(experiment_on("Monkey saddle"), 1e-4, 1e-2, count=11)
    result = request.compute()
    at = int(np.isfinite(result.median).all(axis=0).nonzero()[0][-1])
    losses = result.median[:, at]
    assert len(set(losses)) == 3
    for c, run in enumerate(RUNS):
        x = math.log10(result.rates[at])
        (name,) = click("Learning-rate sweep", request, x, float(losses[c]))
        assert name == f"Monkey saddle.{run.optimizer}.lr"


def test_a_click_on_rate_and_momentum_takes_both():
    request = replace(small("Rosenbrock")["Rate and momentum"], size=8)
    found = click("Rate and momentum", request, -2.5, 1.0)
    assert found == {"Rosenbrock.Momentum.lr": 0.00316, "Momentum.momentum": 0.9}
    assert click("Rate and momentum", request, -2.5, 0.301) == {
        "Rosenbrock.Momentum.lr": 0.00316,
        "Momentum.momentum": 0.5,
    }
    assert click("Rate and momentum", request, -2.5, 1.0, "Momentum") == {
        "Rosenbrock.Momentum.lr": 0.00316
    }
    assert click("Rate and momentum", request, -2.5, 1.0, "Learning rate") == {
        "Momentum.momentum": 0.9
    }


def test_a_click_on_rate_and_batch_size_takes_both():
    request = replace(small("Rosenbrock")["Rate and batch size"], size=4)
    x = -2.0
    assert click("Rate and batch size", request, x, math.log10(70)) == {
        "Rosenbrock.Momentum.lr": 0.01,
        "batch": "64",
    }
    assert click("Rate and batch size", request, x, 4.1)["batch"] == "all"
    assert click("Rate and batch size", request, x, 1, "Batch size") == {
        "Rosenbrock.Momentum.lr": 0.01
    }


@pytest.mark.parametrize("name", ["Rate and batch size", "Updates against batch size"])
def test_a_click_on_a_map_of_batch_sizes_opens_the_run_of_its_cell(name):
    link = {"optimizers": ["SGD"], "samples": "40", "noise": "3", "batch": "4", "accumulate": "5"}
    link |= {"length": "100", "batch.seeds": "1", "scaling.seeds": "1", "tolerance": "1"}
    settings, _ = read(link)
    choice = choose(settings)
    request = MAPS[name].bounded(settings, choice)
    result = request.compute()
    load = MAPS[name].load
    assert load
    there = 2, 3
    sizes = result.others if name == "Rate and batch size" else result.sizes
    height = sizes[there[0]] if name == "Rate and batch size" else result.updates[0, there[0]]
    across = result.rates[there[1]] if name == "Rate and batch size" else sizes[there[0]]
    found = load(request, result, choice, math.log10(across), math.log10(height))
    assert found["accumulate"] == 1
    assert int(found["batch"]) == sizes[there[0]]
    (run,) = choose(settings.changed(found)[0]).experiment.runs
    assert choose(settings.changed(found)[0]).experiment.plan(run).batch_size == sizes[there[0]]
    if name == "Rate and batch size":
        run = replace(run, lr=result.rates[there[1]])
        (single,) = simulate(replace(choice.experiment, runs=(run,)))
        gap = single.loss[-1] - single.objective.lowest()
        assert result.gap[there] == pytest.approx(gap, rel=1e-12)
    settings, _ = read({**link, "compare": "Batch size"})
    assert "accumulate" not in load(request, result, choose(settings), 0.0, 0.0)


def test_a_click_on_the_basins_takes_the_start_unless_starts_are_compared():
    request = small("Himmelblau")["Basins of attraction"]
    assert click("Basins of attraction", request, 1.23456, -4.0001) == {
        "Himmelblau.x": 1.23,
        "Himmelblau.y": -4.0,
    }
    assert click("Basins of attraction", request, 1.23456, -4.0001, "Start") == {}


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("times", [1, 2])
def test_what_is_clicked_at_an_edge_is_a_setting_that_the_page_accepts(surface, times):
    record = SURFACES[surface]
    box = record.domain if times == 1 else tuple(map(doubled, record.domain))
    for corner in (0, 1):
        # As the browser tells it, with the error of a division.
        x, y = (np.nextafter(side[corner], 1e9 * (2 * corner - 1)) for side in box)
        request = BasinMap(Experiment(surface), box, 8)
        found = click("Basins of attraction", request, x, y)
        for name in ("Rate and momentum", "Rate and batch size"):
            request = replace(small(surface)[name], size=4)
            edge = math.log10((request.low, request.high)[corner])
            found |= click(name, request, edge, (0.0, 4.2)[corner])
        link = {"surface": surface, "optimizers": ["Momentum"], "noise": "1", "map.starts": "64"}
        link |= {name: str(value) for name, value in found.items()}
        app = opened(map="Basins of attraction", **link)
        assert not app.exception
        assert not app.warning
        settings, _ = read(app.query_params)
        for name, value in found.items():
            assert settings[name] == value


CLICKS = {
    "Learning-rate sweep": (-1.0, 0.0),
    "Rate and momentum": (-2.0, 0.301),
    "Rate and batch size": (-2.0, 1.2),
    "Basins of attraction": (0.5, -0.25),
    "Curvature against the rate": (-2.0, 1.0),
}


@pytest.mark.parametrize("name", CLICKS)
def test_what_was_clicked_is_a_setting_of_the_lab_and_makes_no_other_map(name):
    link = {"surface": "Himmelblau", "optimizers": ["Momentum"], "noise": "2", "batch": "8"}
    request = asked(opened(map=name, **link))
    found = click(name, request, *CLICKS[name])
    assert found
    app = opened(map=name, **link | {key: str(value) for key, value in found.items()})
    check_opens(app)
    assert asked(app) == request
    if name not in ("Learning-rate sweep", "Curvature against the rate"):
        assert asked(app).here == tuple(
            int(value) if str(value).isdigit() else value for value in found.values()
        )
        assert asked(app).here != request.here


# --- The file


def answer(query: str) -> Response:
    return answer_of(files.serve, query, name="map")


def query_of(name: str, **link: str) -> str:
    """Return the query of a small map that can be made."""
    small = {"map.size": "32", "map.starts": "64", "sweep.seeds": "3", "momentum.seeds": "2"}
    seeds = {
        f"{each}.seeds": "2"
        for each in ("batch", "ensemble", "escape", "ball", "scaling", "sharpness")
    }
    return urlencode(
        {"view": "Maps", "map": name, **VALLEY, "length": "30", **small, **seeds, **link}
    )


@pytest.mark.parametrize("name", MAPS)
def test_the_file_holds_the_table_of_the_map(name):
    query = query_of(name)
    response = answer(query)
    assert response.status_code == 200
    assert response.media_type == "text/csv"
    assert response.headers["content-disposition"] == "attachment"
    header, *rows = csv.reader(bytes(response.body).decode().splitlines())
    table = request_of(query).compute().table()
    assert header == list(table)
    for column, values in zip(zip(*rows, strict=True), table.values(), strict=True):
        assert len(column) == len(values)
        if values.dtype.kind == "f":
            read_back = np.array([float(text) if text else math.inf for text in column])
            assert (read_back == np.where(np.isfinite(values), values, math.inf)).all()
        else:
            assert list(column) == [str(value) for value in values.tolist()]


@pytest.mark.parametrize("name", MAPS)
def test_an_address_on_the_page_is_that_of_its_map(name):
    app = opened(map=name, **VALLEY)
    settings, _ = read(app.query_params)
    assert asked(app) == MAPS[name].ask(settings, choose(settings))


NO_FILE = {
    "unknown setting": {"more": "1"},
    "text for a number": {"map.starts": "many"},
    "NaN": {"noise": "nan"},
    "infinity": {"length": "inf"},
    "a start beyond the frame": {"Local-minima valley.x": "1e300"},
    "no runs": {"optimizers": "Magic"},
    "unknown surface": {"surface": "Everest"},
    "unknown map": {"map": "Secrets"},
    "larger than the page's": {"map.starts": "1024"},
    "longer than the page's": {"length": "1000000000"},
    "of old": {"of": "eJyrVkrNSy_KTFWyUjLUUbJQ"},
}


@pytest.mark.parametrize("change", NO_FILE.values(), ids=NO_FILE.keys())
def test_an_address_that_the_page_does_not_write_makes_no_file(jobs, change):
    assert answer(query_of("Basins of attraction")).status_code == 200
    assert answer(query_of("Basins of attraction", **change)).status_code == 400


def test_a_file_has_no_more_updates_than_the_page():
    request = request_of(query_of("Basins of attraction", length="9000"))
    assert request.experiment.steps == MOST_UPDATES


def test_more_runs_than_panels_make_no_file():
    many = "".join(f"&optimizers={name}" for name in list(OPTIMIZERS) * 2)
    assert answer(query_of("Learning-rate sweep") + many).status_code == 400


def test_a_map_that_there_is_not_makes_no_file(jobs):
    response = answer(query_of("Ensemble of seeds", noise="0"))
    assert response.status_code == 400
    assert b"Without noise" in response.body


def test_a_map_that_the_sweep_refuses_makes_no_file(jobs):
    large = {"map.size": "256", "momentum.seeds": "99", "length": "50"}
    assert answer(query_of("Rate and momentum", **large)).status_code == 400


def test_the_file_of_a_map_on_the_page_is_not_computed_again(jobs, monkeypatch):
    app = opened(map="Learning-rate sweep")
    kept = jobs.kept(asked(app))
    assert kept is not None

    def never(*_: Any) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(RateSweep, "compute", never)
    response = answer(urlencode(app.query_params, doseq=True))
    assert bytes(response.body).decode() == "".join(files.table(kept))


def test_whoever_waits_for_a_file_waits_for_the_job_that_runs(jobs, monkeypatch):
    asked_for: list[Job] = []
    join = jobs.join
    monkeypatch.setattr(jobs, "join", lambda *r: asked_for.append(join(*r)) or asked_for[-1])
    assert answer(query_of("Basins of attraction")).status_code == 200
    assert [job.waiting for job in asked_for] == [0]
