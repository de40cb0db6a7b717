"""What a compare factor is: that in which the runs of an experiment differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from landscape.language import Message
from optimizers import Experiment, Optimizer, Run
from views.settings.setting import Note, Setting

if TYPE_CHECKING:
    from views.settings.settings import Settings


@dataclass(frozen=True)
class Factor:
    """One factor: its values, and what becomes of a run that has one of them.

    `settings` are those that hold the values, of every surface and rule where they differ by them;
    `setting(settings)` is the id of the one that counts. `name_of(value)` names the run with that
    value, in links too, and `label_of(value)` names it for a visitor. `vary(run, value, settings)`
    returns the run with the value. `able(rule)` tells whether a rule has what is compared, and
    `optimizer` is the rule to begin with. `replaces(surface, rule)` are the ids of the settings
    that the factor's values take the place of. `useless(experiment)` says why all runs would be
    alike. `defaults(experiment)` returns the factor's settings, by id, that give an experiment's
    runs. A factor `of_rules` compares rules: its values are their names.
    """

    name: str  # its id in links, which never changes
    label: Message
    place: int  # among the factors, from the top
    settings: tuple[Setting, ...]
    setting: Callable[[Settings], str]
    vary: Callable[[Run, Any, Settings], Run]
    name_of: Callable[[Any], str]
    label_of: Callable[[Any], Note]
    replaces: Callable[[str, str], Iterable[str]]
    defaults: Callable[[Experiment], Mapping[str, Any]]
    able: Callable[[Optimizer], bool] = lambda rule: True
    optimizer: str = "SGD"
    useless: Callable[[Experiment], Note | None] = lambda experiment: None
    of_rules: bool = False
