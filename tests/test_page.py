"""The page without a browser: every choice draws, and bad input is answered in words."""

from __future__ import annotations

import base64
import contextlib
import html
import io
import json
import math
import re
import tomllib
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import numpy as np
import pytest
from conftest import answer_of, comparing
from starlette.responses import Response
from streamlit.testing.v1 import AppTest

from landscape import SURFACES
from landscape.language import language
from optimizers import OPTIMIZERS, SCHEDULES, Experiment, Run, simulate
from views.factors.learning_rate import rates_to_compare
from views.factors.start import starts_to_compare
from views.live.answer import Asked, asked, described
from views.notebook import show
from views.presets import CHANGED, OPENING, PRESETS
from views.scene.figures import PICTURES
from views.server.offline import standalone
from views.server.save import serve, table
from views.settings.choice import DECAYS, Choice, choose
from views.settings.noise import batch_sizes
from views.settings.rates import RATES_TRIED
from views.settings.schedules import MOST_UPDATES
from views.settings.setting import clean, read_numbers, read_points
from views.settings.settings import VERSION, read, write
from views.settings.table import FACTORS, TABLE
from views.theme import DARK, LIGHT, MOST_PANELS

ROOT = Path(__file__).parents[1]


BASE = {"surface": "Quadratic"}  # the link of the default experiment


def opened(**link: Any) -> AppTest:
    """Return the page as a link opens it."""
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    for name, value in (link or BASE).items():
        app.query_params[name] = value
    return app.run()


def labelled(widgets: Any, label: str) -> Any:
    """Return the widget with a label: its key counts how often it was replaced."""
    (found,) = (widget for widget in widgets if widget.label == label)
    return found


def told(app: AppTest) -> dict[str, Any]:
    """Return what the player says under the picture: the server's answer to what it asks for."""
    told = [json.loads(component.proto.json) for component in app.get("bidi_component")]
    (page,) = (each for each in told if "place" not in each)
    assert page["link"] == urlencode(write(app.session_state["settings"]), doseq=True)
    found: dict[str, Any] = described(asked(page["link"]))["told"]
    return found


def results(app: AppTest) -> list[list[str]]:
    """Return the cells of the table of results, by rows."""
    rows: list[list[str]] = told(app)["rows"]
    return rows


@pytest.mark.parametrize("surface", SURFACES)
def test_every_surface_opens_from_a_link(surface):
    app = opened(surface=surface)
    assert not app.exception
    assert not app.warning
    assert len(results(app)) == 4
    assert any(SURFACES[surface].sentence in caption.value for caption in app.caption)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_opens_from_a_link(optimizer):
    app = opened(optimizers=[optimizer])
    assert not app.exception
    assert not app.warning
    assert [row[0] for row in results(app)] == [optimizer]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_opens_from_a_link(schedule):
    app = opened(schedule=schedule, warmup="5")
    assert not app.exception
    assert not app.warning
    app.run()
    assert not app.exception
    controls = ("slider", "selectbox", "button_group", "text_input")
    drawn = {each.label for control in controls for each in app.get(control)}
    assert {number.label for number in SCHEDULES[schedule].numbers} <= drawn


TWO_VALUES = ("Standardizing", "Drawing", "Noise covariance", "Step of L1")


@pytest.mark.parametrize("compare", FACTORS)
@pytest.mark.parametrize("view", PICTURES)
def test_every_factor_can_be_compared_in_every_view(compare, view):
    app = opened(**comparing(compare), view=view, noise="2")
    assert not app.exception
    assert not app.warning
    names = app.session_state["settings"].names()
    assert len(results(app)) == len(names) == (4 if compare not in TWO_VALUES else 2)


