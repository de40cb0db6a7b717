"""A run of an experiment as a short script: in plain Python, and with torch.optim.

Both scripts stand alone and leave the positions in `path`, a list of (x, y). A part that the run
does not use (noise, schedule, warm-up, weight decay, a parameter that is 0) is not written.
"""

from __future__ import annotations

import dataclasses
import re
import symtable
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import dedent, indent
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from landscape import Formula
from landscape.language import tr
from landscape.record import SurfaceListing
from optimizers.record import APART, COUPLED, DECOUPLED, RuleListing
from optimizers.registry import OPTIMIZERS
from optimizers.simulation.experiment import (
    GRADIENT_NORM,
    LOSS_CHANGE,
    Experiment,
    Plan,
    Run,
    simulate,
)
from optimizers.simulation.schedules import SCHEDULES, ScheduleListing

WIDTH = 88  # columns, as Python's formatters have it
TAB = "    "
IMPORTS = {"math": "import math", "np": "import numpy as np", "torch": "import torch"}

Listing = TypeVar("Listing", SurfaceListing, RuleListing, ScheduleListing)

# The first line of step(theta, g).
DECAY_TEXTS = MappingProxyType(
    {
        COUPLED: "g = [d + self.weight_decay * p for d, p in zip(g, theta)]",
        DECOUPLED: "theta[:] = [p * (1 - self.lr * self.weight_decay) for p in theta]",
    }
)

BATCH_TEXT = """def batch(t):
    epoch, k = divmod(t, {updates})
    return orders[epoch][k * size : (k + 1) * size]"""
BATCHES_TEXT = """def batches(t):
    epoch, k = divmod(t, {updates})
    rows = orders[epoch][k * {count} * size : (k + 1) * {count} * size]
    return [rows[i : i + size] for i in range(0, len(rows), size)]"""
# Around the functions of a surface, where regularization is added to its loss.
BARE = "bare_"  # what these are called then
GRADIENT_PARTS = {"l2": "l2 * {0}", "l1": "l1 * math.copysign({0} != 0, {0})"}
HESSIAN_TEXT = """hxx, hxy, hyy = bare_hessian(x, y)
return hxx + l2, hxy, hyy + l2"""
# With dropout the Hessian is the mean over the ways in which it leaves the samples.
OF_A_WAY = "way_"
WAYS_TEXT = """ways = zip(*(np.split(column, {count}) for column in ({columns})))
return shares @ [np.array(way_hessian(x, y, *way)) for way in ways]"""
WAYS_TORCH = """ways = [slice(k * samples, (k + 1) * samples) for k in range({count})]
return sum(share * loss(theta, way) for share, way in zip(shares, ways))"""
PENALIZED_LOSS = "return bare_loss(x, y{0}) + l2 / 2 * (x**2 + y**2)"
LOSS_PARTS = {"l2": " + l2 / 2 * (theta**2).sum()", "l1": " + l1 * theta.abs().sum()"}
PROXIMAL_TEXT = """def proximal(theta, lr):
    theta[:] = [math.copysign(max(abs(p) - lr * l1, 0.0), p) for p in theta]"""
PROXIMAL_TORCH = """def proximal(theta, lr):
    with torch.no_grad():
        theta.copy_(theta.sign() * (theta.abs() - lr * l1).clamp(min=0.0))"""
# How a gradient is clipped: in plain Python, by PyTorch, and where a rule is written by hand.
CLIP_NORM = """def clip(g):
    factor = min(1.0, {limit} / (math.hypot(*g) + 1e-6))
    return [factor * d for d in g]"""
CLIP_VALUE = """def clip(g):
    return [max(-{limit}, min({limit}, d)) for d in g]"""
CLIP_NORM_TORCH = "torch.nn.utils.clip_grad_norm_(theta, {limit})"
CLIP_VALUE_TORCH = "torch.nn.utils.clip_grad_value_(theta, {limit})"
CLIP_NORM_HAND = "g = g * ({limit} / (g.norm() + 1e-6)).clamp(max=1.0)"
CLIP_VALUE_HAND = "g = g.clamp(-{limit}, {limit})"
SUM_TEXT = """def total(vectors):
    return [sum(column) for column in zip(*vectors)]"""
