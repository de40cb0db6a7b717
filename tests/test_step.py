"""One step, taken apart: its parts, its printed numbers read back, arrows, models, conversions."""

from __future__ import annotations

import dataclasses
import itertools
import re

import numpy as np
import pytest

from landscape import SURFACES
from optimizers import OPTIMIZERS, SCHEDULES, Experiment, Run, simulate
from optimizers.analysis.step import (
    GRADIENT,
    NOISY_GRADIENT,
    STEP,
    WEIGHT_DECAY,
    arrows,
    equal_runs,
    formula,
    inspect_step,
    taylor,
)
from optimizers.record import CONVENTIONS, COUPLED, DECOUPLED, NO_DECAY
from optimizers.rules.momentum import equal_rates
from optimizers.sheet import number
from optimizers.simulation.epochs import noise_scale
from optimizers.simulation.experiment import draws

MOMENTUM = OPTIMIZERS["Momentum"]
VELOCITY, FIRST_MOMENT = "velocity", "first moment"


def one(run, **settings):
    experiment = Experiment(**settings, runs=(run,))
    return experiment, simulate(experiment)[0]


def every_choice():
    """Return each rule once for every combination of its choices."""
    for rule in OPTIMIZERS.values():
        chosen = [n for n in rule.hyperparameters if n.choices]
        for values in itertools.product(*(n.choices for n in chosen)):
            hyper = {n.name: value for n, value in zip(chosen, values, strict=True)}
            yield pytest.param(rule, hyper, id=" ".join([rule.name, *values]))


EVERY_CHOICE = pytest.mark.parametrize(("rule", "hyper"), [*every_choice()])
EVERY_RULE = pytest.mark.parametrize("rule", OPTIMIZERS.values(), ids=OPTIMIZERS)


def full(rule, hyper, surface="Rosenbrock", **changes):
    """Return an experiment with all that a step can have: noise, decay, a schedule, a warm-up."""
    decay = 0.0 if rule.weight_decay == NO_DECAY else 0.03
    run = {"weight_decay": decay, "batch_size": 8, "schedule": "Cosine", "warmup": 3, **changes}
    return one(
        Run(rule.name, hyper=hyper, **run),
        surface=surface,
        noise=1.5,
        samples=64,
        seed=5,
        steps=40,
    )


def some_steps(experiment, trajectory, count=6, seed=0):
    """Return the first step, the last, and a few between them."""
    last = len(trajectory.lr) - 1
    ks = {0, last, *np.random.default_rng(seed).integers(0, last + 1, count).tolist()}
    return [inspect_step(experiment, trajectory, k) for k in sorted(ks)]


# --- The parts


@EVERY_CHOICE
def test_the_parts_are_those_of_the_trajectory_and_the_surface(rule, hyper):
    experiment, trajectory = full(rule, hyper)
    run, surface = trajectory.run, experiment.objectives[0]
    noise = noise_scale(1.5, 64, 8) * draws(5, 40)
    for step in some_steps(experiment, trajectory):
        k, theta = step.k, step.theta
        np.testing.assert_array_equal(theta, trajectory.path[k])
        np.testing.assert_array_equal(step.theta_after, trajectory.path[k + 1])
        np.testing.assert_array_equal(step.step, np.diff(trajectory.path, axis=0)[k])
        assert (step.loss, step.loss_after) == tuple(trajectory.loss[k : k + 2])
        assert step.lr == trajectory.lr[k]
        np.testing.assert_array_equal(step.exact, surface.gradient(*theta))
        np.testing.assert_allclose(step.noise, noise[k], 0, 1e-14 * np.abs(step.exact).max())
        coupled = run.weight_decay if rule.weight_decay == COUPLED else 0.0
        np.testing.assert_array_equal(step.gradient, trajectory.gradient[k])
        size = np.abs(step.exact).max() + np.abs(step.noise).max()
        np.testing.assert_allclose(step.gradient, step.unclipped + coupled * theta, 0, 1e-15 * size)
        decoupled = run.weight_decay if rule.weight_decay == DECOUPLED else 0.0
        if run.hyper.get("decay_apart"):
            decoupled /= rule.default_rate(experiment.surface_record)
        np.testing.assert_array_equal(step.decay, -step.lr * decoupled * theta)
        assert tuple(step.before) == tuple(step.after) == rule.state
        for i, name in enumerate(rule.state):
            before = trajectory.states[k - 1, i] if k else np.zeros(2)
            np.testing.assert_array_equal(step.before[name], before)
            np.testing.assert_array_equal(step.after[name], trajectory.states[k, i])


