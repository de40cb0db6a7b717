"""The settings of how a descent is watched: what is drawn beside it, and where the clock stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from landscape.language import msgid
from optimizers import Average, Experiment
from optimizers.analysis.averaging import AVERAGES, EXPONENTIAL, MOST_GAMMA, USUAL_GAMMA
from optimizers.analysis.lookahead import NESTEROV, looks_ahead
from optimizers.simulation.experiment import MOST_STEPS
from views.settings.noise import idle_without_noise
from views.settings.rates import SET_MOMENTUM
from views.settings.setting import Idle, Note, OneOf, Range, Setting
from views.theme import MOST_PANELS

if TYPE_CHECKING:
    from views.settings.settings import Settings

PATHS, ENDS = "paths", "ends"  # what stands in a panel
SEEDS_OF_ENDS = 200  # whose ends are shown
MOST_UPDATES_OF_ENDS = 2**25  # updates of all of them, some seconds of one core
HIDDEN, SHOWN = "0", "1"
ONE_END = msgid("The gradients are exact: all seeds take one path, to one end.")
LABELS = (msgid("hidden"), msgid("shown"))
SPEEDS = ("0.25", "0.5", "1", "2", "4")
LAST = 10_000_000  # a step that every run has ended before
FEW = 2  # runs, whose panels have room for arrows
UNAVERAGED = msgid("none")
NOT_AHEAD = msgid("No run is Nesterov with momentum, so that none looks ahead.")
NO_MOMENTUM = msgid("Nesterov without momentum does not look ahead.")
ADD_NESTEROV = msgid("Add Nesterov")


def arrows(settings: Settings) -> str:
    """Return whether arrows are drawn where nothing is said: where the panels are large."""
    return SHOWN if len(settings.names()) <= FEW else HIDDEN


def average_of(settings: Settings) -> Average | None:
    """Return the average of the iterates that is shown, if there is one."""
    kind = settings["average"]
    if kind == UNAVERAGED:
        return None
    return Average(kind, settings["average.gamma"], settings["average.from"])


def averaging_ids(settings: Settings) -> tuple[str, ...]:
    """Return the settings of an average that count beside what is set."""
    if settings["average"] == UNAVERAGED:
        return ("average",)
    gamma = ("average.gamma",) if settings["average"] == EXPONENTIAL else ()
    return ("average", *gamma, "average.from")


def of_nesterov(settings: Settings) -> bool:
    """Tell whether runs are Nesterov's, with or without momentum."""
    return NESTEROV in settings.rules


def idle_points(settings: Settings, experiment: Experiment) -> Idle | None:
    """Say that no run looks ahead: none is Nesterov's, or none of these has momentum."""
    if any(map(looks_ahead, experiment.runs)):
        return None
    id = f"{NESTEROV}.momentum"
    if of_nesterov(settings):
        changed = settings.compared if settings.replaced(id) else id
        value = settings.plain(changed)
        return Idle(Note(NO_MOMENTUM), Note(SET_MOMENTUM, {"value": str(value)}), {changed: value})
    rules = tuple(dict.fromkeys([*settings.rules, NESTEROV]))[-MOST_PANELS:]
    return Idle(Note(NOT_AHEAD), Note(ADD_NESTEROV), {"compare": "Optimizer", "optimizers": rules})


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "show",
        OneOf((PATHS, ENDS), labels=(msgid("paths"), msgid("ends"))),
        PATHS,
        msgid("Show"),
        msgid("The path of one seed, or where each of 200 seeds ends: one noisy path says little."),
        idle=idle_without_noise(ONE_END),
    ),
    Setting(
        "arrows",
        OneOf((HIDDEN, SHOWN), labels=LABELS),
        arrows,
        msgid("Arrows"),
        msgid("What the next update is made of, at the head of every run; after the last, none."),
        needs=("compare",),
    ),
    Setting(
        "future",
        OneOf((HIDDEN, SHOWN), labels=LABELS),
        HIDDEN,
        msgid("Path to come"),
        msgid("A thin line shows where a run will go."),
    ),
    Setting(
        "average",
        OneOf((UNAVERAGED, *AVERAGES)),
        UNAVERAGED,
        msgid("Average of the iterates"),
        msgid(
            "A thin line with a star (★) is the average of where a run has been. It changes no"
            " update: where noise keeps the iterates around a minimum, their average walks into it."
        ),
    ),
    Setting(
        "average.gamma",
        Range(0.0, MOST_GAMMA, 0.01),
        USUAL_GAMMA,
        msgid("Share kept (γ)"),
        msgid("An update keeps γ of the average and adds 1 − γ of the new iterate."),
    ),
    Setting(
        "average.from",
        Range(0, MOST_STEPS, 10, whole=True),
        0,
        msgid("From update"),
        msgid("Earlier iterates are left out, such as those on the way from the start."),
    ),
    Setting(
        "sutskever",
        OneOf((HIDDEN, SHOWN), labels=LABELS),
        HIDDEN,
        msgid("Points before looking ahead"),
        msgid(
            "A thin line with a spark (✦) is where Nesterov stands before it looks ahead, which"
            " Sutskever calls the position. The path itself has the points where gradients are"
            " taken."
        ),
        idle=idle_points,
    ),
    Setting("step", Range(0, LAST, 1, whole=True), LAST, msgid("Update shown")),
    Setting("speed", OneOf(SPEEDS), "1", msgid("Speed")),
)
