"""What happened, as statements made from the measures and verdicts, and from nothing else.

A statement names what was measured. It gives no cause that was not, and calls nothing the lowest or
the longest where the next is about equal. Losses are those of the surface, without weight decay;
where a run ends is told from the minimum that it descends to, which a weight decay moves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from landscape import Objective, record
from landscape.record import CriticalPoint
from optimizers.analysis import verdicts
from optimizers.analysis.averaging import EXPONENTIAL, Averaged, expected
from optimizers.analysis.lookahead import Points
from optimizers.analysis.measures import (
    SHORTEST,
    Minima,
    SurfaceFacts,
    Vector,
    facts_of,
    known_minima,
    last_gap,
    losses_in_frame,
    nearest,
    nearest_minimizer,
    stability_limit,
    zigzag,
)
from optimizers.analysis.statements import (
    Compared,
    Coordinate,
    Growth,
    Near,
    Share,
    Statement,
    render,
    times,
)
from optimizers.analysis.step import inspect_step
from optimizers.analysis.verdicts import Verdict, verdict
from optimizers.simulation.experiment import GRADIENT_NORM, Experiment, Trajectory

# A run zigzags if it changes sides at half of its turns or more, and turns by as much as the eye
# can see. Of fewer than four turns every share is chance.
ZIGZAGS, SEEN, TURNS_LEAST = 0.5, 30.0, 4
# Other changes of side are named if they are one in ten, and more than two.
MENTIONED, FLIPS_LEAST = 0.1, 3
# Numbers within this factor of each other are about equal.
EQUAL = 1.1
SAME_LOSS = 1e-9  # relative: lowest losses of two surfaces that differ by less are one, rounded
# A loss gap below a billionth of the frame's is no longer ranked: the lowest loss is reached.
REACHED = 1e-9
# Runs that each have a lowest loss of their own are at it, if less than this share of the way is
# left: which of them is nearer says nothing.
NEAR_OWN = 1e-3
# A distance to a minimizer below this share of the frame's diagonal is not worth a number.
ARRIVED = 1e-6
# A curvature below this share of the largest is none but for rounding: that along a valley.
ALONG = 1e-9
# Factors beyond this one are only called larger.
FACTOR_MOST = 1000
# More names than this are counted; after this many statements the length of the path is left out.
NAMES_MOST, PARTS_MOST = 2, 3
# What the kinds of critical points are called, as places and as what a run settles in.
PLACES = {
    record.LOCAL_MINIMUM: Statement("a_local_minimizer"),
    record.SADDLE: Statement("a_saddle"),
    record.MAXIMUM: Statement("a_maximizer"),
    record.DEGENERATE: Statement("a_degenerate_point"),
    record.CUSP: Statement("the_cusp"),
}
SETTLED = {
    verdicts.CONVERGED: Statement("a_global_minimum"),
    verdicts.LOCAL_MINIMUM: Statement("a_local_minimum"),
    verdicts.SADDLE: Statement("a_saddle"),
    verdicts.MAXIMUM: Statement("a_maximum"),
}


def describe(
    experiment: Experiment,
    trajectories: Sequence[Trajectory],
    labels: Sequence[str],
    language: str = "en",
) -> list[str]:
    """Return in words what happened: how the runs compare, then what each of them did.

    `trajectories` are those that `simulate` returns, `labels` the names of their runs. The first
    texts, one sentence each, are those of `comparison`; one text for each run follows, in their
    order. Raises ValueError for an unknown language.
    """
    if not len(trajectories) == len(labels) > 0:
        raise ValueError(
            f"labels = {len(labels)} labels: must be one for each of {len(trajectories)} runs"
        )
    said = [render(s, language) for s in comparison(experiment, trajectories, labels)]
    for trajectory, label in zip(trajectories, labels, strict=True):
        statements = of_run(experiment, trajectory, label)
        said.append(" ".join(render(s, language) for s in statements))
    return said


# --- One run


def of_run(experiment: Experiment, trajectory: Trajectory, label: str) -> list[Statement]:
    """Return what a run did and how it ended, `label` being the subject of the first statement."""
    how = verdict(experiment, trajectory)
    still = _at_rest(experiment, trajectory, how, label)
    said = [still or _ending(experiment, trajectory, how, label)]
    if still is None:
        said += _turns(experiment, trajectory)
    return said + _edge(experiment, trajectory, how) + _decay(experiment, trajectory)


def outcome(experiment: Experiment, trajectory: Trajectory) -> Statement:
    """Return how a run ended, for a cell of a table, with the numbers that decided it."""
    how = verdict(experiment, trajectory)
    numbers = dict(how.numbers)
    settled = {name: numbers.get(name) for name in ("slope", "low", "high")}
    match how.kind:
        case verdicts.CONVERGED:
            return Statement("outcome_converged", **settled)
        case verdicts.LOCAL_MINIMUM:
            return Statement("outcome_local", **settled)
        case verdicts.SADDLE:
            return Statement("outcome_saddle", **settled)
        case verdicts.MAXIMUM:
            return Statement("outcome_maximum", **settled)
        case verdicts.PLATEAU:
            return Statement("outcome_flat", slope=how["slope"])
        case verdicts.OSCILLATING if "period" in numbers:
            return Statement("outcome_cycle", period=int(how["period"]), width=how["width"])
        case verdicts.OSCILLATING:
            return Statement("outcome_swinging", width=how["width"])
        case verdicts.GROWING if "x" in numbers:
            point = _left(trajectory.objective, how)
            return Statement("outcome_leaving", point=point, factor=Growth(how["factor"]))
        case verdicts.GROWING:
            return Statement("outcome_growing", factor=Growth(how["factor"]))
        case verdicts.NOISE_BALL:
            return Statement("outcome_hovering", radius=how["radius"])
        case verdicts.RAN_OUT:
            return Statement("outcome_ran_out", rate=how["rate"], largest=how["largest"])
        case verdicts.DIVERGED:
            kind = "outcome_diverged" if math.isfinite(how["loss"]) else "outcome_not_finite"
            kind = "outcome_no_value" if math.isnan(how["loss"]) else kind
            return Statement(kind, step=int(how["step"]))
        case verdicts.STOPPED if trajectory.stopped is not None:
            return Statement("outcome_singular", step=int(how["step"]))
        case verdicts.STOPPED:
            kind = "outcome_creeping" if how["moves"] else "outcome_at_rest"
            return Statement(kind, step=int(how["step"]), slope=how["slope"])
        case verdicts.STOPPING_RULE:
            kind = "outcome_norm" if trajectory.stopped_by == GRADIENT_NORM else "outcome_change"
            return Statement(kind, step=int(how["step"]), tolerance=how["tolerance"])
        case verdicts.STILL_DESCENDING:
            return Statement("outcome_descending")
        case _:
            return Statement("outcome_unsettled")


def _at_rest(
    experiment: Experiment, trajectory: Trajectory, how: Verdict, label: str
) -> Statement | None:
    """Return why a run does not move, None for one that does."""
    away = np.abs(trajectory.path - trajectory.path[0]).max()
    # Written so that a position that is not finite has moved.
    if not away <= SHORTEST * facts_of(trajectory.objective).diagonal:
        return None
    if how.kind in SETTLED:
        return Statement("does_not_move", run=label, point=_with_decay(experiment, trajectory, how))
    if how.kind == verdicts.STOPPED and trajectory.stopped is None:
        if trajectory.lr.max() == 0:
            return Statement("does_not_move_at_rate_0", run=label)
        if how["moves"] == 0:
            return Statement("does_not_move_for_no_step", run=label, slope=how["slope"])
    return None


def _ending(experiment: Experiment, trajectory: Trajectory, how: Verdict, label: str) -> Statement:
    """Return how a run ended, as a sentence on `label`."""
    facts, plan = facts_of(trajectory.objective), experiment.plan(trajectory.run)
    place = _place(experiment, trajectory)
    match how.kind:
        case verdicts.DIVERGED:
            if how["step"] == 0:
                kind = "starts_without_value" if math.isnan(how["loss"]) else "starts_too_high"
                return Statement(kind, run=label)
            kind = "ends_without_value" if math.isnan(how["loss"]) else "diverges"
            return Statement(kind, run=label, step=int(how["step"]))
        case verdicts.STOPPED if trajectory.stopped is not None:
            return Statement("stops_singular", run=label, place=place, step=int(how["step"]))
        case verdicts.STOPPED:
            step = int(how["step"])
            kind = "creeps" if how["moves"] else "stops_at_rest"
            last = len(trajectory.lr) - 1
            if how["moves"] and inspect_step(experiment, trajectory, last).is_clipped:
                kind = "creeps_clipped"
            return Statement(kind, run=label, place=place, step=step, slope=how["slope"])
        case verdicts.CONVERGED:
            distance, point = _minimizer(experiment, trajectory)
            assert point is not None  # it is one of those that the verdict knows
            if distance <= ARRIVED * facts.diagonal:
                return Statement("converges", run=label, point=point)
            return Statement("converges_within", run=label, point=point, distance=distance)
        case verdicts.LOCAL_MINIMUM | verdicts.SADDLE | verdicts.MAXIMUM:
            kind = "settles" if how.kind == verdicts.LOCAL_MINIMUM else "rests"
            point, gap = _with_decay(experiment, trajectory, how), last_gap(facts, trajectory)
            if not math.isfinite(gap):
                return Statement(kind, run=label, point=point)
            return Statement(f"{kind}_above", run=label, point=point, gap=gap)
        case verdicts.PLATEAU:
            if plan.coupled == 0 and plan.objective.valley is None:
                place = _near(facts, trajectory.path[-1]) or place
            numbers = {"change": how["change"], "slope": how["slope"]}
            if how["updates"] == 1:
                return Statement("ends_flat_in_one", run=label, place=place, **numbers)
            updates = int(how["updates"])
            return Statement("ends_flat", run=label, place=place, updates=updates, **numbers)
        case verdicts.OSCILLATING if "period" in how.numbers:
            period, width = int(how["period"]), how["width"]
            return Statement("ends_in_a_cycle", run=label, place=place, period=period, width=width)
        case verdicts.OSCILLATING:
            numbers = {"width": how["width"], "path": how["path"]}
            updates = int(how["updates"])
            return Statement("ends_swinging", run=label, place=place, updates=updates, **numbers)
        case verdicts.GROWING if "x" in how.numbers:
            point, factor = _left(trajectory.objective, how), Growth(how["factor"])
            return Statement("leaves", run=label, point=point, factor=factor)
        case verdicts.GROWING:
            factor = Growth(how["factor"])
            return Statement("ends_growing", run=label, place=place, factor=factor)
        case verdicts.NOISE_BALL:
            radius, distance = how["radius"], how["away"]
            if how.point is None:
                return Statement("ends_hovering", run=label, place=place, radius=radius)
            point = _named(facts, how.point)
            if plan.coupled > 0:
                minima = known_minima(trajectory.objective, plan.coupled)
                # Of a line of minimizers decay may leave two points that belong to one of it.
                mine = np.flatnonzero((minima.origin == (how.point.x, how.point.y)).all(axis=1))
                middle = trajectory.path[3 * len(trajectory.path) // 4 :].mean(axis=0)
                which = mine[np.argmin(np.hypot(*(minima.xy[mine] - middle).T))]
                point = _moved_name(facts, minima, int(which), plan.coupled)
            return Statement("hovers", run=label, radius=radius, point=point, distance=distance)
        case verdicts.RAN_OUT:
            rate, largest = how["rate"], how["largest"]
            return Statement("runs_out_of_rate", run=label, place=place, largest=largest, rate=rate)
        case verdicts.STOPPING_RULE:
            kind = "stops_norm" if trajectory.stopped_by == GRADIENT_NORM else "stops_change"
            numbers = {"step": int(how["step"]), "tolerance": how["tolerance"]}
            return Statement(kind, run=label, place=place, **numbers)
        case verdicts.STILL_DESCENDING:
            return Statement("ends_descending", run=label, place=place)
        case _ if how["fall"] < 0 and not plan.noisy:
            updates = int(how["updates"])
            return Statement("ends_rising", run=label, place=place, updates=updates)
        case _:
            return Statement("ends_unsettled", run=label, place=place)


def _with_decay(experiment: Experiment, trajectory: Trajectory, how: Verdict) -> Statement:
    """Return what a run settled in, which with weight decay is no point of the surface's own."""
    decay = experiment.plan(trajectory.run).coupled
    point = SETTLED[how.kind]
    return Statement("with_decay", point=point, decay=decay) if decay > 0 else point


