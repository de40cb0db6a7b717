"""An experiment in a Jupyter notebook: the player in a cell, and a notebook that begins with it."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from landscape.checks import shown
from landscape.language import tr
from optimizers import Average, Experiment
from optimizers.analysis.source import source
from views.scene.figures import Extras
from views.server.offline import claims, standalone, title
from views.settings.choice import Choice

FRAME = (
    '<iframe srcdoc="{page}" sandbox="allow-scripts" title="Zigzag"'
    ' style="width: 100%; height: 760px; border: 0"></iframe>'
)


CODE = """from optimizers import {names}
from views.notebook import show

labels = {labels!r}
experiment = {experiment}
{average}show(experiment, labels{beside})"""
AVERAGED = """
    found = averaged(trajectory, average)
    print("average", found.path[-1], found.loss[-1])"""
POINTS = """
    found = before_looking_ahead(trajectory)
    if found:
        print("before looking ahead", found.path[-1], found.loss[-1])"""
NUMBERS = """for label, trajectory in zip(labels, simulate(experiment)):
    print(label, trajectory.path[-1], trajectory.loss[-1])"""


@dataclass(frozen=True)
class Shown:
    """An experiment that a notebook draws as the player, in a frame that asks for nothing."""

    experiment: Experiment
    labels: tuple[str, ...]
    average: Average | None = None
    sutskever: bool = False

    def _repr_html_(self) -> str:
        extras = Extras(average=self.average, sutskever=self.sutskever)
        page = standalone(Choice(self.experiment, self.labels, unit="updates", extras=extras))
        return FRAME.format(page=html.escape(page))


def show(
    experiment: Experiment,
    labels: Sequence[str] = (),
    average: Average | None = None,
    sutskever: bool = False,
) -> Shown:
    """Show the paths of an experiment in the cell of a notebook whose last value this is.

    `labels` are what its runs are called, in their order; else they have their optimizers' names.
    With an `average` that of each run's iterates is drawn beside it, with `sutskever` the points of
    Nesterov before it looks ahead.
    Each cell holds all that the player needs, some 6 MB, and plays offline. Raises ValueError if
    there are labels but not one for each run, and for what is no experiment.
    """
    if not isinstance(experiment, Experiment):
        raise ValueError(f"experiment = {shown(experiment)}: must be an Experiment")
    if isinstance(labels, str):
        raise ValueError(f"labels = {shown(labels)}: must be a list of texts")
    names = tuple(str(label) for label in labels) or tuple(r.optimizer for r in experiment.runs)
    if len(names) != len(experiment.runs):
        raise ValueError(
            f"labels = {len(names)}: must be one for each of {len(experiment.runs)} runs"
        )
    if average is not None and not isinstance(average, Average):
        raise ValueError(f"average = {shown(average)}: must be an Average or None")
    return Shown(experiment, names, average, bool(sutskever))


def notebook(choice: Choice) -> str:
    """Return a notebook that repeats an experiment, its paths side by side, in nbformat 4.5.

    It is written here: the package nbformat would bring others with it, for one dictionary as JSON.
    """
    head = [f"# {title(choice)}", *claims(choice)]
    needs = tr("It needs this lab beside Jupyter: `pip install` it from its folder.")
    average, sutskever = choice.extras.average, choice.extras.sutskever
    names = ["Average"] * bool(average) + ["Experiment", "Run"] + ["averaged"] * bool(average)
    names += ["before_looking_ahead"] * sutskever + ["simulate"]
    code = CODE.format(
        names=", ".join(names),
        experiment=source(choice.experiment),
        labels=choice.labels,
        average=f"average = {average!r}\n" if average else "",
        beside=", average" * bool(average) + ", sutskever=True" * sutskever,
    )
    last = NUMBERS + AVERAGED * bool(average) + POINTS * sutskever
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "source": "\n\n".join([*head, needs])},
        *(
            {"cell_type": "code", "source": text, "execution_count": None, "outputs": []}
            for text in (code, last)
        ),
    ]
    for i, cell in enumerate(cells):
        cell |= {"id": f"zigzag-{i}", "metadata": {}}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    whole = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, ensure_ascii=False, indent=1)
