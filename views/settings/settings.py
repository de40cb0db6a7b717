"""What is set: the settings of one page, read from a link and written as one.

    link -> read -> Settings -> choose -> Choice

`read(write(settings)) == settings` for whatever `changed` and `read` return.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from landscape import SURFACES, Dataset, Formula, Surface
from landscape.formula import NAME
from landscape.language import msgid
from optimizers import OPTIMIZERS, Experiment, Optimizer, Run
from views.lessons import LESSONS
from views.presets import DEFAULT, MAPS_VIEW, OPENING, PRESETS, Preset
from views.settings.clip_and_stop import values_of_clip_and_stop
from views.settings.factor import Factor
from views.settings.formulas import Text, formula_of, values_of_formula
from views.settings.noise import batch_text, drawing_text
from views.settings.setting import Note, RunName, clean, number_list
from views.settings.table import DEPENDENT, FACTORS, TABLE
from views.settings.teaching import BESIDE, CONTROLS, WATCHING
from views.settings.watching import HIDDEN

# Of what settings are called and what they default to. A link carries it as `v`; those from before
# it was written are of the first. The last is today's, and links of all are read.
VERSIONS = ("1",)
VERSION = VERSIONS[-1]
FRAME = ("embed", "embed_options")  # of Streamlit: how the page stands in another
FREE = ("v", *FRAME)
# With one of these, links of old opened the view into a step; now they say so themselves.
LOOKING = ("look.step", "look.model")
KEPT = (
    "lang",
    "present",
    "hide",
    "lock",
    "autoplay",
    "class",
)  # what a preset or a lesson leaves as it is
# What is no change of an experiment.
UNTOUCHED = (*KEPT, "preset", "surface", "view", "show", "curve", "tolerance", "map")

GIVEN_TWICE = msgid("`{name}` is given {count} times; the last, `{last}`, counts.")
OTHER_VERSION = msgid("`{name}` = `{given}`: this is version {version}.")
NO_PRESET = msgid("`{name}` = `{given}`: there is no such preset.")
UNKNOWN = msgid("`{name}` = `{given}`: there is no such setting here.")
REFUSED = msgid("`{name}` = `{given}` was not accepted; it is `{used}`.")
REFUSED_NONE = msgid("`{name}` = `{given}` was not accepted.")  # the default is empty
NOT_IN_LESSON = msgid("`{name}` = `{given}` has no place beside a lesson, whose card says it.")


class Settings:
    """The values of all settings by id: those in `values`, every other at its default.

    `data` are samples of the visitor's own, in place of those that the surface makes; no link has
    them.
    """

    def __init__(self, values: Mapping[str, Any], data: Dataset | None = None) -> None:
        self.values = MappingProxyType(dict(values))
        self.data = data
        self.preset: Preset | None = PRESETS.get(self.values.get("preset", ""))
        lesson = LESSONS.get(self.values.get("lesson", ""))
        if lesson:
            number = min(int(self.values.get("card", "1")), len(lesson.cards))
            self._given = of_card(lesson.name, number)
        else:
            self._given = defaults(self.preset.slug if self.preset else "")

    def __getitem__(self, name: str) -> Any:
        return self.values[name] if name in self.values else self.default(name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Settings):
            return NotImplemented
        return self.values == other.values and self.data == other.data

    def __hash__(self) -> int:
        return hash((frozenset(self.values.items()), self.data))

    def __repr__(self) -> str:
        return f"Settings({dict(self.values)!r})"

    def default(self, name: str) -> Any:
        """Return a setting's value where nothing else is said: the preset's, or its own."""
        return self._given[name] if name in self._given else self.plain(name)

    def plain(self, name: str) -> Any:
        """Return a setting's own default, whatever the preset."""
        default = TABLE[name].default
        return default(self) if callable(default) else default

    @functools.cached_property
    def surface(self) -> Surface:
        """The surface: one of SURFACES, or the formula that is set."""
        name = self["surface"]
        return formula_of(self) if name == NAME else SURFACES[name]

    @property
    def factor(self) -> Factor:
        """What is compared."""
        return FACTORS[self["compare"]]

    @property
    def compared(self) -> str:
        """The id of the setting that holds what is compared."""
        return self.factor.setting(self)

    @property
    def instead(self) -> str:
        """The id of a setting that what is compared takes the place of, or an empty text."""
        return next(iter(self.factor.replaces(self["surface"], self.rules[0])), "")

    @functools.cached_property
    def rules(self) -> tuple[str, ...]:
        """The optimizers, by name: those that are compared, or the one all runs have."""
        factor = self.factor
        if factor.of_rules:
            return tuple(self.listed(factor.setting(self))[0])
        return (self[f"{factor.name}.optimizer"],)

    def names(self, able: Callable[[Optimizer], bool] = lambda rule: True) -> tuple[str, ...]:
        """Return the names of the runs, by which links call them, of those whose rule is able."""
        factor = self.factor
        values = self.listed(self.compared)[0]
        return tuple(
            name
            for name, value in zip(factor.names_of(values), values, strict=True)
            if able(OPTIMIZERS[value if factor.of_rules else self.rules[0]])
        )

    def replaced(self, name: str) -> bool:
        """Tell whether the compared values take the place of a setting."""
        return name in self._replaced

    @functools.cached_property
    def _replaced(self) -> frozenset[str]:
        replaces, surface = self.factor.replaces, self["surface"]
        return frozenset(id for rule in self.rules for id in replaces(surface, rule))

    def listed(self, name: str) -> tuple[list[Any], list[Note]]:
        """Return the values that a list holds, or else the default's, and what to tell of them."""
        kind: Any = TABLE[name].kind
        values, notes = kind.values(self[name])
        if not values:
            default = self.default(name)
            shown = TABLE[name].shown(default)
            return kind.values(default)[0], [*notes, Note(kind.empty, {"shown": shown})]
        return values, notes

    def hides(self, *names: str) -> bool:
        """Tell whether all of some controls, or of some parts of the page, are hidden."""
        return {*names} <= {*self["hide"]}

    def locks(self, name: str) -> bool:
        """Tell whether the control of a setting is shown but locked.

        With all settings that is the experiment's; how it is watched is not.
        """
        locked = self["lock"]
        return name in locked or (CONTROLS in locked and name not in WATCHING)

    def absent(self, name: str) -> bool:
        """Tell whether a setting has no control here: hidden, or what is compared replaces it."""
        return self.replaced(name) or self.hides(name)

    def changed(self, changes: Mapping[str, Any]) -> tuple[Settings, list[Note]]:
        """Return the settings after a change by hand, and what else had to change with it.

        A value that its setting does not take leaves it as it is. A preset begins anew.
        """
        changes = self._opening(changes)
        kept = KEPT if {"preset", "lesson"} & {*changes} else self.values
        values = {id: value for id, value in self.values.items() if id in kept}
        for name, value in changes.items():
            try:
                values[name] = TABLE[name].kind.check(value)
            except (ValueError, TypeError, OverflowError):  # a whole number that no float holds
                continue
        settings, unfit = settled(values)
        return settings, [unfit_note(settings, name, old, self) for name, old in unfit.items()]

    def _opening(self, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a change of the surface as one of the preset, where that opens on one.

        It does if nothing was changed before: what a visitor has set is kept on another surface.
        """
        if set(changes) != {"surface"} or set(self.values).difference(UNTOUCHED):
            return changes
        for preset in PRESETS.values():
            if changes["surface"] in preset.opens:
                return {"preset": preset.slug}
        # What was made for one surface is too special for another.
        return {"preset": "", **changes} if self.preset and self.preset.opens else changes


def settled(values: Mapping[str, Any]) -> tuple[Settings, dict[str, Any]]:
    """Return the settings with every value that does not fit the others changed.

    Also returns the values that did not fit, by id. What is at its default is left out, and so is,
    in a lesson, what its card says.
    """
    if values.get("lesson"):
        values = {id: value for id, value in values.items() if id in BESIDE}
    settings, unfit = Settings(values), {}
    for setting in DEPENDENT:
        value = settings[setting.id]
        fitting = setting.fitting(settings, value)
        if fitting != value:
            unfit[setting.id] = value
            settings = Settings({**settings.values, setting.id: fitting})
    kept = {id: value for id, value in settings.values.items() if value != settings.default(id)}
    return Settings(kept), unfit


def unfit_note(settings: Settings, id: str, old: Any, before: Settings | None = None) -> Note:
    """Return a note on a value that had to change with others, of the settings `before`."""
    setting = TABLE[id]
    values = {
        "label": Note(setting.label),
        "old": shown_value(before or settings, id, old),
        "new": shown_value(settings, id, in_use(settings, id)),
    }
    return Note(setting.unfit, values)


def in_use(settings: Settings, id: str) -> Any:
    """Return a setting's value, of a choice that is left open what is taken then."""
    value, choices = settings[id], TABLE[id].choices
    return next(iter(choices(settings)), "") if choices and value == "" else value


def shown_value(settings: Settings, id: str, value: Any) -> Any:
    """Return a value of a setting for a note; that of a run is its label."""
    if not isinstance(TABLE[id].kind, RunName):
        return TABLE[id].shown(value)
    factor, (values, _) = settings.factor, settings.listed(settings.compared)
    return dict(zip(factor.names_of(values), factor.labels_of(values), strict=True)).get(
        value, value
    )


# --- Links


def read(query: Mapping[str, str | Sequence[str]]) -> tuple[Settings, list[Note]]:
    """Return what a link says, and a note on every part of it that is not used."""
    given = {name: [text] if isinstance(text, str) else list(text) for name, text in query.items()}
    given = {name: texts for name, texts in given.items() if texts}
    ids = ids_of(list(given), given.get("preset", [""])[-1])
    values: dict[str, Any] = {}
    doubted: set[str] = set()
    notes: list[Note] = []
    for name, id in ids.items():
        if id not in TABLE:
            notes += unknown(name, given[name])
            continue
        value, used = TABLE[id].kind.read(given[name])
        if value is not None:
            values[id] = value
        if not used:
            doubted.add(id)
    if any(name in values for name in LOOKING):
        values.setdefault("look", "open")
    settings, unfit = settled(values)
    for name, id in ids.items():
        if id in unfit or (id in doubted and id not in values):
            notes.append(refused(settings, name, id, given[name]))
        elif id in doubted:
            notes.append(half_used(settings, name, id, given[name]))
        elif settings["lesson"] and id in values and id not in BESIDE:
            notes.append(Note(NOT_IN_LESSON, shown(name, given[name])))
    told = {*ids.values()}
    notes += [unfit_note(settings, id, old) for id, old in unfit.items() if id not in told]
    return settings, notes


def bare(query: Mapping[str, Any]) -> bool:
    """Tell whether a link says nothing of the lab."""
    return not set(query).difference(FRAME, KEPT)


def opening(query: Mapping[str, str | Sequence[str]]) -> tuple[Settings, list[Note]]:
    """Return what the page shows for its link, and the notes: a bare one opens on a preset."""
    return read({**query, "preset": OPENING} if bare(query) else query)


def ids_of(names: Sequence[str], slug: str) -> dict[str, str]:
    """Return the settings' ids for the names in a link with a preset.

    In links of old a name began with the preset's slug. Those of some maps' settings begin like
    that by themselves: a link is of old if it has a name that is a setting's only without the slug.
    """
    without = {name: name.removeprefix(f"{slug}.") if slug in PRESETS else name for name in names}
    old = any(name not in TABLE and id in TABLE for name, id in without.items())
    return {name: id if old and id in TABLE else name for name, id in without.items()}


def unknown(name: str, texts: list[str]) -> list[Note]:
    """Return a note on a name in a link that is no setting's, unless it may be there."""
    if name in FREE and (name != "v" or {*texts} <= {*VERSIONS}):
        return []
    message = OTHER_VERSION if name == "v" else UNKNOWN
    return [Note(message, {**shown(name, texts), "version": VERSION})]


def refused(settings: Settings, name: str, id: str, texts: list[str]) -> Note:
    """Return a note on a setting whose value in a link cannot be used."""
    if id == "preset":
        return Note(NO_PRESET, shown(name, texts))
    if isinstance(kind := TABLE[id].kind, Text):
        return kind.why(texts)
    value = in_use(settings, id)
    if value in ("", ()):
        return Note(REFUSED_NONE, shown(name, texts))
    used = shown_value(settings, id, value)
    used = clean(used) if isinstance(used, str) else used
    return Note(REFUSED, {**shown(name, texts), "used": used})


def half_used(settings: Settings, name: str, id: str, texts: list[str]) -> Note:
    """Return a note on a setting of which a link says more than can be used."""
    if len(texts) == 1 or isinstance(settings[id], tuple):
        return refused(settings, name, id, texts)
    last = clean(texts[-1])
    return Note(GIVEN_TWICE, {"name": clean(name), "count": len(texts), "last": last})


def shown(name: str, texts: list[str]) -> dict[str, str]:
    """Return the parts of a link for a note."""
    return {"name": clean(name), "given": clean(", ".join(texts))}


def write(settings: Settings) -> dict[str, list[str]]:
    """Return the link of settings, defaults left out: the texts of each by its name.

    It always says something of the lab, because a page whose link does not opens on a preset.
    """
    values = dict(settings.values)
    if bare(values):
        values["surface"] = settings["surface"]
    if any(name in values for name in LOOKING):
        values["look"] = settings["look"]
    texts = {name: TABLE[name].kind.write(value) for name, value in values.items()}
    return {"v": [VERSION], **texts}


def says(query: Mapping[str, Sequence[str]], settings: Settings) -> bool:
    """Tell whether a link is that of settings as it stands, with its version or without."""
    return {"v": [VERSION], **query} == write(settings)


# --- Presets


@functools.cache
def defaults(slug: str) -> Mapping[str, Any]:
    """Return the settings, by id, that show a preset; without one, the page's first experiment."""
    preset = PRESETS.get(slug)
    compare = FACTORS[preset.compare if preset else TABLE["compare"].default]
    values = values_of(preset.experiment if preset else DEFAULT, compare)
    if preset:
        values |= preset.settings
    if preset and preset.map:
        values |= {"view": MAPS_VIEW, **preset.map}
    return MappingProxyType({id: TABLE[id].kind.check(value) for id, value in values.items()})


@functools.cache
def of_card(lesson: str, number: int) -> Mapping[str, Any]:
    """Return the settings, by id, that show a lesson's card."""
    shown, _ = read(LESSONS[lesson].cards[number - 1].shows)
    # Arrows would tell the next step.
    given = {**defaults(shown["preset"]), "arrows": HIDDEN, **shown.values}
    given.pop("preset", None)  # whose words would say what comes of it
    return MappingProxyType(given)


def values_of(experiment: Experiment, factor: Factor) -> dict[str, Any]:
    """Return the settings, by id, that give an experiment whose runs differ in a factor."""
    surface, first = experiment.surface, experiment.runs[0]
    record = experiment.surface_record
    x, y = experiment.start or record.start
    # As many samples as are usual change with the surface.
    usual = experiment.samples == record.usual_samples
    values: dict[str, Any] = {
        "surface": surface,
        **{
            f"{surface}.{fact.name}": fact.named(experiment.params[fact.name])
            for fact in record.parameters
        },
        **(values_of_formula(record) if isinstance(record, Formula) else {}),
        f"{surface}.x": x,
        f"{surface}.y": y,
        "compare": factor.name,
        "length": experiment.steps,
        "noise": experiment.noise,
        **({} if usual else {"samples": experiment.samples}),
        "seed": experiment.seed,
        "l2": experiment.l2,
        "l1": experiment.l1,
        "l1_step": experiment.l1_step,
        "keep": experiment.keep,
        "optimizers": tuple(dict.fromkeys(run.optimizer for run in experiment.runs)),
        "batch": batch_text(first.batch_size),
        "covariance": first.covariance,
        "drawing": drawing_text(first.replacement),
        "accumulate": first.accumulate,
        "schedule": first.schedule,
        "warmup": first.warmup,
        **values_of_clip_and_stop(first),
    }
    for run in experiment.runs:
        values |= values_of_run(surface, run)
    if not factor.of_rules:
        values[f"{factor.name}.optimizer"] = first.optimizer
    return values | dict(factor.defaults(experiment))


def values_of_run(surface: str, run: Run) -> Iterable[tuple[str, Any]]:
    """Return the settings of one run that are not shared by all, as pairs."""
    rule, name = OPTIMIZERS[run.optimizer], run.optimizer
    yield f"{surface}.{name}.lr", rule.default_rate(SURFACES[surface]) if run.lr is None else run.lr
    if f"{name}.weight_decay" in TABLE:
        yield f"{name}.weight_decay", run.weight_decay
    for fact in rule.hyperparameters:
        yield f"{name}.{fact.name}", fact.named(run.hyper[fact.name])
    for key, value in run.schedule_params.items():
        text = number_list(value) if isinstance(value, tuple) else value
        yield f"{run.schedule}.{key}", text
