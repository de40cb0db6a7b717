"""Every update rule against its textbook, PyTorch, the theory, and its own first picture."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from landscape import SURFACES
from landscape.record import CUSP, DEGENERATE, SADDLE
from optimizers import OPTIMIZERS, Experiment, Run, Trajectory, simulate
from optimizers.record import CONVENTIONS, DECOUPLED, DONE, LINE, LONG, NO_DECAY

U = 2.0**-53  # the largest relative error of one rounding
PRESET = {"surface": "Quadratic", "params": {"scale": 0.1, "condition": 20.0}, "start": (-7, 2)}
TORCH = json.loads((Path(__file__).parent / "fixtures" / "torch.json").read_text())


def by_name(registry):
    return {"argvalues": registry.values(), "ids": registry.keys()}


def one(run, **settings):
    (trajectory,) = simulate(Experiment(**settings, runs=(run,)))
    return trajectory


# --- Independent references: plain Python, written from the papers, weight decay included. Each
# --- maker takes the hyperparameters and returns (theta, g, hessian, lr, wd) -> (new theta, size
# --- of the largest numbers that cancelled on the way, apart from theta's own: they set the error).


def sgd(hyper):
    def update(theta, g, hessian, lr, wd):
        return [p - lr * (d + wd * p) for p, d in zip(theta, g, strict=True)], 0

    return update


def heavy_ball(hyper):
    mu, v, first = hyper["momentum"], [0.0, 0.0], [True]
    keras, average = hyper["convention"] == 1, hyper["convention"] == 2

    def update(theta, g, hessian, lr, wd):
        share = 1.0 if first or not mu else 1 - hyper["dampening"]
        first.clear()
        for i in range(2):
            slope = share * (g[i] + wd * theta[i])
            v[i] = mu * v[i] + slope * ((1 - mu) if average else -lr if keras else 1)
        return [theta[i] + (v[i] if keras else -lr * v[i]) for i in range(2)], 0

    return update


def nesterov(hyper):
    """Sutskever's form: theta + mu v is the look-ahead point, where the gradient is taken."""
    mu, old = hyper["momentum"], [0.0, 0.0]

    def update(ahead, g, hessian, lr, wd):
        # v = mu v - lr g moves theta by v; the next look-ahead point is theta + v + mu v.
        new = []
        for i in range(2):
            slope = g[i] + wd * ahead[i]
            theta = ahead[i] - mu * -lr * old[i]
            old[i] = mu * old[i] + slope
            v = -lr * old[i]
            new.append(theta + v + mu * v)
        return new, 0

    return update


def adagrad(hyper):
    s = [hyper["initial_accumulator"]] * 2

    def update(theta, g, hessian, lr, wd):
        new = []
        for i in range(2):
            slope = g[i] + wd * theta[i]
            s[i] += slope**2
            new.append(theta[i] - lr * slope / (math.sqrt(s[i]) + hyper["eps"]))
        return new, 0

    return update


def full_matrix_adagrad(hyper):
    """By the singular values of all gradients, below each other under the root of eps I."""
    rows = [*np.sqrt(hyper["eps"] * np.eye(2))]

    def update(theta, g, hessian, lr, wd):
        rows.append(np.array(g) + wd * np.array(theta))
        _, sizes, axes = np.linalg.svd(rows, full_matrices=False)
        step = -lr * axes.T @ (axes @ rows[-1] / sizes)
        # The gradient across the larger axis is a difference, and is divided by the smaller size.
        return theta + step, sizes[0] / sizes[1] * np.abs(step).max()

    return update


def rmsprop(hyper):
    """The centered form with momentum is Graves' (2013, equations 38 to 45), eps but for."""
    s, mean, v, decay = [0.0, 0.0], [0.0, 0.0], [0.0, 0.0], hyper["decay"]

    def update(theta, g, hessian, lr, wd):
        new, lost = [], 0.0
        for i in range(2):
            slope = g[i] + wd * theta[i]
            s[i] = decay * s[i] + (1 - decay) * slope**2
            mean[i] = decay * mean[i] + (1 - decay) * slope
            spread = s[i] - mean[i] ** 2 if hyper["centered"] else s[i]
            v[i] = hyper["momentum"] * v[i] + slope / (math.sqrt(max(spread, 0)) + hyper["eps"])
            new.append(theta[i] - lr * v[i])
            # A spread rounds as the square that it is left of.
            lost = max(lost, abs(lr * v[i]) * s[i] / max(spread, 1e-300))
        return new, lost if hyper["centered"] else 0

    return update


def adam(hyper, decoupled=False):
    beta1, beta2, eps = hyper["beta1"], hyper["beta2"], hyper["eps"]
    m, v, top, time = [0.0, 0.0], [0.0, 0.0], [0.0, 0.0], itertools.count(1)
    raw, largest, inside = (
        hyper.get(name) for name in ("bias_correction", "amsgrad", "eps_in_root")
    )

    def update(theta, g, hessian, lr, wd):
        t, new = next(time), []
        for i in range(2):
            slope = g[i] + (0.0 if decoupled else wd * theta[i])
            m[i] = beta1 * m[i] + (1 - beta1) * slope
            v[i] = beta2 * v[i] + (1 - beta2) * slope**2
            top[i] = max(top[i], v[i])
            second = top[i] if largest else v[i]
            m_hat = m[i] if raw else m[i] / (1 - beta1**t)
            v_hat = second if raw else second / (1 - beta2**t)
            shrunk = theta[i] - (lr * wd * theta[i] if decoupled else 0.0)
            root = math.sqrt(v_hat + eps) if inside else math.sqrt(v_hat) + eps
            new.append(shrunk - lr * m_hat / root)
        return new, 0

    return update


def adamw(hyper):
    return adam(hyper, decoupled=True)


def adamax(hyper):
    """The u of the update is a maximum over all gradients so far, each decayed by its age."""
    beta1, beta2, past = hyper["beta1"], hyper["beta2"], []

    def update(theta, g, hessian, lr, wd):
        past.append(np.array(g) + wd * np.array(theta))
        age = np.arange(len(past))[::-1, None]
        mean = ((1 - beta1) * beta1**age * past).sum(axis=0) / (1 - beta1 ** len(past))
        return theta - lr * mean / (beta2**age * (np.abs(past) + hyper["eps"])).max(axis=0), 0

    return update


def nadam(hyper):
    beta1, beta2, momenta = hyper["beta1"], hyper["beta2"], []
    m, v = np.zeros(2), np.zeros(2)

    def update(theta, g, hessian, lr, wd):
        t, slope = len(momenta) + 1, np.array(g) + wd * np.array(theta)
        m[:] = beta1 * m + (1 - beta1) * slope
        v[:] = beta2 * v + (1 - beta2) * slope**2
        mu, ahead = (beta1 * (1 - 0.96 ** (k * hyper["momentum_decay"]) / 2) for k in (t, t + 1))
        momenta.append(mu)
        fresh = (1 - mu) * slope / (1 - math.prod(momenta))
        mean = ahead * m / (1 - math.prod([*momenta, ahead])) + fresh
        return theta - lr * mean / (np.sqrt(v / (1 - beta2**t)) + hyper["eps"]), 0

    return update


