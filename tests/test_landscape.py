"""What every surface of the registry must be, and what the project states about each."""

from __future__ import annotations

import dataclasses
import math
import re
from collections import Counter

import numba
import numpy as np
import pytest

from landscape import SURFACES, Surface
from landscape.checks import check_number
from landscape.discover import discover
from landscape.penalty import Penalty
from landscape.record import (
    CUSP,
    DEGENERATE,
    GLOBAL_MINIMUM,
    LOCAL_MINIMUM,
    MAXIMUM,
    SADDLE,
    SAMPLES,
    Number,
)

EPS = np.finfo(float).eps
H = math.cbrt(EPS)  # the step at which a central difference is most exact
MINIMA = (GLOBAL_MINIMUM, LOCAL_MINIMUM, CUSP)

NAMES = {
    *("Linear regression", "Two features", "Logistic regression", "One hidden unit", "Sine fit"),
    "Ackley",
    "Beale",
    "Formula",
    "Four linear layers",
    "Himmelblau",
    "Local-minima valley",
    "Monkey saddle",
    "Quadratic",
    "Rastrigin",
    "Rosenbrock",
    "Saddle",
    "Six-hump camel",
    "Styblinski-Tang",
    "Three-hump camel",
    "Two linear layers",
}


def quadratic(x, y, scale, condition, rotation):
    turn = math.radians(rotation)
    u = x * math.cos(turn) + y * math.sin(turn)
    v = -x * math.sin(turn) + y * math.cos(turn)
    return scale / 2 * (u**2 + condition * v**2)


def valley(x, y, saddle):
    """The integral of 2 (x + 1)(x - s)(x - 1) from the global minimizer, and a parabola across."""
    along = (x**4 - 1) / 2 - 2 * saddle * (x**3 + 1) / 3 - (x**2 - 1) + 2 * saddle * (x + 1)
    return (y - 0.5 * x) ** 2 + along


def ackley(x, y, a=20.0, b=0.2, c=2 * math.pi):
    funnel = -a * math.exp(-b * math.sqrt(0.5 * (x * x + y * y)))
    return funnel - math.exp(0.5 * (math.cos(c * x) + math.cos(c * y))) + a + math.exp(1)


def mean_of(name, loss):
    """Return the mean of a sample's loss(x, y, features, label) over the data that is made."""

    def reference(x, y, **params):
        data = SURFACES[name].samples.make(SAMPLES, **params)
        features = data.x
        if params.get("standardize"):
            features = (features - features.mean()) / features.std()
        rows = zip(features.tolist(), data.y.tolist(), strict=True)
        return math.fsum(loss(x, y, f, t) for f, t in rows) / SAMPLES

    return reference


def of_two_classes(x, y, f, t):
    z = x * f[0] + y * f[1]
    return math.log(1 + math.exp(z)) - t * z