@pytest.mark.parametrize(
    ("link", "rows"),
    [
        (
            {"compare": "Learning rate", "Quadratic.SGD.rates": "0.1; 0.2 .3"},
            ["rate 0.1", "rate 0.2", "rate 0.3"],
        ),
        (
            {"compare": "Momentum", "Quadratic.Momentum.momenta": "0, .9"},
            ["momentum 0", "momentum 0.9"],
        ),
        (
            {"compare": "Batch size", "batches": ["1", "all"], "noise": "1"},
            ["batch 1", "batch all"],
        ),
        ({"compare": "Schedule", "schedules": ["Cosine", "Linear"]}, ["Cosine", "Linear"]),
        ({"compare": "Start", "Quadratic.starts": "1 2; 3,4"}, ["start (1, 2)", "start (3, 4)"]),
        ({"compare": "Seed", "seeds": "7, 8", "noise": "1"}, ["seed 7", "seed 8"]),
        ({"compare": "Weight decay", "decays": "0 .5"}, ["decay 0", "decay 0.5"]),
        ({"compare": "Warm-up", "warmups": "0, 20"}, ["warm-up 0", "warm-up 20"]),
        ({"compare": "Updates", "budgets": "10; 2000"}, ["10 updates", "2,000 updates"]),
        (
            {"compare": "Rate and momentum", "Quadratic.Momentum.pairs": "0,1 0; .01, 0.9"},
            ["rate 0.1, momentum 0", "rate 0.01, momentum 0.9"],
        ),
        ({"optimizers": ["Adam", "SGD"]}, ["Adam", "SGD"]),
    ],
    ids=lambda part: part.get("compare", "Optimizer") if isinstance(part, dict) else "",
)
def test_the_values_to_compare_come_from_the_link(link, rows):
    app = opened(**link)
    assert not app.warning
    assert [row[0] for row in results(app)] == rows


HOSTILE = [
    ("noise", "nan"),
    ("noise", "inf"),
    ("noise", "-1"),
    ("noise", "1e400"),
    ("length", "0"),
    ("length", "1e9"),
    ("length", "12.5"),
    ("Quadratic.SGD.lr", "NaN"),
    ("Quadratic.SGD.lr", "1e308"),
    ("Quadratic.condition", "0"),
    ("Quadratic.x", "inf"),
    ("surface", "Everest"),
    ("surface", "<script>alert(1)</script>"),
    ("compare", "everything"),
    ("optimizers", "Magic"),
    ("seed", "-1"),
    ("seed", "99999999999999999999"),
    ("samples", "1"),
    ("batch", "0"),
    ("view", "Sideways"),
    ("preset", "nowhere"),
    ("nonsense", "1"),
    ("v", "7"),
]


@pytest.mark.parametrize(("name", "value"), HOSTILE, ids=[f"{n}={v}"[:40] for n, v in HOSTILE])
def test_a_hostile_link_falls_back_and_says_so(name, value):
    app = opened(**{name: value})
    assert not app.exception
    (warning,) = app.warning
    assert f"`{name}`" in warning.value
    assert "<" not in warning.value
    assert len(results(app)) == 4


def test_a_bad_part_of_a_link_leaves_the_rest_of_it_in_force():
    app = opened(surface="Beale", length="77", noise="nan", seed="5")
    assert len(app.warning) == 1
    assert [row[3] for row in results(app)] == ["77"] * 4
    assert app.session_state["surface"] == "Beale"
    assert app.query_params["seed"] == "5"


def test_a_link_with_many_bad_parts_names_some_and_counts_the_rest():
    (warning,) = opened(**{f"x{i}": "1" for i in range(50)}).warning
    assert "and 45 more" in warning.value


def test_what_a_link_said_is_told_once():
    app = opened(nonsense="1")
    assert app.warning
    assert not app.run().warning


@pytest.mark.parametrize("text", ["", "a, b", "nan", "inf, -1", "1e999", ", ;"])
def test_a_list_without_a_usable_number_shows_the_default_and_says_so(text):
    app = opened(compare="Learning rate", **{"Quadratic.SGD.rates": text})
    assert not app.exception
    assert len(results(app)) == 4
    assert any("No number to compare" in note for note in told(app)["notes"])


def test_a_list_of_too_many_numbers_is_cut_and_says_so():
    text = ", ".join(str(i / 100) for i in range(1, 20))
    app = opened(compare="Learning rate", **{"Quadratic.SGD.rates": text})
    assert len(results(app)) == MOST_PANELS
    assert any(f"at most {MOST_PANELS} runs" in note for note in told(app)["notes"])


def test_empty_selections_show_the_default():
    app = opened()
    for empty in (app.multiselect(key="optimizers"),):
        empty.set_value([]).run()
        assert not app.exception
        assert len(results(app)) == 4


