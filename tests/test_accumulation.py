"""Gradient accumulation: an update takes the mean gradient of several batches."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from landscape import SURFACES
from optimizers import OPTIMIZERS, Experiment, Run, describe, simulate, sweep
from optimizers.analysis.listing import plain_python, pytorch
from optimizers.maps import BatchGrid, Escape, Scaling
from optimizers.simulation.epochs import order
from views.report.report import notes
from views.report.results import table
from views.settings.choice import choose, idle
from views.settings.rows import noise_text
from views.settings.settings import read, write

BY_DATA = [name for name, surface in SURFACES.items() if surface.samples is not None]


def one(run, **given):
    (trajectory,) = simulate(Experiment(**given, runs=(run,)))
    return trajectory


@pytest.mark.parametrize("surface", ["Himmelblau", *BY_DATA])
@pytest.mark.parametrize("replacement", [False, True])
def test_several_batches_are_one_as_large_as_all_of_them(surface, replacement):
    given = {"surface": surface, "samples": 100, "steps": 60}
    given |= {"noise": 2.0} if surface == "Himmelblau" else {}
    for rule in OPTIMIZERS:
        for size, count in ((8, 4), (25, 2), (7, 3)):
            several = Run(rule, batch_size=size, accumulate=count, replacement=replacement)
            whole = Run(rule, batch_size=size * count, replacement=replacement)
            accumulated, large = one(several, **given), one(whole, **given)
            np.testing.assert_array_equal(accumulated.path, large.path)
            assert (accumulated.gradient != 0).any()


@pytest.mark.parametrize(("samples", "size", "count"), [(60, 5, 3), (62, 8, 3), (61, 20, 2)])
def test_an_update_takes_the_mean_gradient_of_real_batches(samples, size, count):
    run = Run("SGD", 0.05, batch_size=size, accumulate=count)
    found = one(run, surface="Two features", samples=samples, steps=20)
    objective = found.objective
    epochs = order(0, samples, 20).reshape(20, samples)
    batches = [
        [rows[i : i + size] for i in range(0, samples, size)] for rows in epochs
    ]  # each epoch's
    each = math.ceil(len(batches[0]) / count)
    for k, (position, gradient) in enumerate(zip(found.path, found.gradient, strict=False)):
        epoch, turn = divmod(k, each)
        mine = batches[epoch][turn * count : (turn + 1) * count]
        assert 1 <= len(mine) <= count
        seen = sum(map(len, mine))
        expected = np.zeros(2)
        for rows in mine:  # the loss of each times its share of the samples, as backward() adds it
            expected += len(rows) / seen * mean_gradient(objective, position, rows)
        np.testing.assert_allclose(gradient, expected, rtol=1e-9, atol=1e-12)


def mean_gradient(objective, position, rows):
    x, y = objective.data.x[rows].T
    error = position[0] * x + position[1] * y - objective.data.y[rows]
    return np.array([(error * x).mean(), (error * y).mean()])


@pytest.mark.parametrize("replacement", [False, True])
def test_the_noise_of_several_batches_has_the_variance_of_their_mean(replacement):
    size, count, samples, noise = 8, 4, 100_000, 3.0
    run = Run("SGD", 0.0, batch_size=size, accumulate=count, replacement=replacement)
    found = one(run, noise=noise, samples=samples, steps=50_000)
    exact = np.array(found.objective.gradient(*found.path[0]))
    variance = (found.gradient - exact).var()
    rest = 1.0 if replacement else (samples - size * count) / (samples - 1)
    # Of 100,000 numbers, whose variance is known to 0.5 %: it does not grow with their number.
    assert variance == pytest.approx(noise**2 / (count * size) * rest, rel=0.02)


def test_an_epoch_has_fewer_updates_and_its_last_one_takes_what_is_left():
    for samples, size, count, updates, last in (
        *((60, 5, 3, 4, 15), (64, 8, 3, 3, 16), (62, 8, 3, 3, 14), (60, 25, 9, 1, 60)),
    ):
        experiment = Experiment("Linear regression", samples=samples)
        epoch = experiment.epoch(size, accumulate=count)
        assert (epoch.updates, epoch.last, epoch.seen) == (updates, last, samples)
    dropped = dataclasses.replace(Experiment(samples=64), drop_last=True).epoch(8, accumulate=3)
    assert (dropped.updates, dropped.seen) == (2, 48)


def test_what_takes_all_batches_of_an_epoch_is_exact():
    run = Run("SGD", batch_size=10, accumulate=10)
    given = {"surface": "Linear regression", "samples": 100, "steps": 30}
    np.testing.assert_array_equal(one(run, **given).path, one(Run("SGD"), **given).path)


def test_a_sweep_accumulates_as_single_runs_do():
    for surface, noise in (("Himmelblau", 2.0), ("Logistic regression", 0.0)):
        run = Run("Adam", batch_size=8, accumulate=3, schedule="Step")
        given = Experiment(surface, noise=noise, samples=61, steps=40, runs=(run,))
        sizes, seeds = np.array([4, 8, 30])[:, None], np.arange(5)
        found = sweep(given, run, batch_size=sizes, seed=seeds)
        for i, j in np.ndindex(found.shape):
            own = dataclasses.replace(run, batch_size=int(sizes[i, 0]), seed=int(seeds[j]))
            (single,) = simulate(dataclasses.replace(given, runs=(own,)))
            np.testing.assert_array_equal(found.end[i, j], single.path[-1])


def test_a_map_against_the_batch_size_takes_one_batch_an_update():
    run = Run("SGD", batch_size=8, accumulate=4)
    experiment = Experiment(noise=1.0, samples=100, runs=(run,))
    for request in (BatchGrid(experiment), Escape(experiment), Scaling(experiment)):
        assert [run.accumulate for run in request.experiment.runs] == [1]
    assert BatchGrid(experiment).here == (None, 32)


@pytest.mark.parametrize("value", [0, -1, 1.5, math.nan, "2", 10**9])
def test_a_number_of_batches_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match="accumulate = "):
        Run("SGD", accumulate=value)


def test_with_replacement_fewer_than_all_samples_are_accumulated():
    run = Run("SGD", batch_size=25, accumulate=4, replacement=True)
    with pytest.raises(ValueError, match="accumulate = 4: must be below samples / batch_size = 4 "):
        Experiment(samples=100, runs=(run,))
    assert Experiment(samples=101, runs=(run,))


def test_what_a_run_sees_in_all_is_bounded():
    run = Run("SGD", batch_size=500, accumulate=4)
    told = "steps x batch_size x accumulate = 200000000: must be at most MOST_SEEN"
    with pytest.raises(ValueError, match=told):
        Experiment("Logistic regression", samples=10_000, steps=100_000, runs=(run,))


def test_the_listings_make_a_pass_for_each_batch():
    run = Run("SGD", 0.05, batch_size=5, accumulate=3)
    experiment = Experiment("Linear regression", samples=60, runs=(run,))
    script = pytorch(experiment, run)
    assert "    for rows in parts:\n        (loss(theta, rows) / len(parts)).backward()\n" in script
    assert script.count("optimizer.step()") == 1
    for text in (script, plain_python(experiment, run)):
        assert "size = 5\n" in text
    noisy = Experiment(noise=1.0, samples=100, runs=(run,))
    assert "samples, batch = 100, 15  # 3 × 5, drawn without" in plain_python(noisy, run)


def test_epochs_and_samples_are_counted_with_all_batches():
    runs = Run("SGD", batch_size=8, accumulate=3), Run("SGD", batch_size=8)
    experiment = Experiment("Linear regression", samples=62, steps=6, runs=runs)
    trajectories = simulate(experiment)
    rows = table(experiment, ["three", "one"], trajectories)
    assert [row[4:7] for row in rows] == [["3", "2", "124"], ["8", "0.75", "48"]]
    told = describe(experiment, trajectories, ["three", "one"])
    (line,) = (line for line in told if line.startswith("N = 62"))
    assert line == (
        "N = 62; updates an epoch: 8 with B = 8 (last batch: 6), 3 with B = 3 × 8 (last update: 14"
        " samples)."
    )


# --- On the page ----------------------------------------------------------------------------------


def test_a_link_accumulates():
    settings, notes = read({"noise": "1", "batch": "16", "accumulate": "4"})
    assert not notes
    assert [run.accumulate for run in choose(settings).experiment.runs] == [4] * 4
    assert write(settings)["accumulate"] == ["4"]
    settings, notes = read({"noise": "1", "batch": "16", "accumulate": "0"})
    assert notes
    assert "accumulate" not in write(settings)


def test_numbers_of_batches_are_compared():
    settings, _ = read({"compare": "Batches an update", "batch": "8", "noise": "1"})
    choice = choose(settings)
    assert [run.accumulate for run in choice.experiment.runs] == [1, 2, 4, 8]
    assert choice.labels[1] == "batches 2"
    assert choice.names[1] == "accumulate 2"


def test_a_length_in_epochs_counts_the_updates_that_are_left():
    link = {"surface": "Linear regression", "batch": "10", "length": "3", "unit": "epochs"}
    for count, steps in (("1", 30), ("2", 15), ("3", 12)):
        settings, _ = read({**link, "accumulate": count})
        assert choose(settings).experiment.steps == steps


def test_with_replacement_the_page_takes_fewer_batches_and_says_so():
    link = {"surface": "Linear regression", "batch": "10", "accumulate": "64"}
    settings, _ = read({**link, "drawing": "with replacement"})
    choice = choose(settings)
    assert {run.accumulate for run in choice.experiment.runs} == {9}
    assert any("fewer batches an update than are set" in note.text() for note in choice.notes)


def test_batches_of_exact_gradients_are_said_to_change_nothing():
    settings, _ = read({"accumulate": "4"})
    found = idle(settings, "accumulate")
    assert found is not None
    assert found.why.text() == "The gradients are exact, however many batches make an update."
    other, _ = settings.changed(found.changes)
    assert idle(other, "accumulate") is None


def test_batches_that_take_all_samples_are_said_to_change_nothing():
    link = {"surface": "Linear regression", "samples": "20", "batch": "5", "accumulate": "32"}
    found = idle(read(link)[0], "batch")
    assert found is not None
    assert found.why.text() == "An update takes all samples, whatever the size of its batches."


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ({"surface": "Linear regression", "batch": "16", "accumulate": "4"}, "4 × 16 of 100"),
        ({"noise": "1", "batch": "16", "accumulate": "4"}, "1, batch 4 × 16"),
        ({"noise": "1", "batch": "16"}, "1, batch 16"),
    ],
)
def test_the_row_of_noise_says_how_many_batches_an_update_takes(link, told):
    assert noise_text(read(link)[0]) == told


def test_the_report_says_what_an_update_sees():
    run = Run("SGD", batch_size=8, accumulate=3)
    experiment = Experiment("Linear regression", samples=100, steps=10, runs=(run,))
    told = notes(experiment, ["SGD"], simulate(experiment))
    assert "N = 100 samples, B = 3 × 8: 5 updates per epoch." in told
    assert "The last update of an epoch sees 4 samples." in told
