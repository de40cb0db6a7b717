"""The panel of samples: what is sent of them, and the orders in which batches take them."""

from __future__ import annotations

import re
import struct
import time
import zlib
from dataclasses import replace
from urllib.parse import urlencode

import numpy as np
import pytest
from conftest import ROOT
from test_live import get, scene_of, unpacked

from landscape import SURFACES, Dataset
from optimizers import Experiment, Run, simulate
from optimizers.analysis.noise import sample_gradients
from optimizers.simulation import epochs
from views.live.answer import orders_answer
from views.scene import samples
from views.scene.payload import encode
from views.server.offline import standalone
from views.settings.choice import choose
from views.settings.settings import read
from views.theme import LIGHT, THEMES

MADE = [surface.name for surface in SURFACES.values() if surface.samples]
every_surface = pytest.mark.parametrize("name", MADE)


def sent(experiment, theme=LIGHT):
    return samples.samples_of(experiment.objectives[0], theme)


@every_surface
def test_the_loss_of_a_surface_is_that_of_what_it_says_is_fitted(name):
    """The player knows nothing of a surface but its formula: it must be the kernel's."""
    experiment = Experiment(name, samples=40)
    objective = experiment.objectives[0]
    columns = [*objective.features.T, objective.features[:, 0]]
    names = {"sin": np.sin, "tanh": np.tanh, "f": columns[0], "g": columns[1]}
    for x, y in ((0.7, -0.3), (-1.5, 2.0)):
        fit = eval(objective.surface.samples.fit, names, {"x": x, "y": y})
        signs = 2 * objective.data.y - 1
        each = (
            np.logaddexp(0, -signs * fit)
            if objective.surface.samples.classes
            else np.square(fit - objective.data.y) / 2
        )
        assert objective.loss(x, y) == pytest.approx(each.mean(), rel=1e-12)


def test_the_player_knows_every_formula():
    script = (ROOT / "views" / "player" / "fits.js").read_text()
    known = set(re.findall(r'^  "(.+?)": \(', script, re.MULTILINE))
    assert known == {SURFACES[name].samples.fit for name in MADE}


@every_surface
def test_samples_are_sent_once_with_the_ground_and_batches_with_no_scene(name):
    query = urlencode({"surface": name, "samples": 500, "batch": 8, "length": 200})
    answer = scene_of(query)
    ground = unpacked(bytes(get(answer["groundAt"]).body))
    assert ground["samples"][0]["labels"]["$"]["shape"] == [500]
    assert "samples" not in answer
    assert len(str(answer["batches"])) < 600
    assert scene_of("surface=Quadratic")["batches"] is None


@every_surface
def test_what_is_sent_are_the_samples_that_the_batches_are_of(name):
    experiment = Experiment(name, samples=300)
    found = sent(experiment)
    objective = experiment.objectives[0]
    np.testing.assert_allclose(np.transpose(found["features"]), objective.features, rtol=1e-6)
    np.testing.assert_allclose(found["labels"], objective.data.y, rtol=1e-6)
    for side in found["sides"]:
        assert side[0] < side[1]
    for side, marks in zip(found["sides"], found["ticks"], strict=True):
        assert 2 <= len(marks) <= 9
        assert all(side[0] <= value <= side[1] for value, _ in marks)


def test_a_standardized_feature_is_shown_as_it_is_fitted():
    params = {"mean": 3.0, "standardize": 1}
    plain, turned = (
        sent(Experiment("Linear regression", each))["features"][0]
        for each in ({"mean": 3.0}, params)
    )
    assert plain.mean() > 2.5
    assert turned.mean() == pytest.approx(0, abs=1e-6)
    assert turned.std() == pytest.approx(1, abs=1e-6)


def test_the_samples_of_the_largest_data_set_take_half_a_megabyte():
    found = sent(Experiment("Logistic regression", samples=65_536))
    arrays = [*found["features"], found["labels"]]
    assert sum(len(encode(array)[1]) for array in arrays) < 500_000
    assert found["drawn"] == samples.MOST_DRAWN


def test_where_samples_are_told_apart_without_an_error_there_is_no_best_fit():
    assert sent(Experiment("Logistic regression", {"noise": 0.0}))["best"] is None
    assert sent(Experiment("Logistic regression"))["best"] is not None


def test_a_batch_has_a_colour_that_no_other_run_has():
    runs = (Run("SGD", batch_size=4), Run("Adam", batch_size=4))
    for theme in THEMES.values():
        experiment = Experiment("Linear regression", runs=runs)
        marks = samples.Mark.of(0, "SGD", theme), samples.Mark.of(1, "Adam", theme)
        both = samples.batches(experiment, [*marks], theme)["runs"]
        assert [run["colour"] for run in both] == [*theme.runs[:2]]
        alone = replace(experiment, runs=runs[:1])
        (one,) = samples.batches(alone, [marks[0]], theme)["runs"]
        assert one["colour"] == theme.runs[1]