def adadelta(hyper):
    decay, eps = hyper["decay"], hyper["eps"]
    s, u = np.zeros(2), np.zeros(2)

    def update(theta, g, hessian, lr, wd):
        slope = np.array(g) + wd * np.array(theta)
        s[:] = decay * s + (1 - decay) * slope**2
        d = np.sqrt((u + eps) / (s + eps)) * slope
        u[:] = decay * u + (1 - decay) * d**2
        return theta - lr * d, 0

    return update


def lion(hyper):
    beta1, beta2, m = hyper["beta1"], hyper["beta2"], np.zeros(2)

    def update(theta, g, hessian, lr, wd):
        c = beta1 * m + (1 - beta1) * np.array(g)
        m[:] = beta2 * m + (1 - beta2) * np.array(g)
        return theta - lr * (np.sign(c) + wd * np.array(theta)), 0

    return update


def newton(hyper):
    def update(theta, g, hessian, lr, wd):
        hxx, hxy, hyy = hessian
        matrix = np.array([[hxx, hxy], [hxy, hyy]])
        step = -lr * np.linalg.solve(matrix, g)
        return theta + step, np.linalg.cond(matrix) * np.abs(step).max()

    return update


def along(theta, g, hessian, d, lr):
    """Return theta a step of the quadratic model along d, and what its rounding is a share of."""
    hxx, hxy, hyy = hessian
    terms = np.array([hxx * d[0] * d[0], 2 * hxy * d[0] * d[1], hyy * d[1] * d[1]])
    if not (g @ d):
        return theta, 0
    step = -lr * (g @ d) / abs(terms.sum()) * d
    lost = np.abs(terms).sum() / abs(terms.sum()) + np.linalg.norm(g) * np.linalg.norm(d) / -(g @ d)
    return theta + step, lost * np.abs(step).max()


def steepest_descent(hyper):
    def update(theta, g, hessian, lr, wd):
        return along(np.array(theta), np.array(g), hessian, -np.array(g), lr)

    return update


def conjugate_gradient(hyper):
    past = []

    def update(theta, g, hessian, lr, wd):
        g, lost = np.array(g), 0.0
        d = -g
        if past and past[-1][0] @ past[-1][0] > 0:
            old, last = past[-1]
            beta = max(0.0, g @ (g - old) / (old @ old))
            if g @ (beta * last - g) < 0:
                d = beta * last - g
                lost = np.linalg.norm(g) * np.linalg.norm(g - old) / (old @ old)
                lost *= np.linalg.norm(last) / np.linalg.norm(d)
        past.append((g, d))
        found, cancelled = along(np.array(theta), g, hessian, d, lr)
        return found, cancelled + lost * np.abs(found - theta).max()

    return update


def lbfgs(hyper):
    """The BFGS matrix itself, rebuilt from the last pairs (Nocedal and Wright, equation 7.16)."""
    past = {"pairs": [], "gamma": 1.0, "theta": None, "g": None}

    def update(theta, g, hessian, lr, wd):
        theta, g = np.array(theta), np.array(g)
        if max(abs(g)) <= 1e-7:
            return theta, 0
        rate = lr
        if past["g"] is None:
            rate *= min(1.0, 1.0 / sum(abs(g)))
        else:
            s, y = theta - past["theta"], g - past["g"]
            if s @ y > 1e-10:
                past["pairs"] = [*past["pairs"], (s, y)][-int(hyper["history"]) :]
                past["gamma"] = (s @ y) / (y @ y)
        past["theta"], past["g"] = theta, g
        inverse = past["gamma"] * np.eye(2)
        size, lost = past["gamma"], 1.0
        for s, y in past["pairs"]:
            v = np.eye(2) - np.outer(y, s) / (s @ y)
            inverse = v.T @ inverse @ v + np.outer(s, s) / (s @ y)
            size = size * np.linalg.norm(v, 2) ** 2 + s @ s / (s @ y)
            # s is a difference of positions, and s'y may be one of opposite products.
            lost = max(lost, np.linalg.norm(theta) * np.linalg.norm(y) / (s @ y))
        if g @ inverse @ g < 1e-9:
            return theta, 0
        return theta - rate * inverse @ g, rate * size * lost * np.linalg.norm(g)

    return update


def backtracking(hyper, loss):
    """Armijo's lengths, each a power of the factor times the rate."""

    def update(theta, g, hessian, lr, wd):
        theta, g = np.array(theta), np.array(g)
        for k in range(100):
            length = lr * hyper["shrink"] ** k
            there = theta - length * g
            if (there == theta).all():
                break
            if loss(*there) <= loss(*theta) - hyper["decrease"] * length * (g @ g):
                return there, 0
        return theta, 0

    return update


def assert_is_lowest(there, theta, g, hessian, lr, loss, gradient):
    """Compare the end of an exact search with what makes it one: there is no recipe for it."""
    step, first = there - theta, g @ np.array(gradient(*theta))
    if not lr * first > 0:  # noise leads up
        assert not step.any()
        return
    # It lies on the line, no further than the longest step.
    share = step @ -g / (lr * (g @ g))
    spread = 100 * U * np.abs([theta, there]).max()
    longest = lr * np.linalg.norm(g)
    np.testing.assert_allclose(step, -share * lr * g, rtol=0, atol=spread)
    assert -spread <= share * longest <= longest * (1 + 8 * U) + spread
    assert loss(*there) <= loss(*theta)
    # Where the whole fall is hardly more than rounding, nothing can be told of the losses.
    if lr * first > 1e-10 * abs(loss(*theta)):
        slope = g @ np.array(gradient(*there)) / first
        rounding = np.linalg.norm(hessian) * spread * np.linalg.norm(g) / first
        # It is level there, or a kink, or falls at the end of the longest step.
        kink = min(loss(*(there - 1e-9 * step)), loss(*(there + 1e-9 * step))) > loss(*there)
        assert abs(slope) < 1e-9 + rounding or kink or (share > 1 - 1e-12 and slope > 0)


REFERENCES = {
    "SGD": sgd,
    "Momentum": heavy_ball,
    "Nesterov": nesterov,
    "AdaGrad": adagrad,
    "Full-matrix AdaGrad": full_matrix_adagrad,
    "RMSProp": rmsprop,
    "Adam": adam,
    "AdamW": adamw,
    "AdaMax": adamax,
    "NAdam": nadam,
    "Adadelta": adadelta,
    "Lion": lion,
    "Newton": newton,
    "Steepest descent": steepest_descent,
    "Backtracking": backtracking,
    "Conjugate gradient": conjugate_gradient,
    "L-BFGS": lbfgs,
}


