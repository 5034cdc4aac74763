"""The identity of a decision: what another machine changes is no part of it, and everything that is computed with is."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ntgate.config import RunConfig
from ntgate.stages.champion import ChampionSeen
from ntgate.stages.code import own_code
from ntgate.stages.identity import decision_id, decision_ids, same_but_for_rounding
from ntgate.training.weight_files import described

DATA = {"source": {"path": "source.csv"}, "target": {"path": "target.csv"}}


def config(**parts) -> RunConfig:
    model = {"name": "reader", **parts.pop("model", {})}
    return RunConfig.model_validate({"model": model, "data": DATA, "registry": {"uri": "sqlite:///m.db"}, **parts})


def identity(given: RunConfig, version: str | None = None) -> str:
    return decision_id(given, SimpleNamespace(fingerprints={"train": "a"}), ChampionSeen(version=version))


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"model": {"backbone": {"kind": "transformers", "path": "/there/minilm"}}},
        {"model": {"source_checkpoint": "/there/source.safetensors"}},
        {"training": {"device": "cpu", "device_memory": 1.0, "processes": 4, "workers": 2}},
        {"data": {"source": {"path": "s3://there/source.csv"}, "target": {"path": "/there/target.csv"}}},
        {"output": "/there", "registry": {"uri": "postgresql://there/m"}},
    ],
)
def test_places_and_machines_are_no_part_of_it(elsewhere):
    here = {key: dict(value) for key, value in elsewhere.items() if key == "model"}
    if "backbone" in here.get("model", {}):
        here["model"]["backbone"] = {"kind": "transformers", "path": "minilm"}
    if "source_checkpoint" in here.get("model", {}):
        here["model"]["source_checkpoint"] = "source.safetensors"
    assert identity(config(**elsewhere)) == identity(config(**here))


@pytest.mark.parametrize("other", [{"seed": 1}, {"training": {"batch_size": 32}}, {"model": {"name": "other"}}])
def test_what_is_computed_with_is(other):
    assert identity(config(**other)) != identity(config())


def test_that_of_an_earlier_run_is_known_whatever_champion_it_saw():
    ingested = SimpleNamespace(fingerprints={"train": "a"})
    known = decision_ids(config(), ingested, ChampionSeen(version="3"))
    assert {identity(config(), version) for version in (None, "1", "3", "20")} <= known
    assert identity(config(seed=1), "3") not in known


def test_models_of_ones_own_code_may_differ_by_more_than_rounding(tmp_path, monkeypatch):
    ingested, seen = SimpleNamespace(fingerprints={"train": "a"}), ChampionSeen(version="3")
    assert same_but_for_rounding(config(), ingested, seen) == decision_ids(config(), ingested, seen)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "drawn.py").write_text("import random\nclass Net: ...\n")
    assert same_but_for_rounding(config(model={"backbone": "drawn:Net"}), ingested, seen) == frozenset()


def test_code_of_ones_own_is_a_part_of_it(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "nets_of_mine.py").write_text("class Net: ...\n")
    given = config(model={"backbone": "nets_of_mine:Net"})
    before = identity(given)
    assert identity(given) == before
    (tmp_path / "nets_of_mine.py").write_text("class Net: 'another'\n")
    assert identity(given) != before
    (tmp_path / "package_of_mine").mkdir()
    (tmp_path / "package_of_mine" / "__init__.py").touch()
    (tmp_path / "package_of_mine" / "inner.py").write_text("one = 1\n")
    first = own_code(["package_of_mine.nets:Net"])
    (tmp_path / "package_of_mine" / "inner.py").write_text("one = 2\n")
    assert first.keys() == {"package_of_mine"}
    assert own_code(["package_of_mine.nets:Net"]) != first
    assert own_code({"a": ["yes:No", "12:30", "ntgate.config:RunConfig"]}) == {}


def test_what_a_transformers_folder_says_counts_and_where_it_lies_does_not(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name / "1_Pooling").mkdir(parents=True)
        (tmp_path / name / "config.json").write_text("{}")
        (tmp_path / name / "1_Pooling" / "config.json").write_text("{}")
    assert described(tmp_path / "one") == described(tmp_path / "other")
    for file in ("config.json", "tokenizer.json", "vocab.txt", "1_Pooling/config.json"):
        before = described(tmp_path / "one")
        (tmp_path / "one" / file).write_text('{"layers": 2}')
        assert described(tmp_path / "one") != before, file