@EVERY_RULE
def test_without_noise_the_noise_is_exactly_zero(rule):
    decay = 0.0 if rule.weight_decay == NO_DECAY else 0.03
    for size in (None, 64):
        found = full(rule, {}, batch_size=size, weight_decay=decay)
        assert not any(step.noise.any() for step in some_steps(*found))


@pytest.mark.parametrize("k", [-1, 5, 1.5, True, "0", None, np.nan])
def test_a_step_that_was_not_made_is_refused_with_the_range(k):
    experiment, trajectory = one(Run("SGD"), steps=5)
    with pytest.raises(ValueError, match=r"^k = .*: must be a whole number from 0 to 4$"):
        inspect_step(experiment, trajectory, k)


def test_a_run_without_updates_has_no_step():
    found = one(Run("Newton"), surface="Monkey saddle", start=(0.0, 0.0))
    with pytest.raises(ValueError, match="k = 0: the run made no update"):
        inspect_step(*found, 0)


# --- The printed numbers, read back as what they may stand for: intervals


class Interval:
    """Every number, vector or matrix that would have been printed so."""

    def __init__(self, low, high):
        self.low, self.high = np.asarray(low), np.asarray(high)

    def _of(self, other, how):
        other = other if isinstance(other, Interval) else Interval(other, other)
        with np.errstate(all="ignore"):
            ends = [how(a, b) for a in (self.low, self.high) for b in (other.low, other.high)]
            low, high = np.min(ends, axis=0), np.max(ends, axis=0)
        unknown = np.isnan(low) | np.isnan(high)
        return Interval(np.where(unknown, -np.inf, low), np.where(unknown, np.inf, high))

    def __add__(self, other):
        return self._of(other, np.add)

    def __sub__(self, other):
        return self._of(other, np.subtract)

    def __mul__(self, other):
        return self._of(other, np.multiply)

    def __truediv__(self, other):
        found = self._of(other, np.divide)
        holds_zero = (other.low <= 0) & (other.high >= 0)
        low = np.where(holds_zero, -np.inf, found.low)
        return Interval(low, np.where(holds_zero, np.inf, found.high))

    def __neg__(self):
        return Interval(-self.high, -self.low)

    def __matmul__(self, other):
        products = self * other
        return Interval(products.low.sum(-1), products.high.sum(-1))

    def __pow__(self, two):
        assert two == 2
        ends = np.square([self.low, self.high])
        around = (self.low < 0) & (self.high > 0)
        return Interval(np.where(around, 0, ends.min(0)), ends.max(0))

    def __getitem__(self, index):
        return Interval(self.low[index], self.high[index])

    def inverse(self):
        a, b, c, d = self[0, 0], self[0, 1], self[1, 0], self[1, 1]
        return matrix(d, -b, -c, a) / (a * d - b * c)

    def meets(self, other):
        return bool((self.low <= other.high).all() and (other.low <= self.high).all())

    @property
    def widest(self):
        return float(np.max(self.high - self.low))


def vector(*parts):
    return Interval([p.low for p in parts], [p.high for p in parts])


def matrix(a, b, c, d):
    return vector(vector(a, b), vector(c, d))


def sqrt(value):
    return Interval(np.sqrt(np.maximum(value.low, 0)), np.sqrt(value.high))


