"""Losses that are means over samples, and batches of them."""

from __future__ import annotations

from optimizers import Experiment, Run
from views.presets.preset import Group, Preset

LINE = {"mean": 2.0, "noise": 1.0}

PRESETS = (
    Preset(
        slug="one-pass",
        title="One pass over the data",
        claim="Both runs see all 10,000 samples once, at the same rate. Batches of 100 make 100"
        " updates of that and end 0.015 above the lowest loss; batches of 1,000 make 10, and are"
        " still 3.8 above it, of 8.9 at the start.",
        caption="Batches of 100 make 100 updates, those of 1,000 make 10",
        experiment=Experiment(
            surface="Linear regression",
            params=LINE,
            samples=10_000,
            steps=100,
            runs=(
                Run("SGD", lr=0.2, batch_size=100),
                Run("SGD", lr=0.2, batch_size=1_000, steps=10),
            ),
        ),
        compare="Batch size",
        settings={"unit": "epochs", "length": 1},
    ),
    Preset(
        slug="three-batches",
        title="Full, mini and single",
        claim="Five passes over 100 samples, at one rate. The full batch makes 5 smooth updates"
        " and is 0.87 above the lowest loss. Batches of 10 make 50: of 200 seeds half come within"
        " 0.0042. Single samples make 500 and are thrown about: half end more than 0.046 above it.",
        caption="After 5 passes batches of 10 are closest",
        experiment=Experiment(
            surface="Logistic regression",
            steps=500,
            runs=(
                Run("SGD", lr=1.0, steps=5),
                Run("SGD", lr=1.0, batch_size=10, steps=50),
                Run("SGD", lr=1.0, batch_size=1),
            ),
        ),
        compare="Batch size",
        settings={"unit": "epochs", "length": 5},
        opens=("Logistic regression",),
    ),
    Preset(
        slug="wandering",
        title="A falling rate settles a small batch",
        claim="Batches of 2 out of 100 samples. At a constant rate the run wanders about the"
        " minimum: over 200 seeds the median loss after 400 updates is 0.081 above the lowest."
        " Cosine decay leaves 0.00056.",
        caption="Batches of 2 wander at a constant rate",
        experiment=Experiment(
            surface="Two features",
            params={"noise": 1.0},
            steps=400,
            runs=tuple(
                Run("SGD", lr=0.3, batch_size=2, schedule=name) for name in ("Constant", "Cosine")
            ),
        ),
        compare="Schedule",
    ),
    Preset(
        slug="reshuffling",
        title="Reshuffling against drawing with replacement",
        claim="Batches of 10 out of 100 samples for 20 epochs: the ends of 200 seeds. Reshuffled,"
        " an epoch takes every sample once, and what one batch has too much of the others lack: the"
        " median loss is 0.00093 above the lowest. Drawn with replacement, some samples are taken"
        " twice and others not at all: it is 0.013 above, and the cloud 3.6 times as wide.",
        caption="Drawn with replacement the cloud is 3.6 times as wide",
        experiment=Experiment(
            surface="Linear regression",
            params={"mean": 0.0, "noise": 2.0},
            steps=200,
            runs=tuple(
                Run("SGD", lr=0.1, batch_size=10, replacement=drawn) for drawn in (False, True)
            ),
        ),
        compare="Drawing",
        settings={"show": "ends"},
    ),
    Preset(
        slug="standardized",
        title="Standardizing turns the ravine round",
        claim="A feature of mean 3 makes a ravine of condition 139: the run crosses it at every one"
        " of 59 turns, in ever smaller steps, and after 60 updates it is still 0.7 above the lowest"
        " loss. With the feature standardized the condition is 1: at the same rate the run goes"
        " straight, to within 4e-9.",
        caption="A ravine of condition 139, and the same data in a round bowl",
        experiment=Experiment(
            surface="Linear regression",
            params={"mean": 3.0, "noise": 0.5},
            steps=60,
            runs=tuple(Run("SGD", lr=0.17, params={"standardize": on}) for on in (0.0, 1.0)),
        ),
        compare="Standardizing",
        opens=("Linear regression",),
    ),
)

GROUP = Group("Data and their batches", "Data", 6, PRESETS)