def assert_follows_the_reference(trajectory, surface, noise=None, **params):
    """Compare each step with the reference's from the same point, so that no error grows.

    An update rounds some ten times, and a state with decay .9 adds up ten past errors: a hundred
    roundings of the largest coordinate so far, or of what the reference says was cancelled.
    """
    run, path = trajectory.run, trajectory.path
    loss = [lambda x, y: float(surface.loss(x, y, **params))]
    slope = [lambda x, y: surface.gradient(x, y, **params)]
    how = OPTIMIZERS[run.optimizer].searches
    if how != LINE:
        update = REFERENCES[run.optimizer](run.hyper, *loss * (how == LONG))
    largest = np.maximum.accumulate(np.abs(path).max(axis=1))
    for k, lr in enumerate(trajectory.lr):
        theta = path[k]
        g = np.array(surface.gradient(*theta, **params))
        if noise is not None:
            g += noise[k]
        hessian = surface.hessian(*theta, **params)
        if how == LINE:
            assert_is_lowest(path[k + 1], theta, g, hessian, lr, *loss, *slope)
            continue
        expected, cancelled = update(theta, g, hessian, lr, run.weight_decay)
        tolerance = 100 * U * (largest[k + 1] + cancelled)
        np.testing.assert_allclose(path[k + 1], expected, 0, tolerance, err_msg=f"update {k + 1}")


def test_every_rule_has_a_reference():
    assert REFERENCES.keys() == {n for n, rule in OPTIMIZERS.items() if rule.searches != LINE}


@pytest.mark.parametrize("surface", **by_name(SURFACES))
@pytest.mark.parametrize("rule", **by_name(OPTIMIZERS))
def test_a_rule_takes_the_steps_of_its_textbook(rule, surface):
    trajectory = one(Run(rule.name), surface=surface.name, steps=60)
    assert len(trajectory.lr) >= 1
    assert_follows_the_reference(trajectory, surface)


DECAYING = {n: r for n, r in OPTIMIZERS.items() if r.weight_decay != NO_DECAY}


@pytest.mark.parametrize("rule", **by_name(DECAYING))
def test_weight_decay_enters_as_in_the_textbook(rule):
    # Not the quadratic: there a decay scales the gradient, which an adaptive rule does not see.
    surface = SURFACES["Himmelblau"]
    decayed, plain = (
        one(
            Run(rule.name, rule.default_rate(surface) / 10, weight_decay=decay),
            surface=surface.name,
            steps=60,
        )
        for decay in (0.5, 0.0)
    )
    assert math.dist(decayed.path[-1], plain.path[-1]) > 1e-6
    assert_follows_the_reference(decayed, surface)


@pytest.mark.parametrize("rule", **by_name(OPTIMIZERS))
def test_noise_is_added_to_the_gradient_before_the_rule_and_its_rate(rule):
    surface, steps, noise, samples, batch = SURFACES["Quadratic"], 60, 0.7, 64, 8
    run = Run(rule.name, batch_size=batch, schedule="Cosine", warmup=5)
    trajectory = one(run, steps=steps, noise=noise, samples=samples, seed=3)
    scale = noise * math.sqrt(1 / batch * (samples - batch) / (samples - 1))
    draws = scale * np.random.default_rng(3).standard_normal((steps, 2))
    assert_follows_the_reference(trajectory, surface, draws)


OPTIONS = [
    *(("Momentum", {"dampening": 0.6, "convention": name}) for name in CONVENTIONS),
    ("Momentum", {"dampening": 0.6, "momentum": 0.0}),
    ("AdaGrad", {"initial_accumulator": 0.5}),
    ("Full-matrix AdaGrad", {"eps": 0.1}),
    ("AdaMax", {"beta1": 0.5, "beta2": 0.8, "eps": 0.01}),
    ("NAdam", {"beta1": 0.5, "beta2": 0.8, "momentum_decay": 0.3}),
    ("Adadelta", {"decay": 0.5, "eps": 0.01}),
    ("Lion", {"beta1": 0.5, "beta2": 0.8}),
    ("RMSProp", {"momentum": 0.7}),
    ("RMSProp", {"centered": "on"}),
    ("RMSProp", {"momentum": 0.7, "centered": "on"}),
    *(
        ("Adam", {"bias_correction": raw, "amsgrad": largest, "eps_in_root": inside, "eps": 1e-3})
        for raw in ("on", "off")
        for largest in ("off", "on")
        for inside in ("off", "on")
    ),
]


@pytest.mark.parametrize("surface", ["Himmelblau", "Rosenbrock"])
@pytest.mark.parametrize(("rule", "hyper"), OPTIONS)
def test_every_option_is_that_of_its_reference(rule, hyper, surface):
    random = np.random.default_rng(5)
    run = Run(rule, 0.003, hyper, weight_decay=0.1, batch_size=1, schedule="Cosine", warmup=3)
    trajectory = one(run, surface=surface, steps=80, noise=2.0, samples=64, seed=5)
    noise = 2.0 * random.standard_normal((80, 2))
    assert_follows_the_reference(trajectory, SURFACES[surface], noise)


APART = {"decay_apart": "on"}


@pytest.mark.parametrize("schedule", [{}, {"schedule": "Cosine", "warmup": 3}])
def test_a_decay_apart_from_the_rate_is_the_schedules_factor(schedule):
    # At a minimizer the first step is the decay alone.
    place = {"surface": "Himmelblau", "start": (3.0, 2.0), "steps": 50}
    for lr in (0.003, 0.03, 0.5):
        run = Run("AdamW", lr, APART, weight_decay=0.01, **schedule)
        trajectory = one(run, **place)
        factors = trajectory.lr / lr
        first = trajectory.path[1] / place["start"]
        np.testing.assert_allclose(first, 1 - 0.01 * factors[0], rtol=1e-14)
        # It is PyTorch's run with the decay divided by the rate, to the bit.
        other = one(replace(run, hyper={}, weight_decay=0.01 / lr), **place)
        np.testing.assert_array_equal(trajectory.path, other.path)
        # And what the paper has in its algorithm 2, whatever the rate.
        update = adam(run.hyper, decoupled=True)
        for k, (rate, factor) in enumerate(zip(trajectory.lr, factors, strict=True)):
            theta = trajectory.path[k]
            g = SURFACES["Himmelblau"].gradient(*theta)
            expected = np.array(update(theta, g, None, rate, 0.0)[0]) - factor * 0.01 * theta
            np.testing.assert_allclose(trajectory.path[k + 1], expected, 0, 100 * U * 4)