@pytest.mark.parametrize("text", ["", "1", "1 2 3", "nan 1", "1e9 0", "a b; ;"])
def test_starts_without_a_usable_point_show_the_default_and_say_so(text):
    app = opened(compare="Start", **{"Quadratic.starts": text})
    assert not app.exception
    assert len(results(app)) == 4
    assert any("No start to compare" in note for note in told(app)["notes"])


@pytest.mark.parametrize("name", ["SGD", "Momentum", "Nesterov"])
def test_the_rates_to_compare_are_unstable_zigzagging_smooth_and_slow(name):
    rates, _ = read_numbers(rates_to_compare(SURFACES["Quadratic"], OPTIMIZERS[name]), 0, 100)
    runs = tuple(Run(name, lr=rate) for rate in rates)
    unstable, high, good, slow = simulate(Experiment(steps=400, runs=runs))
    assert unstable.loss[-1] > unstable.loss[0]
    assert high.loss[-1] < 1e-3
    assert good.loss[100] < slow.loss[100]


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_there_are_four_rates_and_starts_to_compare_everywhere(surface, optimizer):
    record = SURFACES[surface]
    rates, complaints = read_numbers(rates_to_compare(record, OPTIMIZERS[optimizer]), 0, 100)
    assert (len(rates), complaints) == (4, [])
    assert rates == sorted(rates, reverse=True)
    points, complaints = read_points(starts_to_compare(record), record)
    assert (len(points), complaints) == (4, [])


@pytest.mark.parametrize("name", ["seed", "samples", "length", "warmup"])
@pytest.mark.parametrize("value", ["inf", "1e400", "9" * 400, "-inf"])
def test_an_infinite_whole_number_in_a_link_is_refused(name, value):
    app = opened(**{name: value})
    assert not app.exception
    assert f"`{name}`" in app.warning[0].value


def test_an_empty_choice_in_a_link_is_kept_and_pointed_out():
    app = opened(optimizers="")
    assert not app.exception
    assert any("Nothing is chosen" in note for note in told(app)["notes"])


def test_numbers_are_read_with_any_separator_and_complaints_are_short():
    assert read_numbers("1.0,2;3 4", 0, 10) == ([1, 2, 3, 4], [])
    numbers, complaints = read_numbers("x" * 10_000 + " 1 1 99", 0, 10)
    assert numbers == [1]
    assert len(complaints) == 3
    assert max(len(complaint.text()) for complaint in complaints) < 80


def test_epochs_are_updates_by_the_batch_size_up_to_the_stated_bound():
    app = opened(
        compare="Batch size", batches=["256", "all"], unit="epochs", length="3", samples="10000"
    )
    assert [row[3] for row in results(app)] == [str(3 * math.ceil(10_000 / 256)), "3"]
    app = opened(batch="1", unit="epochs", length="3", noise="1")
    assert [row[3] for row in results(app)] == [f"{MOST_UPDATES:,}"] * 4
    assert any(f"cut to {MOST_UPDATES:,} of 30,000" in note for note in told(app)["notes"])


def test_batches_larger_than_the_data_are_the_full_batch():
    app = opened(compare="Batch size", batches=["8", "4096", "8192"], samples="1000")
    assert not app.exception
    assert [row[0] for row in results(app)] == ["batch 8", "batch all"]


@pytest.mark.parametrize("samples", [2, 3, 1000, 1024, 65_536])
def test_batch_sizes_are_powers_of_two_below_the_samples_and_all(samples):
    *sizes, last = batch_sizes(samples)
    assert last == "all"
    assert [int(s) for s in sizes] == [2**k for k in range(17) if 2**k < samples]


def test_comparing_batches_without_noise_is_pointed_out():
    app = opened(compare="Batch size")
    assert any("noise is 0" in caption.value for caption in app.caption)


def test_weight_decay_is_said_to_move_the_minimizer():
    app = opened(**{"SGD.weight_decay": "0.1"})
    assert DECAYS in told(app)["notes"]


def test_newton_says_where_the_hessian_is_not_positive_definite():
    app = opened(surface="Himmelblau", optimizers=["Newton"])
    assert "not positive definite at" in results(app)[0][4]


