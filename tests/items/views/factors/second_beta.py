"""Second betas of one optimizer that has them."""

from dataclasses import replace

from views.settings.factor import Factor
from views.settings.numbers import told_apart
from views.settings.setting import Note, NumberList, Setting, number_list

FACTOR = Factor(
    name="Second beta",
    label="Second beta",
    place=99,
    settings=(Setting("betas", NumberList(0.0, 0.9999), "0.5, 0.9, 0.99, 0.999", "Second betas"),),
    setting=lambda settings: "betas",
    vary=lambda run, value, settings: replace(run, hyper={**run.hyper, "beta2": value}),
    names_of=lambda values: [f"beta {text}" for text in told_apart(values)],
    labels_of=lambda values: [Note("beta {value}", {"value": text}) for text in told_apart(values)],
    replaces=lambda surface, rule: (f"{rule}.beta2",),
    defaults=lambda experiment: {"betas": number_list(r.hyper["beta2"] for r in experiment.runs)},
    able=lambda rule: any(fact.name == "beta2" for fact in rule.hyperparameters),
    optimizer="Adam",
)
