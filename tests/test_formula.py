"""A formula of one's own: what is read and what is refused; it is a surface like any other."""

from __future__ import annotations

import cmath
import math
import pickle
import time
from types import SimpleNamespace
from urllib.parse import urlencode

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_page import opened
from test_payload import unpack

from landscape import SURFACES, Formula
from landscape.expression import CONSTANTS, FUNCTIONS, MOST_FORMULA, FormulaError
from landscape.operations import LANES, hessian, loss_and_gradient
from landscape.record import CUSP, DEGENERATE, GLOBAL_MINIMUM, LOCAL_MINIMUM, SADDLE
from optimizers import OPTIMIZERS, Experiment, Run, simulate, sweep
from optimizers.analysis.listing import plain_python
from optimizers.analysis.source import source
from optimizers.maps import BasinMap
from optimizers.simulation.chunks import cost_of
from views.live.answer import UnreadableError, answer, asked, ground_answer
from views.notebook import notebook
from views.settings.choice import choose
from views.settings.formulas import EXAMPLES, example_of
from views.settings.rows import surface_text
from views.settings.settings import Settings, read, write

# Surfaces of the lab, typed.
TYPED = {
    "Ackley": "20 + e - 20*exp(-0.2*sqrt((x^2 + y^2)/2)) - exp((cos(2*pi*x) + cos(2*pi*y))/2)",
    "Beale": "(1.5 - x + x*y)^2 + (2.25 - x + x*y^2)^2 + (2.625 - x + x*y^3)^2",
    "Himmelblau": "(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
    "Rastrigin": "20 + x^2 + y^2 - 10*cos(2*pi*x) - 10*cos(2*pi*y)",
    "Rosenbrock": "(1 - x)^2 + 100*(y - x^2)^2",
    "Saddle": "x^2/2 - y^2/2 + y^4/4",
    "Six-hump camel": "(4 - 2.1*x^2 + x^4/3)*x^2 + x*y + (4*y^2 - 4)*y^2",
    "Styblinski-Tang": "(x^4 - 16*x^2 + 5*x + y^4 - 16*y^2 + 5*y)/2",
    "Three-hump camel": "2*x^2 - 1.05*x^4 + x^6/6 + x*y + y^2",
}


def typed(name: str) -> Formula:
    record = SURFACES[name]
    return Formula(TYPED[name], domain=record.domain, start=record.start)


