"""Arms that fail in the whole flow: each leaves its reason, the others go on, and without scratch nothing is judged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ntgate.cli.app import run as command
from ntgate.config_file import load
from ntgate.registry.client import connect
from ntgate.registry.history import history
from ntgate.strategies.encoder_decoder import EncoderDecoder
from ntgate.training import weights
from ntgate.training.config import Mlp, NetworkSpec, TrainingConfig
from ntgate.training.loop import fit
from ntgate.training.network import build
from ntgate.training.streams import Rows
from ntgate.training.supervised import Supervised
from tests.training.toy import accuracy

EXPLODING = ("training.learning_rate=1e6", "training.clip_norm=1e12", "scratch=[network]")
NETWORKS = "strategies=[fine_tuning, domain_adversarial, feature_extraction]"

LACKING = (
    "There is no model from scratch to compare, so no test row was opened. Why each arm was left out or failed stands beside it."
)


def answer(project: Path, capsys: pytest.CaptureFixture[str], *settings: str) -> tuple[int, dict]:
    capsys.readouterr()
    arguments = [word for setting in settings for word in ("--set", setting)]
    code = command(["run", str(project / "config.yaml"), "--inline", "--json", *arguments])
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    return code, json.loads(told.out)


def rows_of_plan(result: dict) -> dict[str, dict]:
    return {row["strategy"]: row for row in result["plan"]}


def checkpoint(project: Path) -> str:
    """Weights of a source model, so that the source is not trained with the settings that let the arms fail."""
    with np.load(project / "source.npz") as source:
        rows = Rows(torch.from_numpy(source["x"]), torch.from_numpy(source["y"]))
    network = build(NetworkSpec(backbone=Mlp(hidden=(64,)), input_shape=(64,), classes=10), 0)
    network.normaliser.fit(rows.x)
    config = TrainingConfig(batch_size=32, device="cpu")
    fit(Supervised(network), {"labelled": rows}, rows, metric=accuracy, config=config, steps=150, seed=0)
    weights.save(network, project / "weights.safetensors")
    return "model.source_checkpoint=weights.safetensors"


def test_without_scratch_the_run_is_inconclusive_and_the_arm_that_was_trained_is_told(project, capsys):
    """The loss of every arm that descends explodes; the linear probe, which does not, is trained and goes on to the gate."""
    code, result = answer(project, capsys, checkpoint(project), *EXPLODING, NETWORKS)
    assert code == 4
    assert result["outcome"] == "inconclusive"
    plan = rows_of_plan(result)
    for kind in ("fine_tuning", "domain_adversarial", "scratch"):
        assert plan[kind]["trained"] is False
        assert "expected a finite loss" in plan[kind]["reason"]
    assert plan["feature_extraction"]["trained"] is True
    assert result["candidate"]["strategy"] == "committee"  # of one
    assert result["candidate"]["value"] is result["scratch"]["value"] is None  # no test row was worn for nothing
    outcomes = {found["rule"]: (found["outcome"], found["reason"]) for found in result["findings"]}
    assert outcomes["negative_transfer"][0] == "inconclusive"
    assert outcomes["wear"] == ("inconclusive", LACKING)
    assert result["registry"]["version"] is None
    assert history(connect(load(project / "config.yaml").registry, "reader")) == []


def test_when_every_arm_fails_the_run_is_inconclusive(project, capsys):
    code, result = answer(project, capsys, checkpoint(project), *EXPLODING, "strategies=[{kind: fine_tuning}]")
    assert code == 4
    assert result["candidate"] is None
    assert not any(row["trained"] for row in result["plan"])
    assert result["registry"]["version"] is None


def test_memory_that_runs_out_for_one_arm_leaves_the_others(project, capsys, monkeypatch):
    """One arm asks the allocator for more than any machine has."""
    monkeypatch.setattr(EncoderDecoder, "train", lambda *_: torch.empty(10**15))
    strategies = "strategies=[{kind: encoder_decoder}, {kind: linear_pool}]"
    code, result = answer(project, capsys, strategies)
    plan = rows_of_plan(result)
    assert code == 0
    assert plan["encoder_decoder"]["trained"] is False
    assert "memory ran out" in plan["encoder_decoder"]["reason"]
    assert plan["linear_pool"]["trained"] is True
    assert "weight.encoder_decoder" not in plan["committee"]["notes"]


def test_one_label_a_class_ends_with_a_sentence_or_a_verdict(project, capsys):
    """Two labels a class are one to train on and one to choose by; a single one cannot be split, which is told."""
    with np.load(project / "target.npz") as content:
        x, y = content["x"], content["y"]
    first, second = (np.array([np.flatnonzero(y == code)[k] for code in range(10)]) for k in (0, 1))
    np.savez(project / "target.npz", x=x[first], y=y[first])
    code, result = answer(project, capsys)
    assert code == 5
    assert "enough rows for the validation part" in result["errors"][0]["expected"]
    both = np.concatenate([first, second])
    np.savez(project / "target.npz", x=x[both], y=y[both])
    code, result = answer(project, capsys)
    assert code == 0
    assert result["data"]["rows"]["train"] == 10
    assert all(row["trained"] for row in result["plan"])


def test_source_weights_that_are_no_numbers_end_with_a_sentence(project, capsys):
    setting = checkpoint(project)
    tensors = weights.read(project / "weights.safetensors")
    tensors["features.1.weight"][0, 0] = torch.nan
    torch.save(tensors, project / "weights.pt")
    code, result = answer(project, capsys, setting.replace(".safetensors", ".pt"))
    assert code == 5
    assert "finite features of the source rows" in result["errors"][0]["expected"]


THEIRS = """
import sys
from typing import Literal
from ntgate.strategies.base import Strategy

class Raises(Strategy):
    kind: Literal["theirs_too:Raises"] = "theirs_too:Raises"
    def train(self, arm):
        raise KeyError("x")

class Exits(Strategy):
    kind: Literal["theirs_too:Exits"] = "theirs_too:Exits"
    def train(self, arm):
        sys.exit(0)
"""


def test_what_strategies_of_ones_own_do_is_their_failure(project, capsys, monkeypatch):
    (project / "theirs_too.py").write_text(THEIRS)
    monkeypatch.syspath_prepend(project)
    settings = ("strategies=[{kind: 'theirs_too:Raises'}, {kind: 'theirs_too:Exits'}, linear_pool]", "scratch=[logistic]")
    code, result = answer(project, capsys, *settings)
    assert code in (0, 3, 4)
    plan = rows_of_plan(result)
    assert "a strategy that works on these rows, got KeyError: 'x' at theirs_too.py:9" in plan["theirs_too:Raises"]["reason"]
    assert "got a call of sys.exit(0) at theirs_too.py:14" in plan["theirs_too:Exits"]["reason"]
    assert plan["linear_pool"]["trained"] is True
