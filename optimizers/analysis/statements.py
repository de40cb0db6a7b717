"""Statements: what is said of a run, as a kind and its values, in no language.

    Statement("ends_descending", run="SGD", place=Statement("at_loss", loss=0.5))

`render` puts one into the words of a language, by the message that TEMPLATES holds for its kind. A
template is a whole sentence or a whole phrase with named places; a value is a number, a label, or
another statement. Nothing is joined from fragments and no word is bent, so that a translation may
order and phrase it as its language wants.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from landscape.language import language, msgid, number, percent, tr, whole, written
from landscape.values import Values

# Significant digits of a number that is compared with others, as in the titles of the panels.
DIGITS = 3


class Share(float):
    """A share of one, to be said in percent."""


class Text(str):
    """A message of the catalog, such as the name of a surface, to be said in the language."""


class Coordinate(float):
    """A coordinate, to be said as exactly as it can be read off a picture."""


class Near(float):
    """A number that comes so close to another one that three digits might not tell them apart."""


class Compared(float):
    """A number beside its quotient by another one, said as exactly as `times` takes it."""


class Factor(float):
    """A quotient that `times` has found."""


class Growth(float):
    """A factor per update, of which what exceeds 1 is what counts."""


class Statement:
    """A kind, one of TEMPLATES, and the values that its template names; it cannot change."""

    __slots__ = ("kind", "values")
    kind: str
    values: Values

    def __init__(self, kind: str, **values: Any) -> None:
        if kind not in TEMPLATES:
            raise ValueError(f"kind = {kind!r}: must be one of {', '.join(TEMPLATES)}")
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "values", Values(values))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{name}: a statement cannot change")

    def __getitem__(self, name: str) -> Any:
        """Return one of the values."""
        return self.values[name]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Statement):
            return NotImplemented
        return self.kind == other.kind and dict(self.values) == dict(other.values)

    def __hash__(self) -> int:
        return hash((self.kind, self.values))

    def __repr__(self) -> str:
        values = "".join(f", {name}={value!r}" for name, value in self.values.items())
        return f"Statement({self.kind!r}{values})"


def render(statement: Statement, code: str | None = None) -> str:
    """Return a statement in the language of `code`, by default the current one."""
    with language(code) if code is not None else contextlib.nullcontext():
        values = {name: said(value) for name, value in statement.values.items()}
        return tr(TEMPLATES[statement.kind], **values)


def times(one: float, other: float) -> Factor:
    """Return how many times as large `one` is as `other`, as who reads both numbers finds it.

    It is the quotient of what is written of them; of the numbers themselves it may round to
    another one, and then a reader who divides finds the page wrong.
    """
    return Factor(written(one, DIGITS) / written(other, DIGITS))


def said(value: Any) -> str:
    """Return a value in the current language, as its type wants it."""
    if isinstance(value, Statement):
        return render(value)
    if isinstance(value, Text):
        return tr(value)
    if isinstance(value, Share):
        return percent(value)
    if isinstance(value, Near):
        return number(value, DIGITS + 1)
    if isinstance(value, (Coordinate, Compared)) or (isinstance(value, Factor) and 1 < value < 1.1):
        return number(value, DIGITS)
    if isinstance(value, Growth) and 1 < value < 2:
        return number(value, 2 - math.floor(math.log10(value - 1)))
    if isinstance(value, int):
        return whole(value)
    return number(value) if isinstance(value, float) else str(value)


TEMPLATES: Mapping[str, str] = MappingProxyType(
    {
        # Who.
        "both_runs": msgid("Both runs"),
        "all_runs": msgid("All {count} runs"),
        "some_runs": msgid("{count} of {total} runs"),
        "two_runs": msgid("{first} and {second}"),
        # Where a run ends.
        "at_loss": msgid("at loss {loss}"),
        "at_point": msgid("at {point}"),
        "away_from_point": msgid("{distance} from {point}"),
        "the_minimizer": msgid("the minimizer"),
        "the_global_minimizer": msgid("the global minimizer"),
        "a_global_minimizer": msgid("a global minimizer"),
        "the_nearest_global_minimizer": msgid("the nearest global minimizer"),
        "the_valley": msgid("the valley of minima"),
        "the_moved_minimizer": msgid("the minimizer that weight decay {decay} has moved"),
        "the_moved_local": msgid("the local minimizer that weight decay {decay} has moved"),
        "a_local_minimizer": msgid("a local minimizer"),
        "a_saddle": msgid("a saddle"),
        "a_maximizer": msgid("a maximizer"),
        "a_degenerate_point": msgid("a degenerate critical point"),
        "the_cusp": msgid("the cusp"),
        "a_minimum": msgid("a minimum"),
        "a_global_minimum": msgid("a global minimum"),
        "a_local_minimum": msgid("a local minimum"),
        "a_maximum": msgid("a maximum"),
        "with_decay": msgid("{point} of the loss with weight decay {decay}"),
        # What a run did: its ending, in a sentence.
        "does_not_move": msgid("{run} does not move: it starts at {point}."),
        "does_not_move_at_rate_0": msgid("{run} does not move: its learning rate is 0."),
        "does_not_move_for_no_step": msgid(
            "{run} does not move: its rule takes no step, at gradient norm {slope}."
        ),
        "diverges": msgid("{run} diverges at update {step}."),
        "ends_without_value": msgid(
            "{run} diverges at update {step}: the loss has no value where it is then."
        ),
        "starts_without_value": msgid(
            "{run} makes no update: the loss has no value where it starts."
        ),
        "starts_too_high": msgid(
            "{run} makes no update: the loss where it starts is too large for a number."
        ),
        "stops_singular": msgid("{run} stops {place}: the Hessian is singular at update {step}."),
        "stops_at_rest": msgid(
            "{run} stops {place}: at rest from update {step}, with gradient norm {slope}."
        ),
        "creeps": msgid(
            "{run} hardly moves any more {place}: its steps are too short to see from update {step}"
            " on, at gradient norm {slope}."
        ),
        "creeps_clipped": msgid(
            "{run} hardly moves any more {place}: its gradients are clipped, and from update {step}"
            " on its steps are too short to see, at gradient norm {slope}."
        ),
        "stops_norm": msgid(
            "{run} stops {place} at update {step}: the gradient's norm is at most {tolerance}."
        ),
        "stops_change": msgid(
            "{run} stops {place} at update {step}: the loss changed by at most {tolerance}."
        ),
        "converges": msgid("{run} converges to {point}."),
        "converges_within": msgid("{run} converges to {point}, to within {distance}."),
        "settles": msgid("{run} settles in {point}."),
        "settles_above": msgid("{run} settles in {point}, {gap} above the lowest loss."),
        "rests": msgid("{run} comes to rest at {point}."),
        "rests_above": msgid("{run} comes to rest at {point}, {gap} above the lowest loss."),
        "ends_flat": msgid(
            "{run} ends on flat ground {place}: the loss changes by {change} in the last {updates}"
            " updates, at gradient norm {slope}."
        ),
        "ends_flat_in_one": msgid(
            "{run} ends on flat ground {place}: the loss changes by {change} in the last update,"
            " at gradient norm {slope}."
        ),
        "ends_in_a_cycle": msgid(
            "{run} ends {place}, in a cycle of {period} updates, {width} wide."
        ),
        "ends_swinging": msgid(
            "{run} ends {place}, still swinging: {width} wide, {path} of path in {updates} updates."
        ),
        "ends_growing": msgid(
            "{run} ends {place}, and its swings grow by a factor of {factor} with every update."
        ),
        "leaves": msgid(
            "{run} is leaving {point}: its distance grows by a factor of {factor} with every"
            " update."
        ),
        "hovers": msgid(
            "{run} hovers in the noise: radius {radius} around a point {distance} from {point}."
        ),
        "ends_hovering": msgid("{run} ends {place}, hovering in the noise: radius {radius}."),
        "runs_out_of_rate": msgid(
            "{run} ends {place}: its learning rate has run out, from {largest} to {rate}."
        ),
        "ends_descending": msgid("{run} ends {place}, still descending."),
        "ends_rising": msgid(
            "{run} ends {place}, not settled: its loss has risen in the last {updates} updates."
        ),
        "ends_unsettled": msgid(
            "{run} ends {place}, not settled: if it went on, its loss would not keep falling."
        ),
        # What else is said of it, after its ending.
        "zigzags_always": msgid("It zigzags: it crosses the valley at every one of {turns} turns."),
        "zigzags": msgid("It zigzags: it crosses the valley at {flips} of {turns} turns."),
        "changes_sides": msgid("It crosses the valley at {flips} of {turns} turns."),
        "as_sharp_as": msgid("The largest curvature there is {high}."),
        "as_sharp_as_the_limit": msgid(
            "The largest curvature there is {high}; the limit at rate {rate} is {limit}."
        ),
        "decay_pulls": msgid("Weight decay {decay} pulls it towards the origin at every update."),
        "decay_moves": msgid(
            "Weight decay {decay} moves the minimum by {distance}, to ({x}, {y})."
        ),
        "decay_leaves": msgid(
            "Weight decay {decay} leaves the minimum where it is, at ({x}, {y})."
        ),
        "decay_counts": msgid("The loss that it descends includes weight decay {decay}."),
        # What an average of its iterates does for it.
        "mean_ends": msgid(
            "{run} ends at loss {last}; the mean of its iterates (★), from update {first} on, at"
            " {averaged}."
        ),
        "average_ends": msgid(
            "{run} ends at loss {last}; the exponential average of its iterates (★), from update"
            " {first} on, at {averaged}."
        ),
        "mean_expected": msgid(
            "Theory expects {last} and {averaged} over all seeds; in the long run the mean's falls"
            " as one over the number of iterates."
        ),
        "average_expected": msgid("Theory expects {last} and {averaged} over all seeds."),
        # Where Nesterov stands before it looks ahead.
        "before_ahead": msgid(
            "{run} ends at loss {last} where it would take its next gradient; before it looks ahead"
            " (✦) it stands at loss {loss}."
        ),
        # How it ended, in a cell of a table.
        "outcome_converged": msgid("converged: gradient norm {slope}, curvatures {low} and {high}"),
        "outcome_local": msgid("local minimum: gradient norm {slope}, curvatures {low} and {high}"),
        "outcome_saddle": msgid("saddle: gradient norm {slope}, curvatures {low} and {high}"),
        "outcome_maximum": msgid("maximum: gradient norm {slope}, curvatures {low} and {high}"),
        "outcome_flat": msgid("flat ground: gradient norm {slope}"),
        "outcome_cycle": msgid("a cycle of {period} updates, {width} wide"),
        "outcome_swinging": msgid("swinging: {width} wide"),
        "outcome_growing": msgid("growing: {factor} times per update"),
        "outcome_leaving": msgid("leaving {point}: {factor} times per update"),
        "outcome_hovering": msgid("hovering in the noise: radius {radius}"),
        "outcome_ran_out": msgid("rate ran out: {rate} of {largest} is left"),
        "outcome_diverged": msgid("diverged at update {step}"),
        "outcome_not_finite": msgid("diverged at update {step}: the loss is not finite"),
        "outcome_no_value": msgid("diverged at update {step}: the loss has no value there"),
        "outcome_singular": msgid("stopped at update {step}: singular Hessian"),
        "outcome_norm": msgid(
            "stopped at update {step}: the gradient's norm is at most {tolerance}"
        ),
        "outcome_change": msgid(
            "stopped at update {step}: the loss changed by at most {tolerance}"
        ),
        "outcome_at_rest": msgid("at rest from update {step}: gradient norm {slope}"),
        "outcome_creeping": msgid(
            "steps too short to see from update {step}: gradient norm {slope}"
        ),
        "outcome_descending": msgid("still descending"),
        "outcome_unsettled": msgid("not settled"),
        "outcome_astray": msgid(
            "{outcome}; Hessian not positive definite at {count} of {total} steps"
        ),
        # Why a number is missing.
        "no_limit": msgid("{optimizer}: {reason}"),
        "no_curvature": msgid("No curvature is positive at {part} of {count} updates."),
        "no_lower_bound": msgid("The loss of {surface} has no lower bound."),
        "no_lowest_found": msgid("No lowest loss of {surface} was found."),
        # How runs compare.
        "one_run": msgid("There is one run, and nothing to compare it with."),
        "identical": msgid("{runs} are identical."),
        "identical_batch": msgid(
            "{runs} are identical: without noise the batch size changes nothing."
        ),
        "identical_seed": msgid("{runs} are identical: without noise the seed changes nothing."),
        "identical_batch_and_seed": msgid(
            "{runs} are identical: without noise the batch size and the seed change nothing."
        ),
        "all_diverge_at_once": msgid("{runs} diverge at update {step}."),
        "all_diverge": msgid("{runs} diverge, {run} first, at update {step}."),
        "all_diverge_some_first": msgid("{runs} diverge, the first of them at update {step}."),
        "some_diverge": msgid("{runs} diverge."),
        "others_follow": msgid("The others compare as follows."),
        "one_ends": msgid("{run} does not diverge; its final loss is {loss}."),
        "none_lower": msgid("No run ends below the loss it starts from."),
        "none_lower_than": msgid("No run ends below the loss it starts from, {loss}."),
        "rest_not_lower": msgid("None of the others ends below the loss it starts from."),
        "rest_not_lower_than": msgid(
            "None of the others ends below the loss it starts from, {loss}."
        ),
        "reaches_before": msgid(
            "{run} reaches the lowest loss; {second}'s final loss is {gap} higher."
        ),
        "closest_to_own": msgid(
            "Each run has a lowest loss of its own: {run} ends closest, {gap} above it, and"
            " {second} next, {other} above its own."
        ),
        "near_own": msgid(
            "Each run has a lowest loss of its own, and ends no more than {gap} above it."
        ),
        "weights_end": msgid(
            "{run}'s weights end farthest from 0, {away} away, {second}'s nearest, {other} away."
        ),
        "reach": msgid("{runs} reach the lowest loss."),
        "all_equal": msgid("{runs} end at about the same loss, {loss}."),
        "some_equal": msgid("{runs} end lowest, at about the same loss, {loss}."),
        "lower_times": msgid("{run}'s final loss is lower; {second}'s is {times} times as high."),
        "lower_share": msgid("{run}'s final loss is lower; {second}'s is {share} higher."),
        "lower_much": msgid(
            "{run}'s final loss is lower; {second}'s is more than {times} times as high."
        ),
        "lowest_times": msgid(
            "{run}'s final loss is the lowest; {second}'s is {times} times as high."
        ),
        "lowest_share": msgid("{run}'s final loss is the lowest; {second}'s is {share} higher."),
        "lowest_much": msgid(
            "{run}'s final loss is the lowest; {second}'s is more than {times} times as high."
        ),
        "closer_times": msgid(
            "{run} ends closer to the lowest loss; {second} ends {times} times as far above it."
        ),
        "closer_share": msgid(
            "{run} ends closer to the lowest loss; {second} ends {share} further above it."
        ),
        "closer_much": msgid(
            "{run} ends closer to the lowest loss; {second} ends more than {times} times as far"
            " above it."
        ),
        "closest_times": msgid(
            "{run} ends closest to the lowest loss; {second} ends {times} times as far above it."
        ),
        "closest_share": msgid(
            "{run} ends closest to the lowest loss; {second} ends {share} further above it."
        ),
        "closest_much": msgid(
            "{run} ends closest to the lowest loss; {second} ends more than {times} times as far"
            " above it."
        ),
        "lower": msgid("{run}'s final loss is lower than {second}'s."),
        "lowest": msgid("{run}'s final loss is the lowest, {second}'s the next."),
        "falls_times": msgid(
            "{run} ends lowest: {times} times as far below the start as {second}."
        ),
        "falls_much": msgid(
            "{run} ends lowest: more than {times} times as far below the start as {second}."
        ),
        "falls_times_from_highest": msgid(
            "{run} ends lowest: {times} times as far below the highest start as {second}."
        ),
        "falls_much_from_highest": msgid(
            "{run} ends lowest: more than {times} times as far below the highest start as {second}."
        ),
        "updates_differ": msgid("Not all runs took the same number of updates."),
        "settles_in_local": msgid("{run} settles in a local minimum."),
        "settle_in_local": msgid("{runs} settle in a local minimum."),
        "rests_at_saddle": msgid("{run} comes to rest at a saddle."),
        "rest_at_saddle": msgid("{runs} come to rest at a saddle."),
        "longer_path": msgid("{run}'s path is longer, {times} times as long as {second}'s."),
        "longer_path_much": msgid(
            "{run}'s path is longer, more than {times} times as long as {second}'s."
        ),
        "longest_path": msgid("{run}'s path is the longest, {times} times as long as {second}'s."),
        "longest_path_much": msgid(
            "{run}'s path is the longest, more than {times} times as long as {second}'s."
        ),
        "without_decay": msgid("Losses are the surface's own, without the weight decay."),
        # How batch sizes cut an epoch.
        "epoch_cut": msgid("{updates} with B = {size}"),
        "epoch_cut_short": msgid("{updates} with B = {size} (last batch: {last})"),
        "epoch_cut_fewer": msgid("{updates} with B = {size} (last update: {last} samples)"),
        "epoch_cut_left": msgid("{updates} with B = {size} (samples left out: {left})"),
        "epoch_more": msgid("{before}, {cut}"),
        "accounting": msgid("N = {samples}; updates an epoch: {cuts}."),
        "one_seed": msgid("This is one seed of the noise; another gives other paths."),
        "some_seeds": msgid("These are single seeds of the noise; others give other paths."),
    }
)
