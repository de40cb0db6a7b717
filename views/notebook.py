"""The player in a Jupyter notebook."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from optimizers import Experiment
from views.server.save import standalone
from views.settings.choice import Choice

FRAME = (
    '<iframe srcdoc="{page}" sandbox="allow-scripts" title="Zigzag"'
    ' style="width: 100%; height: 760px; border: 0"></iframe>'
)


@dataclass(frozen=True)
class Shown:
    """An experiment that a notebook draws as the player, in a frame that asks for nothing."""

    experiment: Experiment
    labels: tuple[str, ...]

    def _repr_html_(self) -> str:
        page = standalone(Choice(self.experiment, self.labels, unit="updates"))
        return FRAME.format(page=html.escape(page))


def show(experiment: Experiment, labels: Sequence[str] = ()) -> Shown:
    """Show an experiment in the cell of a notebook whose last value this is.

    `labels` are what its runs are called, in their order; else they have their optimizers' names.
    Each cell holds all that the player needs, some 5 MB, and plays offline. Raises ValueError if
    there are labels but not one for each run.
    """
    names = tuple(str(label) for label in labels) or tuple(r.optimizer for r in experiment.runs)
    if len(names) != len(experiment.runs):
        raise ValueError(
            f"labels = {len(names)}: must be one for each of {len(experiment.runs)} runs"
        )
    return Shown(experiment, names)