WARMUP_TEXT = "min(1.0, (t + 1) / (warmup + 1))"


def plain_python(experiment: Experiment, run: Run) -> str:
    """Return a script that repeats `run` with the standard library, its rule as a class.

    Where the gradient is noisy it takes the seed's draws from NumPy. The arithmetic is written as
    in the papers: `path` differs from the run's by rounding.
    """
    return _with_names_apart(_parts(experiment, run), _plain_python, experiment, run)


def _plain_python(parts: _Parts, experiment: Experiment, run: Run) -> str:
    surface, rule, decay = parts.surface, parts.rule, run.weight_decay
    body = f"{rule.state}\n{rule.step}"
    hyper = {n: text for n, text in parts.hyper.items() if _speaks(body, f"self.{n}")}
    head = f"gradient(x, y{parts.of_rows})"
    terms = [name for name in ("l2", "l1") if parts.in_gradient[name] > 0]
    bare = BARE if terms else ""
    functions = [_function(f"{bare}{head}", surface.gradient, tr(experiment.surface))]
    if terms:
        seen = ", rows" if parts.of_rows else ""
        sums = [
            f"g{letter} += {' + '.join(GRADIENT_PARTS[name].format(letter) for name in terms)}"
            for letter in "xy"
        ]
        lines = [f"gx, gy = {BARE}gradient(x, y{seen})", *sums, "return gx, gy"]
        functions.append(_function(head, "\n".join(lines)))
    if _speaks(rule.step, "self.hessian"):
        bare, columns = BARE if "l2" in terms else "", ", ".join(surface.columns)
        head, body = f"{bare}hessian(x, y)", surface.hessian
        if parts.ways > 1:
            of_a_way = f"{OF_A_WAY}hessian(x, y, {columns})"
            functions.append(_function(of_a_way, body, tr(experiment.surface)))
            functions.append(_function(head, WAYS_TEXT.format(count=parts.ways, columns=columns)))
        else:
            functions.append(_function(head, body, tr(experiment.surface)))
        functions += [_function("hessian(x, y)", HESSIAN_TEXT)] if bare else []
        hyper["hessian"] = "hessian"
    by_slope = _speaks(rule.step, "self.gradient")
    if by_slope:
        hyper["gradient"] = "gradient"
    searches = _speaks(rule.step, "self.loss")
    if searches:
        bare, head = BARE if "l2" in terms else "", f"loss(x, y{parts.of_rows})"
        functions.append(_function(f"{bare}{head}", _plain_loss(surface), tr(experiment.surface)))
        functions += (
            [_function(head, PENALIZED_LOSS.format(", rows" if parts.data else ""))] if bare else []
        )
        hyper["loss"] = "loss"
    if rule.before:
        functions.append(_block(rule.before))
    general = {"lr": "lr" if parts.schedule else parts.lr}
    step = _said(rule)
    if decay > 0:
        general["weight_decay"] = parts.decay
        step = f"{DECAY_TEXTS[OPTIMIZERS[run.optimizer].weight_decay]}\n{step}"
    arguments = {**general, **hyper}
    fields = [line for names in filter(None, (general, hyper)) for line in _kept(names)]
    init = _function(
        f"__init__({', '.join(['self', *arguments])})",
        "\n".join([*fields, *([rule.state] if rule.state else [])]),
    )
    methods = f"{init}\n\n{_function('step(self, theta, g)', step)}"
    functions.append(f"class {rule.name}:\n{indent(methods, TAB)}")
    functions += [PROXIMAL_TEXT] if parts.proximal else []

    keywords = [f"{name}={text}" for name, text in arguments.items()]
    before = [
        f"theta = [{parts.start}]",
        "path = [tuple(theta)]",
        *([f"lr = {parts.lr}"] if parts.schedule else []),
        _call(f"optimizer = {rule.name}", keywords),
    ]
    loop = ["optimizer.lr = lr * schedule(t)"] if parts.schedule else []
    g = "gradient(*theta, batch(t))" if parts.batches else "gradient(*theta)"
    if parts.share:
        g = "g"
        loop += [
            "parts, g = batches(t), [0.0, 0.0]",
            *parts.counted,
            "for rows in parts:",
            f"{TAB}g = [s + d{parts.share} for s, d in zip(g, gradient(*theta, rows))]",
        ]
    elif parts.noise or run.stop_norm is not None:
        loop.append(f"g = [d + e for d, e in zip({g}, noise[t])]" if parts.noise else f"g = {g}")
        g = "g"
    loop += _stop(f"math.hypot(*g) <= {run.stop_norm!r}", run.stop_norm)
    if clip := _clip(run, CLIP_NORM, CLIP_VALUE):
        functions.append("\n".join(clip))
        g = f"clip({g})"
    if searches and parts.batches:
        head, given = "optimizer.loss = lambda x, y: loss", ["x", "y", "batch(t)"]
        if parts.share:
            head = "optimizer.loss = lambda x, y: sum"
            given = [f"loss(x, y, rows){parts.share} for rows in parts"]
        loop += _call(head, given).splitlines()
    if by_slope and parts.batches:
        head, given = "optimizer.gradient = lambda x, y: gradient", ["x", "y", "batch(t)"]
        if parts.share:
            functions.append(SUM_TEXT)
            head = "optimizer.gradient = lambda x, y: total"
            given = [f"[d{parts.share} for d in gradient(x, y, rows)] for rows in parts"]
        loop += _call(head, given).splitlines()
    loop.append(f"optimizer.step(theta, {g})")
    loop += ["proximal(theta, optimizer.lr)"] if parts.proximal else []
    loop.append("path.append(tuple(theta))")
    noise = f"noise = ({parts.draws}).tolist()"
    return _script(parts, noise, functions, [*before, *_loop(parts, loop, (LOSS_CHANGE,))])