@pytest.mark.parametrize("rule", ["Steepest descent", "Conjugate gradient"])
def test_at_rate_0_nothing_moves_where_a_line_is_straight(rule):
    # At the monkey saddle the Hessian is 0: the parabola along the noise has no lowest point.
    settings = {"surface": "Monkey saddle", "start": (0.0, 0.0), "noise": 1.0, "steps": 3}
    path = one(Run(rule, 0.0, batch_size=8), **settings).path
    assert (path == 0.0).all()
    assert one(Run(rule, 1.0, batch_size=8), **settings).diverged_at == 1


def test_at_rate_0_a_decay_apart_from_the_rate_does_nothing():
    path = one(Run("AdamW", 0.0, APART, weight_decay=0.1), steps=3).path
    assert (path == path[0]).all()


def test_dampening_does_nothing_without_momentum_as_in_pytorch():
    run = Run("Momentum", 0.1, {"momentum": 0.0})
    damped = replace(run, hyper={"momentum": 0.0, "dampening": 0.9})
    np.testing.assert_array_equal(one(damped, **PRESET).path, one(run, **PRESET).path)


def test_amsgrads_steps_do_not_grow_again_and_adams_do():
    # A steep slope, and then a slight one for ever: Adam forgets the steep one.
    steps = {}
    for switch in (0.0, 1.0):
        hyper = np.repeat([[0.0], [0.9], [1e-8], [1.0], [switch], [0.0]], 2, axis=1)
        state, step, found = np.zeros((3, 2)), np.empty(2), []
        for t, slope in enumerate([10.0, *[0.1] * 60], start=1):
            g, lr = np.full(2, slope), np.ones(2)
            OPTIMIZERS["Adam"].update(2, t, g, np.zeros((3, 1)), lr, hyper, state, step)
            found.append(abs(step[0]))
        steps[switch] = found
    assert steps[1.0][1:] == pytest.approx([0.1 / math.sqrt(10)] * 60)
    assert (np.diff(steps[0.0][1:]) > 0).all()
    assert steps[0.0][-1] == pytest.approx(1.0, rel=0.5)


@pytest.mark.parametrize("rule", **by_name(OPTIMIZERS))
def test_lanes_of_an_update_do_not_see_each_other(rule):
    random = np.random.default_rng(0)
    defaults = [h.default for h in rule.hyperparameters]
    columns = [defaults, defaults]  # neighbouring lanes that are alike, then that differ in one
    for i, h in enumerate(rule.hyperparameters):
        columns += [[*defaults[:i], h.low, *defaults[i + 1 :]], defaults]
    lanes = len(columns)
    hyper = np.tile(np.array(columns, dtype=float).T.reshape(-1, lanes), 2)
    lr = np.tile(random.uniform(0.01, 1, lanes), 2)
    state = np.zeros((len(rule.state), 2 * lanes))
    alone = [np.zeros((len(rule.state), 2)) for _ in range(lanes)]
    step, single = np.empty(2 * lanes), np.empty(2)
    for t in range(1, 8):
        g = random.standard_normal(2 * lanes)
        hessian = random.standard_normal((3, lanes))
        status = rule.update(2 * lanes, t, g, hessian, lr, hyper, state, step)
        assert status == (rule.searches or DONE)
        for lane in range(lanes):
            own = np.s_[lane::lanes]
            given = (g[own], hessian[:, [lane]], lr[own], hyper[:, own])
            status = rule.update(2, t, *map(np.ascontiguousarray, given), alone[lane], single)
            assert status == (rule.searches or DONE)
            np.testing.assert_array_equal(step[own], single)


# --- PyTorch ------------------------------------------------------------------------------------


def torch_id(case):
    hyper = "-".join(f"{value:g}" for value in case["hyper"].values())
    place = f"{case['surface']}{case['params'].get('b', '')}"
    decay, cut = case["weight_decay"], case["cut"]
    return f"{case['optimizer']}-{place}-{case['lr']}-{hyper}-{decay}-cut{cut}"


def repeat(case, start):
    schedule = {}
    if case["cut"] is not None:
        stones = {"milestones": [case["cut"]], "unit": "updates", "factor": 0.1}
        schedule = {"schedule": "Step", "schedule_params": stones}
    decay = case["weight_decay"] or 0.0
    run = Run(case["optimizer"], case["lr"], case["hyper"], decay, **schedule)
    place = {"surface": case["surface"], "params": case["params"], "start": start}
    return one(run, **place, steps=case["steps"]).path


@pytest.mark.parametrize("case", TORCH["runs"], ids=torch_id)
def test_a_trajectory_is_pytorchs(case):
    x, y = case["start"]
    path = repeat(case, (x, y))
    # Two computations of the same numbers differ by rounding: up to a hundred roundings of the
    # position at each update (ten for most rules; L-BFGS's recursion is the longest), each then
    # carried along the path and enlarged at most as a displacement of the start is.
    h = 1e-9
    moved = [np.abs(repeat(case, start) - path).max() / h for start in ((x + h, y), (x, y + h))]
    tolerance = 100 * U * np.abs(path).max() * case["steps"] * max(1.0, *moved)
    assert tolerance < 1e-8, "the run is too sensitive to tell anything"
    at = TORCH["at"][: len(case["path"])]
    np.testing.assert_allclose(path[at], case["path"], rtol=0, atol=tolerance)


def test_the_fixture_knows_every_rule_that_pytorch_has():
    known = {name for name, rule in OPTIMIZERS.items() if rule.listing.optim}
    assert {case["optimizer"] for case in TORCH["runs"]} == known


# --- Golden values: x^2/20 + y^2 from (-7, 2) ---------------------------------------------------

GOLDEN = {
    "SGD .95": (
        Run("SGD", 0.95),
        ("-6.335 -1.8", "-5.733175 1.62", "-5.18852338 -1.458", "-.350393 .08478232"),
        "1.332680e-2",
    ),
    "Momentum .1": (
        Run("Momentum", 0.1, {"momentum": 0.9}),
        ("-6.93 1.6", "-6.7977 .92", "-6.610653 .124", ".89641386 .0880856"),
        "4.793696e-2",
    ),
    "Nesterov .1": (
        Run("Nesterov", 0.1, {"momentum": 0.9}),
        ("-6.867 1.24", "-6.679827 .4448", "-6.44625759 -.216704", ".6896149 -.00067991"),
        "2.377890e-2",
    ),
    "AdaGrad 1.5": (
        Run("AdaGrad", 1.5),
        ("-5.5 .5", "-4.57326767 .13619656", "-3.887842 .03731456", "-.12016225 .00000000"),
        "7.219483e-4",
    ),
    "RMSProp .1, .9": (
        Run("RMSProp", 0.1, {"decay": 0.9}),
        (
            *("-6.68377225 1.68377224", "-6.4594452 1.47387532"),
            *("-6.27422311 1.30871787", "-3.47624279 .01168764"),
        ),
        "6.043498e-1",
    ),
    "RMSProp .1, .99": (
        Run("RMSProp", 0.1, {"decay": 0.99}),
        (
            *("-6.00000014 1.00000002", "-5.34732487 .55098677"),
            *("-4.84263294 .30968739", "-.69741844 .00000001"),
        ),
        "2.431962e-2",
    ),
    "Adam .3": (
        Run("Adam", 0.3),
        ("-6.7 1.7", "-6.4004143 1.40224533", "-6.10154588 1.10891148", ".13601462 .31824539"),
        "1.022051e-1",
    ),
    "AdamW .3": (
        Run("AdamW", 0.3, weight_decay=0.01),
        (
            *("-6.679 1.694", "-6.35941249 1.39123327"),
            *("-6.04156216 1.09393526", ".26319582 .30532219"),
        ),
        "9.668524e-2",
    ),
}