def minimum(most, value):
    return Interval(np.minimum(most.low, value.low), np.minimum(most.high, value.high))


def maximum(least, value):
    value = value if isinstance(value, Interval) else Interval(value, value)
    return Interval(np.maximum(least.low, value.low), np.maximum(least.high, value.high))


def size(value):
    ends = np.abs([value.low, value.high])
    around = (value.low < 0) & (value.high > 0)
    return Interval(np.where(around, 0, ends.min(0)), ends.max(0))


def sign(value):
    return Interval(np.sign(value.low), np.sign(value.high))


NUMBER = re.compile(
    r"10\^\{(?P<power>-?\d+)\}"
    r"|(?<![\^\d.])(?P<mantissa>\d+(?:\.\d+)?)(?: \\cdot 10\^\{(?P<exponent>-?\d+)\})?"
    r"|(?P<infinite>\\infty)"
)
ATOM = r"(-?number\([^()]*\))"
PYTHON = (  # what is LaTeX, and what it is in Python
    (r"\\begin\{pmatrix\} (.*?) & (.*?) \\\\ (.*?) & (.*?) \\end\{pmatrix\}", r"M[\1, \2, \3, \4]"),
    (r"\]\^\{-1\}", "].inverse()"),
    (NUMBER, lambda m: f"number({m['mantissa'] or 1!r}, {m['exponent'] or m['power'] or 0})"),
    (rf"\({ATOM},\\ {ATOM}\)", r"vector(\1, \2)"),
    (r"M\[(.*?)\]", r"matrix(\1)"),
    (r"\\sqrt\{([^{}]*)\}", r"sqrt(\1)"),
    (r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1) / (\2))"),
    (r"\|([^|]*)\|", r"size(\1)"),
    (r"\\bigl\(", "("),
    (r"\\bigr\)", ")"),
    (r"\\cdot", "*"),
    (r"\^\\top", ""),
    (r",\\ ", ", "),
    (r"\\,", "@"),
    (r"\\lvert", "size("),
    (r"\\rvert", ")"),
    (r"\\min", "minimum"),
    (r"\\max", "maximum"),
    (r"\\operatorname\{(\w+)\}", r"\1"),
    (r"\^2", "**2"),
)


def read(row, digits):
    """Return what a row of numbers may be, each rounded to `digits` digits."""

    def number(mantissa, exponent):
        value = float(f"{mantissa}e{exponent}")
        if value == 0:
            return Interval(0.0, 0.0)
        half = 0.5 * 10.0 ** (np.floor(np.log10(value)) + 1 - digits)
        # The float nearest to a decimal half is not quite half.
        return Interval(value - 1.000001 * half, value + 1.000001 * half)

    for latex, python in PYTHON:
        row = re.sub(latex, python, row)
    names = {"vector": vector, "matrix": matrix, "sqrt": sqrt, "minimum": minimum, "sign": sign}
    names |= {"maximum": maximum, "size": size}
    return eval(row, {"number": number, "__builtins__": {}, **names})


def assert_true(step, digits):
    """Check that each row of numbers can equal the next, and that the last is what happened."""
    lines = formula(step, digits)
    for line in lines:
        found = [read(row, digits) for row in line.rows[1:]]
        exact = Interval(line.value, line.value)
        agree = [a.meets(b) for a, b in itertools.pairwise([*found, exact])]
        assert all(agree), (step.run, step.k, line.latex)
    assert lines[0].value is step.gradient
    assert lines[-1].value is step.theta_after


# With 14 digits the rows agree to rounding only if the formula is the rule's.
@pytest.mark.parametrize("digits", [4, 14])
@pytest.mark.parametrize("surface", ["Quadratic", "Rosenbrock", "Styblinski-Tang"])
@EVERY_CHOICE
def test_the_printed_numbers_are_true(rule, hyper, surface, digits):
    experiment, trajectory = full(rule, hyper, surface)
    for step in some_steps(experiment, trajectory):
        assert_true(step, digits)


