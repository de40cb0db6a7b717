"""Dropout on the inputs: what is drawn, the expected loss that it makes, and both on the page."""

from dataclasses import replace

import numpy as np
import pytest
from test_live import scene_of

from landscape import SURFACES, Dataset
from landscape.data import ways
from landscape.penalty import Penalty
from optimizers import Experiment, Run, simulate
from optimizers.analysis.listing import plain_python
from optimizers.analysis.noise import batch_covariance, sample_covariance, sample_gradients
from optimizers.simulation.chunks import cost_of
from optimizers.simulation.epochs import order, rows
from optimizers.simulation.experiment import continued
from optimizers.simulation.sweep import _Cells, orders_table, sweep
from views.live.answer import UnreadableError, ground_address, ground_answer
from views.scene.figures import Ground, background
from views.scene.scene import packed_ground
from views.settings.choice import CUT, choose, idle
from views.settings.noise import FEWER_SAMPLES
from views.settings.regularization import DROPPED, LIKE_L2, TOGETHER
from views.settings.settings import read
from views.theme import LIGHT

NAMES = [name for name, surface in SURFACES.items() if surface.samples]
X, Y = np.array([0.3, -1.2, 2.0, 0.7]), np.array([0.4, 1.5, -0.8, 2.2])


def dropped(objective, keep):
    return replace(objective, keep=keep)


def losses(name, features, labels, x, y):
    """Return the loss of each sample at one position, of features (N, columns), written anew."""
    f, g = features[:, 0], features[:, -1]
    if name == "Logistic regression":
        return np.logaddexp(0.0, -(2 * labels - 1) * (x * f + y * g))
    fit = {
        "Linear regression": x * f + y,
        "Two features": x * f + y * g,
        "One hidden unit": x * np.tanh(y * f),
        "Sine fit": np.sin(x * f + y),
    }[name]
    return (fit - labels) ** 2 / 2


