"""L2, L1 and dropout: where they move the minimum, and how a run meets the kink of L1."""

from __future__ import annotations

from optimizers import Experiment, Run
from optimizers.record import L1_STEPS
from views.presets.preset import Group, Preset

PRESETS = (
    Preset(
        slug="l2-pulls-in",
        title="L2 pulls the minimum in",
        claim="Of two features that are correlated the first alone matters. The stronger L2, the"
        " nearer to 0 the minimum lies: 0.96, 0.78, 0.56 and 0.33 away at strengths 0, 0.1, 0.5 and"
        " 2. The weight is shared, the second gets up to 0.26, and neither becomes 0. The ravine"
        " gets rounder, its condition falls from 9.7 to 1.7.",
        caption="From 0.96 away from 0 without L2 to 0.33 at strength 2",
        experiment=Experiment(
            surface="Two features",
            steps=150,
            runs=tuple(Run("SGD", lr=0.2, l2=strength) for strength in (0.0, 0.1, 0.5, 2.0)),
        ),
        compare="L2 strength",
    ),
    Preset(
        slug="l1-zero",
        title="L1 sets a weight to exactly 0",
        claim="With L1 of strength 0.3 the loss has a kink where a weight is 0, and there lies the"
        " minimum: the second weight is exactly 0. Proximal steps set it to 0 at update 39 and"
        " leave it there. Subgradient steps never rest: of the last 100 steps 62 still jump from"
        " one side of 0 to the other.",
        caption="The minimum lies on the axis, at a corner of the diamond",
        experiment=Experiment(
            surface="Two features",
            params={"correlation": 0.3},
            l1=0.3,
            steps=200,
            runs=tuple(Run("SGD", lr=0.1, l1_step=step) for step in L1_STEPS),
        ),
        compare="Step of L1",
    ),
    Preset(
        slug="dropout",
        title="Dropout shrinks weights",
        claim="Every update takes all samples, and keeps each of their inputs with probability 1,"
        " 0.8, 0.5 or 0.2. On average that is an L2 penalty: the fewer are kept, the nearer to 0"
        " lies the minimum: 0.96, 0.67, 0.46 and 0.22 away. The runs end within 0.03 of it, and"
        " neither weight becomes 0.",
        caption="Kept at 1 to 0.2, the minimum lies 0.96 to 0.22 from 0",
        experiment=Experiment(
            surface="Two features",
            steps=300,
            runs=tuple(
                Run("SGD", lr=0.2, schedule="Cosine", keep=keep) for keep in (1.0, 0.8, 0.5, 0.2)
            ),
        ),
        compare="Keep probability",
    ),
    Preset(
        slug="adamw",
        title="AdamW is not L2",
        claim="Both runs have weight decay 0.5. Added to the gradient, as L2, it moves Adam's end"
        " by 0.025 only. Decoupled, it stops AdamW 1.05 before the minimum, just below x = 2 ="
        " 1 / 0.5: there the pull back is as large as Adam's step.",
        caption="Decay 0.5 moves Adam's end by 0.025, AdamW's by 1.05",
        experiment=Experiment(
            surface="Himmelblau",
            start=(0.5, 0.5),
            steps=400,
            runs=tuple(
                Run(name, lr=0.1, weight_decay=0.5, schedule="Cosine") for name in ("Adam", "AdamW")
            ),
        ),
    ),
)

GROUP = Group("Regularization", "Regularization", 7, PRESETS)