def pytorch(experiment: Experiment, run: Run) -> str:
    """Return a script that repeats `run` with PyTorch, in float64.

    The gradient is autograd's; the draws of a noisy one are NumPy's, as in the run.
    """
    return _with_names_apart(_parts(experiment, run), _pytorch, experiment, run)


def _pytorch(parts: _Parts, experiment: Experiment, run: Run) -> str:
    rule, seen = parts.rule, ", batch(t)" if parts.batches else ""
    mean = f"sum(loss(theta, rows){parts.share} for rows in parts)" if parts.share else ""
    begun = ["parts = batches(t)", *parts.counted] if parts.share else []
    theta = [f"[{parts.start}]", "dtype=torch.float64"]
    before = ["path = [tuple(theta.tolist())]"]
    counted: tuple[str, ...] = ()  # the rules that no line of the loop tests
    changes = run.stop_change
    change = [*_stop(f"abs(value.item() - last) <= {changes!r}", changes), "last = value.item()"]
    if changes is not None and not rule.closure:
        before.append("last = math.inf")
    if rule.optim:
        theta.append("requires_grad=True")
        arguments = ["[theta]", *(a.format(lr=parts.lr, **parts.hyper) for a in rule.arguments)]
        # Where it decouples the decay, PyTorch's default is not 0.
        if run.weight_decay > 0 or OPTIMIZERS[run.optimizer].weight_decay == DECOUPLED:
            arguments.append(f"weight_decay={parts.decay}")
        before += [rule.hand_state] if rule.hand_state else []
        before.append(_call(f"optimizer = torch.optim.{rule.optim}", arguments))
        if parts.schedule:
            before.append("scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, schedule)")
        noise = ["theta.grad += noise[t]"] if parts.noise else []
        clip = _clip(run, CLIP_NORM_TORCH, CLIP_VALUE_TORCH)
        if rule.closure:
            counted = GRADIENT_NORM, LOSS_CHANGE
            body = [
                "optimizer.zero_grad()",
                *begun,
                f"value = {mean or f'loss(theta{seen})'}",
                "value.backward()",
                *noise,
                *clip,
            ]
            closure = _function("closure()", "\n".join([*body, "return value"]))
            before += ["", "", closure, "", ""]
            loop = ["optimizer.step(closure)"]
        else:
            descent = [f"loss(theta{seen}).backward()"]
            if parts.share:
                each = f"{TAB}(loss(theta, rows){parts.share}).backward()"
                descent = [*begun, "for rows in parts:", each]
            if changes is not None:
                value = [*begun, f"value = {mean or f'loss(theta{seen})'}"]
                descent = [*value, *change, "value.backward()"]
            descent += [*noise, *_stop(f"theta.grad.norm() <= {run.stop_norm!r}", run.stop_norm)]
            loop = ["optimizer.zero_grad()", *descent, *clip, "optimizer.step()"]
        rate = 'optimizer.param_groups[0]["lr"]' if parts.schedule else parts.lr
        loop += [f"proximal(theta, {rate})"] if parts.proximal else []
        if parts.schedule:
            loop.append("scheduler.step()")
    else:
        rate = f"lr = {parts.lr}"
        loop = [f"{rate} * schedule(t)"] if parts.schedule else []
        before += [] if parts.schedule else [rate]
        spoken = f"{rule.hand_state}\n{rule.hand}"
        before += [f"{n} = {text}" for n, text in parts.hyper.items() if _speaks(spoken, n)]
        before += [rule.hand_state] if rule.hand_state else []
        gradient = [f"torch.func.grad(loss)(theta{seen})"]
        if parts.share:
            loop += begun
            gradient = [f"sum(torch.func.grad(loss)(theta, rows){parts.share} for rows in parts)"]
        gradient += ["noise[t]"] if parts.noise else []
        decays = OPTIMIZERS[run.optimizer].weight_decay if run.weight_decay > 0 else ""
        of_batch = rf"loss(\1{seen})"
        if parts.share:
            of_batch = rf"sum(loss(\1, rows){parts.share} for rows in parts)"
        decay = [f"{run.weight_decay!r} * theta"] if decays == COUPLED else []
        hand = re.sub(r"\bloss\((theta[^()]*)\)", of_batch, _block(rule.hand))
        if parts.ways > 1:  # what is not of a batch is of the expected loss
            hand = hand.replace("(loss)", "(expected)")
        if changes is not None:
            loop += [f"value = {mean or f'loss(theta{seen})'}", *change]
        stop = _stop(f"g.norm() <= {run.stop_norm!r}", run.stop_norm)
        if between := [*stop, *_clip(run, CLIP_NORM_HAND, CLIP_VALUE_HAND)]:
            loop += [f"g = {' + '.join(gradient)}", *between]
            loop += [f"g = {' + '.join(['g', *decay])}"] if decay else []
        else:
            loop.append(f"g = {' + '.join([*gradient, *decay])}")
        if decays == DECOUPLED:
            loop.append(f"theta = theta * (1 - lr * {parts.decay})")
        loop += hand.splitlines()
    before.insert(0, _call("theta = torch.tensor", theta))
    loop.append("path.append(tuple(theta.tolist()))")
    draws = f"noise = torch.tensor({parts.draws})"
    terms = [name for name in ("l2", "l1") if parts.in_gradient[name] > 0]
    head, bare = f"loss(theta{parts.of_rows})", BARE if terms else ""
    functions = [_function(f"{bare}{head}", parts.surface.loss, tr(experiment.surface))]
    if terms:
        called = f"{BARE}loss(theta{', rows' if parts.of_rows else ''})"
        functions.append(
            _function(head, f"return {called}{''.join(map(LOSS_PARTS.__getitem__, terms))}")
        )
    if _speaks("\n".join(loop), "expected"):
        functions.append(_function("expected(theta)", WAYS_TORCH.format(count=parts.ways)))
    functions += [PROXIMAL_TORCH] if parts.proximal else []
    if columns := ", ".join(parts.surface.columns):
        tensors = f"{columns} = map(torch.asarray, ({columns}))"
        parts = dataclasses.replace(parts, data=(*parts.data, tensors))
    return _script(parts, draws, functions, [*before, *_loop(parts, loop, counted)])


