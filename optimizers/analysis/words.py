"""What happened, in plain sentences made from the measures and verdicts, and from nothing else.

A sentence names what was measured. It gives no cause that was not, and calls nothing the lowest or
the longest where the next is about equal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from landscape.record import LOCAL_MINIMUM
from optimizers.analysis import verdicts
from optimizers.analysis.measures import (
    SHORTEST,
    Frame,
    Zigzag,
    frame_of,
    last_gap,
    nearest,
    zigzag,
)
from optimizers.analysis.verdicts import PLACES, Verdict, human, verdict
from optimizers.simulation.experiment import Experiment, Trajectory

# A run zigzags if it changes sides at half of its turns or more, and turns by as much as the eye
# can see. Of fewer than four turns every share is chance.
ZIGZAGS, SEEN, TURNS_LEAST = 0.5, 30.0, 4
# Other changes of side are named if they are one in ten, and more than two.
MENTIONED, FLIPS_LEAST = 0.1, 3
# Numbers within this factor of each other are about equal.
EQUAL = 1.1
# A loss gap below a billionth of the first is no longer ranked: the lowest loss is reached.
REACHED = 1e-9
# A distance to a minimizer below this share of the frame's diagonal is not worth a number.
ARRIVED = 1e-6
# Factors beyond this one are only called larger.
FACTOR_MOST = 1000.0
# More names than this are counted; after this many sentences the length of the way is left out.
NAMES_MOST, PARTS_MOST = 2, 3


def run_sentence(experiment: Experiment, trajectory: Trajectory, label: str) -> str:
    """Return one sentence on what a run did and how it ended, with `label` as its subject."""
    how = verdict(experiment, trajectory)
    if not _moved(experiment, trajectory):
        return f"{label} does not move{_why_at_rest(how)}."
    turns = _turns(zigzag(experiment, trajectory), _noise(experiment, trajectory) > 0)
    return f"{label} {turns}{_ending(experiment, trajectory, how)}."


def _moved(experiment: Experiment, trajectory: Trajectory) -> bool:
    away = np.abs(trajectory.path - trajectory.path[0]).max()
    # Written so that a position that is not finite has moved.
    return not away <= SHORTEST * frame_of(experiment).diagonal


def _why_at_rest(how: Verdict) -> str:
    starts = {
        verdicts.CONVERGED: "a global minimum",
        verdicts.LOCAL_MINIMUM: "a local minimum",
        verdicts.SADDLE: "a saddle",
        verdicts.MAXIMUM: "a maximum",
    }
    if how.kind in starts:
        return f": it starts at {starts[how.kind]}"
    return f": {how.evidence}"


def _turns(measured: Zigzag, noisy: bool) -> str:
    """Return the first half of a sentence on a run's changes of side, if they are worth it."""
    flips, turns = measured.flips, measured.turns
    if turns < TURNS_LEAST or flips < FLIPS_LEAST or flips < MENTIONED * turns:
        return ""
    sides = f"changes sides at {flips:,} of {turns:,} turns"
    seen = measured.turn_angle is not None and measured.turn_angle >= SEEN
    if seen and flips >= ZIGZAGS * turns and not noisy:
        return f"zigzags: it {sides}, and "
    return f"{sides} and "


def _ending(experiment: Experiment, trajectory: Trajectory, how: Verdict) -> str:
    """Return how a run ended, as the rest of a sentence."""
    where = _where(experiment, trajectory)
    match how.kind:
        case verdicts.DIVERGED:
            return f"diverges at step {int(how.number):,}"
        case verdicts.STOPPED:
            return f"stops {where}: {how.evidence}"
        case verdicts.CONVERGED if trajectory.run.weight_decay > 0:
            return f"settles {where}, with a weight decay of {human(trajectory.run.weight_decay)}"
        case verdicts.CONVERGED:
            return f"converges {_arrival(experiment, trajectory)}"
        case verdicts.LOCAL_MINIMUM:
            return f"settles in a local minimum{_above(how.number)}"
        case verdicts.SADDLE | verdicts.MAXIMUM:
            gap = last_gap(frame_of(experiment), trajectory)
            return f"comes to rest at a {how.kind}{_above(gap)}"
        case verdicts.PLATEAU:
            return f"ends on flat ground{_beside(experiment, trajectory)}: {how.evidence}"
        case verdicts.OSCILLATING:
            return f"ends {where}, still swinging: {how.evidence}"
        case verdicts.NOISE_BALL:
            return f"hovers in the noise: {how.evidence}"
        case verdicts.STILL_DESCENDING:
            return f"ends {where}, still descending"
        case _:
            return f"ends {where}, not settled: {how.evidence}"


def _above(gap: float) -> str:
    return f", {human(gap)} above the lowest loss" if math.isfinite(gap) else ""