@pytest.mark.parametrize(("run", "points", "loss"), GOLDEN.values(), ids=GOLDEN)
def test_the_ravine_is_run_to_the_digit(run, points, loss):
    trajectory = one(run, **PRESET, steps=30)
    # Printed to eight decimals, trailing zeros left out: half a unit of the eighth.
    for k, point in zip((1, 2, 3, 30), points, strict=True):
        expected = [float(number) for number in point.split()]
        np.testing.assert_allclose(trajectory.path[k], expected, rtol=0, atol=0.51e-8)
    assert f"{trajectory.loss[30]:.6e}" == f"{float(loss):.6e}"


# --- What each rule does that the others do not -------------------------------------------------


def test_momentum_sums_gradients_so_a_cut_rate_acts_at_once():
    cut = {"milestones": [15], "unit": "updates", "factor": 0.1}
    trajectory = one(Run("Momentum", 0.1, schedule="Step", schedule_params=cut), **PRESET, steps=40)
    theta, v = np.array([-7.0, 2.0]), np.zeros(2)
    for lr in trajectory.lr:  # the other convention: the velocity sums steps
        v = 0.9 * v - lr * np.array([0.1, 2.0]) * theta
        theta = theta + v
    assert f"{trajectory.loss[-1]:.3f}" == "0.189"
    assert f"{theta[0] ** 2 / 20 + theta[1] ** 2:.4f}" == "0.0326"


def test_a_rules_momentum_is_the_share_of_the_velocity_it_keeps_whatever_that_is_called():
    rule = OPTIMIZERS["Momentum"]
    assert rule.momentum == "momentum"
    renamed = replace(rule, memory=replace(rule.memory, hyper="mu"))
    assert renamed.momentum == "mu"
    assert OPTIMIZERS["Adam"].memory.hyper == "beta1"  # a memory, but of no velocity
    assert OPTIMIZERS["Adam"].momentum is None


def test_a_moving_average_of_gradients_is_momentum_at_lr_times_one_minus_mu():
    lr, mu = 0.5, 0.8
    path = one(Run("Momentum", lr * (1 - mu), {"momentum": mu}), **PRESET, steps=50).path
    theta, v = np.array([-7.0, 2.0]), np.zeros(2)
    for k in range(1, 51):
        v = mu * v + (1 - mu) * np.array([0.1, 2.0]) * theta
        theta = theta - lr * v
        # Some ten roundings an update; the iteration is a contraction and enlarges none.
        np.testing.assert_allclose(path[k], theta, rtol=0, atol=10 * k * U * 7)


def test_nesterovs_points_are_the_look_ahead_points_of_sutskevers_form():
    lr, mu = 0.1, 0.9
    path = one(Run("Nesterov", lr, {"momentum": mu}), **PRESET, steps=50).path
    theta, v = np.array([-7.0, 2.0]), np.zeros(2)
    for k in range(51):
        np.testing.assert_allclose(path[k], theta + mu * v, rtol=0, atol=10 * (k + 1) * U * 7)
        v = mu * v - lr * np.array([0.1, 2.0]) * (theta + mu * v)
        theta = theta + v


def first_step(run):
    path = one(run, **PRESET, steps=1).path
    return path[1] - path[0]


GRADIENT = np.array([-0.7, 4.0])  # of the ravine at its start
# The step is found by subtracting positions of at most 7, each rounded.
EXACT = {"rtol": 0, "atol": 8 * 7 * U}

FIRST_STEPS = {
    "SGD": (Run("SGD", 0.1), -0.1 * GRADIENT),
    "Momentum, the first velocity being g": (Run("Momentum", 0.1), -0.1 * GRADIENT),
    "Nesterov": (Run("Nesterov", 0.1, {"momentum": 0.9}), -0.1 * 1.9 * GRADIENT),
    "AdaGrad": (Run("AdaGrad", 0.1, {"eps": 1e-16}), [0.1, -0.1]),
    "RMSProp, lr / sqrt(1 - decay)": (
        Run("RMSProp", 0.1, {"decay": 0.99, "eps": 1e-16}),
        np.array([0.1, -0.1]) / math.sqrt(1 - 0.99),
    ),
    "Adam, lr in every coordinate": (Run("Adam", 0.1, {"eps": 1e-16}), [0.1, -0.1]),
    "AdamW": (Run("AdamW", 0.1, {"eps": 1e-16}), [0.1, -0.1]),
    "L-BFGS, lr in the 1-norm": (Run("L-BFGS", 0.1), -0.1 * GRADIENT / 4.7),
    "Newton": (Run("Newton", 0.1), [0.7, -0.2]),
    "Steepest descent, to the lowest point of the line": (
        Run("Steepest descent"),
        -(GRADIENT @ GRADIENT) / (GRADIENT @ ([0.1, 2.0] * GRADIENT)) * GRADIENT,
    ),
    "Backtracking, at half the first length": (Run("Backtracking", 1.6), -0.8 * GRADIENT),
    "Exact line search, to where the loss is lowest on the line": (
        Run("Exact line search"),
        -(GRADIENT @ GRADIENT) / (GRADIENT @ ([0.1, 2.0] * GRADIENT)) * GRADIENT,
    ),
    "Exact line search, no further than the rate": (Run("Exact line search", 0.1), -0.1 * GRADIENT),
    "Conjugate gradient, which begins with the gradient": (
        Run("Conjugate gradient"),
        -(GRADIENT @ GRADIENT) / (GRADIENT @ ([0.1, 2.0] * GRADIENT)) * GRADIENT,
    ),
}


@pytest.mark.parametrize(("run", "expected"), FIRST_STEPS.values(), ids=FIRST_STEPS)
def test_the_first_step_is(run, expected):
    np.testing.assert_allclose(first_step(run), expected, **EXACT)


@pytest.mark.parametrize("name", ["RMSProp", "Adam", "AdamW", "AdaGrad"])
def test_eps_stands_outside_the_root(name):
    eps = 0.5
    kept = OPTIMIZERS[name].resolve().get("decay", 0.0)  # what the first mean square lacks
    root = math.sqrt(1 - kept) * np.abs(GRADIENT)
    expected = -0.1 * GRADIENT / (root + eps)
    np.testing.assert_allclose(first_step(Run(name, 0.1, {"eps": eps})), expected, **EXACT)