@EVERY_RULE
def test_the_printed_numbers_are_true_for_any_hyperparameters(rule):
    rng = np.random.default_rng(11)
    for _ in range(5):
        hyper = {
            n.name: int(rng.integers(n.low, n.high + 1))
            if n.integer
            else rng.uniform(n.low, n.high)
            for n in rule.hyperparameters
        }
        for step in some_steps(*full(rule, hyper, "Himmelblau"), count=2):
            assert_true(step, 4)
            assert_true(step, 14)


def test_full_matrix_adagrad_prints_enough_digits_to_work_out_its_direction():
    experiment = Experiment(params={"condition": 30.0}, runs=(Run("Full-matrix AdaGrad"),))
    (trajectory,) = simulate(experiment)
    for k in range(5):
        step = inspect_step(experiment, trajectory, k)
        (line,) = (each for each in formula(step) if each.symbol == "d_t")
        a, b, c, d = map(float, re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", line.rows[1])[:4])
        np.testing.assert_allclose([[a, b], [c, d]] @ step.gradient, line.value, rtol=1e-3)


def test_the_momentum_of_nadam_grows_whatever_it_grows_to():
    hyper = {"beta1": 0.0, "momentum_decay": 0.5}
    experiment, trajectory = full(OPTIMIZERS["NAdam"], hyper)
    for k in (0, 7):
        lines = formula(inspect_step(experiment, trajectory, k))
        momenta = [line.rows[1] for line in lines if line.symbol.startswith(r"\mu")]
        assert len(momenta) == 2
        for t, row in zip((k + 1, k + 2), momenta, strict=True):
            assert number(0.96 ** (0.5 * t), 4) in row


@EVERY_CHOICE
def test_the_intervals_are_narrow_enough_to_prove_it(rule, hyper):
    experiment, trajectory = full(rule, hyper, "Styblinski-Tang")
    for step in some_steps(experiment, trajectory):
        for line in formula(step, 14):
            scale = max(1.0, float(np.abs(line.value).max()))
            assert max(read(row, 14).widest for row in line.rows[1:]) < 1e-9 * scale


def test_a_wrong_number_is_found():
    step = inspect_step(*full(MOMENTUM, {}), 7)
    wrong = dataclasses.replace(step, lr=step.lr * 1.001)
    with pytest.raises(AssertionError):
        assert_true(wrong, 14)


@EVERY_CHOICE
def test_each_state_row_of_a_rule_in_closed_form_has_its_line(rule, hyper):
    step = inspect_step(*full(rule, hyper), 3)
    shown = [line.value for line in formula(step)]
    if rule.name == "Full-matrix AdaGrad":  # it keeps the root R of the matrix that is shown
        root = np.array([*step.after.values()])
        assert any(np.array_equal(value, root.T @ root) for value in shown)
    elif rule.name == "Conjugate gradient":
        assert any(value is step.after["direction"] for value in shown)
        assert any(np.array_equal(value, step.after["previous g"]) for value in shown)
    elif rule.name != "L-BFGS":
        held = [row for row in step.after.values() if row.any()]
        assert all(any(value is row for value in shown) for row in held)


@pytest.mark.parametrize("digits", [4, 14])
@EVERY_CHOICE
def test_the_formula_holds_in_the_step_that_diverges(rule, hyper, digits):
    for surface in ("Rosenbrock", "Styblinski-Tang"):
        experiment, trajectory = one(Run(rule.name, 1e6, hyper), surface=surface, steps=30)
        for step in some_steps(experiment, trajectory):
            assert_true(step, digits)


@EVERY_CHOICE
def test_the_formula_of_a_step_to_infinity_can_be_printed(rule, hyper):
    step = inspect_step(*full(rule, hyper), 3)
    nowhere = np.array([np.inf, np.nan])
    lost = dataclasses.replace(step, step=nowhere, theta_after=nowhere, loss_after=np.inf)
    assert formula(lost)[-1].rows[-1] == r"(\infty,\ \text{NaN})"
    assert np.isnan(arrows(lost)[-1].vector[1])


@EVERY_CHOICE
def test_the_formula_holds_where_nothing_moves(rule, hyper):
    experiment, trajectory = one(Run(rule.name, hyper=hyper), start=(0.0, 0.0), steps=3)
    for step in some_steps(experiment, trajectory):
        assert_true(step, 4)
        assert formula(step)[-1].rows[-1] == r"(0,\ 0)"


@EVERY_CHOICE
def test_the_formula_holds_at_rate_0(rule, hyper):
    step = inspect_step(*full(rule, hyper, "Quadratic", schedule="Linear"), 39)
    assert step.lr == 0
    assert_true(step, 14)


@EVERY_CHOICE
def test_terms_that_a_run_does_not_have_are_not_written(rule, hyper):
    step = inspect_step(*one(Run(rule.name, hyper=hyper), steps=9), 5)
    text = "".join(line.latex for line in formula(step))
    assert r"\xi" not in text
    assert r"\lambda" not in text
    decay = 0.0 if rule.weight_decay == NO_DECAY else 0.03
    text = "".join(line.latex for line in formula(inspect_step(*full(rule, hyper), 5)))
    assert r"\xi" in text
    assert (r"\lambda" in text) == (decay > 0)


@EVERY_CHOICE
def test_the_latex_is_whole(rule, hyper):
    for step in some_steps(*full(rule, hyper)):
        for line in formula(step):
            assert "$" not in line.latex
            assert line.latex.count("{") == line.latex.count("}")
            assert line.latex.count("(") == line.latex.count(")")
            assert line.latex.count(r"\bigl") == line.latex.count(r"\bigr")
            assert re.search(r"\de[+-]?\d|nan|inf(?!ty)", line.latex) is None
            assert len(set(line.rows)) > 1
            assert line.note.endswith(".")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-2.5, "-2.5"),
        (1 / 3, "0.3333"),
        (0.0012344, "0.001234"),
        (0.00099996, "0.001"),
        (0.0009, r"9 \cdot 10^{-4}"),
        (9999.4, "9999"),
        (9999.6, "10^{4}"),
        (-1e-8, "-10^{-8}"),
        (-12345.6, r"-1.235 \cdot 10^{4}"),
        (1.7e308, r"1.7 \cdot 10^{308}"),
        (5e-324, r"4.941 \cdot 10^{-324}"),
        (np.inf, r"\infty"),
        (-np.inf, r"-\infty"),
        (np.nan, r"\text{NaN}"),
    ],
)
def test_a_number_is_written_as_people_write_it(value, text):
    assert number(value) == text


