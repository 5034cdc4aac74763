"""A committee of unlike models of one table: stored, read again, and exported as one graph."""

from __future__ import annotations

import json

import numpy as np
import onnxruntime
import pandas as pd
import pytest

from ntgate.data.domain import Domain, TrainingView
from ntgate.export.parity import check_parity
from ntgate.models import MODELS
from ntgate.models.committee import CommitteeModel
from ntgate.strategies.base import Arm
from ntgate.strategies.candidate import train
from ntgate.strategies.pool import ForestPool, LinearPool
from ntgate.strategies.scratch import NetworkScratch
from ntgate.training.config import TrainingConfig
from tests.models.test_linear import accuracy, table

NAMES = {"size": "member0/size", "colour": "members/mean"}  # what a graph of its own might be called


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    parts = [table("source", 300, 0), table("train", 40, 1, 0.3), table("validation", 40, 2, 0.3)]
    parts = [Domain(part.name, part.rows.rename(columns=NAMES), part.y, part.classes) for part in parts]
    arm = Arm(TrainingView(*parts), None, None, TrainingConfig(steps=60), accuracy, seed=0)
    folder = tmp_path_factory.mktemp("members")
    return [train(strategy, arm, folder).load() for strategy in (NetworkScratch(), LinearPool(), ForestPool(trees=10))]


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return table("test", 150, 9, 0.3).rows.rename(columns=NAMES)


@pytest.mark.parametrize("temperature", [0.8, 1.0])
def test_the_curve_is_in_the_graph_and_keeps_every_answer(members, rows, tmp_path, temperature):
    curve = ((0.0, 0.0), (0.2, 0.01), (0.21, 0.3), (0.6, 0.62), (0.97, 0.7), (1.0, 1.0))
    plain, curved = (CommitteeModel(tuple(members), (0.2, 0.5, 0.3), temperature, c) for c in ((), curve))
    curved.export(tmp_path / "committee.onnx")
    scores, before = curved.scores(rows), plain.scores(rows)
    assert check_parity(tmp_path / "committee.onnx", rows, scores) < 1e-4
    moved = np.interp(before, *np.transpose(curve))
    assert scores == pytest.approx(moved / moved.sum(axis=1, keepdims=True), abs=1e-4)
    assert (scores.argmax(axis=1) == before.argmax(axis=1)).all()
    stored = curved.save(tmp_path / "curved")
    assert stored.sha256 != plain.save(tmp_path / "plain").sha256
    assert MODELS.read(json.loads(json.dumps(MODELS.written(stored)))) == stored
    assert np.array_equal(stored.load().scores(rows), scores)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_one_graph_scores_as_its_members_do(members, rows, tmp_path, temperature):
    weights = (0.2, 0.5, 0.3)
    committee = CommitteeModel(tuple(members), weights, temperature)
    committee.export(tmp_path / "committee.onnx")
    assert check_parity(tmp_path / "committee.onnx", rows, committee.scores(rows)) < 1e-5
    mean = sum(w * member.scores(rows).astype(np.float64) for w, member in zip(weights, members, strict=True))
    powers = mean ** (1 / temperature)
    assert committee.scores(rows) == pytest.approx(powers / powers.sum(axis=1, keepdims=True), abs=1e-4)
    running = onnxruntime.InferenceSession(str(tmp_path / "committee.onnx"), providers=["CPUExecutionProvider"])
    assert [entry.name for entry in running.get_outputs()] == ["scores"]
    assert {entry.name for entry in running.get_inputs()} == set(NAMES.values())
    assert json.loads(running.get_modelmeta().custom_metadata_map["ntgate.classes"]) == ["no", "yes"]


def test_it_comes_back_from_json_with_committees_inside(members, rows, tmp_path):
    inner = CommitteeModel(tuple(members[:2]), (0.5, 0.5))
    committee = CommitteeModel((inner, members[2]), (0.7, 0.3), 0.8)
    stored = committee.save(tmp_path / "model")
    again = MODELS.read(json.loads(json.dumps(MODELS.written(stored))))
    assert again == stored
    assert again.sha256 == stored.sha256
    assert np.array_equal(again.load().scores(rows), committee.scores(rows))


def test_other_weights_are_another_model(members, tmp_path):
    digests = {
        CommitteeModel(tuple(members), weights, temperature).save(tmp_path / str(i)).sha256
        for i, (weights, temperature) in enumerate([((0.2, 0.5, 0.3), 1.0), ((0.2, 0.3, 0.5), 1.0), ((0.2, 0.5, 0.3), 2.0)])
    }
    assert len(digests) == 3