def test_a_diverged_run_is_in_the_table_with_its_step():
    app = opened(optimizers=["SGD"], **{"Quadratic.SGD.lr": "0.5"})
    assert results(app)[0][4].startswith("diverged at update ")


def test_the_page_says_what_happened_and_on_demand_how_it_was_measured():
    app = opened(preset="book")
    sentence = told(app)["sentence"]
    assert "AdaGrad's final loss is the lowest; SGD's is 18 times as high." in sentence
    assert not any("Changes of side" in m.value for m in app.markdown)
    app.session_state["drawer Run by run: what happened, and how it was measured"] = True
    (measured,) = (m.value for m in app.run().markdown if m.value.startswith("| Run | Changes"))
    assert "| SGD | 29 of 29 | 158.5° | 5.35 | not reached" in measured


def test_the_tolerance_is_part_of_the_link():
    app = opened(preset="newton", **{"newton.tolerance": "1e-09"})
    assert not app.warning
    app.session_state["drawer Run by run: what happened, and how it was measured"] = True
    assert any("Excess loss below 1e-9 after" in m.value for m in app.run().markdown)


def test_the_report_of_an_unbounded_surface_has_no_tolerance_to_reach():
    app = opened(surface="Monkey saddle")
    app.session_state["drawer Run by run: what happened, and how it was measured"] = True
    assert not app.run().exception


@pytest.mark.parametrize("surface", ["Beale", "Formula"])
def test_the_formula_of_the_surface_is_typeset_on_demand_only(surface):
    app = opened(surface=surface)
    texts = [element.value for element in [*app.markdown, *app.caption]]
    assert any(SURFACES[surface].sentence in text for text in texts)
    assert not any("$" in text for text in texts)  # what typesets it is no part of a first visit
    app.session_state["drawer The surface: formula and source"] = True
    texts = [element.value for element in app.run().markdown]
    assert f"$$f(x, y) = {SURFACES[surface].latex}$$" in texts
    assert SURFACES[surface].source in texts


@pytest.mark.parametrize("language", ["Plain Python", "PyTorch"])
def test_the_code_of_any_run_is_shown(language):
    app = opened()
    app.session_state["drawer Code for this run"] = True
    app.session_state["code in"] = language
    app.run()
    app.selectbox(key="code of").set_value("Adam").run()
    assert "Adam" in app.code[0].value
    assert ("torch" in app.code[0].value) == (language == "PyTorch")


def test_a_surface_without_a_minimizer_has_no_distance():
    assert results(opened(surface="Monkey saddle"))[0][2] == "no minimizer"


def test_the_rate_slider_sets_the_exact_rate_and_follows_it():
    app = opened()
    labelled(app.select_slider, "SGD learning rate").set_value("0.01").run()
    assert labelled(app.text_input, "SGD exact rate").value == "0.01"
    labelled(app.text_input, "SGD exact rate").set_value("0.1").run()
    assert labelled(app.select_slider, "SGD learning rate").value == "0.1"
    assert app.query_params == {"v": VERSION, "Quadratic.SGD.lr": "0.1"}


def test_a_rate_of_zero_does_not_move():
    app = opened(optimizers=["SGD"], **{"Quadratic.SGD.lr": "0"})
    assert not app.exception
    assert results(app)[0][1] == "28"


def test_a_new_draw_changes_the_seed_and_the_runs():
    app = opened(noise="2", batch="1")
    app.session_state["drawer Batch, samples and seed"] = True
    before = results(app.run())
    next(b for b in app.button if b.label == "New draw").click().run()
    assert app.query_params["seed"] == "1"
    assert results(app) != before


def test_settings_of_another_surface_are_kept_for_the_way_back():
    app = opened(**{"Quadratic.SGD.lr": "0.15"})
    app.selectbox(key="surface").set_value("Beale").run()
    app.selectbox(key="surface").set_value("Quadratic").run()
    assert labelled(app.text_input, "SGD exact rate").value == "0.15"


def test_a_setting_of_a_preset_needs_no_name_of_it():
    app = opened(preset="ravine", length="5")
    assert not app.warning
    assert [row[3] for row in results(app)] == ["5", "5"]