def _with_names_apart(
    parts: _Parts,
    write: Callable[[_Parts, Experiment, Run], str],
    experiment: Experiment,
    run: Run,
) -> str:
    """Return what is written of the parts, no parameter called as something else in the script.

    Whoever writes a formula may have called one `g` or `steps`; here it is then `g_` or `steps_`,
    which no parameter is called.
    """
    if isinstance(experiment.surface_record, Formula):
        none = "return 0"
        without = SurfaceListing(none, none, none, plain_loss=none)
        rest = write(dataclasses.replace(parts, surface=without, params={}), experiment, run)
        taken = {*_names(symtable.symtable(rest, "listing", "exec"))}
        taken |= {*parts.strengths, *parts.numbers}
        called = {name: f"{name}_" for name in parts.params if name in taken}
        body = parts.surface
        for name, other in called.items():
            bodies = (body.gradient, body.hessian, body.loss, body.plain_loss)
            renamed = (re.sub(rf"\b{name}\b", other, text) for text in bodies)
            gradient, hessian, loss, plain = renamed
            body = SurfaceListing(gradient, hessian, loss, plain_loss=plain)
        params = {called.get(name, name): text for name, text in parts.params.items()}
        parts = dataclasses.replace(parts, surface=body, params=params)
    return write(parts, experiment, run)


