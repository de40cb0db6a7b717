"""No sentence contradicts its numbers: each is read back, claim by claim, and checked."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from landscape import SURFACES
from landscape.record import CUSP, GLOBAL_MINIMUM
from optimizers import OPTIMIZERS, SCHEDULES, Experiment, Run, simulate
from optimizers.analysis import verdicts
from optimizers.analysis.measures import zigzag
from optimizers.analysis.verdicts import PLACES, verdict
from optimizers.analysis.words import comparison_sentence, run_sentence
from optimizers.record import NO_DECAY
from views.presets import PRESETS

LABELS = ("Alpha", "Bravo", "Coral", "Delta", "Echo", "Fox", "Golf", "Hotel", "India")
EXPERIMENTS = 500


def random_start(random, surface):
    if random.random() < 0.15:  # where a run may stand still
        point = random.choice(np.array([(p.x, p.y) for p in surface.critical_points()]))
        return float(point[0]), float(point[1])
    return tuple(random.uniform(low, high) for low, high in surface.domain)


def random_run(random, surface, noise):
    rule = OPTIMIZERS[random.choice(list(OPTIMIZERS))]
    decays = rule.weight_decay != NO_DECAY and random.random() < 0.2
    momentum = {"momentum": random.choice([0.0, 0.5, 0.9, 0.99])}
    return Run(
        rule.name,
        lr=rule.default_rate(surface) * random.choice([0, 0.001, 0.1, 0.5, 1, 1, 1, 2, 10]),
        hyper=momentum if rule.name in ("Momentum", "Nesterov") else {},
        weight_decay=random.choice([0.001, 0.1, 1.0]) if decays else 0.0,
        batch_size=int(random.choice([1, 8, 64]))
        if random.random() < (0.8 if noise else 0.2)
        else None,
        schedule=random.choice(list(SCHEDULES)) if random.random() < 0.3 else "Constant",
        steps=int(random.choice([5, 30])) if random.random() < 0.1 else None,
        start=random_start(random, surface) if random.random() < 0.1 else None,
        seed=int(random.choice([2, 3])) if random.random() < 0.2 else None,
    )


def random_experiment(random):
    surface = SURFACES[random.choice(list(SURFACES))]
    noise = float(random.choice([0, 0, 0, 0.1, 1.0]))
    runs = [random_run(random, surface, noise) for _ in range(random.integers(1, 10))]
    if random.random() < 0.2:
        runs = [runs[0]] * len(runs)
        if random.random() < 0.5:
            runs = [replace(run, batch_size=2**k) for k, run in enumerate(runs)]
        if random.random() < 0.5:
            runs = [replace(run, seed=k) for k, run in enumerate(runs)]
    if random.random() < 0.1:
        runs = [replace(run, lr=1e5 * (1 + k)) for k, run in enumerate(runs)]
    steps = int(random.choice([1, 2, 5, 20, 60, 200]))
    return Experiment(
        *(surface.name, {}, random_start(random, surface), steps, noise),
        samples=4096,
        seed=1,
        runs=tuple(runs),
    )


@pytest.fixture(scope="module")
def sample():
    """Hundreds of experiments of all kinds, with their trajectories and labels."""
    random = np.random.default_rng(7)
    experiments = [random_experiment(random) for _ in range(EXPERIMENTS)]
    experiments += [preset.experiment for preset in PRESETS.values()]
    return [(e, simulate(e), LABELS[: len(e.runs)]) for e in experiments]


# --- Reading numbers and names back

NUMBER = r"(−?(?:[\d,]+(?:\.\d+)?(?:e-?\d+)?|inf))"


def number(text):
    return float(text.replace("−", "-").replace(",", ""))


def about(text, value):
    """Tell whether a shown number is the value, to its two or three digits."""
    return number(text) == pytest.approx(value, rel=0.051, abs=0)


def is_noisy(experiment, run):
    return experiment.noise > 0 and run.batch_size not in (None, experiment.samples)


def gap_of(experiment, trajectory):
    points = SURFACES[experiment.surface].critical_points(**experiment.params)
    lowest = min(p.loss for p in points if p.kind in (GLOBAL_MINIMUM, CUSP))
    return max(0.0, trajectory.loss[-1] - lowest)


def distance_to(experiment, position, *kinds):
    points = SURFACES[experiment.surface].critical_points(**experiment.params)
    return min(
        (math.dist(position, (p.x, p.y)) for p in points if p.kind in kinds), default=math.inf
    )


def minimizers(experiment):
    points = SURFACES[experiment.surface].critical_points(**experiment.params)
    best = sum(p.kind in (GLOBAL_MINIMUM, CUSP) for p in points)
    return best, any(p.kind == "local minimum" for p in points)


def right_article(experiment, words):
    best, local = minimizers(experiment)
    if best > 1:
        return words in ("a global minimizer", "the nearest global minimizer")
    return words == ("the global minimizer" if local else "the minimizer")


# --- One run: each ending is a pattern and the check of what it claims

WHERE = (
    rf"(?:{NUMBER} from (the minimizer|the global minimizer|the nearest global minimizer)"
    rf"|at (the minimizer|the global minimizer|a global minimizer)|at loss {NUMBER})"
)


def where_is_right(experiment, trajectory, groups):
    away, far_from, at, loss = groups
    end = trajectory.path[-1]
    distance = distance_to(experiment, end, GLOBAL_MINIMUM, CUSP)
    if loss is not None:
        return not SURFACES[experiment.surface].bounded and about(loss, trajectory.loss[-1])
    size = math.dist(*zip(*SURFACES[experiment.surface].domain, strict=True))
    if at is not None:
        return right_article(experiment, at) and distance <= 1e-6 * size
    return right_article(experiment, far_from) and about(away, distance)


def says_diverged(e, t, step):
    return t.diverged_at == int(number(step))


def says_stopped(e, t, *groups):
    *where, reason = groups
    found = verdict(e, t)
    return where_is_right(e, t, where) and (found.kind, found.evidence) == ("stopped", reason)


def says_decayed(e, t, *groups):
    *where, decay = groups
    settled = verdict(e, t).kind == verdicts.CONVERGED
    return settled and where_is_right(e, t, where) and about(decay, t.run.weight_decay)


def says_converged(e, t, which, away):
    distance = distance_to(e, t.path[-1], GLOBAL_MINIMUM, CUSP)
    size = math.dist(*zip(*SURFACES[e.surface].domain, strict=True))
    near = distance <= 1e-6 * size if away is None else about(away, distance)
    settled = verdict(e, t).kind == verdicts.CONVERGED and t.run.weight_decay == 0
    return near and settled and right_article(e, which)


def says_settled(e, t, kind, gap):
    settled = verdict(e, t).kind == kind
    return settled and (
        not SURFACES[e.surface].bounded if gap is None else about(gap, gap_of(e, t))
    )


def says_flat(e, t, away, place, change, count, slope):
    updates = 1 if count is None else int(number(count))
    moved = np.ptp(t.loss[-updates - 1 :])
    kinds = [kind for kind, words in PLACES.items() if words == place]
    near = about(away, distance_to(e, t.path[-1], *kinds))
    nearest = about(away, distance_to(e, t.path[-1], *PLACES))
    x, y = t.path[-1]
    gx, gy = SURFACES[e.surface].gradient(x, y, **e.params)
    wd = 0.0 if t.run.optimizer == "AdamW" else t.run.weight_decay
    steep = about(slope, math.hypot(gx + wd * x, gy + wd * y))
    return near and nearest and about(change, moved) and steep


def says_swinging(e, t, *groups):
    *where, period, wide, breadth, path, count = groups
    if not where_is_right(e, t, where) or is_noisy(e, t.run):
        return False
    if period is not None:
        p = int(period)
        back = np.linalg.norm(t.path[-1] - t.path[-1 - p])
        cycle = t.path[-p - 1 :]
        across = max(np.linalg.norm(cycle - point, axis=1).max() for point in cycle)
        return back <= 0.002 * across and number(wide) == pytest.approx(across, rel=0.2)
    last = t.path[-int(number(count)) - 1 :]
    across = max(np.linalg.norm(last - point, axis=1).max() for point in last)
    length = np.linalg.norm(np.diff(last, axis=0), axis=1).sum()
    return about(path, length) and 0.5 * across <= number(breadth) <= 1.051 * across


def says_hovering(e, t, radius, away, place):
    last = t.path[-math.ceil(len(t.lr) / 4) - 1 :]
    middle = last.mean(axis=0)
    spread = math.sqrt(np.square(last - middle).sum(axis=1).mean())
    kinds = [kind for kind, words in PLACES.items() if words == place]
    near = about(away, distance_to(e, middle, *kinds))
    return near and is_noisy(e, t.run) and about(radius, spread)


def says_descending(e, t, *where):
    falls = t.loss[-1] < t.loss[-1 - math.ceil(len(t.lr) / 4)]
    return falls and where_is_right(e, t, where)


def says_not_settled(e, t, *groups):
    *where, rise, count = groups
    updates = 1 if count is None else int(number(count))
    gain = t.loss[-1] - t.loss[-1 - updates]
    rose = gain >= 0 and (about(rise, gain) or gain == number(rise) == 0)
    return where_is_right(e, t, where) and rose


COUNT = rf"the last (?:update|{NUMBER} updates)"
ABOVE = rf"(?:, {NUMBER} above the lowest loss)?"
ENDINGS = {
    rf"diverges at step {NUMBER}": says_diverged,
    rf"stops {WHERE}: (.+)": says_stopped,
    rf"settles {WHERE}, with a weight decay of {NUMBER}": says_decayed,
    rf"converges to ((?:the|a) (?:global )?minimizer)(?:, to within {NUMBER})?": says_converged,
    rf"settles in a (local minimum){ABOVE}": says_settled,
    rf"comes to rest at a (saddle|maximum){ABOVE}": says_settled,
    rf"ends on flat ground, {NUMBER} from ([a-z ]+): the loss changes by {NUMBER} in {COUNT},"
    rf" at gradient norm {NUMBER}": says_flat,
    rf"ends {WHERE}, still swinging: (?:a cycle of (\d+) updates, {NUMBER} wide"
    rf"|{NUMBER} wide, {NUMBER} of path in {NUMBER} updates)": says_swinging,
    rf"hovers in the noise: radius {NUMBER} around a point {NUMBER} from ([a-z ]+)": says_hovering,
    rf"ends {WHERE}, still descending": says_descending,
    rf"ends {WHERE}, not settled: the loss rises by {NUMBER} in {COUNT}": says_not_settled,
}
TURNS = rf"(?:(zigzags: it |)changes sides at {NUMBER} of {NUMBER} turns(?:, and| and) )?"


def check_run(experiment, trajectory, label):
    sentence = run_sentence(experiment, trajectory, label)
    assert sentence.startswith(f"{label} "), sentence
    assert sentence.endswith("."), sentence
    text = sentence.removeprefix(f"{label} ").removesuffix(".")
    moved = not (trajectory.path == trajectory.path[0]).all()
    if text.startswith("does not move"):
        assert np.abs(trajectory.path - trajectory.path[0]).max() < 1e-7, sentence
        place = re.fullmatch(r"does not move: it starts at a (?:global )?([a-z ]+)", text)
        if place:
            kind = verdict(experiment, trajectory).kind
            expected = "minimum" if kind == verdicts.CONVERGED else kind
            assert place[1] == expected, sentence
        else:
            assert text == f"does not move: {verdict(experiment, trajectory).evidence}"
        return "does not move"
    assert moved, sentence
    for pattern, is_right in ENDINGS.items():
        match = re.fullmatch(TURNS + pattern, text)
        if match:
            zigzags, flips, turns, *claims = match.groups()
            assert is_right(experiment, trajectory, *claims), sentence
            check_turns(experiment, trajectory, sentence, zigzags, flips, turns)
            return is_right.__name__
    raise AssertionError(f"cannot be read: {sentence}")


def check_turns(experiment, trajectory, sentence, zigzags, flips, turns):
    measured = zigzag(experiment, trajectory)
    if flips is None:
        assert measured.flips <= max(2, 0.1 * measured.turns) or measured.turns < 4, sentence
        return
    assert (number(flips), number(turns)) == (measured.flips, measured.turns), sentence
    if zigzags:
        assert measured.flip_rate >= 0.5, sentence
        assert measured.turn_angle >= 30, sentence
        assert not is_noisy(experiment, trajectory.run), sentence


def test_no_sentence_on_a_run_contradicts_its_numbers(sample):
    said = {
        check_run(experiment, trajectory, label)
        for experiment, trajectories, labels in sample
        for trajectory, label in zip(trajectories, labels, strict=True)
    }
    assert said == {"does not move", *(is_right.__name__ for is_right in ENDINGS.values())}


# --- The comparison: each sentence is a pattern and the check of what it claims

NAME = f"(?:{'|'.join(LABELS)})"
NAMED, COUNTED = rf"{NAME}(?:(?:, {NAME})* and {NAME})?", r"\d of \d runs"
WHO = rf"((?:Of the rest, )?)({NAMED}|{COUNTED}|(?:[Aa]ll \d|[Bb]oth) runs)"
FACTOR = r"(over 1,000 times|[\d.,]+ times|\d+ %)"


class Context:
    """What the claims of a comparison are checked against."""

    def __init__(self, experiment, trajectories, labels):
        self.experiment, self.trajectories, self.labels = experiment, trajectories, labels
        self.by_name = dict(zip(labels, trajectories, strict=True))
        self.ended = [t for t in trajectories if t.diverged_at is None]
        self.bounded = SURFACES[experiment.surface].bounded
        self.starts = {t.loss[0] for t in self.ended}
        self.start = max(self.starts, default=math.nan)

    def size(self, trajectory):
        """What is compared: the gap or, with no lowest loss, how far the run falls (negative)."""
        if self.bounded:
            return gap_of(self.experiment, trajectory)
        return trajectory.loss[-1] - self.start

    def are(self, who, expected):
        """Tell whether the subject of a sentence stands for just the runs of `expected`."""
        count = len(self.trajectories)
        if re.fullmatch(r"[Aa]ll \d runs", who):
            return count > 2 and int(who[4]) == count == len(expected)
        if who.lower() == "both runs":
            return count == len(expected) == 2
        if re.fullmatch(r"\d of \d runs", who):
            return 2 < len(expected) == int(who[0]) and int(who[5]) == count
        names = re.findall(NAME, who)
        return len(names) <= 2 and sorted(names) == sorted(
            name for name, t in self.by_name.items() if any(t is other for other in expected)
        )

    def all_but(self, chosen):
        return [t for t in self.ended if not any(t is other for other in chosen)]


def factor_is_right(text, ratio):
    """Check a factor by which a number is larger, or the share by which it is smaller."""
    if text.startswith("over"):
        return ratio > 1000
    if text.endswith("%"):
        return 1.0999 < ratio < 2 and abs(number(text[:-2]) - 100 * (1 - 1 / ratio)) <= 0.51
    return about(text.removesuffix(" times"), ratio)


def rest_is_right(context, rest):
    return bool(rest) == (len(context.ended) < len(context.trajectories) and len(context.ended) > 2)


def one_run(c):
    return len(c.trajectories) == 1


def all_identical(c, who, why, batch, seed):
    first, *others = c.trajectories
    same = all(np.array_equal(first.path, t.path) for t in others)
    others = {replace(t.run, batch_size=None, seed=None) for t in c.trajectories}
    explained = c.experiment.noise == 0 and len(others) == 1
    batches = explained and len({t.run.batch_size for t in c.trajectories}) > 1
    seeds = explained and len({c.experiment.plan(t.run).seed for t in c.trajectories}) > 1
    right = (bool(why), bool(batch), bool(seed)) == (batches or seeds, batches, seeds)
    return same and c.are(who, c.trajectories) and right


def some_identical(c, rest, who):
    groups = [
        [t for t in c.trajectories if np.array_equal(t.path, other.path)]
        for other in c.trajectories
    ]
    return not rest and any(len(g) > 1 and c.are(who, g) for g in groups)


def all_diverge(c, who, first, step):
    steps = [t.diverged_at for t in c.trajectories]
    if None in steps or not c.are(who, c.trajectories) or min(steps) != number(step):
        return False
    early = [t for t in c.trajectories if t.diverged_at == min(steps)]
    if first is None:
        return len(early) == len(steps)
    if first == "the first of them":
        return 1 < len(early) < len(steps)
    return c.are(first.removesuffix(" first,"), early)


def some_diverge(c, rest, who, verb, step):
    lost = [t for t in c.trajectories if t.diverged_at is not None]
    singular = (verb == "diverges") == (len(lost) == 1)
    at = step is None if len(lost) > 1 else lost[0].diverged_at == number(step)
    return not rest and singular and at and c.are(who, lost)


def only_one_ends(c, name, loss):
    return len(c.ended) == 1 and c.are(name, c.ended) and about_or_zero(loss, c.ended[0].loss[-1])


def about_or_zero(text, value):
    return about(text, value) or value == number(text) == 0


def none_is_lower(c, none, start):
    rest = none == "Of the rest, none"
    lower = any(t.loss[-1] < t.loss[0] for t in c.ended)
    lost = len(c.ended) < len(c.trajectories)
    which = len(c.starts) > 1 if start is None else about_or_zero(start, c.start)
    return not lower and rest == lost and which


def some_reach(c, rest, who, verb, second, above):
    tiny = 1e-9 * (c.start + c.size(c.ended[0]) - c.ended[0].loss[-1])
    there = [t for t in c.ended if c.size(t) <= tiny]
    others = [c.size(t) for t in c.all_but(there)]
    right = c.bounded and c.are(who, there) and (verb == "reaches") == (len(there) == 1)
    if second is not None:
        nearest = c.size(c.by_name[second])
        right &= nearest == min(others) and about(above, nearest)
    return right and not rest


def about_equal(c, rest, who, lowest, loss):
    sizes = [c.size(t) for t in c.ended]
    best = min(sizes)
    bound = 1.1 * best if c.bounded else best / 1.1
    equal = [t for t in c.ended if c.size(t) <= bound]
    at = about_or_zero(loss, min(t.loss[-1] for t in c.ended))
    some = len(equal) < len(c.ended)
    right = len(equal) > 1 and at and bool(lowest) == some and c.are(who, equal)
    return right and (rest_is_right(c, rest) if some else not rest)


def one_is_lowest(c, rest, name, lowest, factor, than, second):
    winner, other = c.by_name[name], c.by_name[second]
    others = [c.size(t) for t in c.all_but([winner])]
    right = c.size(winner) < c.size(other) == min(others) and winner.diverged_at is None
    right &= bool(lowest) == (len(c.ended) > 2) and rest_is_right(c, rest)
    if than.startswith("as far below"):
        right &= not c.bounded and winner.loss[-1] < c.start
        right &= ("highest" in than) == (len(c.starts) > 1)
        return right and factor_is_right(factor, c.size(winner) / c.size(other))
    if factor is None:
        return right and not c.bounded and other.loss[-1] >= c.start
    zero = gap_of(c.experiment, winner) == winner.loss[-1]
    right &= c.bounded and (than == "lower than") == zero
    return right and factor_is_right(factor, c.size(other) / c.size(winner))


def not_the_same_number(c):
    return len({len(t.lr) for t in c.ended}) > 1


def some_settle(c, rest, who, verb, place):
    kind = {"in a local minimum": verdicts.LOCAL_MINIMUM, "at a saddle": verdicts.SADDLE}[place]
    there = [t for t in c.ended if verdict(c.experiment, t).kind == kind]
    return not rest and c.are(who, there) and (verb == "settles") == (len(there) == 1)


def one_is_longest(c, name, way, factor, second):
    length = {
        n: np.linalg.norm(np.diff(t.path, axis=0), axis=1).sum() for n, t in c.by_name.items()
    }
    rest = [value for n, value in length.items() if n != name]
    right = length[name] >= 1.0999 * max(rest) and length[second] == max(rest)
    right &= (way == "longer") == (len(length) == 2) and len(c.ended) == len(length)
    return right and factor_is_right(factor, length[name] / length[second])


CLAIMS = {
    r"There is one run, and nothing to compare it with": one_run,
    r"((?:[Aa]ll \d|[Bb]oth) runs) are identical"
    r"(: without noise (the batch size)?(?: and )?(the seed)? changes? nothing)?": all_identical,
    rf"{WHO} (?:is|are) identical": some_identical,
    r"((?:[Aa]ll \d|[Bb]oth) runs) diverge(?:,"
    rf" ({NAME} first,|the first of them))? at step {NUMBER}": all_diverge,
    rf"{WHO} (diverges?)(?: at step {NUMBER})?": some_diverge,
    rf"({NAME}) ends at loss {NUMBER}": only_one_ends,
    rf"([Nn]o run|Of the rest, none) ends below the loss it starts from(?:, {NUMBER})?": (
        none_is_lower
    ),
    rf"{WHO} (reach|reaches) the lowest loss(?:; ({NAME}) ends {NUMBER} above it)?": some_reach,
    rf"{WHO} end( lowest,)? at about the same loss, {NUMBER}": about_equal,
    rf"(Of the rest, |)({NAME}) ends( lowest,)?(?: {FACTOR})?"
    rf" (lower than|closer to the lowest loss than|as far below the (?:highest )?start as)"
    rf" ({NAME})": (one_is_lowest),
    r"Not all took the same number of updates": not_the_same_number,
    rf"{WHO} (settles?) (in a local minimum|at a saddle)": some_settle,
    rf"({NAME}) takes the (long(?:er|est)) way, {FACTOR} that of ({NAME})": one_is_longest,
}


def check_comparison(experiment, trajectories, labels):
    text = comparison_sentence(experiment, trajectories, labels)
    context = Context(experiment, trajectories, labels)
    seeds = {experiment.plan(t.run).seed for t in trajectories if is_noisy(experiment, t.run)}
    opening = ("", "With this seed, ")[len(seeds)] if len(seeds) < 2 else "With these seeds, "
    whole = r"There is one run|(All \d|Both) runs (are identical|diverge)"
    if not re.match(whole, text):
        assert text.startswith(opening), text
        text = text.removeprefix(opening)
    assert not text.startswith("With"), text
    said = []
    assert text.endswith("."), text
    for sentence in text.removesuffix(".").split(". "):
        for pattern, is_right in CLAIMS.items():
            match = re.fullmatch(pattern, sentence)
            if match:
                assert is_right(context, *match.groups()), (sentence, text)
                said.append(is_right.__name__)
                break
        else:
            raise AssertionError(f"cannot be read: {sentence!r} of {text!r}")
    return said


RANKINGS = ("only_one_ends", "none_is_lower", "some_reach", "about_equal", "one_is_lowest")


def test_no_comparison_contradicts_its_numbers(sample):
    said = set()
    for experiment, trajectories, labels in sample:
        claims = check_comparison(experiment, trajectories, labels)
        rankings = sum(claim in RANKINGS for claim in claims)
        whole = claims[0] in ("one_run", "all_identical", "all_diverge")
        assert rankings == (0 if whole else 1)
        said.update(claims)
        lower = any(t.loss[-1] < t.loss[0] for t in trajectories if t.diverged_at is None)
        assert lower or whole or {"none_is_lower", "only_one_ends"} & set(claims)
    assert said == {is_right.__name__ for is_right in CLAIMS.values()}


def test_the_comparison_does_not_depend_on_the_order_of_the_runs(sample):
    for experiment, trajectories, labels in sample[:100]:
        backwards = check_comparison(experiment, trajectories[::-1], labels[::-1])
        assert sorted(backwards) == sorted(check_comparison(experiment, trajectories, labels))


# --- Sentences as they are read


def described(slug):
    experiment = PRESETS[slug].experiment
    trajectories = simulate(experiment)
    labels = [t.run.optimizer for t in trajectories]
    sentences = [
        run_sentence(experiment, t, label) for t, label in zip(trajectories, labels, strict=True)
    ]
    return *sentences, comparison_sentence(experiment, trajectories, labels)


def test_the_book_figure_is_put_into_words():
    assert described("book") == (
        "SGD zigzags: it changes sides at 29 of 29 turns, and ends 0.36 from the minimizer,"
        " still descending.",
        "Momentum changes sides at 4 of 29 turns and ends 0.9 from the minimizer,"
        " still descending.",
        "AdaGrad ends 0.12 from the minimizer, still descending.",
        "Adam ends 0.35 from the minimizer, not settled: the loss rises by 0.036 in the last 8"
        " updates.",
        "AdaGrad ends lowest, 18 times lower than SGD. SGD takes the longest way, 2.9 times that"
        " of Momentum.",
    )


def test_two_runs_are_compared_without_a_superlative():
    assert described("adagrad")[-1] == (
        "RMSProp ends 29 times lower than AdaGrad. RMSProp takes the longer way, 6.7 times that of"
        " AdaGrad."
    )


def test_batch_sizes_without_noise_are_called_identical():
    runs = tuple(Run("SGD", batch_size=2**k) for k in range(4))
    experiment = Experiment(runs=runs)
    text = comparison_sentence(experiment, simulate(experiment), LABELS[:4])
    assert text == "All 4 runs are identical: without noise the batch size changes nothing."


def test_a_run_at_a_saddle_does_not_move():
    experiment = Experiment("Saddle", start=(0, 0), steps=1)
    sentence = run_sentence(experiment, simulate(experiment)[0], "SGD")
    assert sentence == "SGD does not move: it starts at a saddle."


def test_a_single_update_is_singular():
    experiment = Experiment(steps=1, runs=(Run("SGD", 0.25),))
    assert run_sentence(experiment, simulate(experiment)[0], "SGD").endswith(
        "the loss rises by 22 in the last update."
    )