def scattered(formula: Formula, count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    x, y = (rng.uniform(low, high, count) for low, high in formula.domain)
    return x, y


@pytest.mark.parametrize("name", TYPED)
def test_a_typed_surface_has_the_values_of_the_written_one(name):
    formula, record = typed(name), SURFACES[name]
    x, y = scattered(formula)
    for of in ("loss", "gradient", "hessian"):
        found = np.atleast_2d(getattr(formula, of)(x, y))
        expected = np.atleast_2d(getattr(record, of)(x, y))
        atol = 4e-15 * np.abs(expected).max(axis=1, keepdims=True)
        assert (np.abs(found - expected) <= atol).all()


@pytest.mark.parametrize("name", TYPED)
def test_the_critical_points_that_are_found_are_those_that_are_known(name):
    found, known = typed(name).critical_points(), SURFACES[name].critical_points()
    kinds = {point.kind for point in known}
    found = [point for point in found if point.kind in kinds]
    assert len(found) == len(known)
    for point in known:
        nearest = min(found, key=lambda p: math.dist((p.x, p.y), (point.x, point.y)))
        assert (nearest.x, nearest.y) == pytest.approx((point.x, point.y), abs=1e-6)
        assert nearest.kind == point.kind
        assert nearest.loss == pytest.approx(point.loss, abs=1e-8)


KINDS = [
    ("x^4 + y^4", [(0, 0, GLOBAL_MINIMUM)], 0.0),
    ("abs(x) + abs(y)", [(0, 0, CUSP)], 0.0),
    ("abs(x - 1) + (y + 2)^2", [(1, -2, CUSP)], 0.0),
    ("x^2 - y^2", [(0, 0, SADDLE)], -math.inf),
    ("x^3 - 3*x*y^2", [(0, 0, DEGENERATE)], -math.inf),
    ("x^3 - 3*x + y^2", [(-1, 0, SADDLE), (1, 0, LOCAL_MINIMUM)], -math.inf),
    ("x + y", [], -math.inf),
    ("exp(x)", [], -math.inf),  # nowhere as low as further left
    ("1", [], -math.inf),
    ("log(x)", [], -math.inf),
    ("log(-1 - x^2 - y^2)", [], -math.inf),  # a gradient that vanishes, and no value
    ("(x + 2*y - 7)^2 + (2*x + y - 5)^2", [(1, 3, GLOBAL_MINIMUM)], 0.0),
]


@pytest.mark.parametrize(("text", "points", "lowest"), KINDS)
def test_what_is_found_has_its_kind(text, points, lowest):
    objective = Formula(text).at()
    found = sorted((point.x, point.y, point.kind) for point in objective.critical_points())
    assert [point[2] for point in found] == [point[2] for point in points]
    np.testing.assert_allclose([p[:2] for p in found], [p[:2] for p in points], atol=1e-8)
    assert objective.lowest() == pytest.approx(lowest, abs=1e-12)
    assert objective.bounded == (lowest > -math.inf)


def test_of_a_ridge_some_points_are_found_and_none_of_a_line_of_minimizers():
    formula = Formula("(1 - x^2*y^2)^2/4", domain=((-3.1, 3), (-3, 3.2)))
    points = formula.critical_points()
    assert {point.kind for point in points} == {DEGENERATE}
    assert {point.loss for point in points} == {0.25}
    assert 1 <= len(points) <= 64
    assert formula.lowest() == pytest.approx(0, abs=1e-12)


def test_a_minimum_is_not_global_where_something_lower_is_seen_outside_of_the_frame():
    wide = Formula("x^4 - 4*x^2 + x + y^2", domain=((-3, 3), (-2, 2)))
    narrow = Formula("x^4 - 4*x^2 + x + y^2", domain=((0, 3), (-2, 2)))
    assert [p.kind for p in wide.critical_points() if p.x > 1] == [LOCAL_MINIMUM]
    assert [p.kind for p in narrow.critical_points() if p.x > 1] == [LOCAL_MINIMUM]
    assert wide.at().bounded
    assert not narrow.at().bounded


@pytest.mark.parametrize(
    ("text", "ranges", "quadratic"),
    [
        ("0.1*x^2 + 2*y^2", {}, True),
        ("(x + 2*y - 7)^2 + (2*x + y - 5)^2", {}, True),
        ("x^2 + a*x*y + 2*y^2", {"a": (1, -2, 2)}, True),
        ("x^2 + a*x*y + 2*y^2", {"a": (1, -3, 3)}, False),  # a saddle at both ends
        ("x^2 + (a^2 - 1)*y^2 + 2*y^2", {"a": (1, -3, 3)}, False),  # not linear: nobody knows
        ("x^2 - y^2", {}, False),
        ("x^2 + y^4", {}, False),
        ("x + y", {}, False),
    ],
)
def test_a_formula_is_quadratic_where_its_hessian_is_the_same_and_positive(text, ranges, quadratic):
    assert Formula(text, **ranges).quadratic == quadratic


# --- Random formulas against another arithmetic

NUMBERS = st.sampled_from(["2", "0.5", "3.25", "1e-1", "pi", "7", "0"])
LEAVES = st.one_of(st.sampled_from(["x", "y", "a"]), NUMBERS)
SMOOTH = [name for name in FUNCTIONS if name != "abs"]


def grown(inner):
    binary = st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda p: f"({p[0]}{p[1]}{p[2]})")
    power = st.tuples(inner, st.sampled_from(["2", "3", "-1", "0.5", "5", "1.5"]))
    called = st.tuples(st.sampled_from(SMOOTH), inner).map(lambda p: f"{p[0]}({p[1]})")
    return st.one_of(
        binary, called, power.map(lambda p: f"({p[0]})^{p[1]}"), inner.map(lambda p: f"-({p})")
    )