# Every loss written a second time, from its source, in plain Python.
REFERENCES = {
    "Ackley": ackley,
    "Beale": lambda x, y: sum(
        (c - x * (1 - y**n)) ** 2 for n, c in [(1, 1.5), (2, 2.25), (3, 2.625)]
    ),
    "Formula": lambda x, y, a: x * (x + a * y) + y * (2 * y),
    "Four linear layers": lambda x, y: 0.25 - (x * y) ** 2 / 2 + (x * y) ** 4 / 4,
    "Himmelblau": lambda x, y: (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2,
    "Local-minima valley": valley,
    "Monkey saddle": lambda x, y: (complex(x, y) ** 3).real,
    "Quadratic": quadratic,
    "Rastrigin": lambda x, y, amplitude: sum(
        t * t + amplitude * (1 - math.cos(2 * math.pi * t)) for t in (x, y)
    ),
    "Rosenbrock": lambda x, y, b: (1 - x) ** 2 + b * (y - x**2) ** 2,
    "Linear regression": mean_of(
        "Linear regression", lambda x, y, f, t: (x * f[0] + y - t) ** 2 / 2
    ),
    "Two features": mean_of("Two features", lambda x, y, f, t: (x * f[0] + y * f[1] - t) ** 2 / 2),
    "Logistic regression": mean_of("Logistic regression", of_two_classes),
    "One hidden unit": mean_of(
        "One hidden unit", lambda x, y, f, t: (x * math.tanh(y * f[0]) - t) ** 2 / 2
    ),
    "Sine fit": mean_of("Sine fit", lambda x, y, f, t: (math.sin(x * f[0] + y) - t) ** 2 / 2),
    "Saddle": lambda x, y: x**2 / 2 - y**2 / 2 + y**4 / 4,
    "Six-hump camel": lambda x, y: 4 * x**2 - 2.1 * x**4 + x**6 / 3 + x * y - 4 * y**2 + 4 * y**4,
    "Styblinski-Tang": lambda x, y: sum(t**4 - 16 * t**2 + 5 * t for t in (x, y)) / 2,
    "Three-hump camel": lambda x, y: 2 * x**2 - 1.05 * x**4 + x**6 / 6 + x * y + y**2,
    "Two linear layers": lambda x, y: x**2 * y**2 / 2,
}

# The critical points in each domain. Of Ackley, Rastrigin and the sine fit
# the minima only.
COUNTS = {
    "Ackley": {CUSP: 1, LOCAL_MINIMUM: 120},
    "Beale": {GLOBAL_MINIMUM: 1, SADDLE: 2},
    "Formula": {GLOBAL_MINIMUM: 1},
    "Four linear layers": {DEGENERATE: 1},
    "Himmelblau": {GLOBAL_MINIMUM: 4, SADDLE: 4, MAXIMUM: 1},
    "Local-minima valley": {GLOBAL_MINIMUM: 1, LOCAL_MINIMUM: 1, SADDLE: 1},
    "Monkey saddle": {DEGENERATE: 1},
    "Quadratic": {GLOBAL_MINIMUM: 1},
    "Rastrigin": {GLOBAL_MINIMUM: 1, LOCAL_MINIMUM: 120},
    "Rosenbrock": {GLOBAL_MINIMUM: 1},
    "Linear regression": {GLOBAL_MINIMUM: 1},
    "Two features": {GLOBAL_MINIMUM: 1},
    "Logistic regression": {GLOBAL_MINIMUM: 1},
    "One hidden unit": {GLOBAL_MINIMUM: 2, SADDLE: 1},
    "Sine fit": {GLOBAL_MINIMUM: 1, LOCAL_MINIMUM: 2},
    "Saddle": {GLOBAL_MINIMUM: 2, SADDLE: 1},
    "Six-hump camel": {GLOBAL_MINIMUM: 2, LOCAL_MINIMUM: 4, SADDLE: 7, MAXIMUM: 2},
    "Styblinski-Tang": {GLOBAL_MINIMUM: 1, LOCAL_MINIMUM: 3, SADDLE: 4, MAXIMUM: 1},
    "Three-hump camel": {GLOBAL_MINIMUM: 1, LOCAL_MINIMUM: 2, SADDLE: 2},
    "Two linear layers": {DEGENERATE: 1},
}

# (surface, kind, x, y, loss) at the default parameters, to the digits given.
POINTS = [
    ("Ackley", CUSP, 0, 0, 0),
    ("Ackley", LOCAL_MINIMUM, 0.952167, 0, 2.579928),
    ("Ackley", LOCAL_MINIMUM, -0.952167, 0, 2.579928),
    ("Ackley", LOCAL_MINIMUM, 0, 0.952167, 2.579928),
    ("Ackley", LOCAL_MINIMUM, 0, -0.952167, 2.579928),
    ("Beale", GLOBAL_MINIMUM, 3, 0.5, 0),
    ("Beale", SADDLE, 0, 1, 14.203125),
    ("Beale", SADDLE, 0.100538, -2.644514, 9.864512),
    ("Formula", GLOBAL_MINIMUM, 0, 0, 0),
    ("Four linear layers", DEGENERATE, 0, 0, 0.25),
    ("Himmelblau", GLOBAL_MINIMUM, 3, 2, 0),
    ("Himmelblau", GLOBAL_MINIMUM, -2.805118, 3.131313, 0),
    ("Himmelblau", GLOBAL_MINIMUM, -3.779310, -3.283186, 0),
    ("Himmelblau", GLOBAL_MINIMUM, 3.584428, -1.848127, 0),
    ("Himmelblau", SADDLE, 3.385154, 0.073852, 13.311926),
    ("Himmelblau", SADDLE, 0.086678, 2.884255, 67.719150),
    ("Himmelblau", SADDLE, -3.073026, -0.081353, 104.015163),
    ("Himmelblau", SADDLE, -0.127961, -1.953715, 178.337239),
    ("Himmelblau", MAXIMUM, -0.270845, -0.923039, 181.616522),
    ("Local-minima valley", GLOBAL_MINIMUM, -1, -0.5, 0),
    ("Local-minima valley", LOCAL_MINIMUM, 1, 0.5, 0.666667),
    ("Local-minima valley", SADDLE, 0.25, 0.125, 0.895182),
    ("Monkey saddle", DEGENERATE, 0, 0, 0),
    # Of data: what NumPy's least squares, or Newton's method from a grid, finds.
    ("Linear regression", GLOBAL_MINIMUM, 1.027541, -1.110143, 0.113820),
    ("Two features", GLOBAL_MINIMUM, 0.955225, 0.037292, 0.157623),
    ("Logistic regression", GLOBAL_MINIMUM, 1.301600, 1.416804, 0.457663),
    ("One hidden unit", GLOBAL_MINIMUM, 1.516127, 1.015093, 0.018156),
    ("One hidden unit", GLOBAL_MINIMUM, -1.516127, -1.015093, 0.018156),
    ("One hidden unit", SADDLE, 0, 0, 0.660160),
    ("Sine fit", GLOBAL_MINIMUM, 2.005238, 0.536949, 0.018519),
    ("Sine fit", LOCAL_MINIMUM, 3.352608, -2.467719, 0.412839),
    ("Sine fit", LOCAL_MINIMUM, 4.377419, 0.576468, 0.455876),
    ("Quadratic", GLOBAL_MINIMUM, 0, 0, 0),
    ("Rastrigin", GLOBAL_MINIMUM, 0, 0, 0),
    ("Rastrigin", LOCAL_MINIMUM, 0.994959, 0, 0.994959),
    ("Rastrigin", LOCAL_MINIMUM, -1.989912, 2.984856, 12.934432),
    ("Rosenbrock", GLOBAL_MINIMUM, 1, 1, 0),
    ("Saddle", GLOBAL_MINIMUM, 0, 1, -0.25),
    ("Saddle", GLOBAL_MINIMUM, 0, -1, -0.25),
    ("Saddle", SADDLE, 0, 0, 0),
    ("Six-hump camel", GLOBAL_MINIMUM, 0.089842, -0.712656, -1.031628),
    ("Six-hump camel", GLOBAL_MINIMUM, -0.089842, 0.712656, -1.031628),
    ("Six-hump camel", LOCAL_MINIMUM, 1.703607, -0.796084, -0.215464),
    ("Six-hump camel", LOCAL_MINIMUM, -1.703607, 0.796084, -0.215464),
    ("Six-hump camel", LOCAL_MINIMUM, 1.607105, 0.568651, 2.104250),
    ("Six-hump camel", LOCAL_MINIMUM, -1.607105, -0.568651, 2.104250),
    ("Six-hump camel", SADDLE, 0, 0, 0),
    ("Styblinski-Tang", GLOBAL_MINIMUM, -2.903534, -2.903534, -78.332331),
    ("Styblinski-Tang", LOCAL_MINIMUM, -2.903534, 2.746803, -64.195612),
    ("Styblinski-Tang", LOCAL_MINIMUM, 2.746803, -2.903534, -64.195612),
    ("Styblinski-Tang", LOCAL_MINIMUM, 2.746803, 2.746803, -50.058893),
    ("Styblinski-Tang", MAXIMUM, 0.156731, 0.156731, 0.391225),
    ("Three-hump camel", GLOBAL_MINIMUM, 0, 0, 0),
    ("Three-hump camel", LOCAL_MINIMUM, 1.747552, -0.873776, 0.298638),
    ("Three-hump camel", LOCAL_MINIMUM, -1.747552, 0.873776, 0.298638),
    ("Three-hump camel", SADDLE, 1.070542, -0.535271, 0.877362),
    ("Three-hump camel", SADDLE, -1.070542, 0.535271, 0.877362),
    ("Two linear layers", DEGENERATE, 0, 0, 0),
]

# (surface, parameters, point, eigenvalues of the Hessian there, largest rate of gradient descent).
CURVATURES = [
    ("Quadratic", {}, (0, 0), (1, 10), 0.2),
    ("Quadratic", {"condition": 100}, (0, 0), (1, 100), 0.02),
    ("Quadratic", {"scale": 0.1, "condition": 20}, (0, 0), (0.1, 2), 1),
    ("Quadratic", {"condition": 100, "rotation": 30}, (0, 0), (1, 100), 0.02),
    ("Rosenbrock", {}, (1, 1), (0.3994, 1001.6), 0.001997),
    ("Beale", {}, (3, 0.5), (0.3015, 48.98), 0.04083),
    ("Rastrigin", {}, (0, 0), (396.8, 396.8), 0.005040),
    ("Saddle", {}, (0, 1), (1, 2), 1),
    ("Local-minima valley", {}, (1, 0.5), (1.5, 4), 0.5),
]

# The domain and the start of each surface.
FRAMES = {
    "Ackley": ((-5, 5), (-5, 5), (0.4, 0.3)),
    "Beale": ((-4.5, 4.5), (-4.5, 4.5), (1, 1.5)),
    "Formula": ((-5, 5), (-5, 5), (-4, 2)),
    "Four linear layers": ((-1, 5.4), (-1.5, 1.5), (2.5, 0.9)),
    "Himmelblau": ((-6, 6), (-6, 6), (0, 0)),
    "Local-minima valley": ((-2, 2), (-1.5, 1.5), (1.8, 1.2)),
    "Monkey saddle": ((-1.5, 1.5), (-1.5, 1.5), (1, 0.3)),
    "Quadratic": ((-5, 5), (-5, 5), (-4, 2)),
    "Rastrigin": ((-5.12, 5.12), (-5.12, 5.12), (-2, 3.5)),
    "Rosenbrock": ((-2, 2), (-1, 3), (-1.2, 1)),
    "Linear regression": ((-4, 6), (-8, 12), (-2, 8)),
    "Two features": ((-3, 5), (-4, 4), (-2, 3)),
    "Logistic regression": ((-6, 14), (-8, 12), (-3, 6)),
    "One hidden unit": ((-4, 4), (-4, 4), (-0.5, 3)),
    "Sine fit": ((0, 6), (-3, 3), (3.5, -2)),
    "Saddle": ((-2, 2), (-2, 2), (1.5, 0.01)),
    "Six-hump camel": ((-2, 2), (-1, 1), (-1.0, -0.1)),
    "Styblinski-Tang": ((-5, 5), (-5, 5), (4, 4)),
    "Three-hump camel": ((-2, 2), (-2, 2), (-1.6, -1.5)),
    "Two linear layers": ((-3, 3), (-2.5, 2.5), (2, 1)),
}


def descend(surface, rate, steps=500, start=None, **params):
    x, y = start or surface.start
    for _ in range(steps):
        gx, gy = surface.gradient(x, y, **params)
        x, y = x - rate * gx, y - rate * gy
    return x, y


def roll(surface, rate, steps=500, mu=0.9):
    (x, y), vx, vy = surface.start, 0.0, 0.0
    for _ in range(steps):
        gx, gy = surface.gradient(x, y)
        vx, vy = mu * vx + gx, mu * vy + gy
        x, y = x - rate * vx, y - rate * vy
    return x, y


def adam(surface, rate, steps=500):
    point, m, v = np.array(surface.start), np.zeros(2), np.zeros(2)
    for t in range(1, steps + 1):
        g = np.array(surface.gradient(*point))
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        point = point - rate * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return point


# (surface, optimizer, learning rate, the critical point it reaches from the start in 500 steps)
ENDINGS = [
    ("Saddle", descend, 0.05, (0, 1)),
    ("Saddle", descend, 0.3, (0, 1)),
    ("Himmelblau", descend, 0.005, (3, 2)),
    ("Himmelblau", descend, 0.02, (3, 2)),
    ("Himmelblau", roll, 0.005, (3.584428, -1.848127)),
    ("Himmelblau", roll, 0.01, (3.584428, -1.848127)),
    ("Himmelblau", adam, 0.1, (3, 2)),
    ("Three-hump camel", descend, 0.1, (-1.747552, 0.873776)),
    ("Three-hump camel", descend, 0.3, (0, 0)),
    ("Three-hump camel", roll, 0.1, (-1.747552, 0.873776)),
    ("Three-hump camel", adam, 0.5, (0, 0)),
    ("Six-hump camel", descend, 0.05, (0.089842, -0.712656)),
    ("Six-hump camel", adam, 0.05, (-0.089842, 0.712656)),
    ("Six-hump camel", roll, 0.1, (0.089842, -0.712656)),
    ("Styblinski-Tang", descend, 0.02, (2.746803, 2.746803)),
    ("Styblinski-Tang", roll, 0.02, (-2.903534, -2.903534)),
    ("Rastrigin", descend, 0.001, (-1.989912, 2.984856)),
    ("Rastrigin", descend, 0.005, (-1.989912, 2.984856)),
    ("Local-minima valley", descend, 0.02, (1, 0.5)),
    ("Local-minima valley", descend, 0.05, (1, 0.5)),
    ("Local-minima valley", descend, 0.1, (1, 0.5)),
    ("Local-minima valley", descend, 0.2, (1, 0.5)),
    ("Local-minima valley", roll, 0.02, (-1, -0.5)),
    ("Local-minima valley", roll, 0.05, (-1, -0.5)),
    ("Local-minima valley", roll, 0.1, (-1, -0.5)),
    ("Local-minima valley", adam, 0.02, (1, 0.5)),
    ("Local-minima valley", adam, 0.05, (1, 0.5)),
    ("Local-minima valley", adam, 0.1, (1, 0.5)),
]


def randomized(surface: Surface, rng: np.random.Generator) -> dict[str, float]:
    """Draw every parameter from its range, evenly on its scale."""
    params = {}
    for p in surface.parameters:
        if p.integer:
            params[p.name] = int(rng.integers(p.low, p.high, endpoint=True))
        elif p.scale == "log":
            params[p.name] = math.exp(rng.uniform(math.log(p.low), math.log(p.high)))
        else:
            params[p.name] = rng.uniform(p.low, p.high)
    return params


def settings() -> list:
    """Return every surface at its default parameters and, if it has some, at four random ones."""
    rng = np.random.default_rng(0)
    cases = []
    for surface in SURFACES.values():
        draws = [randomized(surface, rng) for _ in range(4)] if surface.parameters else []
        for i, params in enumerate([{}, *draws]):
            name = f"{surface.name} {i}" if i else surface.name
            cases.append(pytest.param(surface, params, id=name))
    return cases


def scattered(surface: Surface, count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return tuple(rng.uniform(low, high, count) for low, high in surface.domain)


def grid(surface: Surface, size: int, zoom: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return a grid over the domain scaled about its centre, which is in it: `size` is odd."""
    axes = []
    for low, high in surface.domain:
        middle, half = (low + high) / 2, zoom * (high - low) / 2
        axes.append(middle + half * np.linspace(-1, 1, size))
    return tuple(np.meshgrid(*axes))


def eigenvalues(surface: Surface, x: float, y: float, params: dict[str, float]) -> np.ndarray:
    hxx, hxy, hyy = surface.hessian(x, y, **params)
    return np.linalg.eigvalsh([[hxx, hxy], [hxy, hyy]])


def is_cusp(surface: Surface, x: float, y: float, params: dict[str, float]) -> bool:
    """Tell whether the loss rises from (x, y) to every side with a slope that does not vanish."""
    angle = np.linspace(0, 2 * np.pi, 64)
    for radius in (1e-3, 1e-6, 1e-9):
        across, up = np.cos(angle), np.sin(angle)
        gx, gy = surface.gradient(x + radius * across, y + radius * up, **params)
        if not np.all(gx * across + gy * up > 1):
            return False
    return True


every_surface = pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
every_setting = pytest.mark.parametrize(("surface", "params"), settings())
every_parameter = pytest.mark.parametrize(
    ("surface", "parameter"),
    [
        pytest.param(surface, parameter, id=f"{surface.name} {parameter.name}")
        for surface in SURFACES.values()
        for parameter in surface.parameters
    ],
)


# The registry


def test_the_registry_has_these_surfaces():
    assert set(SURFACES) == NAMES


@pytest.mark.parametrize("table", [REFERENCES, COUNTS, FRAMES], ids=["loss", "counts", "frames"])
def test_every_surface_is_in_the_tables_of_this_file(table):
    assert set(table) == set(SURFACES)


def test_every_surface_has_its_critical_points_in_the_table():
    assert {name for name, *_ in POINTS} == set(SURFACES)


def test_the_registry_cannot_be_written():
    with pytest.raises(TypeError):
        SURFACES["Plane"] = next(iter(SURFACES.values()))


@every_surface
def test_a_record_is_found_under_its_name(surface):
    assert SURFACES[surface.name] is surface


@every_surface
def test_a_record_cannot_be_changed(surface):
    with pytest.raises(dataclasses.FrozenInstanceError):
        surface.start = (0.0, 0.0)


@every_surface
def test_a_record_can_be_a_key(surface):
    assert {surface: 1}[surface] == 1


@every_surface
def test_a_record_states_its_facts_in_words(surface):
    assert surface.sentence.endswith(".")
    assert surface.latex
    assert surface.source


@every_parameter
def test_a_parameter_is_explained(surface, parameter):
    assert parameter.symbol
    assert parameter.help.endswith(".")


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A new, empty package: its name, and a function that writes one of its modules."""
    (tmp_path / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path.parent)
    return tmp_path.name, lambda module, text: (tmp_path / f"{module}.py").write_text(text)


NUMBER = "from landscape.record import Number\nITEM = Number({!r}, 'n', 1.0, 0.0, 2.0, 'Help.')\n"


def by_name(item):
    return item.name.lower()


def test_a_new_module_is_a_new_item_in_its_place(package):
    name, write = package
    write("second", NUMBER.format("b"))
    write("first", NUMBER.format("C"))
    assert list(discover(name, "ITEM", Number, by_name)) == ["b", "C"]


def test_a_module_without_an_item_fails_loudly(package):
    name, write = package
    write("empty", "")
    with pytest.raises(TypeError, match=r"empty defines no ITEM of Number"):
        discover(name, "ITEM", Number, by_name)


def test_a_name_used_twice_fails_loudly(package):
    name, write = package
    write("one", NUMBER.format("same"))
    write("two", NUMBER.format("same"))
    with pytest.raises(ValueError, match=r"two: the name 'same' is taken"):
        discover(name, "ITEM", Number, by_name)


def test_a_record_without_a_field_fails_naming_its_module_and_the_field(package):
    name, write = package
    write("half", "from landscape.record import Surface\nSURFACE = Surface(name='Half')\n")
    with pytest.raises(ImportError, match=rf"{name}\.half: .*'sentence'.*'listing'"):
        discover(name, "SURFACE", Surface, by_name)


# Loss, gradient, Hessian


@every_setting
def test_the_loss_is_the_textbook_formula(surface, params):
    values, reference = surface.resolve(params), REFERENCES[surface.name]
    x, y = scattered(surface)
    expected = [reference(float(a), float(b), **values) for a, b in zip(x, y, strict=True)]
    scale = np.max(np.abs(expected))  # terms of this size cancel
    np.testing.assert_allclose(
        surface.loss(x, y, **params), expected, rtol=1e-12, atol=16 * EPS * scale
    )


@every_setting
def test_the_gradient_agrees_with_central_differences_of_the_loss(surface, params):
    x, y = scattered(surface)
    numeric = (
        (surface.loss(x + H, y, **params) - surface.loss(x - H, y, **params)) / (2 * H),
        (surface.loss(x, y + H, **params) - surface.loss(x, y - H, **params)) / (2 * H),
    )
    gradient = surface.gradient(x, y, **params)
    scale = max(1, np.abs(surface.loss(x, y, **params)).max(), np.abs(gradient).max())
    np.testing.assert_allclose(gradient, numeric, rtol=0, atol=1000 * H**2 * scale)


@every_setting
def test_the_hessian_agrees_with_central_differences_of_the_gradient(surface, params):
    x, y = scattered(surface)
    right, left = surface.gradient(x + H, y, **params), surface.gradient(x - H, y, **params)
    above, below = surface.gradient(x, y + H, **params), surface.gradient(x, y - H, **params)
    along_x = (np.array(right) - left) / (2 * H)
    along_y = (np.array(above) - below) / (2 * H)
    hxx, hxy, hyy = surface.hessian(x, y, **params)
    scale = max(1, np.abs(right).max(), np.abs([hxx, hxy, hyy]).max())
    np.testing.assert_allclose([hxx, hxy], along_x, rtol=0, atol=1000 * H**2 * scale)
    np.testing.assert_allclose([hxy, hyy], along_y, rtol=0, atol=1000 * H**2 * scale)


@every_setting
def test_every_value_on_the_domain_is_finite(surface, params):
    x, y = grid(surface, 201)
    for value in (
        surface.loss(x, y, **params),
        *surface.gradient(x, y, **params),
        *surface.hessian(x, y, **params),
    ):
        assert np.all(np.isfinite(value))


@pytest.mark.parametrize("tiny", [0.0, -0.0, 5e-324, 1e-200, 1e-162, 1e-155, 1e-100, 1e-17])
@every_surface
def test_every_value_at_and_next_to_the_origin_is_finite(surface, tiny):
    for x, y in [(tiny, 0.0), (0.0, tiny), (tiny, -tiny)]:
        values = surface.loss(x, y), *surface.gradient(x, y), *surface.hessian(x, y)
        assert all(map(math.isfinite, values))


def test_ackley_has_no_loss_and_no_gradient_at_its_cusp():
    ackley = SURFACES["Ackley"]
    assert (ackley.loss(0, 0), *ackley.gradient(0, 0)) == (0, 0, 0)


def test_ackleys_hessian_at_its_cusp_is_that_of_the_cosine_term():
    curvature = math.e * (2 * math.pi) ** 2 / 2
    assert SURFACES["Ackley"].hessian(0, 0) == pytest.approx((curvature, 0, curvature))


def test_the_gradient_of_ackley_does_not_shrink_towards_its_cusp():
    gx, gy = SURFACES["Ackley"].gradient(3e-9, 4e-9)
    assert (gx, gy) == pytest.approx((0.6 * math.sqrt(8), 0.8 * math.sqrt(8)), rel=1e-6)


def test_the_quadratic_is_the_bowl_of_the_book_as_well():
    bowl = {"scale": 0.1, "condition": 20.0}
    assert SURFACES["Quadratic"].loss(-7.0, 2.0, **bowl) == pytest.approx(49 / 20 + 4)


# Critical points


@every_surface
def test_as_many_critical_points_are_listed_as_there_are(surface):
    assert Counter(point.kind for point in surface.critical_points()) == COUNTS[surface.name]


@pytest.mark.parametrize(("name", "kind", "x", "y", "loss"), POINTS)
def test_a_critical_point_is_where_the_table_has_it(name, kind, x, y, loss):
    assert [
        point
        for point in SURFACES[name].critical_points()
        if point.kind == kind
        and (point.x, point.y) == pytest.approx((x, y), abs=1e-6)
        and point.loss == pytest.approx(loss, abs=1e-6)
    ]


@pytest.mark.parametrize(("name", "params", "point", "curvature", "limit"), CURVATURES)
def test_the_curvature_at_a_minimizer_is_that_of_the_table(name, params, point, curvature, limit):
    found = eigenvalues(SURFACES[name], *point, params)
    np.testing.assert_allclose(found, curvature, rtol=5e-4)
    np.testing.assert_allclose(2 / found[1], limit, rtol=5e-4)


@pytest.mark.parametrize(("name", "condition"), [("Rosenbrock", 2508), ("Beale", 162.5)])
def test_the_condition_number_is_that_of_the_table(name, condition):
    surface = SURFACES[name]
    (point,) = surface.minimizers()
    flat, steep = eigenvalues(surface, point.x, point.y, {})
    assert steep / flat == pytest.approx(condition, rel=1e-3)


@every_setting
def test_every_critical_point_is_stationary_or_a_cusp(surface, params):
    for point in surface.critical_points(**params):
        size = max(1, np.abs(eigenvalues(surface, point.x, point.y, params)).max())
        gradient = math.hypot(*surface.gradient(point.x, point.y, **params))
        assert gradient <= 32 * EPS * size * max(1, math.hypot(point.x, point.y)) or (
            point.kind == CUSP
        )


@every_setting
def test_every_critical_point_is_of_its_kind(surface, params):
    for point in surface.critical_points(**params):
        low, high = eigenvalues(surface, point.x, point.y, params)
        holds = {
            GLOBAL_MINIMUM: low > 0,
            LOCAL_MINIMUM: low > 0,
            SADDLE: low < 0 < high,
            MAXIMUM: high < 0,
            DEGENERATE: low * high == 0,
            CUSP: is_cusp(surface, point.x, point.y, params),
        }
        assert holds[point.kind], point


@every_setting
def test_no_critical_point_of_a_listed_kind_is_missing(surface, params):
    """Newton's method from a grid of starts; a kind of which no point is listed is left out."""
    x, y = (axis.ravel() for axis in grid(surface, 81))
    with np.errstate(all="ignore"):
        for _ in range(40):
            (gx, gy), (hxx, hxy, hyy) = (
                surface.gradient(x, y, **params),
                surface.hessian(x, y, **params),
            )
            determinant = hxx * hyy - hxy * hxy
            x = x - (hyy * gx - hxy * gy) / determinant
            y = y - (hxx * gy - hxy * gx) / determinant
        (x0, x1), (y0, y1) = surface.domain
        gradient = np.hypot(*surface.gradient(x, y, **params))
        found = (gradient < 1e-9) & (x0 <= x) & (x <= x1) & (y0 <= y) & (y <= y1)
    listed = surface.critical_points(**params)
    kinds = {point.kind for point in listed}
    for a, b in {(round(a, 5), round(b, 5)) for a, b in zip(x[found], y[found], strict=True)}:
        low, high = eigenvalues(surface, a, b, params)
        kind = LOCAL_MINIMUM if low > 0 else MAXIMUM if high < 0 else SADDLE
        known = any(math.hypot(a - point.x, b - point.y) < 1e-4 for point in listed)
        if (
            surface.valley is not None
        ):  # and along its ridges, if it has some, the gradient is 0 too
            off = math.dist(surface.valley.nearest(a, b), (a, b))
            known = known or off < 1e-4 or abs(low * high) < 1e-6
        assert known or (kind not in kinds and kind not in MINIMA), (a, b)


@every_setting
def test_all_critical_points_are_different(surface, params):
    points = surface.critical_points(**params)
    assert len({(round(p.x, 3) + 0.0, round(p.y, 3) + 0.0) for p in points}) == len(points)


@every_setting
def test_the_start_and_the_critical_points_are_in_the_domain(surface, params):
    (x0, x1), (y0, y1) = surface.domain
    inside = [surface.start, *((point.x, point.y) for point in surface.critical_points(**params))]
    assert all(x0 <= x <= x1 and y0 <= y <= y1 for x, y in inside)


@every_surface
def test_the_domain_and_the_start_are_those_of_the_table(surface):
    assert (*surface.domain, surface.start) == FRAMES[surface.name]


@every_setting
def test_all_global_minima_are_equally_low(surface, params):
    losses = [point.loss for point in surface.minimizers(**params)]
    np.testing.assert_allclose(losses, surface.lowest(**params) if losses else [], atol=1e-14)


@every_setting
def test_every_local_minimum_is_higher_than_the_global_one(surface, params):
    for point in surface.critical_points(**params):
        assert point.kind != LOCAL_MINIMUM or point.loss > surface.lowest(**params)


@pytest.mark.parametrize("zoom", [1.0, 3.0])
@every_setting
def test_nothing_is_lower_than_the_global_minimum(surface, params, zoom):
    loss = surface.loss(*grid(surface, 401, zoom), **params)
    assert loss.min() >= surface.lowest(**params) - 1e-14


@pytest.mark.parametrize("radius", [1e2, 1e4, 1e8])
@every_surface
def test_the_loss_goes_below_any_bound_only_where_the_record_says_so(surface, radius):
    angle = np.linspace(0, 2 * np.pi, 360)
    loss = surface.loss(radius * np.cos(angle), radius * np.sin(angle))
    assert (loss.min() < -radius) is not surface.bounded


@every_setting
def test_a_surface_is_quadratic_if_its_hessian_is_the_same_everywhere(surface, params):
    entries = np.array(surface.hessian(*scattered(surface), **params))
    assert (np.ptp(entries, axis=1).max() == 0) == surface.quadratic


@every_surface
def test_an_unbounded_surface_has_no_lowest_value(surface):
    assert math.isfinite(surface.lowest()) == surface.bounded
    assert bool(surface.minimizers() or surface.valley) == surface.bounded


# Lines of minima

VALLEYS = [surface for surface in SURFACES.values() if surface.valley]
every_valley = pytest.mark.parametrize("surface", VALLEYS, ids=lambda surface: surface.name)
FRAME = ((-7.0, 8.0), (-3.0, 2.0))


def test_these_surfaces_have_lines_of_minima():
    assert [surface.name for surface in VALLEYS] == ["Four linear layers", "Two linear layers"]


@every_valley
def test_the_loss_is_lowest_on_the_lines_and_level_along_them(surface):
    lines = surface.valley.lines(FRAME)
    assert len(lines) == {"Four linear layers": 4, "Two linear layers": 2}[surface.name]
    for line in lines:
        np.testing.assert_allclose(surface.loss(*line.T), surface.lowest(), atol=1e-15)
        np.testing.assert_allclose(surface.gradient(*line.T), 0.0, atol=1e-12)
    x, y = np.concatenate(lines).T
    # Those at the ends lie a little outside, so that the lines leave the frame.
    assert (x.min(), x.max()) == pytest.approx(FRAME[0], rel=0.02)
    assert (y.min(), y.max()) == pytest.approx(FRAME[1], rel=0.02)
    assert not surface.valley.lines(((20.0, 21.0), (15.0, 16.0)))


@every_valley
def test_the_nearest_minimizer_is_one_and_none_is_nearer(surface):
    grown = tuple((3 * low, 3 * high) for low, high in FRAME)
    lines = surface.valley.lines(grown)
    if len(lines) == 2:  # straight ones
        lines = [np.linspace(line[0], line[-1], 20_001) for line in lines]
    points = np.concatenate(lines)
    many = np.random.default_rng(3).uniform(*np.transpose(FRAME), (200, 2))
    each = [surface.valley.nearest(x, y) for x, y in many.tolist()]
    np.testing.assert_array_equal(np.transpose(surface.valley.all_nearest(*many.T)), each)
    for x, y in [*many.tolist(), (5, 5), (0.3, 0.3), (0, 0), (6, 0), (0, -2)]:
        at = surface.valley.nearest(x, y)
        assert surface.loss(*at) == pytest.approx(surface.lowest(), abs=1e-15)
        away = math.dist(at, (x, y))
        known = np.hypot(*(points - (x, y)).T).min()
        assert known - 0.02 * (1 + known) <= away <= known * (1 + 1e-12)


@pytest.mark.parametrize("far", [1e5, 1e7, 1e150, 1.7e308])
@every_valley
def test_a_minimizer_is_nearest_to_far_positions_too(surface, far):
    for x, y in [(far, 0.0), (0.0, -far), (far, far / 2), (-far, 1e-300), (far, far)]:
        at = surface.valley.nearest(x, y)
        assert math.isclose(
            math.dist(at, (x, y)), min(abs(x), abs(y)), rel_tol=1e-6, abs_tol=2 / far
        )


def test_the_curvatures_along_the_lines_are_those_of_the_formula():
    """2 (x^2 + y^2) and 0, and of two layers x^2 + y^2 and 0."""
    for name, share in (("Four linear layers", 2.0), ("Two linear layers", 1.0)):
        surface = SURFACES[name]
        for x, y in np.concatenate(surface.valley.lines(FRAME)).tolist():
            low, high = eigenvalues(surface, x, y, {})
            assert high == pytest.approx(share * (x * x + y * y), rel=1e-12)
            assert abs(low) <= 1e-12 * high


@pytest.mark.parametrize("l2", [0.01, 0.1])
def test_a_penalty_leaves_points_of_the_lines_of_minima(l2):
    four, two = (surface.at(penalty=Penalty(l2=l2)) for surface in VALLEYS)
    assert four.valley is None
    # Where y = x the gradient is x (l2 - (1 - x^4) x^2).
    x = math.sqrt(next(r.real for r in np.roots([1, 0, -1, l2]) if r.real > 0.7))
    known = {(a * x, b * x) for a in (-1, 1) for b in (-1, 1)}
    found = [(p.x, p.y) for p in four.minimizers()]
    assert len(found) == 4
    assert all(min(math.dist(a, b) for b in known) < 1e-9 for a in found)
    assert four.lowest() == pytest.approx((1 - x**4) ** 2 / 4 + l2 * x * x)
    assert [(p.x, p.y) for p in two.minimizers()] == [(0, 0)]


# Parameters


@every_parameter
def test_a_default_lies_in_its_range(surface, parameter):
    assert parameter.low <= parameter.default <= parameter.high


@every_parameter
def test_a_range_fits_its_scale(surface, parameter):
    assert parameter.scale in ("linear", "log")
    assert parameter.low > 0 or parameter.scale == "linear"


@every_parameter
def test_every_parameter_changes_the_loss(surface, parameter):
    x, y = scattered(surface)
    assert np.any(surface.loss(x, y) != surface.loss(x, y, **{parameter.name: parameter.high}))


@every_parameter
def test_both_ends_of_a_range_are_valid(surface, parameter):
    for value in (parameter.low, parameter.high):
        assert surface.resolve({parameter.name: value})[parameter.name] == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1e9, 1e9, True, "1", None, [1]])
@every_parameter
def test_a_wrong_value_is_named_with_its_field_and_range(surface, parameter, value):
    if parameter.choices and isinstance(value, str):
        pytest.skip("a text would be a choice's name, and another message lists those")
    field = re.escape(f"{surface.name}.{parameter.name} = {value!r}")
    span = re.escape(f"from {parameter.low:g} to {parameter.high:g}")
    with pytest.raises(ValueError, match=f"{field}.*{span}"):
        surface.loss(0.0, 0.0, **{parameter.name: value})


def test_a_whole_number_must_be_whole():
    assert check_number("Item.count", 3.0, 1, 9, integer=True) == 3
    with pytest.raises(ValueError, match=r"Item\.count = 2\.5: must be a whole number from 1 to 9"):
        check_number("Item.count", 2.5, 1, 9, integer=True)


@every_surface
def test_an_unknown_parameter_is_named(surface):
    with pytest.raises(ValueError, match=rf"{surface.name} = 'colour': unknown"):
        surface.gradient(0.0, 0.0, colour=1.0)


# Shapes and types


def results(surface: Surface, x, y) -> list:
    return [surface.loss(x, y), *surface.gradient(x, y), *surface.hessian(x, y)]


@pytest.mark.parametrize("number", [1, 1.0, np.float64(1), np.float32(1), np.array(1.0)])
@every_surface
def test_numbers_give_floats(surface, number):
    assert {type(value) for value in results(surface, number, number)} == {float}


SHAPES = {
    "two rows": (np.linspace(-1, 1, 6).reshape(2, 3), np.linspace(0, 1, 6).reshape(2, 3)),
    "three axes": (np.full((2, 1, 3), 0.5), np.full((2, 1, 3), 0.25)),
    "a number and a vector": (0.5, np.linspace(-1, 1, 5)),
    "a row and a column": (np.linspace(-1, 1, 3), np.linspace(-1, 1, 4)[:, None]),
    "one and one by one": (np.ones(1), np.ones((1, 1))),
    "every second": (np.linspace(-1, 1, 9)[::2], np.linspace(0, 1, 9)[::-2]),
    "transposed": (np.linspace(-1, 1, 6).reshape(2, 3).T, np.linspace(0, 1, 6).reshape(2, 3).T),
    "lists": ([0.5, 1.0], [1.0, 0.5]),
    "whole numbers": (np.arange(3), np.arange(3)),
    "single precision": (np.ones(3, np.float32), np.ones(3, np.float32)),
    "other byte order": (np.ones(3, ">f8"), np.ones(3, ">f8")),
    "read-only": (np.broadcast_to(0.5, 4), np.broadcast_to(1.0, 4)),
    "empty": (np.empty(0), np.empty(0)),
    "empty rows": (np.empty((0, 3)), 1.0),
}


@pytest.mark.parametrize(("x", "y"), SHAPES.values(), ids=SHAPES)
@every_surface
def test_arrays_give_arrays_of_their_shape_and_the_values_of_their_numbers(surface, x, y):
    both = np.broadcast(x, y)
    expected = np.array([results(surface, a, b) for a, b in both]).reshape(-1, 6)
    found = results(surface, x, y)
    assert {(value.shape, value.dtype) for value in found} == {(both.shape, np.dtype(float))}
    np.testing.assert_allclose(
        [value.ravel() for value in found], expected.T, rtol=1e-12, atol=1e-13
    )


@every_surface
def test_the_arrays_given_are_left_as_they_were(surface):
    x, y = np.linspace(-1, 1, 5), np.linspace(0, 1, 5)
    before = x.copy(), y.copy()
    results(surface, x, y)
    np.testing.assert_array_equal((x, y), before)


def test_shapes_that_do_not_fit_raise():
    with pytest.raises(ValueError, match="broadcast"):
        SURFACES["Saddle"].loss(np.zeros(2), np.zeros(3))


# Compilation

compiled = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="Numba is switched off")


