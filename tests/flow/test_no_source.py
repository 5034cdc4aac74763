"""A run without source rows: a model that exists is what transfer starts from."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import save_file

from ntgate.cli.app import run as command
from ntgate.config_file import load
from ntgate.data.encoder import fit_encoder
from ntgate.errors import ConfigErrors, ModelError
from ntgate.flow import plan
from ntgate.stages.ingest import ingest
from ntgate.stages.place import Place
from ntgate.stages.source import source_model
from ntgate.strategies import STRATEGIES
from ntgate.strategies.base import Facts
from ntgate.training.source_reference import remembered


@pytest.fixture
def earlier(project):
    """The project after a source model was trained, and its source rows are gone."""
    config = load(project / "config.yaml")
    place = Place.of(config)
    made = source_model(config, place.folder, ingest(config, place))
    (project / "model").mkdir()
    for path in (made.weights.path, made.reference.path):
        name = path.rpartition("/")[2]
        shutil.copyfile(path, project / "model" / name)
    content = yaml.safe_load((project / "config.yaml").read_text())
    del content["data"]["source"]
    content["model"]["source_checkpoint"] = "model"
    content["gate"] = {"seeds": 1}
    (project / "config.yaml").write_text(yaml.safe_dump(content))
    (project / "source.npz").unlink()
    return project


def foreign(project):
    """The same weights as somebody else would have saved them."""
    from safetensors.torch import load_file

    tensors = load_file(project / "model" / "source.safetensors")
    for path in (project / "model").iterdir():
        path.unlink()
    body = {f"module.{name.removeprefix('features.')}": value for name, value in tensors.items() if name.startswith("features.")}
    torch.save({"state_dict": {**body, "module.fc.weight": torch.zeros(1000, 64)}}, project / "model" / "theirs.pt")


def test_weights_of_somebody_are_fine_tuned_and_judged(earlier, capsys):
    foreign(earlier)
    path = str(earlier / "config.yaml")
    assert command(["run", path, "--inline", "--json"]) in (0, 4)
    result = json.loads(capsys.readouterr().out)
    told = "The shift is not measured: there are no source rows, and no features of them beside the model's weights."
    assert (result["shift"]["outcome"], result["shift"]["sentence"]) == ("unmeasured", told)
    assert result["source_model"]["loaded"]["left"] == ["fc.weight"]
    left = {row["strategy"]: row["reason"] for row in result["plan"] if not row["trained"]}
    assert left == {"linear_pool": "left out: it needs source rows, and there are none"}
    assert result["data"]["rows"].keys() == {"train", "validation", "test"}
    assert result["candidate"]["strategy"] == "committee"
    shown = Path(result["reports"]["report"]).read_text(encoding="utf-8").replace("&#39;", "'")
    assert told in shown
    assert "Of model is not used: fc.weight." in shown
    assert command(["explain", result["directory"]]) == 0
    assert "named there with 'module.' before" in " ".join(capsys.readouterr().out.split())
    assert command(["drift", path]) == 2
    assert (
        "source rows to measure a shift from, or their features beside the model's weights, got neither" in capsys.readouterr().err
    )


def test_validate_says_what_was_loaded(earlier, capsys):
    foreign(earlier)
    assert command(["validate", str(earlier / "config.yaml")]) == 0
    out = capsys.readouterr().out
    assert "2 tensors (4,160 numbers) of the backbone come from model, in its state_dict, named there with 'module.' before" in out
    assert "Of model is not used: fc.weight." in out
    save_file({"conv.weight": torch.zeros(2)}, earlier / "other.safetensors")
    assert command(["validate", str(earlier / "config.yaml"), "--set", "model.source_checkpoint=other.safetensors"]) == 5
    assert "unknown parameters conv.weight" in capsys.readouterr().err


def test_what_is_remembered_of_the_source_measures_the_shift(earlier, capsys):
    assert command(["drift", str(earlier / "config.yaml"), "--json"]) == 3
    answer = json.loads(capsys.readouterr().out)
    assert (answer["shift"]["n_source"], answer["shift"]["representation"]) == (700, "embedding")
    assert "beside the source model's weights" in answer["shift"]["notes"][0]
    _, made = plan(load(earlier / "config.yaml"))
    assert "proxy A-distance" in {row.strategy.kind: row.reason for row in made.rows}["fine_tuning"]


def test_the_head_is_used_by_its_class_names(earlier):
    config = load(earlier / "config.yaml")
    place = Place.of(config)
    made = source_model(config, place.folder, ingest(config, place))
    assert made.has_head
    assert made.classes == tuple(map(str, range(10)))
    known = remembered(earlier / "model" / "source.reference.safetensors")
    network = made.load()
    with torch.inference_mode():
        right = network.head(torch.from_numpy(known.features)).argmax(dim=1).numpy() == known.labels
    assert right.mean() > 0.8
    (earlier / "model" / "source.reference.safetensors").unlink()
    assert not source_model(config, place.folder, ingest(config, place)).has_head


def test_an_encoder_of_other_rows_is_told(earlier):
    with np.load(earlier / "target.npz") as held:
        arrays = dict(held)
    for name in ("target", "target_test"):
        np.savez(earlier / f"{name}.npz", x=arrays["x"][:, :60], y=arrays["y"])
    config = load(earlier / "config.yaml", ["data.target_test=null"])
    with pytest.raises(ModelError, match="an encoder of rows such as the target's, got one of other rows"):
        ingest(config, Place.of(config))


def test_nothing_to_start_from_is_told(project):
    content = yaml.safe_load((project / "config.yaml").read_text())
    del content["data"]["source"]
    (project / "config.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(
        ConfigErrors, match=r"data\.source: expected labelled source rows, or a model that exists, got neither; add"
    ):
        load(project / "config.yaml")


def test_a_table_without_a_source(tmp_path):
    rng = np.random.default_rng(0)
    lines = [f"{rng.normal()},{rng.choice(['a', 'b'])},{i % 2}" for i in range(120)]
    (tmp_path / "target.csv").write_text("\n".join(["size,kind,label", *lines]))
    from ntgate.data.readers import read_raw
    from ntgate.training.config import Mlp, NetworkSpec
    from ntgate.training.network import build

    content = {
        "model": {"name": "t", "backbone": {"kind": "mlp", "hidden": [8]}, "source_checkpoint": "w.pt"},
        "data": {"target": {"path": "target.csv"}},
        "registry": {"uri": "sqlite:///m.db"},
    }
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(content))
    config = load(tmp_path / "c.yaml")
    torch.save(
        build(NetworkSpec(backbone=Mlp(hidden=(8,)), input_shape=(3,), classes=2), 0).features.state_dict(), tmp_path / "w.pt"
    )
    assert read_raw(config.data.target, "target").name == "target"
    place = Place.of(config)
    ingested = ingest(config, place)
    made = source_model(config, place.folder, ingested)
    assert made.encoder == fit_encoder(ingested.part("train"))
    assert made.loaded.tensors == 2


def test_what_needs_source_rows_steps_aside():
    facts = Facts(
        source_rows=0, target_rows=50, unlabelled_rows=9, source_classes=(), target_classes=("a", "b"), labels_per_class=20
    )
    runs = {kind for kind, strategy in STRATEGIES.kinds.items() if strategy().obstacle(facts) is None}
    assert runs == {"fine_tuning", "feature_extraction", "parameter_transfer", "residual_features", "weight_interpolation"}