def _names(table: symtable.SymbolTable) -> Iterator[str]:
    """Yield the names that a script has outside its functions, or takes from there in them."""
    for symbol in table.get_symbols():
        if table.get_type() == "module" or symbol.is_global():
            yield symbol.get_name()
    for child in table.get_children():
        yield from _names(child)


def _plain_loss(listing: SurfaceListing) -> str:
    """Return the body of a surface's loss(x, y) in plain Python."""
    if listing.plain_loss:
        return listing.plain_loss
    body = _block(listing.loss).removeprefix("x, y = theta\n")
    return body.replace("torch.", "np." if listing.columns else "math.")


def _stop(condition: str, tolerance: float | None) -> list[str]:
    """Return the lines of the loop that stop a run, none where no tolerance is given."""
    return [] if tolerance is None else [f"if {condition}:", f"{TAB}break"]


def _clip(run: Run, by_norm: str, by_value: str) -> list[str]:
    """Return the lines that clip a gradient, none where it is not clipped."""
    if run.clip_norm is not None:
        return by_norm.format(limit=repr(run.clip_norm)).splitlines()
    if run.clip_value is not None:
        return by_value.format(limit=repr(run.clip_value)).splitlines()
    return []


@dataclass(frozen=True)
class _Parts:
    """What both listings are made of; numbers are text already."""

    surface: SurfaceListing
    params: Mapping[str, str]  # the surface's
    strengths: Mapping[str, str]  # of regularization
    rule: RuleListing
    hyper: Mapping[str, str]
    lr: str
    decay: str  # what weight decay multiplies, with the rate where it is decoupled
    start: str
    steps: int
    updates: int  # of the steps, those that the run did
    reason: str  # why it did no more
    stopped_by: str | None  # its stopping rule
    schedule: str  # the function, "" where the rate is constant
    numbers: Mapping[str, str]  # the schedule's
    noise: Sequence[str]  # the lines that make `spread` and `rng`, none for an exact gradient
    draws: str  # what they make of it, (steps, 2)
    data: Sequence[str]  # the lines that make the samples, none where there are none
    batches: str  # the function that tells which of them an update sees, "" where it sees all
    share: str  # what a batch counts of several that make an update, "" where one does
    counted: Sequence[str]  # the line that counts their samples, where they differ in size
    ways: int  # in which dropout leaves a sample
    in_gradient: Mapping[str, float]  # strengths of "l2" and "l1" in the gradient
    proximal: bool  # whether an update ends with L1's proximal step

    @property
    def of_rows(self) -> str:
        """The argument that says over which samples to take a mean."""
        return ", rows=slice(None)" if self.data else ""

    @property
    def counts(self) -> bool:
        """Whether a line outside the loop speaks of `steps`."""
        return bool(self.noise) or _speaks(self.schedule, "steps")