TEXTS = st.recursive(LEAVES, grown, max_leaves=8)
POINTS = [(0.3, 0.7), (1.1, -0.4), (-0.6, 0.2)]
STEP = 1e-30  # of a derivative along the imaginary axis, which nothing cancels
COMPLEX = SimpleNamespace(**{name: getattr(cmath, name) for name in SMOOTH})


def python_of(text: str, module: object) -> object:
    """Return the formula as Python's own evaluation has it; these texts are the test's."""
    names = {name: getattr(module, name) for name in SMOOTH}
    code = compile(text.replace("^", "**"), "formula", "eval")
    return lambda x, y, a: eval(code, {"x": x, "y": y, "a": a, **names, **CONSTANTS})


@settings(max_examples=150, deadline=None, derandomize=True)
@given(TEXTS)
def test_random_formulas_have_the_values_and_slopes_of_another_arithmetic(text):
    try:
        formula = Formula(text, a=(0.8, -2, 2))
    except FormulaError:
        return  # a part is no finite number, as in 1/0
    real, other = python_of(text, math), python_of(text, cmath)
    bodies = {}
    for name in ("gradient", "hessian"):
        body = "\n    ".join(getattr(formula.listing, name).splitlines())
        exec(f"def {name}(x, y, a):\n    {body}", {"math": COMPLEX}, bodies)
    body = "\n    ".join(formula.listing.loss.splitlines())
    exec(f"def loss(theta, a):\n    {body}", {"math": math, "torch": COMPLEX}, bodies)
    for x, y in POINTS:
        try:
            value = real(x, y, 0.8)
            right, up = (x + STEP * 1j, y, 0.8), (x, y + STEP * 1j, 0.8)
            slope = [np.imag(other(*at)) for at in (right, up)]
            across, along = np.imag(bodies["gradient"](*right)), np.imag(bodies["gradient"](*up))
            bend = [*across, along[1]]
            printed = bodies["hessian"](x, y, 0.8)
            torch = bodies["loss"]((x, y), 0.8)
        except (ArithmeticError, ValueError, TypeError):
            continue  # no real number there
        expected = [value, *(number / STEP for number in (*slope, *bend))]
        if np.iscomplexobj(expected) or not np.abs(expected).max() < 1e6:
            continue
        found = [formula.loss(x, y), *formula.gradient(x, y), *formula.hessian(x, y)]
        if not np.isfinite(found).all():
            continue  # a product of 0 with what has no value
        size = max(1.0, np.abs(expected).max())
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9 * size, err_msg=text)
        np.testing.assert_allclose(
            [found[0], *found[3:]],
            np.real([torch, *printed]),
            rtol=1e-7,
            atol=1e-9 * size,
            err_msg=text,
        )


@settings(max_examples=60, deadline=None, derandomize=True)
@given(TEXTS, st.sampled_from([2, LANES - 1, LANES, LANES + 1, 300]))
def test_a_point_alone_has_the_bits_that_it_has_among_others(text, count):
    try:
        numbers = Formula(text, a=(0.8, -2, 2)).at().numbers
    except FormulaError:
        return
    x, y = np.random.default_rng(3).normal(0, 2, (2, count))
    for kernel in (loss_and_gradient, hessian):
        together, alone, single = np.empty((3, count)), np.empty((3, count)), np.empty((3, 1))
        kernel(count, x, y, numbers, *together)
        for i in range(count):
            kernel(1, x[i : i + 1].copy(), y[i : i + 1].copy(), numbers, *single)
            alone[:, i] = single[:, 0]
        np.testing.assert_array_equal(together.view(np.int64), alone.view(np.int64))


# --- What is refused