@pytest.mark.parametrize("name", ["AdaGrad", "RMSProp", "Adam", "AdamW"])
def test_an_adaptive_rule_does_not_see_the_scale_of_the_loss(name):
    run = Run(name, 0.05, {"eps": 1e-16})
    # A scale by a power of two changes no digit; eps is below half a unit of every root.
    small, large = (
        one(run, params={"scale": scale}, steps=20, start=(-4, 2)).path for scale in (1.0, 16.0)
    )
    np.testing.assert_array_equal(small, large)


@pytest.mark.parametrize("rotation", [0.0, 30.0, -75.0])
def test_newton_lands_on_the_minimizer_of_a_quadratic_in_one_step(rotation):
    params = {"scale": 3.0, "condition": 100.0, "rotation": rotation}
    path = one(Run("Newton"), params=params, start=(-4, 2), steps=1).path
    # A linear system of condition 100, solved by a handful of operations.
    np.testing.assert_allclose(path[1], [0, 0], rtol=0, atol=100 * 100 * U)


@pytest.mark.parametrize("condition", [4.0, 30.0, 1000.0])
@pytest.mark.parametrize("rotation", [0.0, 30.0])
def test_exact_line_searches_zigzag_as_slowly_as_kantorovich_says(condition, rotation):
    c, s = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    worst = np.array([[c, -s], [s, c]]) @ (condition, 1.0)
    params = {"condition": condition, "rotation": rotation}
    start = tuple(worst / condition)
    made = one(Run("Steepest descent"), params=params, start=start, steps=30)
    # From there each step is as bad as a step can be (Nocedal and Wright, theorem 3.3).
    np.testing.assert_allclose(
        made.loss[1:] / made.loss[:-1], ((condition - 1) / (condition + 1)) ** 2, rtol=1e-9
    )
    steps = np.diff(made.path, axis=0)
    angles = np.sum(steps[1:] * steps[:-1], axis=1) / np.prod(
        np.linalg.norm([steps[1:], steps[:-1]], axis=2), axis=0
    )
    assert np.abs(angles).max() < 1e-10 * condition  # each step is across the one before


@pytest.mark.parametrize("rotation", [0.0, 30.0, -75.0])
@pytest.mark.parametrize("start", [(-4.0, 2.0), (0.3, -1.0), (5.0, 5.0)])
def test_conjugate_gradients_are_at_the_minimum_of_a_quadratic_after_two_steps(rotation, start):
    params = {"scale": 3.0, "condition": 100.0, "rotation": rotation}
    path = one(Run("Conjugate gradient"), params=params, start=start, steps=2).path
    np.testing.assert_allclose(path[2], [0, 0], rtol=0, atol=100 * 100 * U * 8)
    assert math.hypot(*path[1]) > 0.01


def test_conjugate_gradients_begin_anew_where_a_share_would_be_negative_or_lead_uphill():
    rule = OPTIMIZERS["Conjugate gradient"]
    bowl, lr, step = np.array([[1.0], [0.0], [1.0]]), np.ones(2), np.empty(2)
    for before, after, direction in (
        ((1.0, 0.0), (0.5, 0.0), (-0.5, 0.0)),  # g (g - old) < 0
        ((1.0, 0.0), (-3.0, 0.1), (3.0, -0.1)),  # 12 times the last direction would lead uphill
        ((1.0, 0.0), (0.0, 2.0), (-4.0, -2.0)),  # it goes on
    ):
        state = np.zeros((2, 2))
        for t, g in enumerate((before, after), start=1):
            rule.update(2, t, np.array(g), bowl, lr, np.empty((0, 2)), state, step)
        np.testing.assert_allclose(state[1], direction)


SADDLES = {
    f"{surface.name} ({point.x:.3g}, {point.y:.3g})": (surface, point)
    for surface in SURFACES.values()
    for point in surface.critical_points()
    if point.kind == SADDLE
}


@pytest.mark.parametrize(("surface", "saddle"), SADDLES.values(), ids=SADDLES)
def test_newton_is_drawn_to_a_saddle_that_gradient_descent_leaves(surface, saddle):
    start = (saddle.x + 1e-3, saddle.y + 1e-3)
    settings = {"surface": surface.name, "start": start}
    newton = one(Run("Newton", 1.0), **settings, steps=10).path[-1]
    descent = one(Run("SGD", 1e-3), **settings, steps=20_000).path
    place = np.array([saddle.x, saddle.y])
    hxx, hxy, hyy = surface.hessian(*place)
    condition = np.linalg.cond([[hxx, hxy], [hxy, hyy]])
    # Quadratic convergence leaves the rounding of the gradient, enlarged by the condition; the
    # saddle itself is known to 1e-9 at least.
    assert math.dist(newton, place) < 1e-9 + 1e3 * U * condition
    assert max(math.dist(point, place) for point in descent) > 0.1


DEGENERATES = {
    surface.name: (surface, point)
    for surface in SURFACES.values()
    for point in surface.critical_points()
    if point.kind == DEGENERATE
}
SINGULAR = {
    **{f"{name}, degenerate": (s.name, (p.x, p.y)) for name, (s, p) in DEGENERATES.items()},
    "Rosenbrock, y = x^2 + 1/(2b)": ("Rosenbrock", (0.0, 0.005)),
}


@pytest.mark.parametrize(("surface", "start"), SINGULAR.values(), ids=SINGULAR)
def test_newton_stops_with_a_reason_where_the_hessian_is_singular(surface, start):
    trajectory = one(Run("Newton"), surface=surface, start=start)
    assert trajectory.stopped == "The Hessian is singular at step 0."
    assert trajectory.diverged_at is None
    assert trajectory.path.tolist() == [list(start)]
    assert (len(trajectory.loss), len(trajectory.lr)) == (1, 0)


def test_lbfgs_rests_where_the_gradient_is_small():
    path = one(Run("L-BFGS", 1.0), **PRESET, steps=100).path
    assert (path[-1] == path[-20]).all()
    # Its rest: no step that promises 1e-9, so f - f* = g' H^-1 g / 2 is about half of that.
    assert path[-1] @ (np.array([0.05, 1.0]) * path[-1]) < 1e-9
    assert (path[-1] != 0).any()


@pytest.mark.parametrize(("slope", "rests"), [(0.9e-7, True), (1.1e-7, False)])
def test_lbfgs_rests_at_a_gradient_of_1e_7_however_flat_it_is(slope, rests):
    rule = OPTIMIZERS["L-BFGS"]
    hyper, lr = np.full((1, 2), 5.0), np.full(2, 10.0)
    state, step = np.zeros((len(rule.state), 2)), np.empty(2)
    # After these two the curvature is taken for 1e-7, and 1e-9 is promised even by small slopes.
    for t, g in enumerate((2e-3, 2e-3 - 2e-8, slope), start=1):
        rule.update(2, t, np.array([g, 0.0]), np.zeros((3, 1)), lr, hyper, state, step)
    assert (step == 0).all() == rests