def _left(objective: Objective, how: Verdict) -> Statement:
    """Return what kind of critical point a run is leaving."""
    if objective.valley is not None and abs(how["low"]) <= ALONG * how["high"]:
        return Statement("the_valley")
    if how["low"] > 0:
        return Statement("a_minimum")
    return Statement("a_maximum" if how["high"] < 0 else "a_saddle")


def _minimizer(experiment: Experiment, trajectory: Trajectory) -> tuple[float, Statement | None]:
    """Return how far a run ends from the nearest minimizer of what it descends, and its name."""
    facts, end = facts_of(trajectory.objective), trajectory.path[-1]
    decay = experiment.plan(trajectory.run).coupled
    if decay > 0:
        minima = known_minima(trajectory.objective, decay)
        best = np.flatnonzero(minima.best)
        if not len(best) or not np.isfinite(end).all():
            return math.inf, None
        which = int(best[np.argmin(np.hypot(*(minima.xy[best] - end).T))])
        return math.dist(minima.xy[which], end), _moved_name(facts, minima, which, decay)
    distance, found = nearest_minimizer(facts, end)
    if distance is None or found is None:
        return math.inf, None
    return distance, _minimizers_name(facts)


def _minimizers_name(facts: SurfaceFacts) -> Statement:
    lines, single = facts.objective.valley is not None, len(facts.minimizers)
    if lines and not single:
        return Statement("the_valley")
    if lines or single > 1:  # a formula may have both
        return Statement("a_global_minimizer")
    # There may be local ones beside it.
    others = any(point.kind == record.LOCAL_MINIMUM for point in facts.points)
    return Statement("the_global_minimizer" if others else "the_minimizer")