DEEP = "(" * 60 + "x" + ")" * 60
SINES = "+".join(f"sin({k}.5*x)*cos({k}.25*y)*exp({k}*x*y)" for k in range(12))
REFUSED = [
    ("", None, "no formula"),
    ("   ", None, "no formula"),
    ("x +", 4, "ends"),
    ("x + * y", 5, "missing before"),
    ("(x + y", 1, "not closed"),
    ("x + y)", 6, "not opened"),
    ("2x", 2, "operator is missing before `x`"),
    ("x y", 3, "operator"),
    ("3 4", 3, "operator"),
    ("x(y)", 2, "operator"),
    ("1.2.3", 4, "operator"),
    ("0x10", 2, "no `x10`"),
    ("1_000", 2, "no `_000`"),
    ("sin", 1, "parentheses"),
    ("sin x", 1, "parentheses"),
    ("sin()", 5, "missing before"),
    ("x + foo", 5, "no `foo`"),
    ("b*x", 1, "no `b`"),
    ("1,5*x", 2, "comma"),
    ("x = 2", 3, "cannot stand"),
    ("x == y", 3, "cannot stand"),
    ("x; y", 2, "cannot stand"),
    ("x[0]", 2, "cannot stand"),
    ("x.real", 2, "cannot stand"),
    ("'x'", 1, "cannot stand"),
    ("x if y else 1", 3, "no `if`"),
    ("lambda: x", 1, "no `lambda`"),
    ("__import__('os')", 1, "no `__import__`"),
    ("().__class__", 2, "missing before"),
    ("x@y", 2, "cannot stand"),
    ("x//y", 3, "missing before"),
    ("x%y", 2, "cannot stand"),
    ("~x", 1, "cannot stand"),
    ("x\u00b2", 2, "cannot stand"),
    ("\u03c0*x", 1, "cannot stand"),
    ("x \u2212 y", 3, "cannot stand"),
    ("x\x00", 2, "cannot stand"),
    ("\u0660*x", 1, "cannot stand"),
    ("nan", 1, "no `nan`"),
    ("inf*x", 1, "no `inf`"),
    ("True + x", 1, "no `True`"),
    ("1e999", 1, "finite"),
    ("9" * 400, 1, "finite"),
    ("9**9**9", 1, "finite"),
    ("9^9^9^9^9", 5, "finite"),
    ("x + 1/0", 5, "finite"),
    ("log(-1) + x", 1, "finite"),
    ("sqrt(0-1)*x", 1, "finite"),
    ("x*(0-1)^0.5", 3, "finite"),
    ("exp(1000)", 1, "finite"),
    (DEEP, 41, "in each other"),
    ("-" * 100 + "x", 42, "in each other"),
    ("x**" * 100 + "x", 121, "in each other"),
    ("x" * (MOST_FORMULA + 1), MOST_FORMULA + 1, "characters"),
    (SINES, 1, "too long"),
]


def test_what_cannot_be_read_is_refused_with_its_column_and_at_once():
    Formula("x")  # what is loaded at the first
    begun = time.perf_counter()
    for text, column, words in REFUSED:
        with pytest.raises(FormulaError) as refused:
            Formula(text)
        said = str(refused.value)
        assert words in said, text
        assert column is None or said.startswith(f"Column {column}:"), (text, said)
        assert refused.value.values.get("column") == column
        again = pickle.loads(pickle.dumps(refused.value))
        assert again.message.format(**again.values) == said
    assert time.perf_counter() - begun < 0.05 * len(REFUSED)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(alphabet="xya0123456789.eE+-*/^()sincoslgp_ ,\u00e9\U0001f600\x00", max_size=60))
