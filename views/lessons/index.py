"""What courses say and what people believe about training, and where the lab measures it.

Each sentence stands in one of three ways. One that holds under a condition only says which; one
that does not hold says what does. Cards name what they cover, and presets may, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlencode

from landscape.language import Message, msgid, tr, whole
from views.lessons import LESSONS

HOLDS, CONDITIONAL, FAILS = "holds", "conditional", "fails"
STANDINGS: Mapping[str, Message] = MappingProxyType(
    {HOLDS: msgid("holds"), CONDITIONAL: msgid("under a condition"), FAILS: msgid("does not hold")}
)


@dataclass(frozen=True)
class Sentence:
    """One sentence by the name that cards call it, how it stands, and what to add to it."""

    name: str
    standing: str
    text: Message
    but: Message = ""


COURSE = (
    Sentence(
        "sgd-update",
        HOLDS,
        "An update over all samples is costly; SGD updates from a few of them, others each time.",
    ),
    Sentence(
        "epoch",
        HOLDS,
        "An epoch passes every sample once, shuffled anew and cut into batches; updates are epochs"
        " × iterations.",
        "Iterations are rounded up: the last batch has what is left.",
    ),
    Sentence(
        "updates-and-time",
        CONDITIONAL,
        "Small batches make more updates in an epoch, and an epoch takes longer with them.",
        "The time is measured on the machine that runs.",
    ),
    Sentence(
        "batch-noise",
        HOLDS,
        "The smaller the batch, the more its direction differs from the true gradient.",
    ),
    Sentence(
        "powers-of-two",
        FAILS,
        "Batch sizes have to be powers of two.",
        "It is a habit: a size beside it does as well.",
    ),
    Sentence(
        "small-batches-escape",
        CONDITIONAL,
        "Small batches escape from local minima more often.",
        "As a share of many runs, and with too much noise nothing settles.",
    ),
    Sentence(
        "large-batches-faster",
        CONDITIONAL,
        "Large batches converge faster.",
        "For equal updates yes, for equal samples no.",
    ),
    Sentence(
        "full-batch",
        HOLDS,
        "Batch gradient descent needs the fewest updates and goes steadily, but needs all samples"
        " at once.",
    ),
    Sentence(
        "single-sample",
        HOLDS,
        "One sample at a time makes fast, noisy steps that change direction, and hardly reaches the"
        " minimum.",
    ),
    Sentence(
        "stops-where-flat",
        CONDITIONAL,
        "SGD stops at local minima and saddles, where the gradient is 0.",
        "At a saddle only on its stable line, and without noise.",
    ),
    Sentence(
        "momentum-moves-on",
        HOLDS,
        "Momentum keeps a velocity and moves on where the gradient is 0.",
    ),
    Sentence(
        "momentum-smooths",
        CONDITIONAL,
        "Momentum damps the swing across a ravine, speeds up along it and helps against a high"
        " condition number.",
        "At a suited rate: at SGD's rate it swings more.",
    ),
    Sentence(
        "nesterov",
        HOLDS,
        "Nesterov corrects a wrong velocity by the gradient ahead: good on convex problems, no"
        " promise elsewhere.",
    ),
    Sentence(
        "narrow-minima",
        CONDITIONAL,
        "Momentum skips narrow minima: that is its nature.",
        "Of all starts it gains some and loses others.",
    ),
    Sentence(
        "adagrad-shrinks",
        HOLDS,
        "AdaGrad divides by the root of the sum of squared gradients, so that its steps shrink.",
    ),
    Sentence(
        "adagrad-saddle",
        CONDITIONAL,
        "AdaGrad stops at a saddle.",
        "On the ridge exactly; beside it, how long it stays is measured.",
    ),
    Sentence(
        "rmsprop",
        HOLDS,
        "RMSProp lets the sum of squares decay, so that the step does not vanish.",
    ),
    Sentence(
        "adagrad-higher-rate",
        CONDITIONAL,
        "With a larger rate AdaGrad does what RMSProp does.",
        "It arrives, too, but by shrinking steps.",
    ),
    Sentence("adam", HOLDS, "Adam is RMSProp with momentum, and used the most."),
    Sentence(
        "adam-conditioning",
        CONDITIONAL,
        "Adam is slow where the conditioning is poor.",
        "Where the ravine lies across the axes; along them it is not.",
    ),
    Sentence(
        "taylor",
        HOLDS,
        "First-order methods follow a linear model; second-order ones jump to the minimum of a"
        " quadratic one.",
    ),
    Sentence(
        "newton",
        CONDITIONAL,
        "Newton needs no rate, but much memory, and is not used for deep learning.",
        "On a quadratic; elsewhere it also goes to saddles.",
    ),
    Sentence(
        "lbfgs",
        CONDITIONAL,
        "L-BFGS is for full batches and few parameters, and bad with noise.",
        "Measured on a ravine, without noise and with it.",
    ),
    Sentence("regularization", HOLDS, "L1, L2 and dropout regularize."),
    Sentence(
        "blindfolded",
        HOLDS,
        "Training is walking down a mountain blindfolded: from where one stands one cannot know the"
        " lowest point.",
    ),
    Sentence(
        "stride",
        HOLDS,
        "The update is w ← w − rate × gradient: the rate is the stride.",
    ),
    Sentence(
        "stride-everywhere",
        CONDITIONAL,
        "A rate of 0.01 is usually right.",
        "It suits some surfaces and ruins others.",
    ),
    Sentence(
        "sgd-zigzags",
        CONDITIONAL,
        "SGD zigzags much more than others, and so is slow.",
        "In the famous figure it ends lower than Momentum.",
    ),
    Sentence(
        "loss-curves",
        CONDITIONAL,
        "A loss that explodes says very high, one that falls and then stays flat high, one that"
        " falls quickly good, one that falls slowly low.",
        "The flat one needs noise, or a run that bounces.",
    ),
    Sentence(
        "schedules",
        HOLDS,
        "A rate is high at first and lower later: by steps, cosine, linearly, by an inverse square"
        " root; and it is warmed up.",
    ),
    Sentence(
        "batch-and-rate",
        CONDITIONAL,
        "The larger the batch, the less noise, the smoother the curve, and the higher the best"
        " rate.",
        "Up to a critical batch.",
    ),
    Sentence(
        "batch-cost",
        HOLDS,
        "A large batch is exact and costly per iteration, a small one noisy and cheap.",
        "Per sample the large one is cheaper.",
    ),
    Sentence(
        "updates-per-epoch",
        HOLDS,
        "Weights change once per batch: 10,000 samples are 100 updates of 100, or 10 of 1,000.",
    ),
    Sentence(
        "small-are-slow",
        FAILS,
        "Small batches learn slowly; large ones go in big strides and may not settle.",
        "At one rate the small batch is the one that does not settle; a large rate strides.",
    ),
    Sentence(
        "rate-falls",
        CONDITIONAL,
        "So the rate has to go from large to small.",
        "Under noise; without it a constant rate arrives.",
    ),
)

MISCONCEPTIONS = (
    Sentence(
        "zigzag-by-sampling",
        FAILS,
        "SGD zigzags because samples are drawn at random.",
        "With all samples and no noise it changes sides at every step all the same.",
    ),
    Sentence(
        "momentum-always-smooths",
        FAILS,
        "Momentum always smooths.",
        "At the same rate it swings more; at the same effective rate it glides.",
    ),
    Sentence(
        "momentum-frees",
        FAILS,
        "Momentum frees from local minima.",
        "It gains some starts and loses others.",
    ),
    Sentence(
        "sgd-stops-at-saddles",
        FAILS,
        "SGD stops at saddles.",
        "Exactly on the ridge for ever; beside it for a while; with noise never.",
    ),
    Sentence(
        "mini-batches-avoid-minima",
        FAILS,
        "The full batch falls into local minima, mini-batches avoid them.",
        "Only some shares of the runs get out, by the size of the batch.",
    ),
    Sentence(
        "decay-is-batch",
        FAILS,
        "Halving the rate is the same as doubling the batch.",
        "The clouds that remain differ in size.",
    ),
    Sentence(
        "batch-power-of-two",
        FAILS,
        "A batch must be a power of two.",
        "Sizes 100 and 128 end alike.",
    ),
    Sentence(
        "bigger-is-better",
        FAILS,
        "Bigger batches are always better, or always worse.",
        "They save updates up to a critical size, and none beyond it.",
    ),
    Sentence(
        "accumulating-adds-noise",
        FAILS,
        "Accumulating gradients adds noise.",
        "Four batches of 8 are one of 32.",
    ),
    Sentence(
        "adam-tunes-itself",
        FAILS,
        "Adam tunes its own rate.",
        "Its loss depends on the rate as that of others does.",
    ),
    Sentence(
        "decay-is-l2",
        FAILS,
        "Weight decay is L2.",
        "For SGD it is; for Adam the two end in different places.",
    ),
    Sentence(
        "l2-zeroes",
        FAILS,
        "L2 sets weights to zero, and dropout is nothing but an ensemble.",
        "L2 makes them smaller, and leaves none at zero.",
    ),
    Sentence(
        "second-order-faster",
        FAILS,
        "A second-order method is simply faster.",
        "Newton's method also lands on saddles.",
    ),
    Sentence(
        "epoch-is-iteration",
        FAILS,
        "An epoch is an iteration.",
        "It has as many iterations as batches.",
    ),
    Sentence(
        "normalizing-is-cosmetic",
        FAILS,
        "Normalizing the data is cosmetic.",
        "It decides the condition number.",
    ),
)


def cards_on(name: str) -> Iterator[tuple[str, str]]:
    """Return the links of the cards that show a sentence, each with what to call it."""
    for lesson in LESSONS.values():
        for place, card in enumerate(lesson.cards):
            if name in card.covers:
                link = urlencode({"lesson": lesson.name, "card": place + 1})
                yield (
                    link,
                    tr("{lesson}, card {place}", lesson=tr(lesson.title), place=whole(place + 1)),
                )