def test_a_beta_near_one_is_not_rounded_to_one():
    run = Run("Adam", hyper={"beta2": 0.99999})
    lines = formula(inspect_step(*one(run), 4))
    second = next(line for line in lines if line.symbol == "v_t")
    assert second.rows[1].startswith(r"0.99999 \cdot (")
    assert r"+ 10^{-5} \cdot (" in second.rows[1]


# --- L-BFGS tells its cases apart


def notes(step):
    return " ".join(line.note for line in formula(step))


def test_lbfgs_says_which_step_is_its_first():
    experiment, trajectory = one(Run("L-BFGS"), surface="Rosenbrock", steps=12)
    first, *others = (inspect_step(experiment, trajectory, k) for k in range(12))
    assert "The first step" in notes(first)
    assert "pairs stored: 0" in notes(first)
    assert not any("The first step" in notes(step) for step in others)
    counts = [int(re.search(r"pairs stored: (\d+)", notes(step))[1]) for step in others]
    np.testing.assert_array_equal(counts, trajectory.states[1:, 3, 0])
    assert max(counts) == 5


def test_lbfgs_says_which_pairs_it_does_not_keep():
    experiment, trajectory = one(Run("L-BFGS", 0.05), surface="Rastrigin", steps=8)
    theta, g = trajectory.path, trajectory.gradient
    seen = set()
    for k in range(1, len(trajectory.lr)):
        bends = (theta[k] - theta[k - 1]) @ (g[k] - g[k - 1]) > 1e-10
        step = inspect_step(experiment, trajectory, k)
        assert ("the pair is kept" in notes(step)) == bends
        assert ("the pair is not kept" in notes(step)) == (not bends)
        seen.add(bool(bends))
        assert_true(step, 14)
    assert seen == {True, False}


