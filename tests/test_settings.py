"""Settings: what a link says, what is chosen by it, and that a link is written as it is read."""

from __future__ import annotations

import dataclasses
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import comparing

from landscape import SURFACES, Formula
from optimizers import OPTIMIZERS, SCHEDULES, Experiment, Run, simulate
from views.maps import MAPS
from views.presets import DEFAULT, PRESETS
from views.settings.choice import choose
from views.settings.formulas import FORMULA_IDS, Text
from views.settings.setting import (
    Listed,
    NumberList,
    OneOf,
    PairList,
    PointList,
    Range,
    RunName,
    Setting,
    Several,
)
from views.settings.settings import VERSION, VERSIONS, Settings, defaults, read, settled, write
from views.settings.table import DEPENDENT, FACTORS, TABLE
from views.settings.teaching import Code, Letters, Names

LINKS = json.loads((Path(__file__).parent / "fixtures" / "links.json").read_text("utf-8"))


def experiment_of(given: dict[str, Any]) -> Experiment:
    """Return an experiment from its fields as JSON holds them."""
    runs = tuple(Run(**run) for run in given["runs"])
    formula = Formula(**given["formula"]) if "formula" in given else None
    return Experiment(**{**given, "runs": runs, "formula": formula})


# --- Links of old, recorded from the page that still drew and read at once


def test_there_are_links_of_every_preset_factor_and_map():
    assert len(LINKS) >= 30
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    assert f"| {len(LINKS)} links with" in readme
    slugs = {case["link"]["preset"] for case in LINKS if "preset" in case["link"]}
    assert len(slugs) == 19, "all that there were"
    assert slugs <= {*PRESETS}
    assert {*FACTORS} <= {case["compare"] for case in LINKS}
    assert len({case["map"][0] for case in LINKS if "map" in case}) == len(MAPS)


def test_the_readme_names_all_maps_and_all_that_can_be_compared():
    readme = " ".join((Path(__file__).parents[1] / "README.md").read_text("utf-8").split())
    told = readme.split("and maps of many runs: ")[1].split("Under the panels:")[0]
    maps, factors = told.split("One factor can be compared: ")
    assert sorted(maps.rstrip(". ").split(", ")) == sorted(name.lower() for name in MAPS)
    names = [name for name in FACTORS if not name.startswith("Parameter")]
    named = [name.lower().replace("l1", "L1").replace("l2", "L2") for name in names]
    assert [name for name in named if name not in factors] == []
    parameters = [name[-1] for name in FACTORS if name.startswith("Parameter")]
    assert f"{', '.join(parameters[:-1])} or {parameters[-1]}:" in factors


@pytest.mark.parametrize("version", VERSIONS)
def test_there_are_links_of_every_version(version):
    found = [case for case in LINKS if case["link"].get("v", VERSIONS[0]) == version]
    assert len(found) >= 30
    assert any("v" in case["link"] for case in found)
    assert version != VERSIONS[0] or any("v" not in case["link"] for case in found)


def test_a_link_carries_its_version_and_one_of_another_says_so():
    settings, _ = read({"surface": "Beale"})
    assert write(settings) == {"v": [VERSION], "surface": ["Beale"]}
    for version in VERSIONS:
        assert read({"v": version, "surface": "Beale"}) == (settings, [])
    (note,) = read({"v": "7", "surface": "Beale"})[1]
    assert note.text() == f"`v` = `7`: this is version {VERSION}."


@pytest.mark.parametrize("case", LINKS, ids=lambda case: "&".join(case["link"]) or "none")
def test_a_link_of_old_shows_what_it_showed(case):
    settings, _ = read(case["link"])
    choice = choose(settings)
    assert choice.experiment == experiment_of(case["experiment"])
    assert list(choice.labels) == case["labels"]
    assert (choice.unit, choice.compare) == (case["unit"], case["compare"])
    assert [note.text() for note in choice.notes] == case["messages"]
    assert choice.view == case["view"]
    assert choice.curve == case.get("curve", choice.curve)
    assert choice.tolerance == case.get("tolerance", choice.tolerance)
    look = case.get("look")
    assert (choice.look and list(dataclasses.astuple(choice.look))) == look
    if "map" in case:
        request = MAPS[settings["map"]].ask(settings, choice)
        name, fields = case["map"]
        assert type(request).__name__ == name
        experiment = dataclasses.asdict(experiment_of(fields["experiment"]))
        fields = {**fields, "experiment": json.loads(json.dumps(experiment, default=dict))}
        assert json.loads(json.dumps(dataclasses.asdict(request), default=dict)) == fields


