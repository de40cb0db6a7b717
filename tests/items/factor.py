"""What a new factor must do beside what the tests of all factors say.

Run by test_items.py with the file of this folder on Python's path; no test suite by itself.
"""

from __future__ import annotations

import dataclasses
import html
import re

import pytest
import test_map_pages
from streamlit.testing.v1 import AppTest
from test_page import answered, labelled, opened, results

from optimizers import Experiment, Run
from views.maps import MAPS
from views.presets import PRESETS
from views.scene.figures import PICTURES
from views.settings import settings as module
from views.settings.choice import choose
from views.settings.settings import defaults, read, write
from views.settings.table import FACTORS, TABLE

NAME = "Second beta"
LINK = {"compare": NAME, "betas": "0.9, 0.99", "schedule": "Cosine", f"{NAME}.optimizer": "AdamW"}

patient = test_map_pages.patient  # here, too, the page waits for its map


def test_it_stands_below_the_others():
    assert list(FACTORS)[-1] == NAME
    assert {"betas", f"{NAME}.optimizer"} <= {*TABLE}


@pytest.mark.parametrize("view", PICTURES)
def test_the_page_compares_it_in_every_view(view):
    app = opened(view=view, **LINK)
    assert not app.exception
    assert not app.warning
    assert [row[0] for row in results(app)] == ["beta 0.9", "beta 0.99"]


def controlled(app: AppTest) -> set[str]:
    """Return the betas for which there is a field or slider of one number."""
    labels = " ".join(w.label for w in [*app.text_input, *app.select_slider, *app.slider])
    return {name for name in ("beta1", "beta2") if name in labels.split()}


def test_its_control_takes_the_place_of_the_one_for_all_runs():
    app = opened(**LINK)
    assert controlled(app) == {"beta1"}
    labelled(app.text_input, "Second betas").set_value("0.5, 0.6, 0.7").run()
    assert [row[0] for row in results(app)] == ["beta 0.5", "beta 0.6", "beta 0.7"]
    assert app.query_params["betas"] == "0.5, 0.6, 0.7"
    labelled(app.selectbox, "Compare").set_value("Optimizer").run()
    assert controlled(app) == {"beta1", "beta2"}


def test_a_link_is_its_experiment_and_back():
    settings, notes = read(LINK)
    assert notes == []
    runs = choose(settings).experiment.runs
    assert [(run.optimizer, run.schedule, run.hyper["beta2"]) for run in runs] == [
        ("AdamW", "Cosine", 0.9),
        ("AdamW", "Cosine", 0.99),
    ]
    assert read(write(settings)) == (settings, [])
    looking, _ = read({**LINK, "look.run": "beta 0.99", "look": "open"})
    assert choose(looking).look.run == 1


def test_a_preset_can_compare_it(monkeypatch):
    runs = tuple(Run("Adam", lr=0.1, hyper={"beta2": beta}) for beta in (0.5, 0.9))
    preset = dataclasses.replace(
        PRESETS["ravine"], experiment=Experiment(runs=runs), compare=NAME, slug="betas"
    )
    monkeypatch.setattr(module, "PRESETS", {"betas": preset})
    monkeypatch.setattr(module, "defaults", defaults.__wrapped__)
    assert choose(module.Settings({"preset": "betas"})).experiment == preset.experiment


@pytest.mark.parametrize("name", MAPS)
def test_every_map_opens(name):
    test_map_pages.check_opens(test_map_pages.opened(map=name, noise="2", batch="8", **LINK))


def test_its_runs_are_saved():
    app = opened(**LINK)
    app.session_state["save"] = True
    bodies = [found.proto.body for found in app.run().get("html")]
    (links,) = (body for body in bodies if "href" in body)
    for kind in ("csv", "html"):
        (query,) = re.findall(rf'\.{kind}\?([^"]+)"', links)
        response = answered(html.unescape(query), kind)
        assert response.status_code == 200
        assert b"beta 0.99" in response.body