def _where(experiment: Experiment, trajectory: Trajectory) -> str:
    """Return where a run ends: how far from which minimizer or, if there is none, at what loss."""
    frame = frame_of(experiment)
    distance, _ = nearest(frame, trajectory.path[-1], frame.minimizers)
    if distance is None:
        return f"at loss {human(float(trajectory.loss[-1]))}"
    if distance <= ARRIVED * frame.diagonal:
        return f"at {_minimizer(frame)}"
    nearest_one = _minimizer(frame).replace("a global", "the nearest global")
    return f"{human(distance)} from {nearest_one}"


def _arrival(experiment: Experiment, trajectory: Trajectory) -> str:
    frame = frame_of(experiment)
    distance, _ = nearest(frame, trajectory.path[-1], frame.minimizers)
    if distance is None or distance <= ARRIVED * frame.diagonal:
        return f"to {_minimizer(frame)}"
    return f"to {_minimizer(frame)}, to within {human(distance)}"


def _minimizer(frame: Frame) -> str:
    """Return what to call a global minimizer: there may be several, or local ones beside it."""
    if len(frame.minimizers) > 1:
        return "a global minimizer"
    if any(point.kind == LOCAL_MINIMUM for point in frame.points):
        return "the global minimizer"
    return "the minimizer"


def _beside(experiment: Experiment, trajectory: Trajectory) -> str:
    frame = frame_of(experiment)
    distance, point = nearest(frame, trajectory.path[-1], np.arange(len(frame.points)))
    if distance is None or point is None:
        return ""
    return f", {human(distance)} from {PLACES[point.kind]}"


def _noise(experiment: Experiment, trajectory: Trajectory) -> float:
    return experiment.plan(trajectory.run).noise


def comparison_sentence(
    experiment: Experiment, trajectories: Sequence[Trajectory], labels: Sequence[str]
) -> str:
    """Return a few short sentences on how the runs of an experiment differ, by their `labels`.

    Runs that diverge are named, and the others compared with each other.
    """
    if len(trajectories) == 1:
        return "There is one run, and nothing to compare it with."
    same = _identical(trajectories)
    if same and len(same[0]) == len(trajectories):
        return f"{_all(labels)} are identical{_why_identical(experiment, trajectories)}."
    lost = [i for i, t in enumerate(trajectories) if t.diverged_at is not None]
    ended = [i for i, t in enumerate(trajectories) if t.diverged_at is None]
    if not ended:
        return f"{_all_diverge(trajectories, labels)}."
    parts = []
    if lost:
        at = f" at step {trajectories[lost[0]].diverged_at:,}" if len(lost) == 1 else ""
        parts.append(f"{_names(lost, labels, 'diverges', 'diverge')}{at}")
    parts.append(_lowest(experiment, trajectories, labels, ended))
    if len({len(trajectories[i].lr) for i in ended}) > 1:
        parts.append("Not all took the same number of updates")
    kinds = {i: verdict(experiment, trajectories[i]).kind for i in ended}
    for kind, place in (
        (verdicts.LOCAL_MINIMUM, "in a local minimum"),
        (verdicts.SADDLE, "at a saddle"),
    ):
        there = [i for i in ended if kinds[i] == kind]
        if there:
            parts.append(f"{_names(there, labels, 'settles', 'settle')} {place}")
    if not lost and len(parts) < PARTS_MOST:
        parts += _longest(experiment, trajectories, labels)
    parts += [_names(group, labels, "is", "are") + " identical" for group in same]
    text = " ".join(f"{part}." for part in parts)
    seeds = {experiment.plan(t.run).seed for t in trajectories if _noise(experiment, t) > 0}
    if seeds:
        which = "this seed" if len(seeds) == 1 else "these seeds"
        named = text.startswith(tuple(labels))
        text = f"With {which}, {text if named else text[0].lower() + text[1:]}"
    return text


def _identical(trajectories: Sequence[Trajectory]) -> list[list[int]]:
    """Return the groups of two or more runs whose paths are the same, bit for bit."""
    groups: dict[bytes, list[int]] = {}
    for i, trajectory in enumerate(trajectories):
        groups.setdefault(trajectory.path.tobytes(), []).append(i)
    return [group for group in groups.values() if len(group) > 1]


def _why_identical(experiment: Experiment, trajectories: Sequence[Trajectory]) -> str:
    """Return what differs between runs that are the same without noise, if nothing else does."""
    runs = [trajectory.run for trajectory in trajectories]
    if experiment.noise > 0 or len({replace(r, batch_size=None, seed=None) for r in runs}) > 1:
        return ""
    differing = []
    if len({run.batch_size for run in runs}) > 1:
        differing.append("the batch size")
    if len({experiment.plan(run).seed for run in runs}) > 1:
        differing.append("the seed")
    if not differing:
        return ""
    change = "changes" if len(differing) == 1 else "change"
    return f": without noise {_join(differing)} {change} nothing"