@pytest.mark.parametrize("keep", [0.5, 0.85])
@pytest.mark.parametrize("name", NAMES)
def test_the_loss_is_the_expected_one(name, keep):
    objective = SURFACES[name].at({}, 40, keep=keep)
    features, labels = objective.features, objective.data.y
    for x, y in zip(X, Y, strict=True):
        # All ways to drop inputs of one sample, with the probability of each.
        expected = 0.0
        for way in np.ndindex((2,) * features.shape[1]):
            kept = np.array(way)
            share = np.where(kept, keep, 1 - keep).prod()
            expected += share * losses(name, features * kept / keep, labels, x, y).mean()
        assert objective.loss(x, y) == pytest.approx(expected, rel=1e-12)
    # The gradient and the Hessian are those of the loss.
    h = 1e-5
    gx, _ = objective.gradient(X, Y)
    np.testing.assert_allclose(
        gx, (objective.loss(X + h, Y) - objective.loss(X - h, Y)) / (2 * h), rtol=1e-6, atol=1e-7
    )
    hxx, hxy, hyy = objective.hessian(X, Y)
    up, down = objective.gradient(X, Y + h), objective.gradient(X, Y - h)
    np.testing.assert_allclose(hxy, (up[0] - down[0]) / (2 * h), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(hyy, (up[1] - down[1]) / (2 * h), rtol=1e-6, atol=1e-7)
    right, left = objective.gradient(X + h, Y), objective.gradient(X - h, Y)
    np.testing.assert_allclose(hxx, (right[0] - left[0]) / (2 * h), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("name", ["Linear regression", "Two features"])
def test_a_linear_regression_gets_an_l2_of_each_input_on_average(name, keep):
    objective = SURFACES[name].at({}, 60, keep=keep)
    mean_squares = np.square(objective.features).mean(axis=0)
    weights = np.array([X, Y])[: len(mean_squares)]  # the intercept is the weight of no input
    term = (1 - keep) / (2 * keep) * mean_squares @ weights**2
    np.testing.assert_allclose(objective.loss(X, Y), objective.whole.loss(X, Y) + term, rtol=1e-12)


def test_the_minimizer_is_that_of_the_theory():
    # Two features of correlation .8 exactly, and labels of the weights (1, 0): dropout with p = .5
    # moves the minimizer to (H + ((1 - p) / p) diag H)^-1 H w.
    f, g = np.array([1.0, 1.0, -1.0, -1.0]), np.array([1.0, -1.0, 1.0, -1.0])
    data = Dataset(np.column_stack([f, 0.8 * f + 0.6 * g]), f)
    surface = SURFACES["Two features"]
    (point,) = surface.at({}, data=data, keep=0.5).minimizers()
    assert (point.x, point.y) == pytest.approx((0.40476, 0.23810), abs=5e-6)
    (whole,) = surface.at({}, data=data).minimizers()
    assert (whole.x, whole.y) == pytest.approx((1.0, 0.0), abs=1e-12)


@pytest.mark.parametrize("penalty", [Penalty(), Penalty(l2=0.2), Penalty(l1=0.05)])
@pytest.mark.parametrize("name", NAMES)
def test_the_marked_points_are_those_of_the_expected_loss(name, penalty):
    objective = SURFACES[name].at({}, 50, keep=0.6, penalty=penalty)
    points = objective.critical_points()
    assert points
    for point in points:
        assert np.abs(objective.gradient(point.x, point.y)).max() < 1e-8
    best = min(point.loss for point in points)
    assert objective.lowest() == best
    (x0, x1), (y0, y1) = objective.domain
    x, y = np.meshgrid(np.linspace(x0, x1, 201), np.linspace(y0, y1, 201))
    assert objective.loss(x, y).min() >= best - 1e-12


def test_a_loss_without_a_minimum_has_its_greatest_lower_bound():
    surface, labels = SURFACES["Logistic regression"], np.array([0.0, 0.0, 1.0, 1.0])
    sure = np.array([-2.0, -1.0, 1.0, 3.0])
    alone = surface.at({}, data=Dataset(np.column_stack([sure, [1, -1, 2, -1]]), labels), keep=0.6)
    assert alone.minimizers() == ()
    weights = np.linspace(-5, 5, 20_001)
    assert alone.lowest() == pytest.approx(alone.loss(1e4, weights).min(), abs=1e-7)
    both = surface.at({}, data=Dataset(np.column_stack([sure, sure**3]), labels), keep=0.6)
    assert both.minimizers() == ()
    assert both.lowest() == pytest.approx(0.16 * np.log(2), rel=1e-12)
    # Without dropout too, samples at the origin lose log 2, and so may some on a line.
    origin = surface.at({}, data=Dataset([[0, 0], [1, 1.5], [-1, -1], [2, 1]], [1, 1, 0, 1]))
    assert origin.minimizers() == ()
    assert origin.lowest() == pytest.approx(origin.loss(1e4, 1e4), abs=1e-12)
    line = Dataset([[2, -1], [-4, 2], [6, -3], [1, 0]], [1, 1, 0, 1])
    assert surface.at({}, data=line).minimizers() == ()
    far = 1e4 * np.array([1.0, 2.0])[:, None] + np.linspace(-3, 3, 20_001) * [[2.0], [-1.0]]
    lowest = surface.at({}, data=line).lowest()
    assert lowest == pytest.approx(surface.at({}, data=line).loss(*far).min(), abs=1e-7)
    # Samples that only both features together tell apart have a minimum with dropout.
    apart = Dataset([[3, -1], [-1, 2], [-3, 1], [1, -2]], [1, 1, 0, 0])
    assert surface.at({}, data=apart).minimizers() == ()
    assert surface.at({}, data=apart).lowest() == 0
    assert len(surface.at({}, data=apart, keep=0.6).minimizers()) == 1


# --- What is drawn


def test_inputs_are_dropped_by_the_seed_the_epoch_and_the_samples_place():
    found = rows(3, 100, 50, keep=0.7, inputs=2)
    np.testing.assert_array_equal(found % 100, order(3, 100, 50))  # the order stays what it is
    way = found // 100
    shares = np.bincount(way, minlength=4) / way.size
    np.testing.assert_allclose(shares, ways(0.7, 2)[1], atol=0.03)
    np.testing.assert_array_equal(rows(3, 100, 7, 20, keep=0.7, inputs=2), found[2000:2700])
    fewer = rows(3, 100, 50, keep=0.9, inputs=2) // 100
    assert ((fewer & way) == fewer).all()  # dropped at .9 is dropped at .7
    assert (rows(4, 100, 50, keep=0.7, inputs=2) // 100 != way).any()
    np.testing.assert_array_equal(rows(3, 100, 50), order(3, 100, 50))


@pytest.mark.parametrize("size", [None, 8, 9])
@pytest.mark.parametrize("name", NAMES)
def test_an_update_is_given_what_is_left_of_its_batch(name, size):
    start = (0.7, 1.1)
    experiment = Experiment(
        name, samples=20, start=start, steps=7, keep=0.6, runs=(Run("SGD", 0.01, batch_size=size),)
    )
    (trajectory,) = simulate(experiment)
    objective = experiment.objectives[0]
    features, labels = objective.features, objective.data.y
    kept, _ = ways(0.6, features.shape[1])
    epoch, size = experiment.epoch(size), size or 20
    seen = rows(0, 20, 7, keep=0.6, inputs=features.shape[1]).reshape(7, 20)
    for k in range(7):
        turn = k % epoch.updates
        batch = seen[k // epoch.updates][turn * size : (turn + 1) * size]
        inputs = features[batch % 20] * kept[batch // 20] / 0.6
        expected = losses(name, inputs, labels[batch % 20], *trajectory.path[k]).mean()
        assert trajectory.batch_loss[k] == pytest.approx(expected, rel=1e-12)
    np.testing.assert_array_equal(trajectory.loss, objective.loss(*trajectory.path.T))


@pytest.mark.parametrize("name", ["Two features", "One hidden unit"])
@pytest.mark.parametrize("replacement", [False, True])
def test_a_sweep_does_what_a_run_does(name, replacement):
    run = Run("Momentum", 0.02, replacement=replacement, keep=0.7)
    experiment = Experiment(name, samples=30, steps=25, l2=0.1, runs=(run,))
    sizes, seeds = np.array([0, 7, 30]), np.array([[2], [5]])
    swept = sweep(experiment, run, batch_size=sizes, seed=seeds, record=26)
    for i, seed in enumerate(seeds.ravel()):
        for j, size in enumerate(sizes):
            one = replace(run, seed=int(seed), batch_size=int(size) or None)
            (trajectory,) = simulate(replace(experiment, runs=(one,)))
            np.testing.assert_array_equal(swept.end[i, j], trajectory.path[-1])
            assert swept.loss[i, j] == trajectory.loss[-1]
            whole = replace(one, replacement=False)
            same = simulate(replace(experiment, runs=(whole,)))[0].path
            # The full batch is never drawn from the samples; what is left of them is.
            assert np.array_equal(same, trajectory.path) == (not replacement or size in (0, 30))
    assert (swept.end[0, 0] == swept.end[0, 2]).all()
    assert (swept.end[0, 0] != swept.end[1, 0]).any()


@pytest.mark.parametrize(("keep", "rows_made"), [(1.0, 3), (0.5, 6)])
def test_a_sweep_makes_an_order_for_the_full_batch_only_with_dropout(keep, rows_made):
    run = Run("SGD", replacement=True, keep=keep)
    cells = _Cells(
        Experiment("Two features", steps=4),
        run,
        None,
        None,
        None,
        np.arange(3)[:, None],
        [0, 8],
        None,
    )
    _, table = orders_table(cells).of(np.arange(6))
    assert len(table) == rows_made


def test_keeping_all_changes_nothing():
    run = Run("Adam", 0.1, batch_size=8)
    experiment = Experiment("Two features", steps=30, runs=(run,))
    (plain,) = simulate(experiment)
    (kept,) = simulate(replace(experiment, keep=0.5, runs=(replace(run, keep=1.0),)))
    np.testing.assert_array_equal(plain.path, kept.path)
    np.testing.assert_array_equal(plain.loss, kept.loss)
    assert experiment.objectives[0] == experiment.objectives[0].whole


def test_a_run_is_carried_on_with_the_further_draws():
    experiment = Experiment("Two features", steps=30, keep=0.5, runs=(Run("SGD", 0.05),))
    short, long = replace(experiment, steps=11), experiment
    (begun,), (whole,) = simulate(short), simulate(long)
    np.testing.assert_array_equal(continued(short, begun, 19).path, whole.path[11:])
    exact = continued(short, begun, 4000, noisy=False)
    (point,) = experiment.objectives[0].minimizers()
    np.testing.assert_allclose(exact.path[-1], (point.x, point.y), atol=1e-9)


def test_on_average_a_run_ends_at_the_minimizer_of_the_expected_loss():
    run = Run("SGD", 0.02)
    experiment = Experiment("Two features", samples=50, steps=500, keep=0.5, runs=(run,))
    ends = sweep(experiment, run, seed=np.arange(100)).end
    (point,), (whole,) = (
        each.minimizers() for each in (experiment.objectives[0], experiment.objectives[0].whole)
    )
    off = np.abs(ends.mean(axis=0) - (point.x, point.y))
    assert (off < 4 * ends.std(axis=0) / 10 + 0.002).all()
    assert np.hypot(*ends.mean(axis=0)) < 0.8 * np.hypot(whole.x, whole.y)


@pytest.mark.parametrize(("size", "replacement"), [(None, False), (8, False), (8, True)])
def test_the_covariance_of_a_batchs_gradient_is_what_is_drawn(size, replacement):
    run = Run("SGD", 0.0, batch_size=size, replacement=replacement)
    experiment = Experiment(
        "Two features", samples=16, start=(2.0, -1.0), steps=10_000, keep=0.6, runs=(run,)
    )
    (trajectory,) = simulate(experiment)
    plan = experiment.plan(run)
    found = np.cov(trajectory.gradient.T, bias=True)
    expected = batch_covariance(plan, (2.0, -1.0), size or 16)
    np.testing.assert_allclose(found, expected, rtol=0.06, atol=0.03 * expected.max())
    exact = plan.objective.gradient(2.0, -1.0)
    np.testing.assert_allclose(sample_gradients(plan, (2.0, -1.0)).mean(axis=0), exact, rtol=1e-12)
    alone = batch_covariance(plan, (2.0, -1.0), 1)
    np.testing.assert_allclose(alone, sample_covariance(plan, (2.0, -1.0)), rtol=1e-12)


def test_a_listing_weighs_the_ways_of_two_inputs_as_the_hessian_does():
    experiment = Experiment(
        *("Logistic regression", {"noise": 0.2}, (1.0, 0.5)),
        keep=0.7,
        l2=0.05,
        steps=15,
        runs=(Run("Newton", 0.5, batch_size=50),),
    )
    names = {}
    exec(plain_python(experiment, experiment.runs[0]), names)
    np.testing.assert_allclose(names["path"], simulate(experiment)[0].path, rtol=1e-10)


# --- What is refused


@pytest.mark.parametrize("keep", [0.0, -0.5, 0.05, 1.2, np.nan, "half", None, 1e308])
def test_a_keep_probability_out_of_range_is_refused(keep):
    with pytest.raises(ValueError, match=r"keep = .*: must be"):
        Experiment("Two features", keep=keep)
    if keep is not None:
        with pytest.raises(ValueError, match=r"keep = .*: must be"):
            Run("SGD", keep=keep)


def test_only_a_surface_made_by_data_has_inputs():
    told = "keep = 0.5: must be 1 on Rosenbrock, which is not made by data"
    with pytest.raises(ValueError, match=told):
        Experiment("Rosenbrock", keep=0.5)
    with pytest.raises(ValueError, match=told):
        Experiment("Rosenbrock", runs=(Run("SGD", keep=0.5),))
    with pytest.raises(ValueError, match=told):
        SURFACES["Rosenbrock"].at(keep=0.5)
    assert Experiment("Rosenbrock", runs=(Run("SGD", keep=1.0),)).plan(Run("SGD")).objective


def test_the_full_batch_with_dropout_counts_the_samples_that_it_sees():
    most = 2**26 // 1000
    told = "steps x batch_size = .*: must be at most MOST_SEEN"
    with pytest.raises(ValueError, match=told):
        Experiment("Two features", samples=1000, steps=most + 1, keep=0.5)
    with pytest.raises(ValueError, match=told):
        Experiment("Two features", samples=1000, steps=most + 1, runs=(Run("SGD", keep=0.5),))
    assert Experiment("Two features", samples=1000, steps=most + 1)


# --- On the page


def chosen_by(**link):
    settings, notes = read(link)
    assert notes == []
    return choose(settings)


def test_a_link_holds_the_keep_probability_and_the_page_says_what_it_does():
    choice = chosen_by(surface="Two features", keep="0.6")
    assert choice.experiment.keep == 0.6
    assert [note.message for note in choice.notes] == [LIKE_L2]
    bent = chosen_by(surface="Logistic regression", keep="0.6", l2="0.1")
    assert [note.message for note in bent.notes] == [TOGETHER]
    bent = chosen_by(surface="Logistic regression", keep="0.6")
    assert [note.message for note in bent.notes] == [DROPPED]
    # Where no samples make the surface there is nothing to drop.
    assert chosen_by(surface="Beale", keep="0.6") == chosen_by(surface="Beale")
    for value in ("0", "0.05", "1.5", "nan", "half"):
        settings, notes = read({"surface": "Two features", "keep": value})
        assert settings["keep"] == 1.0
        assert len(notes) == 1


def test_keep_probabilities_are_compared_each_on_its_own_ground():
    link = {"surface": "Two features", "compare": "Keep probability", "keep.values": "1, 0.5"}
    choice = chosen_by(**link)
    assert [each.keep for each in choice.experiment.objectives] == [1.0, 0.5]
    assert choice.labels == ("keep 1", "keep 0.5")
    ground = Ground.of(choice.experiment)
    address = ground_address(ground, "Side by side", 2, "light").partition("?")[2]
    assert ground_answer(address) == packed_ground(ground, "Side by side", 2, LIGHT, "en")
    for bad in ("keep=0.5&keep=nan", "keep=0.5&keep=2", "keep=0.5&keep=0", "keep=1&keep=1&keep=1"):
        with pytest.raises(UnreadableError):
            ground_answer(f"{address}&{bad}")
    settings, notes = read(link | {"surface": "Beale"})
    assert settings["compare"] != "Keep probability"
    assert notes


def test_the_panel_shows_where_the_contour_touches_what_dropout_adds():
    choice = chosen_by(surface="Two features", keep="0.5", optimizers="SGD")
    ground = Ground.under(choice.experiment, simulate(choice.experiment), 0.7)
    traces = {trace.get("name"): trace for trace in background(ground, 1, LIGHT)["data"]}
    (point,), (whole,) = ground.objective.minimizers(), ground.objective.whole.minimizers()
    assert (traces["minima"]["x"], traces["minima"]["y"]) == ([point.x], [point.y])
    assert traces["minima of the loss alone"]["x"] == [whole.x]
    added = traces["same penalty"]
    mean_squares = np.square(ground.objective.features).mean(axis=0)
    x, y = np.meshgrid(*(np.linspace(*side, added["z"].shape[0]) for side in ground.box))
    np.testing.assert_allclose(added["z"], (mean_squares[0] * x**2 + mean_squares[1] * y**2) / 2)
    level = (mean_squares[0] * point.x**2 + mean_squares[1] * point.y**2) / 2
    assert added["contours"]["start"] == added["contours"]["end"] == pytest.approx(level)
    for place in ((0.0, 0.0), (point.x, point.y), (whole.x, whole.y)):
        for value, (low, high) in zip(place, ground.box, strict=True):
            assert low < value < high


def test_what_a_run_with_dropout_draws_is_bounded():
    link = {"surface": "Two features", "samples": "65536", "keep": "0.5", "optimizers": "SGD"}
    choice = chosen_by(**link)
    assert choice.experiment.steps == 16
    assert CUT in [note.message for note in choice.notes]


def test_a_pass_over_all_ways_takes_no_longer_than_one_over_the_most_samples():
    for name in NAMES:
        link = {"surface": name, "samples": "1000", "optimizers": "SGD"}
        compared = {"compare": "Keep probability", "keep.values": "1, 0.5"}
        for more in ({"keep": "0.5"}, compared):
            choice = chosen_by(**link, **more)
            ways = choice.experiment.objectives[-1].ways
            fewer = not SURFACES[name].quadratic
            assert choice.experiment.samples == (1000 // ways if fewer else 1000)
            assert (FEWER_SAMPLES in [note.message for note in choice.notes]) == fewer
        assert chosen_by(**link).experiment.samples == 1000
    # A batch that is larger than what is left becomes all samples, in a link and by hand.
    link = {"surface": "Logistic regression", "samples": "1000", "batch": "512"}
    settings, notes = read({**link, "keep": "0.5"})
    assert choose(settings).experiment.runs[0].batch_size is None
    assert len(notes) == 1
    settings, notes = read(link)[0].changed({"keep": 0.5})
    assert choose(settings).experiment.runs[0].batch_size is None
    assert len(notes) == 1
    compared = {"surface": "Logistic regression", "samples": "1000", "compare": "Batch size"}
    settings, _ = read(compared | {"batches": ["8", "512"]})
    settings, _ = settings.changed({"keep": 0.5})
    assert choose(settings).experiment.samples == 250


def test_what_dropout_draws_counts_as_work():
    experiment = Experiment("Two features", samples=1000)
    assert cost_of(replace(experiment, keep=0.5)) > 3 * cost_of(experiment)


def test_how_batches_are_drawn_makes_no_difference_to_the_full_batch():
    link = {"surface": "Two features", "keep": "0.5", "drawing": "with replacement"}
    found = idle(read(link)[0], "drawing")
    assert found is not None
    changed, _ = read(link)[0].changed(found.changes)
    assert idle(changed, "drawing") is None
    assert idle(read(link)[0], "seed") is None  # what is dropped is drawn


def test_gradients_of_whole_samples_are_not_drawn_as_those_of_what_is_left():
    scenes = [
        scene_of(f"surface=Two+features&batch=16&arrows=1{more}")["batches"]["arrows"]
        for more in ("", "&keep=0.5")
    ]
    assert scenes == [True, False]