def _named(facts: SurfaceFacts, point: CriticalPoint) -> Statement:
    """Return what to call a critical point."""
    return PLACES.get(point.kind) or _minimizers_name(facts)


def _moved_name(facts: SurfaceFacts, minima: Minima, which: int, decay: float) -> Statement:
    """Return what to call one of the minima of a loss with weight decay."""
    best = bool(minima.best[which])
    if _moves(facts, minima, which):
        return Statement("the_moved_minimizer" if best else "the_moved_local", decay=decay)
    if not best:
        return PLACES[record.LOCAL_MINIMUM]
    # Of the minimizers on a line the decay leaves one.
    alone = facts.objective.valley is not None
    return Statement("the_minimizer") if alone else _minimizers_name(facts)


def _moves(facts: SurfaceFacts, minima: Minima, which: int) -> bool:
    """Tell whether a weight decay moves a minimum: it leaves one at the origin where it is."""
    distance = math.dist(minima.xy[which], minima.origin[which])
    return distance > SHORTEST * facts.diagonal


def _place(experiment: Experiment, trajectory: Trajectory) -> Statement:
    """Return where a run ends: how far from which minimizer or, if there is none, at what loss."""
    distance, point = _minimizer(experiment, trajectory)
    if point is None:
        return Statement("at_loss", loss=float(trajectory.loss[-1]))
    if distance <= ARRIVED * facts_of(trajectory.objective).diagonal:
        return Statement("at_point", point=point)
    if point.kind == "a_global_minimizer":
        point = Statement("the_nearest_global_minimizer")
    return Statement("away_from_point", distance=distance, point=point)