def test_a_changed_preset_says_that_its_claim_need_not_hold_and_can_be_undone():
    app = opened(preset="ravine", **{"ravine.noise": "3"})
    assert told(app)["changed"] == CHANGED
    settings, _ = app.session_state["settings"].changed({"preset": "ravine"})
    assert not described(Asked(settings))["told"]["changed"]
    assert write(settings) == {"v": [VERSION], "preset": ["ravine"]}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("Quadratic.SGD.lr", "1e-2", 0.01),
        ("Quadratic.SGD.lr", "x", None),
        ("length", "5", 5),
        ("length", "5.0", 5),
        ("length", "5.5", None),
        ("Learning rate.optimizer", "Adam", "Adam"),
        ("Learning rate.optimizer", "adam", None),
    ],
)
def test_a_text_of_a_link_is_a_value_of_its_setting_or_none(name, text, expected):
    assert TABLE[name].kind.read([text]) == (expected, expected is not None)


def test_pieces_of_a_link_are_printed_harmless_and_short():
    assert clean("<b>`x`|") == "?b??x??"
    assert len(clean("a" * 1000)) < 50
    (note,) = read({"no`pe": "1"})[1]
    assert "`" not in note.text().replace("`", "", 4)


def test_the_theme_of_the_page_is_that_of_the_figures():
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
    for ours, name in ((LIGHT, "light"), (DARK, "dark")):
        assert theme[name]["backgroundColor"] == ours.page
        assert theme[name]["secondaryBackgroundColor"] == ours.side
        assert theme[name]["textColor"] == ours.text
        assert theme[name]["borderColor"] == ours.border
        assert theme[name]["chartCategoricalColors"] == [*ours.runs]


def test_saved_trajectories_are_exact(default_choice):
    choice, trajectories = default_choice
    header, *rows = table(choice.labels, trajectories).splitlines()
    assert header == "run,step,x,y,loss,lr"
    assert len(rows) == sum(len(t.path) for t in trajectories)
    label, step, x, y, loss, lr = rows[-1].split(",")
    last = trajectories[-1]
    assert (label, int(step)) == (choice.labels[-1], len(last.lr))
    assert (float(x), float(y)) == tuple(last.path[-1])
    assert (float(loss), float(lr)) == (last.loss[-1], last.lr[-1])


def test_the_saved_page_needs_nothing_from_elsewhere(default_choice):
    page = standalone(default_choice[0])
    assert "<script src" not in page
    assert "<link" not in page.split("<script>", 1)[0]
    assert "Zigzag: SGD, Adam on Quadratic" in page


@pytest.mark.parametrize("more", [{}, {"look": "open"}, {"view": "3-D", "curve": "Stability"}])
def test_the_saved_page_shows_what_the_page_does(more):
    query = urlencode({"preset": OPENING, **more})
    settings, _ = read({name: [text] for name, text in {"preset": OPENING, **more}.items()})
    page = standalone(choose(settings))
    packed = re.search(r'show\(document.getElementById\("player"\), bytes\("([^"]+)"', page)
    plain = zlib.decompress(base64.b64decode(packed[1]))
    saved = json.loads(plain[4 : 4 + int.from_bytes(plain[:4], "little")])
    shown = described(asked(query))
    assert saved["id"] == shown["id"]
    assert {*shown} - {*saved} == {"groundAt", "frame", "start", "told"}


def test_the_saved_page_says_what_the_page_says():
    told = described(asked(urlencode({"preset": OPENING})))["told"]
    page = standalone(choose(read({"preset": [OPENING]})[0]))
    rates = [run.lr for run in PRESETS[OPENING].experiment.runs]
    said = f"SGD: rate {rates[0]:.4g}; Momentum: rate {rates[1]:.4g}, momentum 0.75"
    for text in (told["claim"], said, told["sentence"]):
        assert f"<p>{html.escape(text)}</p>" in page
    own = standalone(choose(read({"preset": [OPENING], "length": ["29"]})[0]))
    assert html.escape(told["claim"]) not in own


