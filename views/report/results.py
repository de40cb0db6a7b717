"""What came of all runs, a sentence and a table, in the current language and in no page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from landscape.language import msgid, number, tr, whole
from optimizers import OPTIMIZERS, Averaged, Experiment, Trajectory
from optimizers.analysis.lookahead import Points
from optimizers.analysis.measures import facts_of, nearest_minimizer
from optimizers.analysis.statements import Statement, render
from optimizers.analysis.words import comparison, of_averages, of_points, outcome

HEAD = (
    msgid("Run"),
    msgid("Final loss"),
    msgid("Distance to nearest minimizer"),
    msgid("Updates"),
    msgid("Outcome"),
)
AVERAGED = msgid("Loss of the average")  # after the final loss
POINTS = msgid("Loss before looking ahead")  # after that
COUNTED = msgid("Updates an epoch"), msgid("Epochs"), msgid("Samples seen")  # before the outcome


def head(experiment: Experiment, averages: bool = False, points: bool = False) -> list[str]:
    """Return what the columns of a table are called.

    Of batches, of averages and of Nesterov's points before looking ahead there are more.
    """
    run, final, *names, last = map(tr, HEAD)
    beside = [tr(AVERAGED)] * averages + [tr(POINTS)] * points
    more = map(tr, COUNTED) if counted(experiment) else ()
    return [run, final, *beside, *names, *more, last]


def counted(experiment: Experiment) -> bool:
    """Tell whether some run's updates see less than all samples, so that they are counted too."""
    sizes = {experiment.plan(run).batch_size for run in experiment.runs}
    return experiment.varies and sizes != {experiment.samples}


def sentences(
    experiment: Experiment,
    trajectories: Sequence[Trajectory],
    labels: Sequence[str],
    averages: Sequence[Averaged] = (),
    points: Sequence[Points | None] = (),
) -> tuple[str, str]:
    """Return how the runs compare: what matters most, and all else there is to say."""
    first, *more = comparison(experiment, trajectories, labels)
    beside = of_averages(experiment, trajectories, averages, labels)
    beside += of_points(trajectories, points, labels)
    return said([first, *beside]), said(more)


def table(
    experiment: Experiment,
    labels: Sequence[str],
    trajectories: Sequence[Trajectory],
    averages: Sequence[Averaged] = (),
    points: Sequence[Points | None] = (),
) -> list[list[str]]:
    """Return the results of all runs, a row of the head's cells for each."""
    rows = []
    for i, (label, trajectory) in enumerate(zip(labels, trajectories, strict=True)):
        facts = facts_of(trajectory.objective)
        distance, _ = nearest_minimizer(facts, trajectory.path[-1])
        epoch, updates = experiment.plan(trajectory.run).epoch, len(trajectory.lr)
        seen = whole(epoch.updates), number(updates / epoch.updates, 4)
        rows.append(
            [
                label,
                number(float(trajectory.loss[-1]), 4),
                *([number(float(averages[i].loss[-1]), 4)] if averages else ()),
                *([loss_of(points[i])] if points else ()),
                tr("no minimizer") if distance is None else number(distance, 3),
                whole(updates),
                *((*seen, whole(epoch.samples_seen(updates))) if counted(experiment) else ()),
                ending(experiment, trajectory),
            ]
        )
    return rows


def loss_of(points: Points | None) -> str:
    """Return the last loss of Nesterov's points, or that there is none."""
    return tr("none") if points is None else number(float(points.loss[-1]), 4)


def said(statements: Sequence[Statement]) -> str:
    """Return statements as one text in the current language."""
    return " ".join(map(render, statements))


def ending(experiment: Experiment, trajectory: Trajectory) -> str:
    """Return a run's verdict and, of a rule that trusts the Hessian, where it should not have."""
    how = outcome(experiment, trajectory)
    if OPTIMIZERS[trajectory.run.optimizer].needs_hessian:
        points = trajectory.path[: len(trajectory.lr)].T
        hxx, hxy, hyy = trajectory.objective.hessian(*points)
        with np.errstate(over="ignore", invalid="ignore"):  # a formula's may be no numbers
            astray = int(np.sum(~((hxx > 0) & (hxx * hyy > hxy * hxy))))
        if astray:
            how = Statement("outcome_astray", outcome=how, count=astray, total=len(hxx))
    return render(how)