def _near(facts: SurfaceFacts, position: Vector) -> Statement | None:
    """Return how far which critical point is."""
    distance, point = nearest(facts, position, np.arange(len(facts.points)))
    if distance is None or point is None:
        return None
    return Statement("away_from_point", distance=distance, point=_named(facts, point))


def _turns(experiment: Experiment, trajectory: Trajectory) -> list[Statement]:
    """Return a sentence on a run's changes of side, if they are worth one."""
    measured = zigzag(experiment, trajectory)
    flips, turns = measured.flips, measured.turns
    if turns < TURNS_LEAST or flips < FLIPS_LEAST or flips < MENTIONED * turns:
        return []
    seen = measured.turn_angle is not None and measured.turn_angle >= SEEN
    noisy = experiment.plan(trajectory.run).noisy
    if not seen or flips < ZIGZAGS * turns or noisy:
        return [Statement("changes_sides", flips=flips, turns=turns)]
    if flips == turns:
        return [Statement("zigzags_always", turns=turns)]
    return [Statement("zigzags", flips=flips, turns=turns)]


def _edge(experiment: Experiment, trajectory: Trajectory, how: Verdict) -> list[Statement]:
    """Return how sharp the minimum is that a run has found, where there are flatter and sharper."""
    plan = experiment.plan(trajectory.run)
    if plan.objective.valley is None or plan.coupled > 0 or how.kind != verdicts.CONVERGED:
        return []
    high, rate = Near(how["high"]), float(trajectory.lr[-1])
    limit = stability_limit(plan.rule, plan.run.hyper, 1.0)
    if limit is None or rate == 0:
        return [Statement("as_sharp_as", high=high)]
    return [Statement("as_sharp_as_the_limit", high=high, rate=rate, limit=Near(limit / rate))]