# --- Theory on a quadratic ----------------------------------------------------------------------


def along_y(run, steps, curvature=2.0):
    """Run on the steep axis of a quadratic, from 1; x rests at 0."""
    params = {"scale": curvature / 10, "condition": 10.0}
    trajectory = one(run, params=params, start=(0.0, 1.0), steps=steps)
    return trajectory.path[:, 1], trajectory


@pytest.mark.parametrize(
    ("product", "flips", "shrinks"),
    [(0.5, False, True), (0.999, False, True), (1.001, True, True), (1.999, True, True)],
)
def test_gradient_descent_is_monotone_below_one_and_flips_its_sign_up_to_two(
    product, flips, shrinks
):
    y, _ = along_y(Run("SGD", product / 2.0), 40)
    np.testing.assert_allclose(
        y, (1 - product) ** np.arange(41), rtol=41 * 4 * U / abs(1 - product)
    )
    assert ((y[1:] * y[:-1] < 0) == flips).all()
    assert ((np.abs(y[1:]) < np.abs(y[:-1])) == shrinks).all()


@pytest.mark.parametrize("mu", [0.0, 0.4, 0.9])
def test_momentum_is_stable_up_to_two_times_one_plus_mu(mu):
    limit = 2 * (1 + mu) / 2.0
    for rule in ("Momentum",) if mu else ("Momentum", "SGD"):
        hyper = {"momentum": mu} if rule == "Momentum" else {}
        below, calm = along_y(Run(rule, limit * 0.99, hyper), 5000)
        _, wild = along_y(Run(rule, limit * 1.01, hyper), 5000)
        # The eigenvalue -1 at the limit moves by at least 2 % per 1 % of the rate (mu = 0), so
        # 5,000 updates make e^-100 or e^100 of the start.
        assert calm.diverged_at is None
        assert abs(below[-1]) < 1e-12
        assert wild.diverged_at is not None


def test_the_best_rate_of_gradient_descent_contracts_by_k_minus_one_over_k_plus_one():
    params, low, high = {"scale": 1.0, "condition": 10.0}, 1.0, 10.0
    best, kappa = 2 / (low + high), high / low

    def factor(lr):
        path = one(Run("SGD", lr), params=params, start=(1, 1), steps=1).path
        return np.abs(path[1]).max()

    assert factor(best) == pytest.approx((kappa - 1) / (kappa + 1), abs=8 * U)
    assert factor(0.99 * best) > factor(best)
    assert factor(1.01 * best) > factor(best)


def test_the_best_momentum_contracts_by_its_root_with_two_equal_eigenvalues():
    low, high = 1.0, 25.0
    kappa = high / low
    mu = ((math.sqrt(kappa) - 1) / (math.sqrt(kappa) + 1)) ** 2
    lr = 4 / (math.sqrt(low) + math.sqrt(high)) ** 2
    steps = 60
    params = {"scale": low, "condition": kappa}
    path = one(Run("Momentum", lr, {"momentum": mu}), params=params, start=(1, 1), steps=steps).path
    k = np.arange(steps + 1)
    for i, (curvature, root) in enumerate(((low, math.sqrt(mu)), (high, -math.sqrt(mu)))):
        # A double root r gives (1 + c k) r^k; c from the first step, 1 - lr l.
        c = (1 - lr * curvature) / root - 1
        expected = (1 + c * k) * root**k
        # A double root splits under rounding by sqrt(U): relative k sqrt(U) at update k.
        np.testing.assert_allclose(path[:, i], expected, rtol=0, atol=1e-300 + steps * 2**-26.5)
        scaled = path[:, i] / np.sqrt(mu) ** k
        np.testing.assert_allclose(scaled, (1 + c * k) * np.sign(root) ** k, rtol=steps * 2**-26.5)


@pytest.mark.parametrize(("mu", "product"), [(0.9, 0.2), (0.5, 1.0), (0.99, 3.0)])
def test_momentum_turns_at_the_modulus_root_mu_in_the_complex_regime(mu, product):
    assert (1 + mu - product) ** 2 < 4 * mu
    y, _ = along_y(Run("Momentum", product / 2.0, {"momentum": mu}), 60)
    # y[k+1] y[k-1] - y[k]^2 is multiplied by the product of both eigenvalues, |z|^2, each time.
    casorati = y[2:] * y[:-2] - y[1:-1] ** 2
    k = np.arange(len(casorati))
    # Each factor is the difference of products that are at most 1 / (1 - cos^2) times larger.
    cosine = (1 + mu - product) / (2 * math.sqrt(mu))
    rtol = 100 * 60 * U / (1 - cosine**2)
    np.testing.assert_allclose(casorati, casorati[0] * mu**k, rtol=rtol)


