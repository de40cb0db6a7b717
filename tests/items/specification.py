"""What a new surface and a new optimizer must do beside what the tests of the registries say.

Run by test_items.py with both files of this folder on Python's path; no test suite by itself.
"""

from __future__ import annotations

import csv
import html
import importlib.util
import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import test_map_pages
from streamlit.testing.v1 import AppTest
from test_inspector import MODELS
from test_listing import assert_repeats, left, listings
from test_page import opened, results

from landscape import SURFACES
from optimizers import OPTIMIZERS, SCHEDULES, Experiment, Run, simulate
from optimizers.analysis.listing import plain_python
from optimizers.analysis.verdicts import KINDS, verdict
from views.maps import MAPS
from views.scene.figures import PICTURES
from views.server.save import standalone, table
from views.settings.choice import Choice, choose
from views.settings.settings import Settings, read, write

SURFACE, RULE = "Booth", "signSGD"
LINK = {
    "surface": SURFACE,
    "optimizers": [RULE, "Momentum"],
    "length": "60",
    "noise": "2",
    "batch": "8",
    f"{SURFACE}.{RULE}.lr": "0.3",
    f"{SURFACE}.x": "5",
    f"{RULE}.weight_decay": "0.01",
}
EXPERIMENT = Experiment(
    SURFACE,
    start=(5.0, SURFACES[SURFACE].start[1]),
    steps=60,
    noise=2.0,
    runs=(
        Run(RULE, 0.3, weight_decay=0.01, batch_size=8),
        Run("Momentum", OPTIMIZERS["Momentum"].rate, batch_size=8),
    ),
)

patient = test_map_pages.patient  # here, too, the page waits for its map


def well(app: AppTest) -> AppTest:
    assert not app.exception
    assert not app.warning
    assert not app.error
    return app


@pytest.mark.parametrize("view", PICTURES)
def test_the_page_opens_in_every_view(view):
    app = well(opened(view=view, **LINK))
    assert [row[0] for row in results(app)] == [RULE, "Momentum"]
    said = " ".join(text.value for text in (*app.markdown, *app.caption))
    assert SURFACES[SURFACE].sentence in said


@pytest.mark.parametrize("name", MAPS)
def test_every_map_of_it_opens(name):
    test_map_pages.check_opens(test_map_pages.opened(map=name, **LINK))


@pytest.mark.parametrize("name", MAPS)
def test_every_map_of_it_is_computed_and_drawn(name, monkeypatch):
    monkeypatch.setattr(test_map_pages, "RUNS", (Run("Nesterov", batch_size=8), *EXPERIMENT.runs))
    monkeypatch.setattr(test_map_pages, "LABELS", ("Nesterov", RULE, "Momentum"))
    test_map_pages.test_plotly_accepts_every_figure_and_it_can_be_sent(
        name, SURFACE, test_map_pages.LIGHT
    )


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("step", [0, 1, 30, 59])
def test_its_steps_can_be_looked_into(step, model):
    query = {"look": "open", "look.run": RULE, "look.step": str(step), "look.model": model}
    app = well(opened(**LINK, **query))
    text = "\n".join(m.value for m in app.markdown)
    assert f"**From update {step} to {step + 1}** of 60." in text
    assert text.count("$$") >= 4


def test_its_runs_are_judged_in_words():
    for experiment in (EXPERIMENT, Experiment(SURFACE, steps=400, runs=(Run(RULE),))):
        for trajectory in simulate(experiment):
            assert verdict(experiment, trajectory).kind in KINDS
    app = opened(**LINK)
    app.session_state["drawer Run by run: what happened, and how it was measured"] = True
    app.session_state["drawer Code for this run"] = True
    said = [m.value for m in well(app.run()).markdown]
    assert any(re.match(rf"- \S*{RULE}", text) for text in said)
    assert any(f"{RULE}: {OPTIMIZERS[RULE].edges}" in text for text in said)
    assert plain_python(EXPERIMENT, EXPERIMENT.runs[0]).strip() in [code.value for code in app.code]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_its_listings_are_executed(schedule):
    """Plain Python makes the path; PyTorch's is compiled here and run where PyTorch is."""
    run = Run(RULE, 0.1, weight_decay=0.01, batch_size=8, schedule=schedule, warmup=5)
    experiment = Experiment(SURFACE, steps=30, noise=1.0, samples=64, runs=(run,))
    plain, torch = listings(experiment)
    assert_repeats(left(plain)["path"], experiment)
    compile(torch, "listing", "exec")
    if importlib.util.find_spec("torch"):
        assert_repeats(left(torch)["path"], experiment)


def saved(app: AppTest) -> Settings:
    """Return what the page's menu saves."""
    (link,) = {
        found[1]
        for item in app.get("html")
        if (found := re.search(r'href="([^"]+/save/[^"]+\.csv[^"]*)"', item.proto.body))
    }
    settings, notes = read(parse_qs(urlsplit(html.unescape(link)).query))
    assert notes == []
    return settings


def test_a_link_to_it_is_the_experiment_and_back():
    app = opened(**LINK)
    app.session_state["save"] = True
    found = saved(well(app.run()))
    assert choose(found).experiment == EXPERIMENT
    assert read(write(found)) == (found, [])
    again = {name: app.query_params[name] for name in LINK}
    assert {name: [*np.atleast_1d(value)] for name, value in again.items()} == {
        name: [*np.atleast_1d(value)] for name, value in LINK.items()
    }


def test_its_numbers_and_its_page_are_saved():
    labels = (RULE, "Momentum")
    trajectories = simulate(EXPERIMENT)
    rows = list(csv.DictReader(table(labels, trajectories).splitlines()))
    assert len(rows) == 2 * 61
    assert (float(rows[60]["x"]), float(rows[60]["y"])) == tuple(trajectories[0].path[-1])
    page = standalone(Choice(EXPERIMENT, labels, "updates"))
    assert f"Zigzag: {RULE}, Momentum on {SURFACE}" in page
