"""What a batch costs: measured when it is asked for, bounded, and told with where and when."""

from __future__ import annotations

import pickle
import re
import threading
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from landscape.language import number
from optimizers import Cancelled
from optimizers.maps.batch_cost import BatchCost, update
from optimizers.simulation.sweep import SHORT_UPDATES
from views.maps import page as maps
from views.report import cost
from views.server.jobs import Full, Job

APP = Path(__file__).parents[1] / "app.py"
SMALL = BatchCost(samples=50, features=40, seconds=0.002)


def test_every_size_is_timed_and_an_epoch_is_all_its_updates():
    shares: list[float] = []
    found = SMALL.compute(progress=shares.append)
    assert found.sizes.tolist() == [1, 4, 16, 50]
    assert found.updates.tolist() == [50, 13, 4, 1]
    assert (found.seconds > 0).all()
    np.testing.assert_allclose(found.epoch, found.seconds * found.updates)
    # An update holds its batch, 8 bytes for each number, and not much more.
    batch = 8 * SMALL.features * found.sizes
    assert (found.held >= batch).all()
    assert found.held[-1] < 1.5 * batch[-1] + 20_000
    assert shares == [0.25, 0.5, 0.75, 1.0]
    assert found.processors >= 1
    assert found.processor
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", found.date)
    assert pickle.loads(pickle.dumps(SMALL)) == SMALL


def test_what_is_timed_is_gradient_descent():
    random = np.random.default_rng(3)
    x, y, weights = random.standard_normal((30, 4)), random.standard_normal(30), np.zeros(4)
    rows = np.arange(10)
    gradient = ((x[:10] @ weights - y[:10])[:, None] * x[:10]).mean(axis=0)
    update(weights, x, y, rows)
    np.testing.assert_allclose(weights, -1e-4 * gradient)


def test_it_is_given_up_when_nobody_waits():
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        SMALL.compute(cancel)
    assert BatchCost().updates > SHORT_UPDATES  # so that a process that gives way makes it


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"samples": 1}, "samples = 1: must be a whole number from 2"),
        ({"samples": 10**6, "features": 1000}, "features = 1000: must be a whole number from 1"),
        ({"seconds": 60.0}, "seconds = 60.0: must be a number from 0.001 to 1"),
    ],
)
def test_what_would_take_too_much_is_refused(given, told):
    with pytest.raises(ValueError, match=told):
        BatchCost(**given)


def page(surface="Two features"):
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params["surface"] = surface
    app.session_state[f"drawer {cost.COST}"] = True
    return app.run()


def test_the_page_measures_on_request_and_says_where_and_when(monkeypatch):
    monkeypatch.setattr(cost, "REQUEST", SMALL)
    monkeypatch.setattr(maps, "QUICK", 30.0)
    app = page()
    assert not app.exception
    assert not any("Time of an update" in each.value for each in app.markdown)
    (button,) = [each for each in app.button if each.label == "Measure"]
    button.click().run()
    (told,) = [each.value for each in app.markdown if "Time of an update" in each.value]
    found = app.session_state[cost.MEASURED]
    assert told == cost.told(SMALL, found)
    assert found.date in told
    times = found.seconds[-1] / found.seconds[0]
    assert f"took {number(float(times), 3)} times" in told
    assert f"batches of {found.sizes[np.argmin(found.epoch)]}." in told
    assert not any(each.label == "Measure" for each in app.button)


def test_where_the_machine_is_busy_the_page_says_so(monkeypatch):
    def busy(visitor, *requests):
        job = Job(SMALL, error=Full())
        job.done.set()
        return [job]

    monkeypatch.setattr(cost, "REQUEST", BatchCost(samples=51, features=40, seconds=0.002))
    monkeypatch.setattr(maps.JOBS, "watch", busy)
    app = page()
    next(each for each in app.button if each.label == "Measure").click().run()
    assert any("busy" in each.value for each in app.warning)


def test_only_samples_have_a_drawer_of_their_costs():
    assert not any(each.label == "Measure" for each in page("Quadratic").button)