def test_a_notebook_repeats_what_it_was_saved_from():
    link = {"surface": ["Two features"], "compare": ["Batch size"], "batches": ["1", "32"]}
    response = answered(urlencode({**link, "lang": "ko"}, doseq=True), "ipynb")
    assert response.headers["content-type"] == "application/x-ipynb+json"
    head, code, numbers = json.loads(bytes(response.body))["cells"]
    with language("ko"):
        choice = choose(read(link)[0])
    assert head["source"].startswith("# Zigzag: ")
    names: dict[str, Any] = {}
    exec(code["source"], names)
    assert names["experiment"] == choice.experiment
    shown = eval(code["source"].splitlines()[-1], names)
    assert shown.labels == choice.labels
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(numbers["source"], names)
    lines = printed.getvalue().splitlines()
    assert all(map(str.startswith, lines, choice.labels))
    assert [float(line.split()[-1]) for line in lines] == [
        t.loss[-1] for t in simulate(choice.experiment)
    ]


def test_labels_of_a_notebook_are_one_for_each_run():
    with pytest.raises(ValueError, match="labels = 1: must be one for each of 2 runs"):
        show(Experiment(runs=(Run("SGD"), Run("Adam"))), ["both"])
    with pytest.raises(ValueError, match="labels = 'SGD': must be a list of texts"):
        show(Experiment(), "SGD")
    with pytest.raises(ValueError, match="experiment = 'Quadratic': must be an Experiment"):
        show("Quadratic")


def test_a_file_is_made_from_the_query_of_the_page_alone():
    app = opened(view="3-D", curve="Stability", optimizers=["SGD", "Adam"], length="3")
    app.session_state["save"] = True
    bodies = [found.proto.body for found in app.run().get("html")]
    (links,) = (body for body in bodies if "href" in body)
    hrefs = [html.unescape(href) for href in re.findall(r'href="([^"]+)"', links)]
    assert [href.split("?")[0] for href in hrefs] == [
        "zz/save/zigzag-quadratic.html",
        "zz/save/zigzag-quadratic.csv",
        "zz/save/zigzag-quadratic.ipynb",
    ]
    query = hrefs[1].split("?")[1]
    shown = {
        name: [value] if isinstance(value, str) else value
        for name, value in app.query_params.items()
    }
    assert parse_qs(query) == {"v": [VERSION], **shown}
    response = answered(query, "csv")
    assert response.status_code == 200
    _, *rows = bytes(response.body).decode().splitlines()
    assert [row.split(",")[:2] for row in rows] == [
        [name, str(step)] for name in ("SGD", "Adam") for step in range(4)
    ]


@pytest.mark.parametrize(
    "query",
    [
        *("surface=none", "optimizers=%3Cb%3E", "unit=days", "curve=x", "view=4-D", "more=1"),
        *("length=1e9", "length=nan", "samples=100&batch=8192", "preset=nowhere"),
        *("optimizers=" + "&optimizers=".join(OPTIMIZERS) + "&optimizers=SGD", "of=eJyrVg"),
    ],
)
def test_an_address_that_the_page_did_not_write_makes_no_file(query):
    assert answered("", "csv").status_code == 200
    assert answered(query, "csv").status_code == 400
    assert answered(query, "exe").status_code == 404


def answered(query: str, kind: str) -> Response:
    """Return the server's answer for a file."""
    return answer_of(serve, query, kind=kind)


@pytest.fixture
def default_choice():
    experiment = Experiment(runs=(Run("SGD"), Run("Adam")))
    return Choice(experiment, ("SGD", "Adam"), "updates"), simulate(experiment)


# --- Fair rates


def titles(app: AppTest) -> list[str]:
    return [row[0] for row in results(app)]


def test_all_optimizers_can_share_one_rate():
    app = opened(fair="the same", **{"Quadratic.rate": "0.03"})
    assert not app.warning
    assert titles(app) == [f"{name}, rate 0.03" for name in ("SGD", "Momentum", "RMSProp", "Adam")]
    assert [s.label for s in app.select_slider if "rate" in s.label] == ["Common learning rate"]