@compiled
@every_surface
def test_a_kernel_has_exactly_one_signature_after_use(surface):
    results(surface, 1, 2)
    results(surface, np.ones((2, 2)), np.ones(2, np.float32))
    for kernel in (surface.kernel, surface.hessian_kernel):
        assert len(kernel.compiled.signatures) == 1


@compiled
@every_surface
def test_a_kernel_refuses_arrays_that_it_would_misread(surface):
    good, fixed = np.ones(3), np.ones(3)
    fixed.flags.writeable = False
    for bad in (np.ones(3, np.float32), np.ones(6)[::2], fixed, [1.0, 1.0, 1.0]):
        for kernel in (surface.kernel, surface.hessian_kernel):
            for place in range(6):
                arrays = [good] * place + [bad] + [good] * (5 - place)
                with pytest.raises(TypeError, match="writable C-contiguous float64"):
                    kernel(3, *arrays)


# What the surfaces are there to show


@pytest.mark.parametrize(("name", "optimizer", "rate", "end"), ENDINGS)
def test_an_optimizer_ends_where_the_table_has_it(name, optimizer, rate, end):
    assert tuple(optimizer(SURFACES[name], rate)) == pytest.approx(end, abs=1e-3)


@pytest.mark.parametrize("rate", [0.05, 0.3])
def test_descent_from_the_axis_stays_at_the_saddle(rate):
    assert descend(SURFACES["Saddle"], rate, start=(1.5, 0.0)) == pytest.approx((0, 0), abs=1e-9)


