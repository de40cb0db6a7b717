"""Every setting of the lab by its id, and the factors that can be compared.

Those that a surface, an optimizer, a schedule, a factor or a map brings along are made from its
record: a new one needs no line here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from landscape import SURFACES, Formula, Surface
from landscape.discover import discover
from landscape.language import LANGUAGES, PSEUDOS, SOURCE, msgid
from views.maps import MAPS
from views.presets import DEFAULT, MAPS_VIEW, PRESETS
from views.scene.curves import CURVES
from views.scene.figures import PICTURES
from views.settings import (
    clip_and_stop,
    noise,
    rates,
    regularization,
    runs,
    schedules,
    teaching,
    watching,
)
from views.settings.factor import Factor
from views.settings.formulas import settings_of_formula
from views.settings.schedules import MOST_OF_REGRESSION, MOST_UPDATES, idle_length
from views.settings.setting import OneOf, Range, Setting, doubled, of_number

FACTORS = discover("views.factors", "FACTOR", Factor, lambda factor: factor.place)
VIEWS = (*PICTURES, MAPS_VIEW)
BUDGET_UNITS = (msgid("updates"), msgid("epochs"), msgid("samples"))
MOST_LENGTH = 10_000_000  # in whatever unit
HALF = 106  # pixels: of two fields side by side
PLAIN, PRESENTED = "0", "1"  # how the page stands


def of_surface(surface: Surface) -> Iterator[Setting]:
    """Return the settings of a surface: its parameters and the start."""
    if isinstance(surface, Formula):
        yield from settings_of_formula()
        return
    for fact in surface.parameters:
        yield of_number(surface.name, fact)
    for letter, side, default in zip("xy", surface.domain, surface.start, strict=True):
        yield Setting(
            f"{surface.name}.{letter}",
            Range(*doubled(side), (side[1] - side[0]) / 40),
            float(default),
            {"x": msgid("Start x"), "y": msgid("Start y")}[letter],
            msgid("Or click on a panel."),
            width=HALF,
        )


def of_factor(factor: Factor) -> Iterator[Setting]:
    """Return the settings of a factor: its values, and the optimizer that has them."""
    yield from factor.settings
    if not factor.of_rules:
        able = tuple(name for name, rule in rates.OPTIMIZERS.items() if factor.able(rule))
        yield Setting(f"{factor.name}.optimizer", OneOf(able), factor.optimizer, msgid("Optimizer"))


def fitting(surface: Surface) -> tuple[str, ...]:
    """Return the factors that can be compared on a surface."""
    return tuple(name for name, factor in FACTORS.items() if factor.fits(surface))


def declared() -> Iterator[Setting]:
    """Return every setting, in the order of the page."""
    yield Setting(
        "preset", OneOf(("", *PRESETS)), "", msgid("Experiments that each make one point")
    )
    yield Setting("lang", OneOf((*LANGUAGES, *PSEUDOS)), SOURCE, msgid("Language"))
    yield Setting("view", OneOf(VIEWS), VIEWS[0], msgid("View"))
    yield Setting("present", OneOf((PLAIN, PRESENTED)), PLAIN, msgid("Present"))
    yield Setting("curve", OneOf(tuple(CURVES)), next(iter(CURVES)), msgid("Curve"), width=150)
    yield Setting("surface", OneOf(tuple(SURFACES)), DEFAULT.surface, msgid("Surface"))
    for surface in SURFACES.values():
        yield from of_surface(surface)
    yield Setting(
        "compare",
        OneOf(tuple(FACTORS), labels=tuple(factor.label for factor in FACTORS.values())),
        next(iter(FACTORS)),
        msgid("Compare"),
        msgid("What differs between the panels. Everything else is set once and shared."),
        needs=("surface",),
        choices=lambda settings: fitting(settings.surface),
        fallback=next(iter(FACTORS)),
        unfit=msgid("{label}: {old} does not fit the surface; it is {new} now."),
    )
    for factor in FACTORS.values():
        yield from of_factor(factor)
    yield from rates.SETTINGS
    yield from noise.SETTINGS
    yield from schedules.SETTINGS
    yield from regularization.SETTINGS
    yield from clip_and_stop.SETTINGS
    yield Setting(
        "length",
        Range(1, MOST_LENGTH, 10, whole=True),
        DEFAULT.steps,
        msgid("Length"),
        msgid("At most 5,000 updates are drawn, and 6,260 of a regression."),
        width=HALF,
        idle=idle_length,
    )
    yield Setting("unit", OneOf(BUDGET_UNITS), BUDGET_UNITS[0], msgid("Unit"), width=HALF)
    yield from runs.SETTINGS
    yield from watching.SETTINGS
    yield Setting("map", OneOf(tuple(MAPS)), next(iter(MAPS)), msgid("Map"), width=260)
    for each in MAPS.values():
        yield from each.settings
    yield from teaching.settings(lambda id: id in TABLE)


def table() -> Mapping[str, Setting]:
    """Return the settings by id; those that maps share are one, and no other id may be taken."""
    found: dict[str, Setting] = {}
    for setting in declared():
        if found.setdefault(setting.id, setting) is not setting:
            raise ValueError(f"the setting {setting.id!r} is declared twice")
    return MappingProxyType(found)


TABLE = table()
DEPENDENT = tuple(setting for setting in TABLE.values() if setting.choices)
assert (MOST_UPDATES, MOST_OF_REGRESSION) == (5_000, 6_260)  # as the help of the length says