@pytest.mark.parametrize("case", LINKS, ids=lambda case: "&".join(case["link"]) or "none")
def test_a_link_of_old_becomes_one_of_today_that_says_the_same(case):
    settings, _ = read(case["link"])
    again, notes = read(write(settings))
    assert again == settings
    assert notes == []
    assert choose(again) == choose(settings)


def test_the_names_in_links_of_old_begin_with_the_preset_and_need_not_any_more():
    old, _ = read({"preset": "batch", "batch.compare": "Seed", "batch.seeds": "7, 8"})
    assert old.values == {"preset": "batch", "compare": "Seed", "seeds": "7, 8"}
    new, _ = read({"preset": "batch", "batch.seeds": "20"})
    assert new.values == {"preset": "batch", "batch.seeds": 20}
    other, notes = read({"preset": "batch", "ravine.length": "5"})
    assert other.values == {"preset": "batch"}
    assert "`ravine.length` = `5`: there is no such setting here." in notes[0].text()


def test_a_name_without_a_value_says_nothing():
    assert read({"preset": [], "noise": (), "surface": ["Saddle"]}) == read({"surface": "Saddle"})


def test_a_preset_of_one_optimizer_can_be_compared_by_optimizers():
    settings, notes = read({"preset": "momentum", "momentum.compare": "Optimizer"})
    assert notes == []
    assert choose(settings).labels == ("Momentum",)


@pytest.mark.parametrize(
    ("surface", "slug"), [("Ackley", "ripples"), ("Rastrigin", "high-ripples")]
)
@pytest.mark.parametrize(
    "before", [{"preset": "headline"}, {}, {"preset": "zigzag", "lang": "pseudo"}]
)
def test_a_rippled_surface_opens_on_the_experiment_that_crosses_them(surface, slug, before):
    settings, notes = Settings(before).changed({"surface": surface})
    assert notes == []
    lang = {"lang": before["lang"]} if "lang" in before else {}
    assert settings.values == {"preset": slug, **lang}
    # Which is too special for another surface: that opens as it does without a preset.
    other, _ = settings.changed({"surface": "Himmelblau"})
    assert other.values == {"surface": "Himmelblau", **lang}


def test_a_rippled_surface_keeps_what_was_changed_before():
    settings, _ = Settings({"preset": "headline", "noise": 2.0}).changed({"surface": "Ackley"})
    assert settings.values == {"preset": "headline", "noise": 2.0, "surface": "Ackley"}
    # And a link is what it says.
    linked, _ = read({"surface": "Ackley"})
    assert linked.values == {"surface": "Ackley"}


# --- A link is read as it is written


def any_value(setting: Setting, choice: random.Random) -> Any:
    """Return a value that a visitor may give a setting by its control."""
    kind: Any = setting.kind
    match kind:
        case Range():
            value = choice.uniform(kind.low, kind.high)
            return choice.choice([kind.low, kind.high, int(value) if kind.whole else value])
        case OneOf():
            return choice.choice(kind.options)
        case Text():
            return choice.choice(["x*y", " x^2 + a*d*y ", "1/0", "x; import os", "&=+", "b" * 900])
        case Several():
            return choice.sample(kind.options, choice.randint(0, min(9, len(kind.options))))
        case RunName():
            return choice.choice(["", "SGD", "Adam", "lr 0.1", "nobody", "&=+ä#"])
        case NumberList():
            numbers = [choice.uniform(kind.low, kind.high) for _ in range(choice.randint(0, 10))]
            return choice.choice([", ".join(f"{n:.3g}" for n in numbers), "", "x; &=%"])
        case PairList():
            return choice.choice(["", "0.1 0.9; 0.01 0", "; ".join(["0.5 0.25"] * 3), "nan nan"])
        case PointList():
            return choice.choice(["", "0 0; 1 1", "; ".join(["0.5 0.25"] * 3), "nan nan"])
        case Names():
            return choice.choice([(), ("save",), ("gallery", "noise", "Quadratic.x")])
        case Letters():
            return choice.choice(["", "a", "-bd", "a-c-b-a"])
        case Code():
            return choice.choice(["", "4F7K", "ZZZZ"])
    raise TypeError(kind)