@pytest.mark.parametrize("rate", [0.01, 0.02])
def test_descent_on_beale_comes_near_the_minimizer(rate):
    assert descend(SURFACES["Beale"], rate) == pytest.approx((3, 0.5), abs=0.1)


@pytest.mark.parametrize(
    ("name", "params", "rate", "steps"),
    [
        ("Quadratic", {}, 0.21, 100),
        ("Quadratic", {"condition": 100}, 0.0201, 500),
        ("Rosenbrock", {}, 0.01, 5),
    ],
)
def test_descent_above_the_limit_moves_away(name, params, rate, steps):
    surface = SURFACES[name]
    end = descend(surface, rate, steps, **params)
    assert surface.loss(*end, **params) > surface.loss(*surface.start, **params)


def test_descent_on_the_monkey_saddle_leaves_the_frame_at_step_eight():
    surface = SURFACES["Monkey saddle"]
    ((x0, x1), (y0, y1)) = surface.domain
    inside = [
        x0 <= x <= x1 and y0 <= y <= y1
        for x, y in (descend(surface, 0.05, steps) for steps in range(10))
    ]
    assert inside.index(False) == 8


@pytest.mark.parametrize("steps", [500, 501])
def test_the_faster_descent_ends_farther_from_ackleys_cusp(steps):
    distances = [math.hypot(*descend(SURFACES["Ackley"], r, steps)) for r in (0.001, 0.02, 0.05)]
    assert 0 < distances[0] < distances[1] < distances[2]