@pytest.mark.parametrize(
    ("start", "why"),
    [
        ((1e-8, 0.0), "the gradient is below the rule's tolerance"),
        # A gradient above the tolerance, on ground too flat to promise anything.
        ((5e-6, 0.0), "the step promises to lower the loss by too little"),
    ],
)
def test_lbfgs_says_when_and_why_it_rests(start, why):
    experiment, trajectory = one(Run("L-BFGS"), surface="Quadratic", start=start, steps=3)
    for k in range(3):
        step = inspect_step(experiment, trajectory, k)
        assert formula(step)[-1].note == f"At rest: {why}."
        assert not step.step.any()
        assert_true(step, 14)


def test_lbfgs_rests_at_the_end_of_a_run():
    step = inspect_step(*one(Run("L-BFGS"), surface="Rosenbrock", steps=100), 99)
    assert "At rest" in notes(step)
    assert_true(step, 14)


# --- Arrows


def by_name(step):
    return {arrow.name: np.array(arrow.vector) for arrow in arrows(step)}


@EVERY_CHOICE
def test_the_arrows_are_displacements(rule, hyper):
    for step in some_steps(*full(rule, hyper)):
        found = by_name(step)
        np.testing.assert_array_equal(found[STEP], step.step)
        np.testing.assert_array_equal(found[GRADIENT], -step.lr * step.exact)
        np.testing.assert_array_equal(found[NOISY_GRADIENT], -step.lr * step.unclipped)
        assert (WEIGHT_DECAY in found) == (rule.weight_decay != NO_DECAY)
    assert NOISY_GRADIENT not in by_name(inspect_step(*one(Run(rule.name)), 0))


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize(
    ("rule", "hyper", "share"),
    [
        ("SGD", {}, lambda hyper: 1.0),
        ("Momentum", {"convention": "PyTorch"}, lambda hyper: 1.0),
        ("Momentum", {"convention": "Keras"}, lambda hyper: 1.0),
        ("Momentum", {"convention": "EMA"}, lambda hyper: 1 - hyper["momentum"]),
        ("Nesterov", {}, lambda hyper: 1 + hyper["momentum"]),
    ],
)
def test_memory_and_the_gradient_make_up_the_step(rule, hyper, share, schedule):
    for step in some_steps(*full(OPTIMIZERS[rule], hyper, schedule=schedule)):
        found = by_name(step)
        fresh = share(step.run.hyper) * (found[NOISY_GRADIENT] + found[WEIGHT_DECAY])
        np.testing.assert_allclose(found.get(VELOCITY, 0) + fresh, found[STEP], 1e-9, 1e-14)


@pytest.mark.parametrize("correct", ["on", "off"])
def test_adams_first_moment_and_the_gradient_make_up_the_step(correct):
    for step in some_steps(*full(OPTIMIZERS["Adam"], {"bias_correction": correct})):
        hyper, on = step.run.hyper, correct == "on"
        first, second = (1 - on * hyper[name] ** step.t for name in ("beta1", "beta2"))
        root = np.sqrt(step.after["v"] / second) + hyper["eps"]
        fresh = -step.lr * (1 - hyper["beta1"]) * step.gradient / first / root
        np.testing.assert_allclose(by_name(step)[FIRST_MOMENT] + fresh, step.step, 1e-9, 1e-14)