@pytest.mark.parametrize("seed", range(60))
def test_whatever_is_set_its_link_is_read_as_it_was_written(seed):
    choice = random.Random(seed)
    settings = Settings({})
    for _ in range(choice.randint(1, 40)):
        name = choice.choice(list(TABLE))
        if name == "preset" and choice.random() < 0.9:
            continue
        settings, _ = settings.changed({name: any_value(TABLE[name], choice)})
        link = write(settings)
        assert all(isinstance(text, str) for texts in link.values() for text in texts)
        again, notes = read(link)
        assert [note.text() for note in notes] == []
        assert again == settings
    assert len(choose(settings).labels) == len(choose(settings).experiment.runs)


@pytest.mark.parametrize("slug", ["", *PRESETS])
def test_what_is_at_its_default_is_not_in_the_link(slug):
    values = {"preset": slug} if slug else {}
    settings, _ = settled({**values, **{id: Settings(values)[id] for id in TABLE}, **values})
    # A link is never without a setting: the page without one opens on a preset.
    expected = {"v": VERSION, **(values or {"surface": DEFAULT.surface})}
    assert write(settings) == {name: [text] for name, text in expected.items()}


@pytest.mark.parametrize("slug", PRESETS)
def test_a_preset_shows_its_experiment(slug):
    choice = choose(Settings({"preset": slug}))
    assert choice.experiment == PRESETS[slug].experiment
    assert choice.compare == PRESETS[slug].compare


def test_every_default_is_a_value_of_its_setting():
    for slug in ("", *PRESETS):
        settings = Settings({"preset": slug})
        for name, setting in TABLE.items():
            assert setting.kind.check(settings[name]) == settings[name]
            assert name in TABLE
        assert {*defaults(slug)} <= {*TABLE}


# --- Settings that depend on others