def escaped(batch, rate, sigma, steps, seeds=200, samples=10_000):
    """Return the share of noisy descents from the valley's start that end in the global basin."""
    surface = SURFACES["Local-minima valley"]
    noise = sigma * math.sqrt((samples - batch) / (samples - 1) / batch)
    draws = np.random.default_rng(0).standard_normal((steps, 2, seeds))
    x, y = np.full((2, seeds), np.array(surface.start)[:, None])
    for xi in draws:
        gx, gy = surface.gradient(x, y)
        x, y = x - rate * (gx + noise * xi[0]), y - rate * (gy + noise * xi[1])
    return np.mean(x < 0)


# (learning rate, sigma, steps, batch that escapes, least share of its runs that do)
ESCAPES = [(0.05, 3, 500, 1, 0.7), (0.1, 2, 300, 1, 0.7), (0.1, 5, 500, 8, 0.8)]


@pytest.mark.parametrize(("rate", "sigma", "steps", "batch", "share"), ESCAPES)
def test_small_batches_leave_the_valleys_local_minimum(rate, sigma, steps, batch, share):
    assert escaped(batch, rate, sigma, steps) > share


@pytest.mark.parametrize("batch", [1024, 10_000])
@pytest.mark.parametrize(("rate", "sigma", "steps"), [case[:3] for case in ESCAPES])
def test_large_batches_stay_in_the_valleys_local_minimum(rate, sigma, steps, batch):
    assert escaped(batch, rate, sigma, steps) == 0
