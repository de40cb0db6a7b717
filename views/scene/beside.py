"""Paths that are drawn beside those of runs: averages of their iterates, and Sutskever's points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landscape.language import Message, msgid, tr
from optimizers import Averaged
from optimizers.analysis.averaging import EXPONENTIAL, MEAN
from optimizers.analysis.lookahead import Points

OPACITY = 0.45  # of the line of a run that has a path beside it

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Sign:
    """What stands at the head of a path: Plotly's symbol, the same in text, and what it means."""

    symbol: str
    key: str
    meaning: Message

    def text(self) -> str:
        """Return the sign with its meaning, in the current language."""
        return tr(self.meaning, star=self.key)


OF_AVERAGES = {
    MEAN: Sign("star", "★", msgid("{star} mean of the iterates")),
    EXPONENTIAL: Sign("star", "★", msgid("{star} exponential average")),
}
OF_POINTS = Sign("star-diamond", "✦", msgid("{star} before looking ahead"))


@dataclass(frozen=True, eq=False)
class Beside:
    """A path beside that of the run with this index, `path` (k+1, 2), and its losses (k+1,).

    There is a point for each of the run's finite positions. It is drawn from the update `first` on.
    """

    run: int
    sign: Sign
    path: Vector
    loss: Vector
    first: int = 0


def beside(averages: Sequence[Averaged], points: Sequence[Points | None]) -> tuple[Beside, ...]:
    """Return what is drawn of averages of all runs, or of none, and of points of some."""
    found = [
        Beside(run, OF_AVERAGES[each.average.kind], each.path, each.loss, max(0, each.first))
        for run, each in enumerate(averages)
    ]
    found += [
        Beside(run, OF_POINTS, each.path, each.loss)
        for run, each in enumerate(points)
        if each is not None
    ]
    return tuple(found)


def meanings(shown: Sequence[Beside], run: int | None = None) -> list[str]:
    """Return what each sign means that is shown, or that is shown beside one run."""
    signs = dict.fromkeys(each.sign for each in shown if run in (None, each.run))
    return [sign.text() for sign in signs]