class Watched(Settings):
    """Settings that remember what was asked for."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)


@pytest.mark.parametrize("compare", FACTORS)
def test_a_setting_depends_on_what_it_says_and_nothing_else(compare):
    values = {f"{factor.name}.optimizer" for factor in FACTORS.values() if not factor.of_rules}
    values |= {setting.id for factor in FACTORS.values() for setting in factor.settings}
    for setting in TABLE.values():
        settings = Watched(comparing(compare))
        settings.plain(setting.id)
        if setting.choices and setting.used(settings):
            setting.choices(settings)
        needs = {*setting.needs}
        if "compare" in needs:  # and so on what is compared, on the surface and the optimizer
            needs |= values | {"surface"}
        if "surface" in needs:  # which may be a formula
            needs |= {*FORMULA_IDS}
        assert settings.asked <= needs, setting.id


def test_a_batch_that_is_larger_than_the_data_is_changed_with_a_note_and_the_link_with_it():
    settings, notes = read({"samples": "16384", "batch": "8192", "noise": "1"})
    assert notes == []
    settings, (note,) = settings.changed({"samples": 100})
    assert settings["batch"] == "all"
    assert "8192 is more than there are samples; it is all now." in note.text()
    assert write(settings) == {"v": [VERSION], "samples": ["100"], "noise": ["1"]}
    assert choose(settings).experiment.runs[0].batch_size is None


def test_the_batch_of_a_preset_that_does_not_fit_any_more_is_changed_in_the_link_too():
    settings, (note,) = Settings({"preset": "scaling"}).changed({"samples": 10})
    assert "32 is more than there are samples" in note.text()
    link = {"preset": ["scaling"], "samples": ["10"], "batch": ["all"]}
    assert write(settings) == {"v": [VERSION], **link}
    assert read(write(settings)) == (settings, [])


def test_batches_that_do_not_fit_any_more_are_the_full_batch():
    settings, _ = read({"compare": "Batch size", "batches": ["8", "4096", "8192"]})
    settings, (note,) = settings.changed({"samples": 1000})
    assert settings["batches"] == ("8", "all")
    assert "8, 4096, 8192 is more than" in note.text()


@pytest.mark.parametrize("name", ["look.run", "map.run", "momentum.run"])
def test_a_run_that_is_gone_is_not_in_the_link_any_more(name):
    settings, notes = read({name: "Adam"})
    assert notes == []
    settings, (note,) = settings.changed({"optimizers": ["SGD", "Momentum"]})
    assert "Adam is not among the runs any more" in note.text()
    assert name not in write(settings)


def test_a_run_is_looked_at_by_its_name_whatever_its_rate():
    settings, _ = read({"fair": "the same", "Quadratic.rate": "0.03", "look.run": "Adam lr 0.03"})
    settings, notes = settings.changed({"Quadratic.rate": 0.5, "look": "open"})
    assert notes == []
    assert choose(settings).look.run == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("noise", None),
        ("noise", float("nan")),
        ("noise", -1.0),
        ("length", 1e300),
        ("noise", 10**400),
        ("length", 2.5),
        ("surface", "Everest"),
        ("surface", 3),
        ("optimizers", ["SGD", "Magic"]),
        ("optimizers", None),
        ("seed", [1]),
    ],
)
def test_a_control_that_says_what_it_cannot_changes_nothing(name, value):
    settings, _ = read({"surface": "Beale", "seed": "7"})
    assert settings.changed({name: value}) == (settings, [])


def test_every_dependent_setting_has_its_words():
    assert {setting.id for setting in DEPENDENT} >= {"batch", "batches", "look.run", "map.run"}
    assert all(setting.unfit for setting in DEPENDENT)


# --- Everything brings its settings


def test_everything_has_its_settings():
    for surface in SURFACES.values():
        names = [*(fact.name for fact in surface.parameters), "x", "y", "rate", "starts"]
        assert all(f"{surface.name}.{name}" in TABLE for name in names)
        assert all(f"{surface.name}.{rule}.{n}" in TABLE for rule in OPTIMIZERS for n in ("lr",))
    for rule in OPTIMIZERS.values():
        assert all(f"{rule.name}.{fact.name}" in TABLE for fact in rule.hyperparameters)
    for schedule in SCHEDULES.values():
        assert all(f"{schedule.name}.{fact.name}" in TABLE for fact in schedule.numbers)
    for each in MAPS.values():
        assert all(TABLE[setting.id] is setting for setting in each.settings)


@pytest.mark.parametrize("name", [id for id, s in TABLE.items() if isinstance(s.kind, Listed)])
def test_a_list_is_told_what_it_left_out(name):
    kind: Any = TABLE[name].kind
    values, notes = kind.values("everything")
    assert values == []
    assert "left out" in notes[0].text()
    assert kind.values(Settings({})[name])[0]


@pytest.mark.parametrize("compare", FACTORS)
def test_the_runs_of_a_factor_have_names_of_their_own(compare):
    settings, notes = read({**comparing(compare), "noise": "1"})
    assert notes == []
    choice = choose(settings)
    assert len({*choice.names}) == len(choice.labels) == len(simulate(choice.experiment)) > 1
    assert settings.names() == choice.names


@pytest.mark.parametrize(
    ("link", "labels"),
    [
        (
            {"compare": "Learning rate", "Quadratic.SGD.rates": "0.1, 0.12345678, 0.12345679"},
            ["rate 0.1", "rate 0.12345678", "rate 0.12345679"],
        ),
        (
            {"compare": "Learning rate", "Quadratic.SGD.rates": "0.1234567891, 0.3"},
            ["rate 0.123457", "rate 0.3"],
        ),
        (
            {"compare": "Momentum", "Quadratic.Momentum.momenta": "0.9, 0.9000000000000001"},
            ["momentum 0.9", "momentum 0.9000000000000001"],
        ),
        (
            {"compare": "Weight decay", "decays": "0.5, 0.50000001"},
            ["decay 0.5", "decay 0.50000001"],
        ),
        (
            {"compare": "Start", "Quadratic.starts": "1 2; 1 2.0000001"},
            ["start (1, 2)", "start (1, 2.0000001)"],
        ),
        (
            {
                "compare": "Rate and momentum",
                "Quadratic.Momentum.pairs": "0.1 0.9; 0.1000000001 0.9; 0.1 0",
            },
            [
                "rate 0.1, momentum 0.9",
                "rate 0.1000000001, momentum 0.9",
                "rate 0.1, momentum 0",
            ],
        ),
    ],
)
def test_labels_have_as_many_digits_as_tell_runs_apart(link, labels):
    choice = choose(read(link)[0])
    assert list(choice.labels) == labels
    # Links call runs by an older word.
    assert list(choice.names) == [label.replace("rate ", "lr ") for label in labels]


def test_a_list_is_written_with_all_digits_of_its_numbers():
    experiment = Experiment(runs=(Run("SGD", lr=0.1234567891), Run("SGD", lr=1 / 3)))
    given = FACTORS["Learning rate"].defaults(experiment)
    assert given == {"Quadratic.SGD.rates": "0.1234567891, 0.3333333333333333"}


def test_what_is_compared_by_updates_takes_the_place_of_length_and_unit():
    link = {"compare": "Updates", "budgets": "5, 50", "length": "7", "unit": "epochs", "batch": "8"}
    choice = choose(read({**link, "noise": "1"})[0])
    assert [len(t.lr) for t in simulate(choice.experiment)] == [5, 50]
    assert choice.unit == "updates"
    assert choice.labels == ("5 updates", "50 updates")


def test_what_is_cut_is_said_once_for_all_runs_of_a_length():
    choice = choose(read({"length": "30000"})[0])
    assert [note.text() for note in choice.notes] == [
        "SGD, Momentum, RMSProp, Adam: cut to 5,000 of 30,000 updates."
    ]
    link = {"compare": "Batch size", "batches": ["1", "2", "100"], "noise": "1"}
    choice = choose(read({**link, "length": "1", "unit": "epochs"})[0])
    assert [note.text() for note in choice.notes] == ["batch 1: cut to 5,000 of 10,000 updates."]


@pytest.mark.parametrize(("name", "most"), [("Linear regression", 6260), ("Sine fit", 5000)])
def test_twenty_epochs_of_ten_thousand_samples_are_drawn_of_a_regression(name, most):
    epochs = {"samples": "10000", "batch": "32", "length": "20", "unit": "epochs"}
    settings, _ = read({"surface": name, "optimizers": "SGD", **epochs})
    sized = {"samples": "1000", "batch": "1", "length": "7", "unit": "epochs"}
    longer, _ = read({"surface": name, "optimizers": "SGD", **sized})
    assert choose(longer).experiment.steps == most
    assert any("cut to" in note.text() for note in choose(longer).notes)
    if most == 6260:
        assert choose(settings).experiment.steps == 20 * 313
        assert not choose(settings).notes


def test_a_warm_up_and_a_pair_change_the_run_that_has_them_and_no_other():
    runs = choose(read({"compare": "Warm-up", "warmups": "0, 20"})[0]).experiment.runs
    assert runs == (Run("SGD", lr=runs[0].lr), Run("SGD", lr=runs[0].lr, warmup=20))
    link = {"compare": "Rate and momentum", "Quadratic.Nesterov.pairs": "0.1 0; 0.01 0.9"}
    choice = choose(read({**link, "Rate and momentum.optimizer": "Nesterov"})[0])
    assert [(r.optimizer, r.lr, r.hyper["momentum"]) for r in choice.experiment.runs] == [
        ("Nesterov", 0.1, 0),
        ("Nesterov", 0.01, 0.9),
    ]


def test_the_pairs_to_begin_with_have_one_effective_rate():
    runs = choose(read({"compare": "Rate and momentum"})[0]).experiment.runs
    rates = [run.lr / (1 - run.hyper["momentum"]) for run in runs]
    assert len(rates) == 4
    assert rates == pytest.approx([rates[0]] * 4, rel=0.01)


def test_a_pair_out_of_bounds_is_left_out_and_said():
    link = {"compare": "Rate and momentum", "Quadratic.Momentum.pairs": "0.1 0.5; 0.1 1.5; 3"}
    choice = choose(read(link)[0])
    assert choice.labels == ("rate 0.1, momentum 0.5",)
    assert [note.text() for note in choice.notes] == [
        f"`{word}` is left out: not a number from 0 to 100 and one from 0 to 0.999."
        for word in ("0.1 1.5", "3")
    ]


def test_a_link_is_read_and_an_experiment_chosen_in_less_than_a_millisecond():
    links = [case["link"] for case in LINKS if case["link"].get("fair") != "each its best"]

    def pass_over() -> float:
        before = time.thread_time()  # not the time of whatever else the machine does
        for link in links:
            choose(read(link)[0])
        return (time.thread_time() - before) / len(links)

    assert min(pass_over() for _ in range(10)) < 1e-3