def _decay(experiment: Experiment, trajectory: Trajectory) -> list[Statement]:
    """Return what a run's weight decay does, if it has one."""
    plan, decay = experiment.plan(trajectory.run), trajectory.run.weight_decay
    if decay == 0:
        return []
    if plan.coupled == 0:  # at rate 0 it does nothing, apart from the rate or not
        return [Statement("decay_pulls", decay=decay)] if trajectory.lr.any() else []
    minima = known_minima(trajectory.objective, decay)
    if not len(minima.xy):
        return [Statement("decay_counts", decay=decay)]
    end = trajectory.finite_path[-1]
    near = int(np.argmin(np.hypot(*(minima.xy - end).T)))
    x, y = map(Coordinate, minima.xy[near])
    if not _moves(facts_of(trajectory.objective), minima, near):
        return [Statement("decay_leaves", decay=decay, x=x, y=y)]
    distance = math.dist(minima.xy[near], minima.origin[near])
    return [Statement("decay_moves", decay=decay, distance=distance, x=x, y=y)]


# --- Runs compared


def comparison(
    experiment: Experiment, trajectories: Sequence[Trajectory], labels: Sequence[str]
) -> list[Statement]:
    """Return how the runs of an experiment differ, by their `labels`.

    Runs that diverge are named, and the others compared with each other.
    """
    if len(trajectories) == 1:
        return [Statement("one_run")]
    same = _identical(trajectories)
    if same and len(same[0]) == len(trajectories):
        return [Statement(_why_identical(experiment, trajectories), runs=_all(len(labels)))]
    lost = [i for i, t in enumerate(trajectories) if t.diverged_at is not None]
    ended = [i for i, t in enumerate(trajectories) if t.diverged_at is None]
    if not ended:
        return [_all_diverge(trajectories, labels)]
    said = []
    if len(lost) == 1:
        step = len(trajectories[lost[0]].lr)
        said.append(Statement("diverges", run=labels[lost[0]], step=step))
    elif lost:
        said.append(Statement("some_diverge", runs=_names(lost, labels)))
    if lost and len(ended) > 1:
        said.append(Statement("others_follow"))
    said.append(_lowest(trajectories, labels, ended))
    if said[-1].kind == "near_own" and any(t.objective.regularized for t in trajectories):
        said.append(_weights(trajectories, labels))
    if len({len(trajectories[i].lr) for i in ended}) > 1:
        said.append(Statement("updates_differ"))
    kinds = {i: verdict(experiment, trajectories[i]).kind for i in ended}
    for kind, one, many in (
        (verdicts.LOCAL_MINIMUM, "settles_in_local", "settle_in_local"),
        (verdicts.SADDLE, "rests_at_saddle", "rest_at_saddle"),
    ):
        there = [i for i in ended if kinds[i] == kind]
        if len(there) == 1:
            said.append(Statement(one, run=labels[there[0]]))
        elif there:
            said.append(Statement(many, runs=_names(there, labels)))
    if not lost and len(said) < PARTS_MOST:
        said += _longest(trajectories, labels)
    said += [Statement("identical", runs=_names(group, labels)) for group in same]
    if any(t.run.weight_decay > 0 for t in trajectories):
        said.append(Statement("without_decay"))
    plans = [experiment.plan(t.run) for t in trajectories]
    seeds = {plan.seed for plan in plans if plan.noisy}
    said += _accounting(experiment)
    if seeds:
        said.append(Statement("one_seed" if len(seeds) == 1 else "some_seeds"))
    return said