def test_any_text_is_a_formula_or_refused(text):
    try:
        formula = Formula(text, a=(1, 0, 2))
    except FormulaError:
        return
    formula.loss(0.5, 0.25)
    assert pickle.loads(pickle.dumps(formula)) == formula


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Formula(3), "text = 3: must be a formula"),
        (lambda: Formula("x", a=1), "a = 1: must be \\(value, low, high\\)"),
        (lambda: Formula("x", **{"None": (1, 0, 2)}), "parameter 'None'"),
        (lambda: Formula("x", **{"for": (1, 0, 2)}), "parameter 'for'"),
        (lambda: Formula("x", a=(1, 2)), "must be \\(value, low, high\\)"),
        (lambda: Formula("x", a=(5, 0, 2)), "a = 5: must be a number from 0 to 2"),
        (lambda: Formula("x", a=(1, 2, 0)), "low must be less than high"),
        (lambda: Formula("x", a=(math.nan, 0, 2)), "a = nan"),
        (lambda: Formula("x", a=("1", 0, 2)), "a = '1'"),
        (lambda: Formula("x", a=(0, 0, 1e9)), "a, high = 1000000000.0: must be"),
        (lambda: Formula("x", x=(1, 0, 2)), "parameter 'x'"),
        (lambda: Formula("x", sin=(1, 0, 2)), "parameter 'sin'"),
        (lambda: Formula("x", theta=(1, 0, 2)), "parameter 'theta'"),
        (lambda: Formula("x", **{"a b": (1, 0, 2)}), "parameter 'a b'"),
        (lambda: Formula("x", t1=(1, 0, 2)).at({"t2": 1}), "params of Formula = 't2'"),
        (lambda: Formula("x", **{f"k{i}": (1, 0, 2) for i in range(5)}), "at most 4"),
        (lambda: Formula("x", domain=(1, 2)), "domain = \\(1, 2\\)"),
        (lambda: Formula("x", domain=((1, 1), (0, 1))), "domain of x = 1, 1"),
        (lambda: Formula("x", domain=((0, math.inf), (0, 1))), "domain of x, high = inf"),
        (lambda: Formula("x", start=(0, 90)), "start = 90"),
        (lambda: Formula("x", start=3), "start = 3"),
        (lambda: Experiment("Rosenbrock", formula=Formula("x")), "formula = .*: must be None on"),
        (lambda: Experiment("Formula", formula="x"), "formula = 'x': must be a Formula"),
        (lambda: Experiment(surface=Formula("x"), params={"a": 1}), "unknown; known: none"),
    ],
)
def test_what_is_no_formula_is_refused_with_what_would_be(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# --- A surface like any other

TILTED = Formula("x**2 + a*x*y + 2*y**2", a=(1, -3, 3))


def test_a_formula_is_one_by_its_content():
    again = Formula("x**2 + a*x*y + 2*y**2", a=(1, -3, 3))
    assert again == TILTED
    assert hash(again) == hash(TILTED)
    assert pickle.loads(pickle.dumps(TILTED)) == TILTED
    assert eval(repr(TILTED)) == TILTED
    assert Formula("x**2 + a*x*y + 2*y**2", a=(2, -3, 3)) != TILTED
    assert SURFACES["Formula"] != TILTED


def test_an_experiment_takes_a_formula_and_its_code_gives_it_back():
    runs = (Run("SGD", lr=0.1), Run("Newton"), Run("Adam", lr=0.2, params={"a": -1}))
    experiment = Experiment(surface=TILTED, params={"a": 2}, steps=40, runs=runs)
    assert experiment.surface == "Formula"
    assert experiment.formula is TILTED
    assert experiment.start == TILTED.start
    assert pickle.loads(pickle.dumps(experiment)) == experiment
    assert eval(source(experiment)) == experiment
    first, newton, last = simulate(experiment)
    assert [t.objective.params["a"] for t in (first, newton, last)] == [2, 2, -1]
    assert newton.path[-1] == pytest.approx((0, 0), abs=1e-12)
    # The bits are those of the same numbers anywhere else.
    rates = np.array([0.05, 0.1])
    ends = sweep(experiment, runs[0], lr=rates, tolerance=1e-3)
    np.testing.assert_array_equal(ends.end[1], first.path[-1])
    assert Experiment(surface=SURFACES["Formula"]) == Experiment("Formula")


def test_a_typed_rosenbrock_is_descended_as_the_written_one():
    runs = (Run("SGD", lr=0.001), Run("Momentum", lr=0.0005), Run("Newton", lr=1.0))
    written = Experiment("Rosenbrock", steps=60, runs=runs)
    own = Experiment(surface=typed("Rosenbrock"), steps=60, runs=runs)
    for a, b in zip(simulate(written), simulate(own), strict=True):
        np.testing.assert_allclose(a.path, b.path, rtol=0, atol=1e-11)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("log(x) + y^2", (0.3, 1.0)),  # steps beyond 0
        ("sqrt(x) + y^2", (0.01, 1.0)),
        ("1/x + y^2", (0.0, 1.0)),
        ("exp(x^2)", (4.9, 1.0)),  # overflows at the second update
        ("sqrt(x^2 + y^2)", (0.0, 0.0)),  # no gradient
    ],
)
def test_where_a_formula_has_no_value_a_run_ends(text, start):
    experiment = Experiment(
        surface=Formula(text), start=start, steps=50, runs=(Run("SGD", lr=0.5),)
    )
    (trajectory,) = simulate(experiment)
    assert trajectory.diverged_at is not None
    assert trajectory.diverged_at < 5


