"""Frames by what they hold: the visible part of every path, and no half without one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from landscape import SURFACES
from landscape.record import MINIMUM_KINDS
from optimizers import OPTIMIZERS, Experiment, Run, simulate
from views.presets import DEFAULT, PRESETS
from views.scene.figures import OVERLAY, SIDE_BY_SIDE, Ground
from views.scene.frames import (
    FEW,
    Frame,
    counted,
    diverges,
    domain,
    drawn,
    exit_of,
    fitted,
    serves,
    within,
)
from views.scene.scene import SHAPES, ground_of

EXPERIMENTS = {
    **{f"{name}: all": Experiment(name, runs=tuple(map(Run, OPTIMIZERS))) for name in SURFACES},
    **{
        f"{name}: {optimizer}": Experiment(name, runs=(Run(optimizer),))
        for name in SURFACES
        for optimizer in ("SGD", "Adam")
    },
    **{slug: preset.experiment for slug, preset in PRESETS.items()},
    "opening": DEFAULT,
}


def fit(experiment: Experiment, view: str = SIDE_BY_SIDE) -> Frame:
    return ground_of(experiment, simulate(experiment), view).box


@pytest.mark.parametrize("view", [SIDE_BY_SIDE, OVERLAY])
@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=EXPERIMENTS)
def test_a_frame_holds_starts_and_paths_and_has_no_empty_half(experiment, view):
    trajectories = simulate(experiment)
    box = fit(experiment, view)
    low, high = np.array(box).T
    margin = 0.03 * (high - low).min()
    inner = ((low[0] + margin, high[0] - margin), (low[1] + margin, high[1] - margin))
    for trajectory in trajectories:
        assert within(trajectory.path[:1], inner).all()
        assert within(counted(experiment, trajectory), inner).all()
        if not diverges(experiment, trajectory) and within(trajectory.finite_path, box).all():
            assert drawn(trajectory, exit_of(experiment, trajectory, box)) == len(trajectory.path)
    points = experiment.objectives[0].critical_points()
    seen = np.concatenate(
        [counted(experiment, t) for t in trajectories]
        + [np.array([(p.x, p.y)]) for p in points if p.kind in MINIMUM_KINDS]
    )
    share = ((seen - low) / (high - low))[within(seen, box)]
    for axis in (0, 1):
        assert share[:, axis].min() <= 0.5 <= share[:, axis].max()


@pytest.mark.parametrize("shape", SHAPES.values())
def test_a_frame_has_the_shape_of_its_panel(shape):
    for experiment in (DEFAULT, Experiment("Rosenbrock", runs=(Run("SGD"),))):
        (x0, x1), (y0, y1) = fitted(experiment, simulate(experiment), shape)
        assert (y1 - y0) / (x1 - x0) == pytest.approx(shape)


def test_paths_fill_their_frame_in_one_direction():
    for experiment in (DEFAULT, PRESETS["rosenbrock"].experiment, PRESETS["crossing"].experiment):
        path = np.concatenate([t.path for t in simulate(experiment)])
        low, high = np.array(fit(experiment)).T
        assert (np.ptp(path, axis=0) / (high - low)).max() > 0.7


@pytest.mark.parametrize("surface", SURFACES.values(), ids=lambda surface: surface.name)
def test_the_paths_from_the_default_start_are_seen(surface):
    """None is on the domain's edge, and each is longer than its head, its ring and its dots are."""
    domain = np.array(surface.domain)
    share = (np.array(surface.start) - domain[:, 0]) / np.ptp(domain, axis=1)
    assert 0.04 <= share.min() <= share.max() <= 0.96
    experiment = Experiment(surface.name, steps=DEFAULT.steps, runs=DEFAULT.runs)
    low, high = np.array(fit(experiment)).T
    for trajectory in simulate(experiment):
        path = counted(experiment, trajectory)
        assert (np.ptp(path, axis=0) / (high - low)).max() >= 0.09, trajectory.run.optimizer