def test_an_effective_rate_is_the_rate_over_one_minus_momentum():
    query = {"Quadratic.rate": "0.1", "Momentum.momentum": "0.9", "Nesterov.momentum": "0.5"}
    app = opened(fair="the same effective", optimizers=["SGD", "Momentum", "Nesterov"], **query)
    assert not app.warning
    assert titles(app) == ["SGD, rate 0.1", "Momentum, rate 0.01", "Nesterov, rate 0.05"]
    averaging = opened(
        fair="the same effective",
        optimizers=["SGD", "Momentum"],
        **{"Quadratic.rate": "0.1", "Momentum.convention": "EMA"},
    )
    assert titles(averaging) == ["SGD, rate 0.1", "Momentum, rate 0.1"]


def test_each_optimizer_can_have_its_best_rate():
    app = opened(fair="each its best", surface="Rosenbrock", optimizers=["SGD", "Adam"])
    assert any("Each optimizer has its own best rate" in note for note in told(app)["notes"])
    rows = results(app)
    for name, row in zip(("SGD", "Adam"), rows, strict=True):
        experiment = Experiment("Rosenbrock", runs=(Run(name),))
        rates = np.geomspace(1e-5, 10.0, RATES_TRIED)
        ends = []
        for lr in rates:
            run = Run(name, lr=float(lr))
            (trajectory,) = simulate(replace(experiment, runs=(run,)))
            ends.append(np.inf if trajectory.diverged_at else trajectory.loss[-1])
        # The second search is between the neighbours of the best, and can only find better.
        best = int(np.argmin(ends))
        title, rate = row[0].split(", rate ")
        assert title == name
        assert rates[best - 1] <= float(rate) <= rates[best + 1]
        assert float(row[1]) <= 1.001 * ends[best]


def test_the_best_rate_is_searched_again_for_another_start():
    first = opened(fair="each its best", optimizers=["SGD", "Adam"])
    second = opened(fair="each its best", optimizers=["SGD", "Adam"], **{"Quadratic.x": "0.5"})
    assert titles(first) != titles(second)


def test_one_optimizer_alone_has_nothing_to_be_fair_to():
    app = opened(optimizers="SGD")
    assert "Learning rates" not in [s.label for s in app.selectbox]


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ({}, False),
        ({"noise": "2"}, True),
        ({"surface": "Linear regression"}, True),
        ({"batch": "100"}, True),  # an epoch is told of where one has been chosen
    ],
)
def test_samples_are_counted_where_something_uses_them(link, told):
    app = opened(optimizers="SGD", **link)
    app.session_state["drawer Run by run: what happened, and how it was measured"] = True
    app.run()
    texts = [each.value for each in (*app.markdown, *app.caption)]
    assert any(" per epoch." in text for text in texts) == told


def test_a_link_may_have_any_batch_size():
    app = opened(batch="100", noise="2", unit="epochs", length="2", optimizers="SGD")
    assert not app.warning
    app.session_state["drawer Batch, samples and seed"] = True
    app.run()
    (batch,) = (s for s in app.selectbox if s.label == "Batch size B")
    assert batch.value == "100"
    assert batch.options[6:9] == ["64", "100", "128"]
    app.session_state["drawer Run by run: what happened, and how it was measured"] = True
    app.run()
    texts = [each.value for each in (*app.markdown, *app.caption)]
    assert any("B = 100: 100 updates per epoch." in text for text in texts)
    app = opened(compare="Batch size", noise="2", batches=["3", "all", "100"])
    assert not app.warning
    assert [row[0] for row in results(app)] == ["batch 3", "batch all", "batch 100"]


@pytest.mark.parametrize(
    "bad", ["0", "-1", "1.5", "1e2", "065", "65537", "abc", "", "100000000000"]
)
def test_a_batch_size_that_is_none_is_refused_with_a_warning(bad):
    app = opened(batch=bad, noise="2")
    assert not app.exception
    assert len(app.warning) == 1


def test_a_batch_size_that_was_typed_and_is_none_changes_nothing():
    app = opened(noise="2", batch="64")
    app.session_state["drawer Batch, samples and seed"] = True
    app.run()
    (batch,) = (s for s in app.selectbox if s.label == "Batch size B")
    assert batch.value == "64"
    settings = app.session_state["settings"]
    assert settings.changed({"batch": "many"})[0] == settings
    assert settings.changed({"batch": "48"})[0]["batch"] == "48"
    fewer, notes = settings.changed({"batch": "48"})[0].changed({"samples": 40})
    assert (fewer["batch"], len(notes)) == ("all", 1)
