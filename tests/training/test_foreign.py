"""Code that a config names: whatever it does is a fault of the model, and never the process's end."""

from __future__ import annotations

import pytest
import torch

from ntgate.errors import ModelError
from ntgate.training.config import Imported, NetworkSpec, TrainingConfig
from ntgate.training.loop import fit
from ntgate.training.network import build
from ntgate.training.streams import Rows
from ntgate.training.supervised import Supervised
from tests.training.toy import accuracy, rows

CONFIG = TrainingConfig(steps=20, batch_size=16, evaluations=4)


def backbone(name: str, **arguments) -> Imported:
    return Imported(path=f"tests.training.theirs:{name}", arguments=arguments)


def trained(imported: Imported, train: Rows, config: TrainingConfig = CONFIG):
    network = build(NetworkSpec(backbone=imported, input_shape=(4,), classes=2), 0)
    fit(Supervised(network), {"labelled": train}, rows(40, 3), metric=accuracy, config=config, steps=20, seed=0)
    return network


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("exit at once", r"got a call of sys\.exit\(0\) at theirs\.py:\d+"),
        ("raise at once", r"got ValueError: no luck at theirs\.py:\d+"),
        ("exit", r"also in training, got a call of sys\.exit\(0\) at theirs\.py"),
        ("raise", r"rows of shape \(16, 4\), also in training, got KeyError: 'x' at theirs\.py"),
        ("shape", r"expected features of shape \(16, 6\), got shape \(16, 3\)"),
        ("gradient", r"a module that can be differentiated, got RuntimeError: one of the variables needed"),
    ],
)
def test_what_a_backbone_does_is_a_fault_of_the_model(what, said):
    with pytest.raises(ModelError, match=said) as caught:
        trained(backbone("Misbehaving", what=what), rows(60))
    assert caught.value.exit_code == 5
    assert caught.value.subject == "model.backbone tests.training.theirs:Misbehaving"


def test_a_backbone_whose_import_ends_the_process(tmp_path, monkeypatch):
    (tmp_path / "ends_here.py").write_text("import sys; sys.exit(0)")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModelError, match=r"a call of sys\.exit\(0\) at ends_here\.py:1"):
        build(NetworkSpec(backbone=Imported(path="ends_here:Net"), input_shape=(4,), classes=2), 0)


def test_memory_is_no_fault_of_the_backbone():
    with pytest.raises(RuntimeError, match="allocate memory"):
        build(
            NetworkSpec(
                backbone=Imported(path="torch.nn:Linear", arguments={"in_features": 4, "out_features": 1 << 50}),
                input_shape=(4,),
                classes=2,
            ),
            0,
        )


@pytest.mark.parametrize("alone", ["batch", "row"])
def test_batch_normalisation_trains_with_a_batch_of_one(alone):
    train, config = (rows(60), CONFIG.model_copy(update={"batch_size": 1})) if alone == "batch" else (rows(1), CONFIG)
    before = build(NetworkSpec(backbone=backbone("Normalised"), input_shape=(4,), classes=2), 0)
    after = trained(backbone("Normalised"), train, config)
    assert not torch.equal(before.features[1].weight, after.features[1].weight)
    assert all(torch.isfinite(value).all() for value in after.state_dict().values())
    larger = trained(backbone("Normalised"), rows(60))
    assert not torch.equal(before.features[1].running_mean, larger.features[1].running_mean)