def _all(runs: Sequence[object]) -> str:
    return "Both runs" if len(runs) == 2 else f"All {len(runs)} runs"


def _all_diverge(trajectories: Sequence[Trajectory], labels: Sequence[str]) -> str:
    steps = [len(trajectory.lr) for trajectory in trajectories]
    first = [label for label, step in zip(labels, steps, strict=True) if step == min(steps)]
    if len(first) == len(steps):
        return f"{_all(labels)} diverge at step {min(steps):,}"
    who = f"{first[0]} first," if len(first) == 1 else "the first of them"
    return f"{_all(labels)} diverge, {who} at step {min(steps):,}"


def _lowest(
    experiment: Experiment,
    trajectories: Sequence[Trajectory],
    labels: Sequence[str],
    ended: Sequence[int],
) -> str:
    """Return which of the runs that did not diverge ends lowest, and by how much."""
    frame = frame_of(experiment)
    lowest = frame.lowest
    starts = {i: float(trajectories[i].loss[0]) for i in ended}
    last = {i: float(trajectories[i].loss[-1]) for i in ended}
    highest, one_start = max(starts.values()), len(set(starts.values())) == 1
    order = sorted(ended, key=lambda i: last[i])
    best, loss = order[0], last[order[0]]
    if len(ended) == 1:
        return f"{labels[best]} ends at loss {human(loss)}"
    rest = "Of the rest, " if len(ended) < len(labels) else ""
    if all(last[i] >= starts[i] for i in ended):
        none = f"{rest}none" if rest else "No run"
        which = f", {human(highest)}" if one_start else ""
        return f"{none} ends below the loss it starts from{which}"
    # What is compared is how far above the lowest loss a run ends or, where there is no lowest
    # loss, how far below the start.
    if frame.surface.bounded:
        size = {i: max(last[i] - lowest, 0.0) for i in ended}
        reached = REACHED * (highest - lowest)
        equal = [i for i in order if size[i] <= max(EQUAL * size[best], reached)]
    else:
        size = {i: highest - last[i] for i in ended}
        reached = -math.inf
        equal = [i for i in order if size[best] <= EQUAL * size[i]]
    every = f"{_all(labels)} " if len(equal) == len(labels) else ""
    second, name = order[1], labels[order[1]]
    if size[best] <= reached:
        text = f"{every}reach" if every else _names(equal, labels, "reaches", "reach")
        after = f"; {name} ends {human(size[second])} above it" if len(equal) == 1 else ""
        return f"{text} the lowest loss{after}"
    if len(equal) > 1:
        text = f"{every}end" if every else _names(equal, labels, "ends", "end")
        if len(equal) < len(ended):
            text = f"{rest}{text} lowest,"
        return f"{text} at about the same loss, {human(loss)}"
    first = f"{labels[best]} ends" if len(ended) == 2 else f"{rest}{labels[best]} ends lowest,"
    if not frame.surface.bounded:
        if size[second] <= 0:
            return f"{first} lower than {name}"
        start = "the start" if one_start else "the highest start"
        return f"{first} {_factor(size[best] / size[second])} as far below {start} as {name}"
    than = "lower than" if lowest == 0 else "closer to the lowest loss than"
    ratio = size[second] / size[best]
    share = f"{100 * (1 - 1 / ratio):.0f} %" if ratio < 2 else _factor(ratio)
    return f"{first} {share} {than} {name}"


def _longest(
    experiment: Experiment, trajectories: Sequence[Trajectory], labels: Sequence[str]
) -> list[str]:
    """Return which run takes the longest way, in a list that is empty if none clearly does."""
    length = [float(np.hypot(*np.diff(t.path, axis=0).T).sum()) for t in trajectories]
    first, second = sorted(range(len(length)), key=lambda i: -length[i])[:2]
    shortest = SHORTEST * frame_of(experiment).diagonal
    if length[second] <= shortest or length[first] < EQUAL * length[second]:
        return []
    way = "longer" if len(length) == 2 else "longest"
    factor = _factor(length[first] / length[second])
    return [f"{labels[first]} takes the {way} way, {factor} that of {labels[second]}"]


def _factor(ratio: float) -> str:
    return f"{human(ratio)} times" if ratio <= FACTOR_MOST else f"over {FACTOR_MOST:,.0f} times"


def _names(which: Sequence[int], labels: Sequence[str], one: str, many: str) -> str:
    if len(which) > NAMES_MOST:
        return f"{len(which)} of {len(labels)} runs {many}"
    return f"{_join([labels[i] for i in which])} {one if len(which) == 1 else many}"


def _join(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