def test_a_near_minimizer_is_shown_and_a_far_one_is_not():
    creeping = Experiment("Quadratic", steps=30, runs=(Run("SGD", lr=0.001),))
    arriving = replace(creeping, runs=(Run("SGD", lr=0.06),))
    origin = np.zeros((1, 2))
    assert not within(origin, fit(creeping)).all()
    assert within(origin, fit(arriving)).all()


def test_a_run_that_hardly_moves_is_not_enlarged_without_end():
    box = fit(Experiment("Quadratic", steps=5, runs=(Run("SGD", lr=1e-9),)))
    assert all(high - low >= 1 for low, high in box)


def test_a_diverging_run_leaves_the_frame_to_the_others():
    calm = Experiment("Quadratic", steps=40, runs=(Run("SGD", lr=0.1),))
    both = replace(calm, runs=(*calm.runs, Run("SGD", lr=0.25)))
    wild = simulate(both)[1]
    assert diverges(both, wild)
    assert 1 <= len(counted(both, wild)) <= FEW
    low, high = np.array(fit(both)).T
    assert np.ptp(simulate(both)[0].path[:, 0]) > (high - low)[0] / 5
    shown = drawn(wild, exit_of(both, wild, fit(both)))
    inside = within(wild.path[:shown], fit(both))
    assert inside[:-1].all()
    assert not inside[-1]


def test_without_a_run_that_stays_the_minimizer_is_shown():
    lost = Experiment("Quadratic", steps=40, runs=(Run("SGD", lr=50.0),))
    assert within(np.array([(0.0, 0.0), (-4.0, 2.0)]), fit(lost)).all()


def test_a_run_that_comes_back_is_drawn_to_its_end():
    thrown = Experiment("Rosenbrock", start=(-1.2, 1.0), steps=300, runs=(Run("L-BFGS", lr=1.0),))
    (trajectory,) = simulate(thrown)
    assert not diverges(thrown, trajectory)
    assert not within(trajectory.finite_path, fit(thrown)).all()
    left = exit_of(thrown, trajectory, fit(thrown))
    assert drawn(trajectory, left) == len(trajectory.finite_path)


def test_a_small_change_of_a_rate_often_leaves_the_frame_alone():
    boxes = {
        fit(Experiment("Quadratic", steps=40, runs=(Run("SGD", lr=0.03 + 1e-4 * k),)))
        for k in range(20)
    }
    assert len(boxes) <= 6


def test_a_frame_stays_while_it_serves():
    def at(rate: float, shown: Ground | None = None) -> Ground:
        experiment = Experiment("Quadratic", steps=60, runs=(Run("SGD", lr=rate), Run("Adam")))
        return ground_of(experiment, simulate(experiment), SIDE_BY_SIDE, shown)

    first = at(0.15)
    dragged = first
    for rate in np.linspace(0.15, 0.1, 20):
        dragged = at(float(rate), dragged)
        assert dragged.box == first.box
    wild = at(0.1995, dragged)
    assert wild.box == at(0.1995).box != first.box, "what does not fit has another frame"
    one = Experiment("Quadratic", steps=60, runs=(Run("SGD", lr=0.1),))
    alone = ground_of(one, simulate(one), SIDE_BY_SIDE, first)
    assert alone == ground_of(one, simulate(one), SIDE_BY_SIDE), "panels of another shape"


def test_a_frame_much_too_large_is_left():
    small = ((0.0, 1.0), (0.0, 1.0))
    assert serves(small, small)
    assert serves(((-0.1, 1.1), (-0.1, 1.1)), small)
    assert not serves(((-1.0, 1.0), (-1.0, 1.0)), small)
    assert not serves(((0.2, 1.2), (0.0, 1.0)), small)


def test_a_start_outside_the_domain_doubles_the_domain():
    inside = Experiment("Quadratic", start=(5.0, -5.0), runs=(Run("SGD"), Run("Adam")))
    assert domain(inside) == SURFACES["Quadratic"].domain
    outside = replace(inside, runs=(Run("SGD"), Run("SGD", start=(-7.0, 2.0))))
    assert domain(outside) == ((-10.0, 10.0), (-10.0, 10.0))