def test_no_formula_compiles_anything():
    if numba.config.DISABLE_JIT:
        pytest.skip("nothing is compiled")
    for text in ("x*y", "sin(x)^y + abs(y)"):
        Formula(text).gradient(0.3, 0.4)
        Formula(text).hessian(0.3, 0.4)
    assert [len(k.compiled.signatures) for k in (loss_and_gradient, hessian)] == [1, 1]


def test_a_formula_that_takes_long_counts_as_more_updates():
    """Budgets of maps are updates: what takes as long as ten others is ten of them."""
    slow = Formula("+".join(f"sin({k}.5*x*y)" for k in range(14)))
    assert cost_of(Experiment(surface=typed("Himmelblau"))) == 1
    assert cost_of(Experiment(surface=slow)) >= 4


# --- On the page


def shown(**query: str) -> tuple[Settings, list[str]]:
    """Return what a link sets on the surface, and what is told of it."""
    link = {name.replace("__", "."): text for name, text in query.items()}
    found, notes = read({"surface": "Formula", **link})
    return found, [note.text() for note in notes]


def test_a_link_holds_the_formula_with_its_parameters_and_its_frame():
    found, told = shown(
        Formula__text="a*x^2 + y^2 + sin(c*x)",
        Formula__a="7",
        Formula__c="2",
        Formula__c__low="0",
        Formula__c__high="4",
        Formula__domain__x__low="-1",
        Formula__domain__x__high="3",
        Formula__y="1.5",
    )
    assert told == []
    experiment = choose(found).experiment
    assert experiment.formula == Formula(
        "a*x^2 + y^2 + sin(c*x)",
        domain=((-1, 3), (-5, 5)),
        a=(1, -2, 7),  # as far as its value
        c=(1, 0, 4),
    )
    assert experiment.params == {"a": 7, "c": 2}
    assert experiment.start == (pytest.approx(-0.6), 1.5)
    again, told = read(write(found))
    assert (again, told) == (found, [])
    assert choose(again).experiment == experiment


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x^2 + lambda: y", "Column 7: there is no `lambda` here"),
        ("__import__('os')", "Column 1: there is no `__import__` here"),
        ("x + k", "Column 5: there is no `k` here; there are x, y, pi, e, a, b, c, d, sqrt"),
        ("9**9**9", "Column 1: this is no finite number."),
        ("<b>x</b>", "Column 1: this character cannot stand in a formula."),
        ("x" * 600, "Column 501: a formula has at most 500 characters."),
        ("", "There is no formula: type one in x and y"),
    ],
)
def test_a_link_whose_formula_is_none_says_where_it_goes_wrong_and_keeps_the_rest(text, said):
    found, told = shown(Formula__text=text, Formula__a="0.5", length="30")
    assert len(told) == 1
    assert told[0].startswith(said)
    experiment = choose(found).experiment
    assert (experiment.formula, experiment.params, experiment.steps) == (None, {"a": 0.5}, 30)