def of_averages(
    experiment: Experiment,
    trajectories: Sequence[Trajectory],
    averages: Sequence[Averaged],
    labels: Sequence[str],
) -> list[Statement]:
    """Return what an average of the iterates does for the run that it helps most.

    Where theory knows what to expect over all seeds, that stands beside it.
    """
    found = []
    for trajectory, each, label in zip(trajectories, averages, labels, strict=bool(averages)):
        if trajectory.diverged_at is not None or each.average.first > len(trajectory.lr):
            continue
        lowest = trajectory.objective.lowest() if trajectory.objective.bounded else 0.0
        last, loss = float(trajectory.loss[-1]), float(each.loss[-1])
        better = (last - lowest) / (loss - lowest) if loss > lowest else math.inf
        found.append((better, label, trajectory, last, loss))
    if not found:
        return []
    _, label, trajectory, last, loss = max(found, key=lambda one: one[0])
    average = averages[0].average
    kind = "average_ends" if average.kind == EXPONENTIAL else "mean_ends"
    said = [Statement(kind, run=label, last=last, first=average.first, averaged=loss)]
    plan = experiment.plan(trajectory.run)
    theory = expected(plan, average)
    if theory is not None:
        lowest = plan.objective.lowest()
        kind = "average_expected" if average.kind == EXPONENTIAL else "mean_expected"
        numbers = {"last": lowest + theory.last, "averaged": lowest + theory.averaged}
        said.append(Statement(kind, **numbers))
    return said


def of_points(
    trajectories: Sequence[Trajectory], points: Sequence[Points | None], labels: Sequence[str]
) -> list[Statement]:
    """Return where a run of Nesterov stands before it looks ahead, of the one it matters most to.

    That is the run for which the ratio of the two losses, above the lowest, is furthest from 1.
    """
    found = []
    for trajectory, each, label in zip(trajectories, points, labels, strict=bool(points)):
        if each is None or trajectory.diverged_at is not None:
            continue
        lowest = trajectory.objective.lowest() if trajectory.objective.bounded else 0.0
        last, loss = float(trajectory.loss[-1]), float(each.loss[-1])
        gaps = sorted([abs(last - lowest), abs(loss - lowest)])
        found.append((gaps[1] / gaps[0] if gaps[0] > 0 else math.inf, label, last, loss))
    if not found:
        return []
    _, label, last, loss = max(found, key=lambda one: one[0])
    return [Statement("before_ahead", run=label, last=Compared(last), loss=Compared(loss))]


def _accounting(experiment: Experiment) -> list[Statement]:
    """Return how compared batch sizes cut an epoch, the smallest first."""
    plans = {
        (plan.batch_size, plan.batches): plan for plan in map(experiment.plan, experiment.runs)
    }
    if len(plans) < 2 or not experiment.varies:
        return []
    said: Statement | None = None
    for (size, batches), plan in sorted(plans.items()):
        epoch = plan.epoch
        kind, numbers = "epoch_cut", {"updates": epoch.updates}
        if epoch.last < size:
            kind = "epoch_cut_short" if batches == 1 else "epoch_cut_fewer"
            numbers["last"] = epoch.last
        elif epoch.seen < epoch.samples and not epoch.replacement:
            kind, numbers["left"] = "epoch_cut_left", epoch.samples - epoch.seen
        told = size if batches == 1 else f"{batches} × {plan.run.batch_size}"
        cut = Statement(kind, size=told, **numbers)
        said = Statement("epoch_more", before=said, cut=cut) if said else cut
    return [Statement("accounting", samples=experiment.samples, cuts=said)]