def _parts(experiment: Experiment, run: Run) -> _Parts:
    plan = experiment.plan(run)
    surface, rule, given = plan.surface, plan.rule, plan.objective.params
    (trajectory,) = simulate(dataclasses.replace(experiment, runs=(run,)))
    reason = ""
    if trajectory.stopped:
        reason = tr("of {steps} updates: then the Hessian is singular", steps=plan.steps)
    elif trajectory.diverged_at is not None:
        reason = tr("of {steps} updates: then it has diverged", steps=plan.steps)
    elif trajectory.stopped_by == GRADIENT_NORM:
        reason = tr("of {steps} updates: then the gradient's norm is small", steps=plan.steps)
    elif trajectory.stopped_by == LOSS_CHANGE:
        reason = tr("of {steps} updates: then the loss changes little", steps=plan.steps)
    schedule, numbers = _schedule(plan)
    several = plan.batched and plan.batches > 1
    unequal = plan.epoch.samples % (run.batch_size or 1) > 0
    return _Parts(
        surface=_special(surface.listing, given),
        params={
            p.name: repr(int(given[p.name]) if p.integer else given[p.name])
            for p in surface.parameters
        },
        strengths={
            "l2": repr(plan.penalty.l2),
            "l1": repr(plan.penalty.l1),
            "keep": repr(plan.objective.keep),
        },
        rule=_special(rule.listing, run.hyper),
        hyper={
            h.name: repr(int(run.hyper[h.name]) if h.integer else run.hyper[h.name])
            for h in rule.hyperparameters
        },
        lr=repr(float(plan.lr)),
        decay=_decay(plan),
        start=", ".join(map(repr, plan.start)),
        steps=plan.steps,
        updates=len(trajectory.lr),
        reason=reason,
        stopped_by=trajectory.stopped_by,
        schedule=schedule,
        numbers=numbers,
        noise=_noise(plan) if plan.noise > 0 else (),
        draws=f"spread * rng.standard_normal((steps, 2)){' @ root' * (plan.root is not None)}",
        data=_data(plan),
        batches=_batches(plan),
        share=("" if not several else " * len(rows) / count" if unequal else " / len(parts)"),
        counted=["count = sum(map(len, parts))"] if several and unequal else [],
        ways=plan.objective.ways,
        in_gradient={"l2": plan.penalty.l2, "l1": plan.penalty.slope},
        proximal=plan.penalty.proximal > 0,
    )


def _batches(plan: Plan) -> str:
    """Return the function that tells which samples an update sees, in one batch or in several."""
    if not plan.batched:
        return ""
    text = BATCH_TEXT if plan.batches == 1 else BATCHES_TEXT
    return text.format(updates=plan.epoch.updates, count=plan.batches)


def _decay(plan: Plan) -> str:
    """Return a run's weight decay; apart from the rate, divided by its peak."""
    decay = repr(float(plan.run.weight_decay))
    if not plan.run.hyper.get(APART):
        return decay
    return f"{decay} / {float(plan.lr)!r}" if plan.lr > 0 else "0.0"


