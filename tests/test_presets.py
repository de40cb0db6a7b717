"""Every claim of the gallery, computed again from the experiment it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from landscape import SURFACES
from optimizers import OPTIMIZERS, Run, Trajectory, simulate
from optimizers.analysis.measures import zigzag
from optimizers.maps import (
    BasinMap,
    BatchGrid,
    Ensemble,
    Escape,
    MomentumGrid,
    NoiseBall,
    RateSweep,
)
from optimizers.maps.ensembles import closest
from optimizers.maps.rates import DIVERGES, ZONES
from views.presets import DEFAULT, PRESETS

APP = Path(__file__).parents[1] / "app.py"
SEEDS = 200


def trajectories(slug: str) -> list[Trajectory]:
    return simulate(PRESETS[slug].experiment)


def over_seeds(slug: str, measure: Callable[[Trajectory], float]) -> np.ndarray:
    """Return a measure of every run, (SEEDS, runs)."""
    experiment = PRESETS[slug].experiment
    return np.array(
        [[measure(t) for t in simulate(replace(experiment, seed=seed))] for seed in range(SEEDS)]
    )


def distances(slug: str, trajectory: Trajectory) -> np.ndarray:
    """Return the distance of every iterate to the nearest global minimizer."""
    experiment = PRESETS[slug].experiment
    points = SURFACES[experiment.surface].minimizers(**experiment.params)
    return np.min([np.hypot(*(trajectory.path - [p.x, p.y]).T) for p in points], axis=0)


def claims(slug: str, *texts: str) -> None:
    """Assert that the claim says each of `texts`, in this order."""
    claim = PRESETS[slug].claim
    at = 0
    for text in texts:
        assert text in claim[at:], (text, claim[at:])
        at = claim.index(text, at) + len(text)


def test_the_ravine_is_crossed_at_every_step_or_at_none():
    crossings = [
        int(np.sum(np.diff(np.sign(np.diff(t.path[:, 1]))) != 0)) for t in trajectories("ravine")
    ]
    assert len(trajectories("ravine")[0].lr) - 1 == 59
    hxx, _, hyy = SURFACES["Quadratic"].hessian(0, 0, **PRESETS["ravine"].experiment.params)
    claims(
        *("ravine", f"curvature {max(hxx, hyy):g}", "0.019", "every step"),
        *(f"{crossings[0]} of 59", "0.0095 it never does"),
    )
    assert crossings[1] == 0
    products = [run.lr * max(hxx, hyy) for run in PRESETS["ravine"].experiment.runs]
    claims("ravine", f"{products[0]:g} and {products[1]:g}")


@pytest.mark.parametrize(
    ("product", "zigzags", "grows"),
    [(0.99, False, False), (1.01, True, False), (1.99, True, False), (2.01, True, True)],
)
def test_rate_times_curvature_decides_in_the_ravine(product, zigzags, grows):
    claims("ravine", "above 1 a run zigzags, above 2 it diverges")
    experiment = PRESETS["ravine"].experiment
    (run,) = simulate(replace(experiment, runs=(Run("SGD", lr=product / 100),)))
    sides = np.sign(run.path[:, 1])
    assert bool((sides[1:] == -sides[:-1]).all()) == zigzags
    assert bool(abs(run.path[-1, 1]) > abs(run.path[0, 1])) == grows


def test_momentum_lowers_the_loss_until_there_is_too_much_of_it():
    experiment, runs = PRESETS["momentum"].experiment, trajectories("momentum")
    flips = [zigzag(experiment, t).flips for t in runs]
    loss = [f"{t.loss[-1]:.2g}" for t in runs]
    claims("momentum", "rate 0.017", f"zigzags {flips[0]} times", "100 updates", loss[0])
    claims("momentum", f"{flips[1]} times", loss[1], "with 0.9", loss[2], "at 0.99", loss[3])


def test_the_book_figure_ends_where_the_claim_says():
    sgd, momentum, adagrad, adam = (t.loss[-1] for t in trajectories("book"))
    claims("book", "30 updates", f"{sgd:.3g}", f"{momentum:.3g}", f"{adam:.3g}", f"{adagrad:.3g}")
    hxx, _, hyy = SURFACES["Quadratic"].hessian(0, 0, **PRESETS["book"].experiment.params)
    claims("book", f"{2 / (hxx + hyy):.3g}, the best rate in the long run")
    assert adagrad < sgd < min(momentum, adam)


def test_the_four_rates_do_what_they_are_called():
    runs = trajectories("rates")
    losses = [t.loss[-1] for t in runs]
    growth = abs(runs[0].path[-1, 1] / runs[0].path[-2, 1])
    assert SURFACES["Quadratic"].hessian(0, 0)[2] == 10
    claims(
        "rates",
        "2 / 10 = 0.2",
        f"{growth:.1f} times as far",
        f"diverges at step {runs[0].diverged_at}",
        f"{len(runs[1].lr)} updates bring the loss from {runs[1].loss[0]:.0f} to {losses[1]:.5f}",
        f"{losses[2]:.7f}",
        f"{losses[3]:.1f}",
    )


def test_the_crawl_along_rosenbrocks_valley_is_as_long_as_claimed():
    sgd, momentum, adam = (distances("rosenbrock", t) for t in trajectories("rosenbrock"))
    claims(
        "rosenbrock",
        f"{len(sgd) - 1:,} updates",
        f"{sgd[-1]:.3g} away",
        f"after {np.argmax(momentum < 0.1)} updates",
        f"Adam after {np.argmax(adam < 0.1)}",
    )


def test_without_noise_every_run_ends_at_the_saddle():
    runs = trajectories("saddle")
    assert all((t.path[:, 1] == 0).all() and 0 <= t.loss[-1] <= 0.0001 for t in runs)
    assert SURFACES["Saddle"].lowest() == -0.25
    claims("saddle", "all four", "0.0001 or less", "−0.25")


def test_noise_frees_all_but_newton():
    *free, newton = trajectories("noise")
    assert all(distances("noise", t)[-1] < 0.05 and t.loss[-1] < -0.248 for t in free)
    away = np.hypot(*newton.path[1:].T).mean()
    claims("noise", "σ = 0.1", "0.05 of a minimum", "−0.248", f"on average {away:.2f} away")


def test_only_momentum_crosses_the_local_minimum():
    sgd, momentum, adam = trajectories("crossing")
    points = {p.kind: p for p in SURFACES["Local-minima valley"].critical_points()}
    assert f"{sgd.loss[-1]:.3g}" == f"{adam.loss[-1]:.3g}" == f"{points['local minimum'].loss:.3g}"
    claims(
        "crossing",
        f"loss {sgd.loss[-1]:.3g}",
        f"saddle at loss {points['saddle'].loss:.3g}",
        f"{distances('crossing', momentum)[-1]:.2g}",
    )


def test_small_batches_leave_the_local_minimum_and_large_ones_do_not():
    points = tuple(SURFACES["Local-minima valley"].critical_points())
    best = [i for i, point in enumerate(points) if point.kind == "global minimum"]

    def lower(trajectory: Trajectory) -> bool:
        return bool(np.isin(closest(trajectory.path[-1], points), best))

    left = over_seeds("batch", lower).sum(axis=0)
    claims("batch", "σ = 8", f"{SEEDS} seeds", f"{left[0]} times", f"{left[1]} times", "never")
    assert left[2] == left[3] == 0
    shown = [lower(t) for t in trajectories("batch")]
    assert shown == [True, False, False, False]


def test_decay_lowers_the_loss_that_noise_leaves():
    constant, step, cosine, root = np.median(over_seeds("decay", lambda t: t.loss[-1]), axis=0)
    claims("decay", f"{SEEDS} seeds", f"{constant:.2g}", "30, 60 and 90%")
    claims("decay", f"leaves {step:.2g}", f"cosine decay {cosine:.2g}", f"root decay {root:.2g}")


def test_adagrad_takes_shorter_steps_than_rmsprop():
    adagrad, rmsprop = (np.hypot(*np.diff(t.path[-2:], axis=0)[0]) for t in trajectories("adagrad"))
    claims("adagrad", "update 500", f"{adagrad:.2g}", f"{rmsprop:.2g}")


def test_newton_needs_one_update():
    runs = [distances("newton", t) for t in trajectories("newton")]
    updates = [int(np.argmax(d < 1e-4)) for d in runs]
    assert runs[0][1] == 0
    assert updates[0] == 1
    claims("newton", "in one update", f"needs {updates[1]} ", "0.0001", f" {updates[2]}.")


def test_the_sweep_finds_the_rates_of_the_claim():
    request = RateSweep(PRESETS["sweep"].experiment, seeds=50)
    found = request.compute()
    best = [found.best(c) for c in range(3)]
    lost = [
        found.rates[found.zone[c] == ZONES.index(DIVERGES)].min(initial=np.inf) for c in range(3)
    ]
    limit = OPTIMIZERS["Momentum"].edges(request.experiment.runs[1].hyper)[-1] / 10
    claims(
        "sweep",
        "Curvature 10, batches of 32, noise σ = 2",
        f"rate {best[0]:.2g} and diverges from {lost[0]:.2g} on",
        "2 / 10 = 0.2",
        f"best at {best[1]:.2g}, a sixteenth",
        f"stable up to {limit:.2g}",
    )
    assert 1 / 17 < best[1] / best[0] < 1 / 15
    assert limit < lost[1] < 1.06 * limit
    assert np.isinf(lost[2])


def test_the_best_pixel_lies_near_polyaks_optimum():
    found = MomentumGrid(PRESETS["polyak"].experiment).compute()
    j, i = np.unravel_index(int(np.argmin(found.gap)), found.gap.shape)
    high, low = 10.0, 1.0  # the roots of the curvatures 100 and 1
    claims(
        "polyak",
        "condition number 100, 100 updates",
        f"{found.gap.shape[0]} × {found.gap.shape[1]}",
        f"rate {found.rates[i]:.1g} at momentum {found.others[j]:.1g}",
        f"{4 / (high + low) ** 2:.2g} at {((high - low) / (high + low)) ** 2:.2g}",
    )
    limit = 2 * (1 + found.others) / 100
    # Near the line a run grows too slowly to pass 1e6 in 100 updates.
    beyond = found.rates[None, :] > 1.3 * limit[:, None]
    assert np.isinf(found.gap[beyond]).all()
    assert np.isfinite(found.gap[found.rates[None, :] < limit[:, None]]).all()


def test_the_best_rate_grows_with_the_batch():
    request = BatchGrid(PRESETS["scaling"].experiment, seeds=32, budget="samples")
    found = request.compute()
    assert request.reference * request.experiment.steps == 12_800
    sizes = found.others.tolist()
    best = {size: found.ridge()[sizes.index(size)] for size in (1, 8, 64, 256)}
    gap = {size: found.gap[sizes.index(size)].min() for size in sizes}
    claims("scaling", "12,800 samples", *(f"{best[size]:.2g}" for size in (1, 8, 64, 256)))
    most = max(gap[size] for size in sizes if size <= 256)
    claims("scaling", f"{most:.2g} or less", f"1,024 it is {gap[1024]:.2g}")


def test_the_basins_of_adam_are_as_large_as_claimed():
    found = BasinMap(PRESETS["basins"].experiment).compute()
    shares = [
        100 * np.mean(found.where == i)
        for i, point in enumerate(found.points)
        if point.kind == "global minimum"
    ]
    assert sum(shares) == 100
    claims("basins", "four minima", "{:.1f}, {:.1f}, {:.1f} and {:.1f}%".format(*shares))
    experiment = PRESETS["basins"].experiment
    sgd = BasinMap(replace(experiment, runs=experiment.runs[1:])).compute()
    borders = [
        sum(int((np.diff(m.where, axis=k) != 0).sum()) for k in (0, 1)) for m in (found, sgd)
    ]
    slope = np.hypot(*SURFACES["Himmelblau"].gradient(*np.meshgrid(found.x, found.y)))
    claims(
        "basins",
        f"{borders[1] / borders[0]:.1f} times as long",
        f"up to {0.01 * slope.max():.0f} long",
    )
    first = [simulate(replace(experiment, steps=1, start=(x, 5.9)))[0] for x in (-5.9, 1.0, 5.9)]
    steps = [np.abs(np.diff(t.path, axis=0)).max() for t in first]
    assert steps == pytest.approx([0.1] * 3, rel=1e-6)


def test_only_momentum_ends_in_the_global_minimum_more_than_by_luck():
    found = Ensemble(PRESETS["ensemble"].experiment, seeds=200).compute()
    best = [i for i, point in enumerate(found.points) if point.kind == "global minimum"]
    shares = np.isin(found.where, best).mean(axis=1)
    claims("ensemble", "200 seeds", "σ = 2 in batches of 8", f"{100 * shares[1]:.0f}%", "never")
    assert (shares[[0, 2, 3]] == 0).all()


def test_the_escape_from_the_local_minimum_is_as_likely_as_claimed():
    found = Escape(PRESETS["escape"].experiment, seeds=300).compute()
    at = {size: index for index, size in enumerate(found.sizes.tolist())}
    share = 100 * found.share[0]
    claims(
        "escape",
        "300 updates, 300 seeds",
        f"{share[at[8]]:.0f}%",
        f"{100 * found.low[0, at[8]]:.0f} to {100 * found.high[0, at[8]]:.0f}%",
        f"{share[at[32]]:.0f}% with 32",
        "never with 64 or more",
        f"batches of 1 it is {share[at[1]]:.0f}%",
    )
    assert not share[at[64] :].any()


def test_the_noise_ball_is_as_wide_as_theory_says():
    found = NoiseBall(PRESETS["ball"].experiment, 1e-3, 10.0).compute()
    at = [int(np.argmin(np.abs(found.rates - rate))) for rate in (0.01, 0.1)]
    measured, theory = found.measured[0, at], found.theory[0, at]
    last = dict(zip(found.schedules, found.shrinking[:, -1], strict=True))
    claims(
        "ball",
        f"rate of 0.01, SGD hovers at a mean loss of {measured[0]:.2g}",
        f"0.1 of {measured[1]:.2g}",
        f"says {theory[0]:.2g} and {theory[1]:.2g}",
        f"leave {last['Constant']:.2g}",
        f"{last['Cosine']:.2g} with cosine decay",
    )


def test_the_gallery_has_a_dozen_presets_each_with_a_number_in_its_claim():
    assert len(PRESETS) >= 12
    assert all(any(c.isdigit() for c in preset.claim) for preset in PRESETS.values())


@pytest.mark.parametrize("slug", PRESETS)
def test_the_link_of_a_preset_opens_exactly_its_experiment(slug):
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params["preset"] = slug
    app.run()
    assert not app.exception
    assert not app.warning
    # The page shows the claim only where what it draws equals the preset.
    assert any(PRESETS[slug].claim in text.value for text in app.markdown)


def test_the_page_without_a_link_shows_the_default_experiment():
    assert [run.optimizer for run in DEFAULT.runs] == ["SGD", "Momentum", "RMSProp", "Adam"]
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert not app.exception
    assert app.multiselect[0].value == ["SGD", "Momentum", "RMSProp", "Adam"]