def _identical(trajectories: Sequence[Trajectory]) -> list[list[int]]:
    """Return the groups of two or more runs whose paths are the same, in every digit."""
    groups: dict[bytes, list[int]] = {}
    for i, trajectory in enumerate(trajectories):
        positions = trajectory.path + 0.0  # makes 0 of -0, which is no other position
        groups.setdefault(positions.tobytes(), []).append(i)
    return [group for group in groups.values() if len(group) > 1]


def _why_identical(experiment: Experiment, trajectories: Sequence[Trajectory]) -> str:
    """Return the kind that says what differs between runs that are the same without noise."""
    runs = [trajectory.run for trajectory in trajectories]
    drawn = experiment.noise > 0 or any(experiment.plan(run).batched for run in runs)
    if drawn or len({replace(r, batch_size=None, accumulate=1, seed=None) for r in runs}) > 1:
        return "identical"
    batch = len({(run.batch_size, run.accumulate) for run in runs}) > 1
    seed = len({experiment.plan(run).seed for run in runs}) > 1
    if batch and seed:
        return "identical_batch_and_seed"
    return "identical_batch" if batch else "identical_seed" if seed else "identical"


def _all_diverge(trajectories: Sequence[Trajectory], labels: Sequence[str]) -> Statement:
    steps = [len(trajectory.lr) for trajectory in trajectories]
    first = [label for label, step in zip(labels, steps, strict=True) if step == min(steps)]
    runs, step = _all(len(labels)), min(steps)
    if len(first) == len(steps):
        return Statement("all_diverge_at_once", runs=runs, step=step)
    if len(first) == 1:
        return Statement("all_diverge", runs=runs, run=first[0], step=step)
    return Statement("all_diverge_some_first", runs=runs, step=step)