def test_adamws_arrows_leave_only_the_adaptive_gradient():
    run = Run("AdamW", hyper={"beta1": 0.9999}, weight_decay=0.1)
    step = inspect_step(*one(run, surface="Styblinski-Tang", steps=99), 98)
    found = by_name(step)
    root = np.sqrt(step.after["v"] / (1 - 0.999**99)) + 1e-8
    fresh = -step.lr * (1 - 0.9999) * step.exact / (1 - 0.9999**99) / root
    rest = step.step - found[FIRST_MOMENT] - found[WEIGHT_DECAY]
    np.testing.assert_allclose(rest, fresh, 1e-9, 1e-14)


@EVERY_RULE
def test_a_first_step_has_no_memory(rule):
    for name, along in by_name(inspect_step(*one(Run(rule.name)), 0)).items():
        assert along.any() == (rule.memory is None or name != rule.memory.name)


# --- Local models


def places(surface, count=4):
    low, high = np.array(surface.domain).T
    return np.random.default_rng(3).uniform(low, high, (count, 2))


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
def test_the_error_of_a_model_shrinks_one_order_faster_than_its_own(surface, order):
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    for theta in places(surface):
        model = taylor(surface.at(), theta, order)
        errors = []
        for h in (8e-3, 4e-3, 2e-3):
            x, y = theta[0] + h * np.cos(angle), theta[1] + h * np.sin(angle)
            errors.append(np.abs(model(x, y) - surface.loss(x, y)).max())
        rounding = 1e-14 * (1 + abs(model.loss))
        for coarse, fine in itertools.pairwise(errors):
            assert fine <= 1.2 * coarse / 2 ** (order + 1) + rounding
        assert model(*theta) == model.loss == surface.loss(*theta)


@pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
def test_a_quadratic_model_leads_where_newton_goes(surface):
    for theta in places(surface, 20):
        run = Run("Newton", 1.0, start=tuple(theta))
        _, trajectory = one(run, surface=surface.name, steps=1)
        model = taylor(surface.at(), theta, 2)
        values = np.linalg.eigvalsh(model.hessian)[::-1]
        np.testing.assert_allclose(model.eigenvalues, values, 1e-9, 1e-9 * abs(values).max())
        assert (model.stationary is None) == (trajectory.stopped is not None)
        assert (model.minimizer is None) == (values[-1] <= 0) == (model.reason is not None)
        if model.stationary is not None:
            size = 1e-14 * np.abs(trajectory.path).max() * np.linalg.cond(model.hessian)
            np.testing.assert_allclose(trajectory.path[1], model.stationary, 0, size)
        if model.minimizer is not None:
            assert model(*model.minimizer) <= model.loss
            around = model.minimizer + 0.1 * np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])
            assert (model(*around.T) > model(*model.minimizer)).all()


def test_a_model_without_a_minimizer_says_why():
    monkey, saddle, tang = (SURFACES[n] for n in ("Monkey saddle", "Saddle", "Styblinski-Tang"))
    assert "saddle" in taylor(saddle.at(), (0.3, 0.2), 2).reason
    assert "dome" in taylor(tang.at(), (0.1, 0.1), 2).reason
    assert "singular" in taylor(monkey.at(), (0.0, 0.0), 2).reason
    plane = taylor(saddle.at(), (0.3, 0.2), 1)
    assert "plane" in plane.reason
    assert plane.eigenvalues == (0.0, 0.0)
    assert plane.minimizer is plane.stationary is None