# --- Orders


@pytest.mark.parametrize(
    ("count", "size", "steps", "drawing"),
    [(100, 8, 90, "reshuffled"), (9000, 1000, 30, "reshuffled"), (100, 8, 90, "with replacement")],
)
def test_the_orders_by_address_are_those_that_the_runs_see(count, size, steps, drawing):
    drawn = drawing == "with replacement"
    run = Run("SGD", 0.0, batch_size=size, replacement=drawn)
    experiment = Experiment("Two features", samples=count, seed=7, steps=steps, runs=(run,))
    (trajectory,) = simulate(experiment)
    gradients = sample_gradients(experiment.plan(run), experiment.start)
    link = {"surface": "Two features", "samples": count, "seed": 7, "batch": size}
    told = scene_of(urlencode({**link, "drawing": drawing}))["batches"]
    cut = told["runs"][0]
    assert cut["replacement"] == drawn
    key = f"samples={count}&seed=7{'&replacement=1' * drawn}"
    assert (cut["size"], cut["updates"], cut["seed"]) == (size, -(-count // size), 7)
    for k in range(steps):
        epoch, turn = divmod(k, cut["updates"])
        first = epoch - epoch % told["together"]
        body = bytes(get(f"{told['ordersAt']}&{key}&first={first}").body)
        rows = rows_of(body)[(epoch - first) * count :]
        batch = rows[turn * size : min((turn + 1) * size, count)].astype(int)
        np.testing.assert_allclose(
            gradients[batch].mean(axis=0), trajectory.gradient[k], rtol=1e-9, atol=1e-12
        )


def rows_of(body):
    plain = zlib.decompress(body)
    (size,) = struct.unpack_from("<I", plain)
    return np.frombuffer(plain[4 + size :], "<f4")


def test_orders_go_on_from_where_the_last_one_stopped(monkeypatch):
    drawn = []

    class Counted(epochs.Orders):
        def next(self):
            drawn.append(1)
            return super().next()

    orders = Counted(3, 50)
    whole = np.array([orders.next() for _ in range(40)])
    for first in (0, 10, 20, 30, 5):
        drawn.clear()
        orders.go_to(first)
        np.testing.assert_array_equal([orders.next() for _ in range(10)], whole[first:][:10])
        assert len(drawn) == (10 if first != 5 else 15)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "samples=100&seed=1",
        "samples=1&seed=1&first=0",
        "samples=65537&seed=1&first=0",
        "samples=100&seed=-1&first=0",
        "samples=100&seed=1&first=-1",
        f"samples=2&seed=1&first={samples.MOST_EPOCHS + 1}",
        f"samples=65536&seed=1&first={samples.MOST_PASSED // 65536 + 1}",
        "samples=100&seed=x&first=0",
        "samples=nan&seed=1&first=0",
        "samples=100&seed=1&first=0&replacement=yes",
    ],
)
def test_an_address_of_no_order_is_refused_in_a_sentence(query):
    response = get(f"orders?{query}")
    assert response.status_code == 400
    assert bytes(response.body).endswith(b".")


@pytest.mark.parametrize("count", [2, 100, 65_536])
def test_the_farthest_orders_take_no_thread_for_long(count):
    first = samples.farthest(count)
    began = time.perf_counter()
    assert get(f"orders?samples={count}&seed=77&first={first}").status_code == 200
    assert time.perf_counter() - began < 3.0


def test_orders_stay_the_same_for_ever():
    response = get("orders?samples=100&seed=1&first=0")
    assert "immutable" in response.headers["cache-control"]
    assert bytes(response.body) == orders_answer("samples=100&seed=1&first=0")


def test_a_saved_page_holds_the_orders_of_its_runs_up_to_a_number():
    link = {"surface": "Linear regression", "batch": "8", "length": "100"}
    choice = choose(read(link)[0])
    (one,) = samples.all_orders(choice.experiment)
    assert len(rows_of(one)) // 100 >= 8
    assert standalone(choice).count("order(bytes(text))") == 1
    assert samples.all_orders(Experiment("Quadratic")) == []
    assert samples.all_orders(Experiment("Linear regression")) == []
    runs = tuple(Run("SGD", batch_size=2, seed=seed, lr=0.01) for seed in range(30))
    many = Experiment("Linear regression", samples=10_000, steps=5000, runs=runs)
    assert len(samples.all_orders(many)) == samples.MOST_ORDERED // 10_000


def test_a_data_set_of_ones_own_is_drawn_too():
    data = Dataset([0.0, 1.0, 2.0], [1.0, 2.0, 2.5])
    found = sent(Experiment("Linear regression", data=data))
    np.testing.assert_allclose(found["features"][0], [0, 1, 2])