@pytest.mark.parametrize("mu", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("lr", [0.05, 0.5])
def test_noise_leaves_the_variance_of_the_theory(lr, mu):
    s, steps, burn = 2.0, 100_000, 2_000
    curvatures = (0.5, 2.0)
    trajectory = one(
        Run("Momentum", lr, {"momentum": mu}, batch_size=1),
        params={"scale": 0.5, "condition": 4.0},
        start=(0, 0),
        steps=steps,
        noise=s,
        seed=1,
    )
    for i, curvature in enumerate(curvatures):
        values = trajectory.path[burn:, i]
        expected = lr * s**2 * (1 + mu)
        expected /= curvature * (1 - mu) * (2 * (1 + mu) - lr * curvature)
        # The iterates are a Gaussian AR(2) series: Bartlett's formula gives the standard error
        # of the mean square from the autocorrelations.
        first, second = 1 + mu - lr * curvature, -mu
        rho = [1.0, first / (1 - second)]
        for _ in range(3_000):
            rho.append(first * rho[-1] + second * rho[-2])
        spread = math.sqrt(2 * (1 + 2 * sum(r * r for r in rho[1:])) / len(values))
        assert spread < 0.05
        assert abs(np.mean(values**2) / expected - 1) < 3 * spread


# --- The default rates: a good first picture ----------------------------------------------------
#
# From the default start with default hyperparameters, over 100 updates (200 on Rosenbrock, which
# is slow for all), a run
# - moves visibly: its path is at least 8 % of the frame's longer side, 25 pixels in a panel of
#   320. Not asked of a rule that takes the Hessian: it jumps to where its model is stationary,
#   and no rate makes that further away;
# - is not wild: it does not diverge, stays within a quarter of a frame of the frame, and its path
#   is no longer than four frames;
# - gets somewhere: of the loss between the start and the nearest minimum to its end at most 20 %
#   is left, or it has come to a critical point: the gradient there is a millionth of the start's.
# Where the loss has no lower bound it comes to a critical point, or it leaves the frame, after
# at least five updates inside, lower than it began.

STEPS = {"Rosenbrock": 200}
PAIRS = [(rule, surface) for rule in OPTIMIZERS.values() for surface in SURFACES.values()]


def outside(surface, path):
    """Return how far each point lies outside the frame (inside: below 0), in frames."""
    (x0, x1), (y0, y1) = surface.domain
    x, y = path.T
    return np.max([x0 - x, x - x1, y0 - y, y - y1], axis=0) / max(x1 - x0, y1 - y0)


def length(surface, path):
    """Return the length of a path, in longer sides of the frame."""
    sides = [high - low for low, high in surface.domain]
    return np.hypot(*np.diff(path, axis=0).T).sum() / max(sides)


@pytest.mark.parametrize(
    ("rule", "surface"), PAIRS, ids=[f"{rule.name}-{surface.name}" for rule, surface in PAIRS]
)
def test_the_default_rate_makes_a_good_first_picture(rule, surface):
    trajectory = one(Run(rule.name), surface=surface.name, steps=STEPS.get(surface.name, 100))
    path, loss = trajectory.path, trajectory.loss
    away = outside(surface, path)
    slopes = [math.hypot(*surface.gradient(*path[k])) for k in (0, -1)]
    arrived = slopes[1] <= 1e-6 * slopes[0]
    jumps = rule.needs_hessian or rule.searches  # it may be there in a few straight steps
    assert jumps or length(surface, path) >= 0.08
    if not surface.bounded:
        left = np.argmax(away > 0)
        assert arrived or left >= 5
        assert loss[-1] < loss[0]
        return
    assert trajectory.diverged_at is None
    assert away.max() < 0.25
    assert length(surface, path) < 4
    lows = [p for p in surface.critical_points() if "minimum" in p.kind or p.kind == CUSP]
    nearest = min(lows, key=lambda point: math.dist((point.x, point.y), path[-1]), default=None)
    lowest = surface.lowest() if nearest is None else nearest.loss
    assert arrived or loss[-1] - lowest <= 0.2 * (loss[0] - lowest)


@pytest.mark.parametrize("rule", **by_name(OPTIMIZERS))
def test_the_default_rates_name_surfaces_that_exist(rule):
    assert rule.rates.keys() <= SURFACES.keys()


def test_momentum_rolls_through_the_local_minimum_that_holds_gradient_descent():
    surface = SURFACES["Local-minima valley"]
    (lowest,) = surface.minimizers()
    ends = {
        name: math.dist(one(Run(name), surface=surface.name).path[-1], (lowest.x, lowest.y))
        for name in ("SGD", "Adam", "Momentum", "Nesterov")
    }
    assert {name for name, distance in ends.items() if distance < 0.1} == {"Momentum", "Nesterov"}


def test_gradient_descent_zigzags_in_the_first_picture_of_the_quadratic():
    y = one(Run("SGD"), surface="Quadratic").path[:30, 1]
    assert (y[1:] * y[:-1] < 0).all()


# --- What a record says --------------------------------------------------------------------------


@pytest.mark.parametrize("rule", **by_name(OPTIMIZERS))
def test_a_record_is_complete(rule):
    for text in (rule.sentence, rule.latex, rule.source, rule.differs):
        assert text.strip()
    assert rule.sentence.endswith(".")
    assert rule.differs.endswith(".")
    assert str(rule.year)[:2] in {"16", "18", "19", "20"}
    assert len(set(rule.state)) == len(rule.state)
    for number in rule.hyperparameters:
        assert number.low <= number.default <= number.high


@pytest.mark.parametrize("rule", **by_name(OPTIMIZERS))
def test_every_hyperparameter_changes_the_path(rule):
    surface = {"surface": "Rosenbrock", "steps": 60}
    run = Run(rule.name, weight_decay=0.1 if rule.weight_decay == DECOUPLED else 0.0)
    plain = one(run, **surface).path
    for number in rule.hyperparameters:
        other = number.low if number.default != number.low else number.high
        changed = one(replace(run, hyper={number.name: other}), **surface).path
        assert not np.array_equal(changed, plain), number.name


# Conventions of momentum, and Adam without its bias correction


def momentum(convention: str | int, lr: float, **changes: Any) -> Trajectory:
    run = Run("Momentum", lr=lr, hyper={"momentum": 0.9, "convention": convention}, **changes)
    (trajectory,) = simulate(Experiment(**CONVENTION_TRIAL, runs=(run,)))
    return trajectory


CONVENTION_TRIAL = {
    "surface": "Quadratic",
    "params": {"scale": 0.1, "condition": 20.0},
    "start": (-7.0, 2.0),
    "steps": 40,
}
CUT = {"schedule": "Step", "schedule_params": {"milestones": (15,), "unit": "updates"}}


def test_a_moving_average_is_pytorchs_momentum_at_a_smaller_rate():
    assert np.allclose(
        momentum("EMA", 1.0).path, momentum("PyTorch", 0.1).path, rtol=1e-11, atol=1e-12
    )


def test_keras_momentum_is_pytorchs_while_the_rate_is_constant():
    keras, pytorch = momentum("Keras", 0.1), momentum("PyTorch", 0.1)
    assert np.allclose(keras.path, pytorch.path, rtol=1e-11, atol=1e-12)


def test_a_schedule_tells_keras_momentum_from_pytorchs():
    keras, pytorch = momentum("Keras", 0.1, **CUT), momentum("PyTorch", 0.1, **CUT)
    assert f"{keras.loss[-1]:.3g} {pytorch.loss[-1]:.3g}" == "0.0326 0.189"


def test_a_choice_is_given_by_name_or_by_number():
    assert Run("Momentum", hyper={"convention": "EMA"}) == Run("Momentum", hyper={"convention": 2})
    with pytest.raises(
        ValueError, match=r"Momentum\.convention = 'Nadam': unknown; known: PyTorch"
    ):
        Run("Momentum", hyper={"convention": "Nadam"})


def test_without_bias_correction_adams_first_step_is_too_long():
    run = Run("Adam", lr=0.1, hyper={"bias_correction": "off", "eps": 1e-16})
    (trajectory,) = simulate(Experiment(**CONVENTION_TRIAL, runs=(run,)))
    first = np.abs(trajectory.path[1] - trajectory.path[0])
    assert first == pytest.approx(0.1 * (1 - 0.9) / math.sqrt(1 - 0.999), rel=1e-9)
    m = v = 0.0
    theta = -7.0
    for step in range(40):
        g = 0.1 * theta
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        theta -= 0.1 * m / (math.sqrt(v) + 1e-16)
        assert trajectory.path[step + 1, 0] == pytest.approx(theta, rel=1e-9)