def test_a_model_keeps_the_shape_of_its_grid():
    surface = SURFACES["Quadratic"]
    x, y = np.meshgrid(np.linspace(-5, 5, 7), np.linspace(-2, 2, 4))
    for params in ({}, {"rotation": 30.0, "condition": 4.0}):
        model = taylor(surface.at(params), (1.0, 2.0), 2)
        assert model(x, y).shape == (4, 7)
        np.testing.assert_allclose(model(x, y), surface.loss(x, y, **params), 1e-12, 1e-12)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (((0.0, 0.0), 3), "order = 3: must be a whole number from 1 to 2"),
        (((0.0, 0.0), 0), "order = 0"),
        (((0.0, np.nan), 1), "theta = nan"),
        (((0.0, 2e6), 1), r"theta = 2000000\.0"),
        (((0.0, 1.0, 2.0), 1), "theta = .*: must be two numbers"),
    ],
)
def test_a_model_that_cannot_be_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        taylor(SURFACES["Quadratic"].at(), *arguments)


# --- Momentum's conventions


def path(convention, lr, mu, **run):
    hyper = {"convention": convention, "momentum": mu}
    settings = {"surface": "Quadratic", "noise": 0.5, "samples": 64, "steps": 60}
    return one(Run("Momentum", lr, hyper, batch_size=8, **run), **settings)[1].path


@pytest.mark.parametrize("mu", [0.0, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_converted_settings_make_the_same_run_at_a_constant_rate(convention, mu):
    lr = 0.04 / (1 - mu) if convention == "EMA" else 0.04
    rates = equal_rates(MOMENTUM.resolve({"convention": convention, "momentum": mu}), lr)
    assert tuple(rates) == CONVENTIONS
    expected = path(convention, lr, mu, weight_decay=0.02)
    for other, rate in rates.items():
        found = path(other, rate, mu, weight_decay=0.02)
        np.testing.assert_allclose(found, expected, 0, 1e-11)


@pytest.mark.parametrize("changes", [{"schedule": "Step"}, {"schedule": "Cosine"}, {"warmup": 9}])
def test_under_a_schedule_only_keras_differs(changes):
    rates = equal_rates(MOMENTUM.resolve({"momentum": 0.9}), 0.04)
    paths = {name: path(name, rate, 0.9, **changes) for name, rate in rates.items()}
    np.testing.assert_allclose(paths["EMA"], paths["PyTorch"], 0, 1e-11)
    assert np.abs(paths["Keras"] - paths["PyTorch"]).max() > 0.01


def test_only_momentum_has_other_conventions():
    for rule in OPTIMIZERS.values():
        assert bool(equal_runs(rule, {}, 0.1)) == (rule is MOMENTUM)


def test_the_conversion_gives_the_numbers():
    assert equal_runs(MOMENTUM, {}, 0.1)[:-1] == [
        "PyTorch at rate 0.1, momentum 0.9 makes the same run as",
        "Keras at rate 0.1, momentum 0.9",
        "EMA at rate 1 = 0.1 / (1 − 0.9), momentum 0.9",
    ]
    assert equal_runs(MOMENTUM, {"convention": "EMA", "momentum": 0.5}, 0.1)[:-1] == [
        "EMA at rate 0.1, momentum 0.5 makes the same run as",
        "PyTorch at rate 0.05 = 0.1 (1 − 0.5), momentum 0.5",
        "Keras at rate 0.05 = 0.1 (1 − 0.5), momentum 0.5",
    ]
    other = equal_runs(MOMENTUM, {"convention": "Keras"}, 0.1)
    assert other[1] == "PyTorch at rate 0.1, momentum 0.9"
    assert "Keras differs" in equal_runs(MOMENTUM, {}, 0.1)[-1]


@pytest.mark.parametrize(
    ("hyper", "lr", "words"),
    [
        ({"momentum": 1.0}, 0.1, r"Momentum\.momentum"),
        ({"beta": 0.9}, 0.1, "unknown"),
        ({}, -1.0, "lr = -1.0"),
    ],
)
def test_settings_that_cannot_be_are_not_converted(hyper, lr, words):
    with pytest.raises(ValueError, match=words):
        equal_runs(MOMENTUM, hyper, lr)
