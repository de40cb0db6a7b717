"""What came of all runs, a sentence and a table, in the current language and in no page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from landscape.language import msgid, number, tr, whole
from optimizers import OPTIMIZERS, Experiment, Trajectory
from optimizers.analysis.measures import facts_of, nearest
from optimizers.analysis.statements import Statement, render
from optimizers.analysis.words import comparison, outcome

HEAD = (
    msgid("Run"),
    msgid("Final loss"),
    msgid("Distance to nearest minimizer"),
    msgid("Updates"),
    msgid("Outcome"),
)


def sentences(
    experiment: Experiment, trajectories: Sequence[Trajectory], labels: Sequence[str]
) -> tuple[str, str]:
    """Return how the runs compare: what matters most, and all else there is to say."""
    first, *more = comparison(experiment, trajectories, labels)
    return said([first]), said(more)


def table(
    experiment: Experiment, labels: Sequence[str], trajectories: Sequence[Trajectory]
) -> list[list[str]]:
    """Return the results of all runs, a row of HEAD's cells for each."""
    rows = []
    for label, trajectory in zip(labels, trajectories, strict=True):
        facts = facts_of(trajectory.objective)
        distance, _ = nearest(facts, trajectory.path[-1], facts.minimizers)
        rows.append(
            [
                label,
                number(float(trajectory.loss[-1]), 4),
                tr("no minimizer") if distance is None else number(distance, 3),
                whole(len(trajectory.lr)),
                ending(experiment, trajectory),
            ]
        )
    return rows


def said(statements: Sequence[Statement]) -> str:
    """Return statements as one text in the current language."""
    return " ".join(map(render, statements))


def ending(experiment: Experiment, trajectory: Trajectory) -> str:
    """Return a run's verdict and, of a rule that trusts the Hessian, where it should not have."""
    how = outcome(experiment, trajectory)
    if OPTIMIZERS[trajectory.run.optimizer].needs_hessian:
        points = trajectory.path[: len(trajectory.lr)].T
        hxx, hxy, hyy = trajectory.objective.hessian(*points)
        astray = int(np.sum(~((hxx > 0) & (hxx * hyy > hxy * hxy))))
        if astray:
            how = Statement("outcome_astray", outcome=how, count=astray, total=len(hxx))
    return render(how)
