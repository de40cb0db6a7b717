"""Factors that compare a parameter of the surface, one for each such parameter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from landscape import SURFACES
from landscape.formula import LIMIT, NAME
from landscape.language import Message, msgid
from landscape.record import Number
from optimizers import Run
from views.settings.factor import Factor
from views.settings.numbers import told_apart
from views.settings.setting import Note, NumberList, Setting, number_list


def owners(parameter: str) -> dict[str, Number]:
    """Return the facts of a parameter by the names of the surfaces that have it."""
    return {
        surface.name: fact
        for surface in SURFACES.values()
        for fact in surface.parameters
        if fact.name == parameter
    }


def of_parameter(
    parameter: str,
    label: Message,
    place: int,
    values: Sequence[float],
    title: Message,
    of_run: Message,
    help: Message = "",
    vary: Callable[[Run, Any, Any], Run] | None = None,
    turn: Callable[[Any], float] = lambda value: 0.0,
    bounds: Mapping[str, tuple[float, float]] | None = None,
) -> Factor:
    """Return the factor that compares `values` of a parameter, on every surface that has it.

    `title` is the label of the list and `of_run` that of a run, with its {value} and the
    parameter's {name}. `vary` returns the run with a value where that is more than a parameter.
    `bounds` are those of its values, by the names of the surfaces, where they are not what the
    surfaces declare.
    """
    if bounds is None:
        bounds = {name: (fact.low, fact.high) for name, fact in owners(parameter).items()}

    def id_of(surface: str) -> str:
        return f"{surface}.{parameter}.values"

    def varied(run: Run, value: float, settings: Any) -> Run:
        return replace(run, params={parameter: value})

    return Factor(
        name=label,
        label=label,
        place=place,
        settings=tuple(
            Setting(id_of(name), NumberList(low, high), number_list(values), title, help)
            for name, (low, high) in bounds.items()
        ),
        setting=lambda settings: id_of(settings["surface"]),
        vary=vary or varied,
        names_of=lambda values: [f"{parameter} {text}" for text in told_apart(values)],
        labels_of=lambda values: [
            Note(of_run, {"name": parameter, "value": text}) for text in told_apart(values)
        ],
        replaces=lambda surface, rule: (f"{surface}.{parameter}",),
        defaults=lambda experiment: {
            id_of(experiment.surface): number_list(
                experiment.plan(run).objective.params[parameter] for run in experiment.runs
            )
        },
        fits=lambda surface: (
            surface.name in bounds and parameter in {fact.name for fact in surface.parameters}
        ),
        turn=turn,
    )


def of_letter(letter: str, label: Message, place: int, title: Message) -> Factor:
    """Return the factor that compares values of the parameter of this letter, of the formula."""
    return of_parameter(
        letter,
        label,
        place,
        (-1.0, 0.0, 1.0, 2.0),
        title,
        of_run=msgid("{name} = {value}"),
        bounds={NAME: (-LIMIT, LIMIT)},
    )