def _lowest(
    trajectories: Sequence[Trajectory],
    labels: Sequence[str],
    ended: Sequence[int],
) -> Statement:
    """Return which of the runs that did not diverge ends lowest, and by how much.

    Each is measured from the lowest loss of what it descends itself.
    """
    facts = {i: facts_of(trajectories[i].objective) for i in ended}
    bounded = trajectories[0].objective.bounded
    starts = {i: float(trajectories[i].loss[0]) for i in ended}
    last = {i: float(trajectories[i].loss[-1]) for i in ended}
    highest, one_start = max(starts.values()), len(set(starts.values())) == 1
    gaps = {i: max(last[i] - facts[i].lowest, 0.0) if bounded else last[i] for i in ended}
    order = sorted(ended, key=lambda i: (gaps[i], last[i]))
    best, loss = order[0], last[order[0]]
    if len(ended) == 1:
        return Statement("one_ends", run=labels[best], loss=loss)
    if all(last[i] >= starts[i] for i in ended):
        none = "none_lower" if len(ended) == len(labels) else "rest_not_lower"
        return Statement(f"{none}_than", loss=highest) if one_start else Statement(none)
    second = order[1]
    # What is compared is how far above the lowest loss a run ends or, where there is no lowest
    # loss, how far below the start.
    if bounded:
        size, reached = gaps, {i: REACHED * _typical(facts[i]) for i in ended}
        equal = [i for i in order if size[i] <= max(EQUAL * size[best], reached[i])]
        lows = [facts[i].lowest for i in ended]
        own = max(lows) - min(lows) > SAME_LOSS * (1 + abs(min(lows)))  # each run has its own
        if size[best] <= reached[best] and len(equal) == 1 and not own:
            names = {"run": labels[best], "second": labels[second]}
            return Statement("reaches_before", **names, gap=size[second])
        if size[best] <= reached[best] and len(equal) > 1:
            return Statement("reach", runs=_names(equal, labels))
        ways = {i: starts[i] - facts[i].lowest for i in ended}
        if own and len(ended) == len(labels) and all(size[i] <= NEAR_OWN * ways[i] for i in ended):
            return Statement("near_own", gap=max(size.values()))
        if own:
            names = {"run": labels[best], "second": labels[second]}
            return Statement("closest_to_own", **names, gap=size[best], other=size[second])
    else:
        size = {i: highest - last[i] for i in ended}
        # From far above, runs may fall about equally far and yet end at quite different losses.
        alike = {i: (EQUAL - 1) * max(abs(last[i]), abs(loss)) for i in ended}
        equal = [i for i in order if size[best] <= EQUAL * size[i] and last[i] - loss <= alike[i]]
    if len(equal) > 1:
        kind = "all_equal" if len(equal) == len(ended) else "some_equal"
        return Statement(kind, runs=_names(equal, labels), loss=loss)
    names = {"run": labels[best], "second": labels[second]}
    two = len(ended) == 2
    if not bounded:
        if size[second] <= 0 or size[best] <= EQUAL * size[second]:
            return Statement("lower" if two else "lowest", **names)
        much, factor = _factor(size[best], size[second])
        kind = "falls_much" if much else "falls_times"
        return Statement(kind if one_start else f"{kind}_from_highest", **names, times=factor)
    from_zero = all(facts[i].lowest == 0 for i in ended)
    kind = ("lower" if two else "lowest") if from_zero else "closer" if two else "closest"
    ratio = size[second] / size[best]
    if ratio < 2:
        return Statement(f"{kind}_share", **names, share=Share(ratio - 1))
    much, factor = _factor(size[second], size[best])
    return Statement(f"{kind}_much" if much else f"{kind}_times", **names, times=factor)


def _weights(trajectories: Sequence[Trajectory], labels: Sequence[str]) -> Statement:
    """Return which run ends farthest from the origin, where regularization pulls, and nearest."""
    away = [float(np.hypot(*t.path[-1])) for t in trajectories]
    far, near = int(np.argmax(away)), int(np.argmin(away))
    return Statement(
        "weights_end", run=labels[far], away=away[far], second=labels[near], other=away[near]
    )


def _typical(facts: SurfaceFacts) -> float:
    """Return how far above the lowest loss half of the frame lies."""
    return float(np.median(losses_in_frame(facts.objective))) - facts.lowest


def _longest(trajectories: Sequence[Trajectory], labels: Sequence[str]) -> list[Statement]:
    """Return which run's path is the longest, in a list that is empty if none clearly is."""
    length = [float(np.hypot(*np.diff(t.path, axis=0).T).sum()) for t in trajectories]
    first, second = sorted(range(len(length)), key=lambda i: -length[i])[:2]
    shortest = SHORTEST * facts_of(trajectories[0].objective).diagonal
    if length[second] <= shortest or length[first] < EQUAL * length[second]:
        return []
    much, factor = _factor(length[first], length[second])
    kind = "longer_path" if len(length) == 2 else "longest_path"
    names = {"run": labels[first], "second": labels[second]}
    return [Statement(f"{kind}_much" if much else kind, **names, times=factor)]


def _factor(one: float, other: float) -> tuple[bool, float]:
    """Return how many times as large a number is, and whether it is only called larger than so."""
    return (True, FACTOR_MOST) if one / other > FACTOR_MOST else (False, times(one, other))


def _all(count: int) -> Statement:
    return Statement("both_runs") if count == 2 else Statement("all_runs", count=count)


def _names(which: Sequence[int], labels: Sequence[str]) -> str | Statement:
    """Return the subject that stands for some of the runs."""
    if len(which) == len(labels):
        return _all(len(labels))
    if len(which) > NAMES_MOST:
        return Statement("some_runs", count=len(which), total=len(labels))
    names = [labels[i] for i in which]
    return Statement("two_runs", first=names[0], second=names[1]) if len(names) == 2 else names[0]
