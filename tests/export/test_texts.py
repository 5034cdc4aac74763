"""A model of texts takes the texts themselves, and scores alike in Python, by onnxruntime alone, by pyfunc and over REST."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pandas as pd
import pytest

from ntgate.data.column_kinds import settled
from ntgate.data.domain import Domain
from ntgate.export.parity import check_parity
from ntgate.export.runtime import scores_onnx
from ntgate.learners.logistic import Logistic
from ntgate.models.base import Model
from ntgate.models.committee import CommitteeModel
from ntgate.strategies.learner_fit import encoded
from tests.data.test_texts import HARD, notes
from tests.export.test_serving import CLASSES, Serving, logged

# The rows that are judged, as a client has them: no text at all, in every way, and words that were never seen.
SERVED = [
    {"note": "WAA wab, wac! café", "age": 31},
    {"note": None, "age": 40},
    {"note": "", "age": None},
    {"note": float("nan"), "age": 40},
    {"note": "nobody ever wrote this 好", "age": 20},
    {"note": "  wba wbb\nwbc  ", "age": "50"},
]


def model_of(*columns: str, classes: tuple[str, ...] = CLASSES) -> tuple[Model, Domain]:
    """A committee of two linear models of a table with texts, as a pool leaves them, and the table."""
    rng = np.random.default_rng(3)
    plain = notes(300)
    labels = rng.integers(0, len(classes), len(plain) + len(HARD))
    told = [f"{text} {'wab wac' if label else 'wba wbb'}" for text, label in zip(plain, labels, strict=False)]
    told += HARD
    age = rng.normal(40, 9, len(told)).astype(np.float32)
    age[::9] = np.nan
    frame = pd.DataFrame({"note": pd.Series(told, dtype=object), "age": age})[list(columns)]
    domain = settled({"source": Domain("source", frame, labels.astype(np.int64), classes)})[0]["source"]
    assert domain.texts == ("note",)
    first, second, _ = Logistic().fit_texts(encoded([domain]), Logistic().settings, 0)
    return CommitteeModel((first, second), (0.3, 0.7)), domain


@pytest.mark.parametrize(
    ("columns", "classes"), [(("note",), CLASSES), (("note", "age"), ("a", "b", "c"))], ids=["alone", "beside others"]
)
def test_the_exported_model_scores_as_the_fitted_one(tmp_path, columns, classes):
    model, domain = model_of(*columns, classes=classes)
    scores = model.scores(domain.rows)
    assert len(np.unique(scores.round(6), axis=0)) > 200  # the words do show
    model.export(tmp_path / "m.onnx")
    assert check_parity(tmp_path / "m.onnx", domain.rows, scores, tolerance=1e-5) < 1e-5
    nothing = domain.rows.assign(note="")
    assert check_parity(tmp_path / "m.onnx", nothing, model.scores(nothing), tolerance=1e-5) < 1e-5
    again = type(stored := model.save(tmp_path / "m")).model_validate_json(stored.model_dump_json()).load()
    assert np.array_equal(again.scores(domain.rows), scores)
    assert len(list(tmp_path.glob("terms-*.json"))) == 1  # which the members share
    assert {path.suffix for path in tmp_path.iterdir()} == {".onnx", ".json", ".safetensors"}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A model of texts in MLflow, and the scores of what is served."""
    folder = tmp_path_factory.mktemp("texts")
    model, _ = model_of("note", "age")
    model.export(folder / "m.onnx")
    frame = pd.DataFrame({"note": [row["note"] for row in SERVED], "age": [31, 40, np.nan, 40, 20, 50]})
    frame["note"] = frame["note"].astype(object).where(frame["note"].notna(), "")
    judged = model.scores(frame.astype({"age": np.float32}))
    np.testing.assert_allclose(scores_onnx(folder / "m.onnx", frame), judged, atol=1e-5)
    return folder / "m.onnx", logged(folder / "m.onnx", folder), judged


def test_onnxruntime_alone(served):
    path, _, judged = served
    session = onnxruntime.InferenceSession(path)
    assert [(entry.name, entry.type) for entry in session.get_inputs()] == [("age", "tensor(float)"), ("note", "tensor(string)")]
    # It makes texts of None and NaN itself.
    note = np.array([[row["note"]] for row in SERVED], dtype=object)
    age = np.array([[31], [40], [np.nan], [40], [20], [50]], np.float32)
    np.testing.assert_allclose(session.run(None, {"note": note, "age": age})[0], judged, atol=1e-5)


def test_pyfunc(served):
    import mlflow

    _, uri, judged = served
    loaded = mlflow.pyfunc.load_model(uri)
    np.testing.assert_allclose(loaded.predict(pd.DataFrame(SERVED)), judged, atol=1e-5)
    single = np.concatenate([loaded.predict(pd.DataFrame([row])) for row in SERVED])
    np.testing.assert_allclose(single, judged, atol=1e-5)


@pytest.mark.slow
def test_rest(served):
    _, uri, judged = served
    sent = [{name: None if value != value else value for name, value in row.items()} for row in SERVED]  # JSON has no NaN
    names = list(sent[0])
    with Serving(uri) as running:
        for form in (
            {"dataframe_records": sent},
            {"dataframe_split": {"columns": names, "data": [list(row.values()) for row in sent]}},
            {"inputs": sent},
            {"instances": sent},
        ):
            told = running.ask(form)
            np.testing.assert_allclose([[row[name] for name in CLASSES] for row in told], judged, atol=1e-5)