def test_whatever_the_numbers_of_a_formula_are_there_is_a_surface():
    for low, high in (("3", "3"), ("5", "-5"), ("1e5", "1e5"), ("-1e5", "1e5")):
        found, told = shown(
            Formula__text="a*x*y",
            Formula__a__low=low,
            Formula__a__high=high,
            Formula__domain__y__low=low,
            Formula__domain__y__high=high,
        )
        assert told == []
        ((x0, x1), (y0, y1)) = choose(found).experiment.surface_record.domain
        assert x0 < x1
        assert y0 < y1


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_formula_to_pick_is_shown_from_its_start(example):
    found, told = Settings({}).changed({"surface": "Formula", **example.changes()})
    assert told == []
    assert example_of(found) == example.name
    experiment = choose(found).experiment
    assert experiment.start == example.start
    assert experiment.surface_record.domain == example.domain
    assert np.isfinite(experiment.surface_record.loss(*example.start))
    assert experiment.surface_record.critical_points()
    assert all(t.diverged_at is None for t in simulate(experiment))


# The lowest points and their loss: of the named ones those of the literature.
LOWEST = {
    "Flat ravine": [(0, 0, 0)],
    "Booth": [(1, 3, 0)],
    "Matyas": [(0, 0, 0)],
    "McCormick": [(-0.54720, -1.54720, -1.91322)],
    "Goldstein-Price": [(0, -1, 3)],
    "Easom": [(math.pi, math.pi, -1)],
    "Two wells": [(-0.9363, 0, -2.0631)],
    "Tilted bowl": [(0, 0, 0)],
}


@pytest.mark.parametrize("name", LOWEST)
def test_the_lowest_points_of_a_formula_to_pick_are_known(name):
    (example,) = (each for each in EXAMPLES if each.name == name)
    formula = Formula(example.text, domain=example.domain)
    points = [p for p in formula.critical_points() if "minimum" in p.kind]
    best = min(point.loss for point in points)
    found = [(p.x, p.y, p.loss) for p in points if p.loss <= best + 1e-9]
    np.testing.assert_allclose(found, LOWEST[name], atol=1e-3)


def test_the_picture_its_ground_and_the_files_are_those_of_the_formula():
    link = {
        "surface": "Formula",
        "Formula.text": "x^2 + a*x*y + 2*y^2 + cos(3*x)",
        "Formula.a": "0.5",
        "optimizers": ["SGD", "Newton"],
        "length": "20",
    }
    found = unpack(answer(asked(urlencode({**link, "view": "Overlay"}, doseq=True))))
    path, _, query = found["groundAt"].partition("?")
    assert path == "ground"
    ground = unpack(ground_answer(query))
    assert ground["back"]["data"]
    for wrong in ("formula=1/0", "domain=0", "params.a=nan", "params.x=1"):
        name = wrong.partition("=")[0]
        rest = "&".join(part for part in query.split("&") if not part.startswith(f"{name}="))
        with pytest.raises(UnreadableError):
            ground_answer(f"{rest}&{wrong}")
    choice = choose(read(link)[0])
    assert "cos(3 * x)" in plain_python(choice.experiment, choice.experiment.runs[1])
    assert "x^2 + a*x*y + 2*y^2 + cos(3*x)" in notebook(choice)


def test_a_map_of_a_formula_is_that_of_its_runs():
    runs = (Run("SGD", lr=0.05),)
    experiment = Experiment(surface=typed("Himmelblau"), steps=60, runs=runs)
    found = BasinMap(experiment, size=16).compute()
    written = BasinMap(Experiment("Himmelblau", steps=60, runs=runs), size=16).compute()
    for a, b in zip(found.where.ravel(), written.where.ravel(), strict=True):
        assert (a < 0) == (b < 0)
        if a >= 0:
            mine, known = found.points[a], written.points[b]
            assert (mine.x, mine.y) == pytest.approx((known.x, known.y), abs=1e-6)


