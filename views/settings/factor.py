"""What a compare factor is: that in which the runs of an experiment differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from landscape import Surface
from landscape.language import Message
from optimizers import Experiment, Optimizer, Run
from views.presets import DEFAULT
from views.settings.setting import Note, Setting

if TYPE_CHECKING:
    from views.settings.settings import Settings


@dataclass(frozen=True)
class Factor:
    """One factor: its values, and what becomes of a run that has one of them.

    `settings` are those that hold the values, of every surface and rule where they differ by them;
    `setting(settings)` is the id of the one that counts. `names_of(values)` names the runs with
    those values, in links too, and `labels_of(values)` names them for a visitor; no two are alike.
    `vary(run, value, settings)` returns the run with the value. `able(rule)` tells whether a rule
    has what is compared, `fits(surface)` whether a surface has it, and `optimizer` is the rule to
    begin with. A value turns the plane about the origin by `turn(value)` degrees, and the start
    that is set with it. `replaces(surface, rule)` are
    the ids of the settings that the factor's values take the place of. `defaults(experiment)`
    returns the factor's settings, by id, that give an experiment's runs. A factor `of_rules`
    compares rules: its values are their names.
    """

    name: str  # its id in links, which never changes
    label: Message
    place: int  # among the factors, from the top
    settings: tuple[Setting, ...]
    setting: Callable[[Settings], str]
    vary: Callable[[Run, Any, Settings], Run]
    names_of: Callable[[Sequence[Any]], list[str]]
    labels_of: Callable[[Sequence[Any]], list[Note]]
    replaces: Callable[[str, str], Iterable[str]]
    defaults: Callable[[Experiment], Mapping[str, Any]]
    able: Callable[[Optimizer], bool] = lambda rule: True
    optimizer: str = DEFAULT.runs[0].optimizer
    of_rules: bool = False
    fits: Callable[[Surface], bool] = lambda surface: True
    turn: Callable[[Any], float] = lambda value: 0.0
