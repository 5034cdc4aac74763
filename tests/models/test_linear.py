"""A model that is no network, from the training to an onnxruntime that knows nothing of ntgate."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from pydantic import TypeAdapter
from sklearn.linear_model import LogisticRegression

from ntgate.data.domain import Domain, TrainingView
from ntgate.data.encoder import fit_encoder
from ntgate.models import AnyModel
from ntgate.models.linear import LinearModel
from ntgate.strategies.base import Arm
from ntgate.strategies.candidate import train
from ntgate.strategies.pool import LinearPool
from ntgate.training.config import TrainingConfig


def table(name: str, n: int, seed: int, moved: float = 0.0) -> Domain:
    rng = np.random.default_rng(seed)
    size = rng.normal(moved, 1, n)
    colour = rng.choice(["red", "green", ""], n)
    y = (size - moved + (colour == "red") + rng.normal(0, 0.3, n) > 0.3).astype(np.int64)
    size[rng.random(n) < 0.05] = np.nan
    rows = pd.DataFrame({"size": size.astype(np.float32), "colour": colour.astype(object)})
    return Domain(name, rows, y, ("no", "yes"))


def accuracy(labels, scores):
    return float((scores.argmax(dim=1) == labels).float().mean())


@pytest.fixture(scope="module")
def candidate(tmp_path_factory):
    view = TrainingView(table("source", 400, 0), table("train", 40, 1, 0.3), table("validation", 40, 2, 0.3))
    arm = Arm(view, None, None, TrainingConfig(), accuracy, seed=0)
    return train(LinearPool(), arm, tmp_path_factory.mktemp("models"))


def test_it_comes_back_from_json_and_scores_alike(candidate):
    test = table("test", 200, 3, 0.3)
    again = TypeAdapter(AnyModel).validate_json(json.dumps(candidate.model.model_dump(mode="json")))
    assert again == candidate.model
    assert np.array_equal(again.load().scores(test.rows), candidate.load().scores(test.rows))
    assert float(np.mean(again.load().scores(test.rows).argmax(axis=1) == test.y)) > 0.85


def test_onnxruntime_alone_scores_raw_rows_alike(candidate, tmp_path):
    test = table("test", 200, 3, 0.3)
    candidate.load().export(tmp_path / "model.onnx")
    running = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    fed = {name: test.rows[[name]].to_numpy(dtype=kind) for name, kind in (("size", np.float32), ("colour", object))}
    (scores,) = running.run(None, fed)
    assert scores == pytest.approx(candidate.load().scores(test.rows), abs=1e-6)
    properties = running.get_modelmeta().custom_metadata_map
    assert json.loads(properties["ntgate.classes"]) == ["no", "yes"]


def test_images_and_arrays_are_flattened_alike(tmp_path):
    rng = np.random.default_rng(0)
    for rows in (rng.normal(size=(6, 3, 4)).astype(np.float32), rng.integers(0, 255, (6, 4, 5, 3), dtype=np.uint8)):
        domain = Domain("rows", rows, None)
        encoder = fit_encoder(domain)
        width = int(np.prod(encoder.shape))
        model = LinearModel(encoder, rng.normal(size=(3, width)).astype(np.float32), np.zeros(3, np.float32), ("a", "b", "c"))
        model.export(tmp_path / "model.onnx")
        running = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
        assert running.run(None, {"x": rows})[0] == pytest.approx(model.scores(rows), abs=1e-5)


def test_one_weight_and_penalty_are_scikit_learns(candidate, tmp_path):
    """With the source at weight w, what is fitted is LogisticRegression with these sample weights."""
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(120, 3)).astype(np.float32), np.arange(120) % 2
    x[:, 0] += y
    parts = [
        Domain(name, x[at], y[at], ("a", "b"))
        for name, at in (("source", slice(0, 60)), ("train", slice(60, 90)), ("validation", slice(90, 120)))
    ]
    arm = Arm(TrainingView(*parts), None, None, TrainingConfig(), accuracy, seed=0)
    model = train(LinearPool(penalties=(1.0,), source_weights=(2.0,)), arm, tmp_path).load()
    weights = np.repeat([2 / 60, 1 / 60], 60)
    seen = (x - np.average(x, axis=0, weights=weights)) / x.std(axis=0)
    reference = LogisticRegression(C=1.0, max_iter=1000).fit(seen, y, weights / weights.mean())
    assert model.scores(x) == pytest.approx(reference.predict_proba(seen), abs=3e-3)


def test_a_target_class_that_the_source_lacks_is_learnt_from_the_target(tmp_path):
    rng = np.random.default_rng(1)
    y = np.arange(90) % 3
    x = (np.eye(3)[y] * 4 + rng.normal(size=(90, 3))).astype(np.float32)
    classes = ("a", "b", "c")
    source = Domain("source", x[y < 2], y[y < 2], ("a", "b"))
    view = TrainingView(source, Domain("train", x, y, classes), Domain("validation", x, y, classes))
    found = train(LinearPool(), dataclasses.replace(Arm(view, None, None, TrainingConfig(), accuracy, seed=0)), tmp_path)
    assert found.failed is None
    assert float(np.mean(found.load().scores(x).argmax(axis=1) == y)) > 0.9