@pytest.mark.parametrize("view", ["Side by side", "Overlay", "3-D"])
@pytest.mark.parametrize(
    "text",
    [
        "x + y",  # no critical point to measure from
        "log(x) + y^2",  # no value in half of the frame, nor at the start
        "log(-1 - x^2)",  # none anywhere
        "tan(1e300*y)*1e300",
        "1e-300^x",
        "x + 1/(a - 1)",
        "cos(sqrt(0.75 - 1.5*x)*(y - 2*x))",  # lowest along a line, no value in half of the frame
    ],
)
def test_a_formula_without_values_or_a_minimum_is_drawn_all_the_same(text, view):
    link = {"surface": "Formula", "Formula.text": text, "view": view, "length": "3"}
    found = unpack(answer(asked(urlencode(link))))
    assert found["told"]["rows"]
    assert unpack(ground_answer(found["groundAt"].partition("?")[2]))["back"]["data"]


def test_a_start_far_outside_of_the_frame_is_taken_nearer():
    found, _ = shown(Formula__text="x^2 + y^2", Formula__x="1e6", Formula__y="-3")
    assert choose(found).experiment.start == (10, -3)


def test_a_formula_starts_where_it_has_a_value_and_at_rates_that_it_bears():
    assert Formula("log(x) + y^2").start == (4, 2)
    assert Formula("log(-1 - x^2)").start == (-4, 2)  # there is none
    assert Formula("x^2 + y^2").start == SURFACES["Formula"].start == (-4, 2)
    runs = tuple(Run(rule) for rule in ("SGD", "Momentum", "Nesterov"))
    for name in ("Himmelblau", "Rosenbrock", "Beale"):
        formula = Formula(TYPED[name])
        trajectories = simulate(Experiment(surface=formula, runs=runs))
        assert all(t.diverged_at is None and t.loss[-1] < t.loss[0] / 100 for t in trajectories)
    assert [OPTIMIZERS[run.optimizer].default_rate(SURFACES["Formula"]) for run in runs] == [
        OPTIMIZERS[run.optimizer].rate for run in runs
    ]
    found, _ = shown(Formula__text=TYPED["Himmelblau"])
    rates = {run.optimizer: run.lr for run in choose(found).experiment.runs}
    assert (rates["SGD"], rates["Momentum"]) == (0.002, 0.005)


def test_the_page_names_a_formula_to_pick_from_and_writes_out_ones_own():
    def named(**link):
        return surface_text(read({"surface": "Formula", **link})[0])

    assert named() == r"x\*\*2 + a\*x\*y + 2\*y\*\*2"
    assert named(**{"Formula.text": "x*y + a", "Formula.a": "0.5"}) == r"x\*y + a, a 0.5"
    booth = next(example for example in EXAMPLES if example.name == "Booth")
    assert named(**{id: str(value) for id, value in booth.changes().items()}) == "Booth"
    assert named(**{"Formula.text": "1 + " * 30 + "x"}).endswith("1 + …")


def test_a_formula_of_a_link_that_is_none_stands_in_the_field_to_be_mended():
    text = "x^2 + 3*yy^2"
    app = opened(surface="Formula", **{"Formula.text": text})
    assert not app.exception
    field = app.text_input(key="Formula.text")
    assert field.value == text
    assert any("Column 9: there is no `yy` here" in caption.value for caption in app.caption)
    field.set_value("x^2 + 3*y^2").run()
    assert app.session_state["settings"]["Formula.text"] == "x^2 + 3*y^2"
    assert app.text_input(key="Formula.text").value == "x^2 + 3*y^2"
    assert not any("Column" in caption.value for caption in app.caption)