def _data(plan: Plan) -> list[str]:
    """Return the lines that make the samples of a surface made by data, and order them."""
    listing, epoch = plan.surface.listing, plan.epoch
    if not listing.data:
        return []
    lines = _block(listing.data).splitlines()
    if plan.objective.given is not None:
        columns = ", ".join(listing.columns)
        lines = [f'{columns} = np.loadtxt("data.csv", delimiter=",", unpack=True)']
    lines += [
        line
        for name, value, text in listing.prepared
        if plan.objective.params[name] == value
        for line in _block(text).splitlines()
    ]
    if plan.batched:
        epochs = -(-plan.steps // epoch.updates)
        drawn = "rng.permutation(samples)"
        if epoch.replacement and epoch.batch_size < epoch.samples:
            drawn = "rng.integers(samples, size=samples)"
        lines += [
            f"size = {plan.run.batch_size if plan.batches > 1 else epoch.batch_size}",
            f"rng = np.random.default_rng({plan.seed})",
            f"orders = [{drawn} for _ in range({epochs})]",
        ]
    if plan.objective.dropped:
        lines += _dropped(plan)
    if _speaks("\n".join(lines), "samples"):
        lines.insert(0, f"samples = {epoch.samples}")
    return lines


def _dropped(plan: Plan) -> list[str]:
    """Return the lines that make copies of the samples, without some inputs, and draw of them."""
    columns, count = plan.surface.listing.columns, plan.objective.ways
    lines = [f"# {tr('Dropout: the samples once more for each way to drop inputs.')}"]
    inputs = columns[:-1]
    for bit, name in enumerate(inputs):
        kept = [f"0 * {name}" if way >> bit & 1 else name for way in range(count)]
        lines.append(f"{name} = np.concatenate([{', '.join(kept)}]) / keep")
    one = "(keep, 1 - keep)"
    shares = f"np.array({one})" if len(inputs) == 1 else f"np.outer({one}, {one}).ravel()"
    powers = [2**bit for bit in range(len(inputs))]
    return [
        *lines,
        f"{columns[-1]} = np.tile({columns[-1]}, {count})",
        *([f"shares = {shares}"] if OPTIMIZERS[plan.run.optimizer].needs_hessian else []),
        f"drawn = np.random.default_rng([{plan.seed}, 1])",
        "for rows in orders:",
        f"{TAB}rows += samples * ((drawn.random((samples, {len(inputs)})) >= keep) @ {powers})",
    ]


def _noise(plan: Plan) -> list[str]:
    """Return the lines that make `spread`, of each update where batches differ, and `rng`."""
    epoch, size, root = plan.epoch, plan.epoch.batch_size, "math"
    told = tr("drawn with replacement" if epoch.replacement else "drawn without replacement")
    if plan.batches > 1:
        told = f"{plan.batches} × {plan.run.batch_size}, {told}"
    lines = [f"samples, batch = {epoch.samples}, {size}  # {told}"]
    if epoch.replacement:
        lines = [f"batch = {size}  # {told}"]
    if epoch.last != size and epoch.updates <= plan.steps:
        lines.append("batch = np.full((steps, 1), batch)")
        last = f"batch[{epoch.updates - 1}::{epoch.updates}] = {epoch.last}"
        lines.append(f"{last}  # {tr('ends an epoch')}")
        root = "np"
    share = "* {root}.sqrt((samples - batch) / (batch * (samples - 1)))"
    if epoch.replacement:
        share = "/ {root}.sqrt(batch)"
    if plan.root is not None:
        rows = plan.root.tolist()
        lines += ["root = np.array(", f"{TAB}[  # {tr('its square is the Hessian')}"]
        lines += [f"{2 * TAB}{row}," for row in rows]
        lines += [f"{TAB}]", ")"]
    return [
        *lines,
        f"spread = {plan.sample_noise!r} {share.format(root=root)}",
        f"rng = np.random.default_rng({plan.seed})",
    ]


def _schedule(plan: Plan) -> tuple[str, dict[str, str]]:
    """Return the function schedule(t), "" where it is always 1, and the numbers it may name."""
    run, schedule = plan.run, SCHEDULES[plan.run.schedule]
    steps = plan.steps if schedule.by_clock else max(plan.steps - run.warmup, 0)
    values = schedule.in_updates(steps, run.schedule_params, plan.epoch.updates)
    if "cuts" in values:
        values["cuts"] = [cut for cut in values["cuts"] if cut < steps]
    numbers = {name: repr(value) for name, value in values.items()}
    # Of a cosine that ends where it begins, each factor is 1 but for rounding.
    factors = schedule.factors(steps, run.schedule_params, 0, plan.epoch.updates)
    flat = np.allclose(factors, 1.0, rtol=0.0, atol=1e-15)
    listing = _special(schedule.listing, run.schedule_params)
    body = "" if flat else f"{listing.before}return {listing.factor}"
    if run.warmup:
        numbers["warmup"] = str(run.warmup)
        if flat:
            body = f"return {WARMUP_TEXT}"
        elif schedule.by_clock:
            body += f" * {WARMUP_TEXT}"
        else:
            after = re.sub(r"\bsteps\b", "rest", body)
            if after != body:
                numbers["rest"] = str(steps)
            body = f"if t < warmup:\n    return (t + 1) / (warmup + 1)\nt -= warmup\n{after}"
    return _function("schedule(t)", body) if body else "", numbers


def _special(listing: Listing, numbers: Mapping[str, Any]) -> Listing:
    """Return the listing for these numbers: a special one where one of them has its value."""
    found = (other for name, value, other in listing.special if numbers[name] == value)
    other = next(found, None)
    return listing if other is None else _special(other, numbers)


def _speaks(text: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


def _said(rule: RuleListing) -> str:
    """Return the body of a rule's step with its comments in the current language."""
    step = _block(rule.step)
    for comment in rule.comments:
        step = step.replace(f"  # {comment}\n", f"  # {tr(comment)}\n")
    return step


def _block(text: str) -> str:
    return dedent(text).strip()


def _function(head: str, body: str, comment: str = "") -> str:
    return f"def {head}:{comment and '  # ' + comment}\n{indent(_block(body), TAB)}"


def _kept(names: Iterable[str]) -> list[str]:
    """Return the lines of __init__ that keep its arguments: one, or one each where it is long."""
    line = f"{', '.join(f'self.{name}' for name in names)} = {', '.join(names)}"
    if len(line) <= WIDTH - 2 * len(TAB):
        return [line]
    return [f"self.{name} = {name}" for name in names]


def _call(head: str, arguments: Sequence[str]) -> str:
    """Return a call in one line; else with its arguments in one line, else in one each."""
    line = f"{head}({', '.join(arguments)})"
    if len(line) <= WIDTH:
        return line
    inner = TAB + ", ".join(arguments)
    if len(inner) > WIDTH:
        inner = "\n".join(f"{TAB}{argument}," for argument in arguments)
    return f"{head}(\n{inner}\n)"


def _loop(parts: _Parts, body: Iterable[str], counted: Sequence[str]) -> list[str]:
    """Return the loop; where one of the rules `counted` stops the run, its updates are counted."""
    name = "t" if parts.schedule or parts.noise or parts.batches else "_"
    count, comment = "steps" if parts.counts else str(parts.steps), ""
    if parts.reason and (parts.stopped_by is None or parts.stopped_by in counted):
        count, comment = str(parts.updates), f"  # {parts.reason}"
    return [f"for {name} in range({count}):{comment}", indent("\n".join(body), TAB)]


def _script(parts: _Parts, noise: str, functions: Sequence[str], main: Iterable[str]) -> str:
    """Join the constants that are spoken of, the functions and the loop, with their imports."""
    functions = [*functions, *filter(None, (parts.batches, parts.schedule))]
    constants = [
        f"{name} = {text}"
        for name, text in {**parts.strengths, **parts.params, **parts.numbers}.items()
        if any(_speaks(text, name) for text in (*functions, *parts.data))
    ]
    constants += [f"steps = {parts.steps}"] if parts.counts else []
    constants += [*parts.noise, noise] if parts.noise else []
    constants += parts.data
    body = "\n\n\n".join([*functions, "\n".join(main)])
    whole = "\n".join([*constants, body])
    used = {name: line for name, line in IMPORTS.items() if _speaks(whole, name)}
    groups = (
        [line for name, line in used.items() if name == "math"],
        [line for name, line in used.items() if name != "math"],
        constants,
    )
    top = "\n\n".join("\n".join(group) for group in groups if group)
    return f"{top}\n\n\n{body}\n".lstrip("\n")
