"""What is judged is what is served: one table through every way in, whatever a missing value is called."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
import torch

from ntgate.compression.quantisation import Quantisation
from ntgate.data.domain import Domain
from ntgate.data.encoder import fit_encoder
from ntgate.data.readers import read
from ntgate.data.specs import SourceSpec
from ntgate.export.quantise import quantise
from ntgate.export.runtime import input_schema, load_proto, row_kind, scores_onnx
from ntgate.export.serving_source import serving_source
from ntgate.models.network import NetworkModel
from ntgate.registry.client import connect
from ntgate.registry.config import RegistryConfig
from ntgate.registry.records import CandidateRecord, ModelRecord, RunRecord
from ntgate.registry.tracking import record
from ntgate.training.config import NetworkSpec, default_backbone
from ntgate.training.network import build
from ntgate.training.source import rows_of

CLASSES = ("no", "yes")
CSV = """\
age,ward,code,label
31,a,7,no
,b,A,yes
44.5,,,no
29,None, 7,yes
61,NA,B,no
,nan,A ,yes
50,"b ",7,no
"""
# The rows that are judged, as a client has them: what is missing is called in every way, and some texts were never seen.
SERVED = [
    {"age": 31, "ward": "a", "code": 7},
    {"age": None, "ward": "b", "code": "A"},
    {"age": 44.5, "ward": "", "code": None},
    {"age": "29", "ward": None, "code": " 7"},
    {"age": 61, "ward": "NA", "code": "B"},
    {"age": "", "ward": float("nan"), "code": "A "},
    {"age": 50.0, "ward": "b ", "code": 7},
    {"age": 40, "ward": "unheard of", "code": "?"},
    {"age": None, "ward": None, "code": None},
]


def exported(domain: Domain, path: Path, *, classes=CLASSES, encoder=None):
    """A network with weights by chance behind the encoder of ``domain``, and its scores on it."""
    encoder = encoder or fit_encoder(domain)
    rows = rows_of(encoder, domain)
    shape = tuple(rows.x.shape[1:])
    network = build(NetworkSpec(backbone=default_backbone(shape), input_shape=shape, classes=len(classes)), 0).eval()
    network.normaliser.fit(rows.x)
    with torch.no_grad():
        network.head.weight.mul_(20)  # so that every column shows in the scores
    model = NetworkModel(network, encoder, tuple(classes))
    model.export(path)
    return path, model.scores(domain.rows), model


def logged(path: Path, folder: Path) -> str:
    """The model at ``path`` in MLflow, by its address."""
    registry = connect(RegistryConfig(uri=f"sqlite:///{folder / 'mlflow.db'}"), "served")
    model = ModelRecord(
        path=path, proto=load_proto(path), inputs=input_schema(path), kind=row_kind(path), classes=CLASSES, serving=serving_source()
    )
    done = record(registry, RunRecord("r", "", {}, {}, {}, [], [CandidateRecord("a", {}, {}, [], model=model)], []))
    return registry.client.get_logged_model(done.models["a"]).artifact_location


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A table as a reader has it, its model in MLflow, and the scores that the gate would judge by."""
    folder = tmp_path_factory.mktemp("served")
    rows = CSV + "40,unheard of,?,no\n,,,yes\n"
    (folder / "train.csv").write_text(CSV)
    (folder / "test.csv").write_text(rows)
    train, test = (read(SourceSpec(path=str(folder / f"{part}.csv")), part) for part in ("train", "test"))
    path, _, model = exported(train, folder / "m.onnx")
    encoder = fit_encoder(train)
    judged = scores_onnx(path, test.rows)
    np.testing.assert_allclose(judged, model.scores(test.rows), atol=1e-6)
    assert len(np.unique(judged.round(5), axis=0)) >= 7  # the columns do show
    return path, logged(path, folder), judged, encoder


def test_missing_texts_are_one_thing_in_the_encoder(table):
    *_, encoder = table
    ways = [None, float("nan"), "", "None", "nan", "<NA>", "null", pd.NA]
    frame = pd.DataFrame({"age": np.zeros(len(ways), np.float32), "code": ways, "ward": ways}, dtype=object)
    encoded = encoder.encode(frame.astype({"age": np.float32}))
    assert (encoded == encoded[0]).all()
    assert encoded[0].sum() == 2  # the category of the missing in both columns


def test_a_category_that_is_called_like_a_missing_value_stays_one():
    frame = pd.DataFrame({"country": pd.Series(["NA", "DE", ""] * 3, dtype=object)})
    encoder = fit_encoder(Domain("source", frame, None))
    told = encoder.encode(pd.DataFrame({"country": ["NA", "None", "", "nan", "XX"]})).tolist()
    assert told == [[0, 0, 1], [1, 0, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0]]


def test_onnxruntime_alone(table):
    """Whatever stands in an array of objects: onnxruntime makes texts of them itself."""
    path, _, judged, *_ = table
    session = onnxruntime.InferenceSession(path)
    assert json.loads(session.get_modelmeta().custom_metadata_map["ntgate.classes"]) == list(CLASSES)
    assert [entry.name for entry in session.get_outputs()] == ["scores"]
    trimmed = [{k: v.strip() if isinstance(v, str) else v for k, v in row.items()} for row in SERVED]
    ages = [float(row["age"]) if row["age"] not in ("", None) else np.nan for row in trimmed]
    feed = {name: np.array([[row[name]] for row in trimmed], dtype=object) for name in ("ward", "code")}
    scores = session.run(None, {"age": np.array(ages, np.float32)[:, None], **feed})[0]
    np.testing.assert_allclose(scores, judged, atol=1e-4)


def test_pyfunc(table):
    import mlflow

    _, uri, judged, *_ = table
    loaded = mlflow.pyfunc.load_model(uri)
    scores = loaded.predict(pd.DataFrame(SERVED))
    assert list(scores.columns) == list(CLASSES)
    np.testing.assert_allclose(scores, judged, atol=1e-4)
    np.testing.assert_allclose(loaded.predict(pd.DataFrame(SERVED, dtype=object)), judged, atol=1e-4)
    assert loaded.predict(pd.DataFrame(SERVED), params={"output": "labels"}).tolist() == [CLASSES[i] for i in judged.argmax(axis=1)]
    # One row after the other: in a request of one row a missing value makes a column that is null as a whole.
    single = np.concatenate([loaded.predict(pd.DataFrame([row])) for row in SERVED])
    np.testing.assert_allclose(single, judged, atol=1e-4)
    # A tensor a column, as the models of the first release want it, whose signature MLflow knew.
    tensors = {name: np.array([[row[name]] for row in SERVED], dtype=object) for name in SERVED[0]}
    np.testing.assert_allclose(loaded.predict(tensors), judged, atol=1e-4)
    assert len(loaded.predict(pd.DataFrame(SERVED[:0], columns=list(SERVED[0])))) == 0
    for wrong, said in ((pd.DataFrame([[1]], columns=["oops"]), "none of them"), ([{"age": "old"}], "'age'.*old")):
        with pytest.raises(Exception, match=said):
            loaded.predict(wrong)
    with pytest.raises(Exception, match="'scores' or 'labels'"):
        loaded.predict(pd.DataFrame(SERVED), params={"output": "odds"})


def test_loading_needs_no_ntgate_and_reads_no_pickle(table, tmp_path):
    _, uri, judged, *_ = table
    files = sorted(path.name for path in Path(uri.removeprefix("file://")).rglob("*") if path.is_file())
    assert not [name for name in files if name.endswith((".pkl", ".pickle"))]
    assert [name for name in files if re.fullmatch(r"ntgate_serving_\w+\.py", name)]
    script = (
        "import sys, json; sys.modules['ntgate'] = None\n"
        "import mlflow, pandas\n"
        f"print(mlflow.pyfunc.load_model({uri!r}).predict(pandas.DataFrame(json.loads(sys.argv[1]))).to_json(orient='values'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(SERVED)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    np.testing.assert_allclose(json.loads(done.stdout), judged, atol=1e-4)


@pytest.fixture(scope="module")
def endpoint(table):
    """Asks the scoring server that MLflow runs for the model."""
    _, uri, *_ = table
    with Serving(uri) as serving_at:
        yield serving_at.ask


class Serving:
    """``mlflow models serve`` in a process of its own."""

    def __init__(self, uri: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.uri = uri

    def __enter__(self) -> Serving:
        command = ["-m", "mlflow", "models", "serve", "-m", self.uri, "--env-manager", "local", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [sys.executable, *command, "--workers", "1"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},  # which has uvicorn
        )
        deadline = time.monotonic() + 90
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ping", timeout=2).close()
                return self
            except OSError:
                assert self.process.poll() is None, "the scoring server ended"
                assert time.monotonic() < deadline, "the scoring server did not start"
                time.sleep(0.2)

    def __exit__(self, *_: object) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def ask(self, content: object, kind: str = "application/json") -> list:
        body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/invocations", body, {"Content-Type": kind})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)["predictions"]
        except urllib.error.HTTPError as error:
            raise ValueError(f"{error.code} {error.read().decode()[:2000]}") from error


NAMES = list(SERVED[0])
FORMS = {
    "dataframe_records": SERVED,
    "dataframe_split": {"columns": NAMES, "data": [list(row.values()) for row in SERVED]},
    "inputs by column": {name: [row[name] for row in SERVED] for name in NAMES},
    "inputs by row": SERVED,
    "inputs as tensors": {name: [[row[name]] for row in SERVED] for name in NAMES},
    "instances": SERVED,
}


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_rest(table, endpoint, form):
    _, _, judged, *_ = table
    told = endpoint({form.partition(" ")[0]: FORMS[form]})
    assert list(told[0]) == list(CLASSES)
    np.testing.assert_allclose([[row[name] for name in CLASSES] for row in told], judged, atol=1e-4)


@pytest.mark.slow
def test_rest_with_columns_of_nothing_and_labels(table, endpoint):
    _, _, judged, *_ = table
    nothing = [judged[-1]]
    for row in ({"age": None, "ward": None, "code": None}, {"age": None}, {"ward": ""}, {"code": None, "age": ""}):
        for form in ("dataframe_records", "instances", "inputs"):
            told = endpoint({form: [row]})
            np.testing.assert_allclose([[line[name] for name in CLASSES] for line in told], nothing, atol=1e-4)
    texts = {"ward": ["a", "b"], "code": ["7", "A"]}  # of nothing but texts MLflow makes one row of lists
    assert len(endpoint({"inputs": texts})) == 2
    labels = endpoint({"dataframe_records": SERVED, "params": {"output": "labels"}})
    assert labels == [CLASSES[i] for i in judged.argmax(axis=1)]
    with pytest.raises(ValueError, match=r"^400 .*none of them"):
        endpoint({"dataframe_records": [{"oops": 1}]})


@pytest.mark.slow
@pytest.mark.parametrize("name", ["array", "images"])
def test_arrays_and_images_over_rest_and_pyfunc(tmp_path, name):
    import mlflow

    rng = np.random.default_rng(0)
    rows = {"array": rng.integers(0, 9, (20, 5)).astype(np.float32), "images": rng.integers(0, 255, (20, 8, 9, 3), dtype=np.uint8)}[
        name
    ]
    path, scores, _ = exported(Domain("source", rows, None), tmp_path / "m.onnx")
    uri = logged(path, tmp_path)
    judged = scores_onnx(path, rows)
    np.testing.assert_allclose(judged, scores, atol=1e-5)
    np.testing.assert_allclose(mlflow.pyfunc.load_model(uri).predict(rows), judged, atol=1e-4)
    np.testing.assert_allclose(onnxruntime.InferenceSession(path).run(None, {"x": rows})[0], judged, atol=1e-4)
    with Serving(uri) as running:
        for form in ("inputs", "instances"):
            told = running.ask({form: rows.astype(int).tolist()})  # whole numbers where floats are wanted
            np.testing.assert_allclose([[row[name] for name in CLASSES] for row in told], judged, atol=1e-4)
        if name == "array":
            told = running.ask({"dataframe_split": {"data": rows.astype(int).tolist()}})
            np.testing.assert_allclose([[row[name] for name in CLASSES] for row in told], judged, atol=1e-4)


NAMES_OF_ALL_KINDS = [
    "scores",
    "scores_",
    "encoded",
    "median_0",
    "imputed_0",
    "missing_1",
    "mark_1",
    "hot_0",
    "flat_0",
    "category_0",
    "x",
    "y",
    "n",
    "network_x",
    "network_scores",
    "preprocessing",
    "ntgate:y",
    "ntgate/encoded",
    "ntgate//x",
    "a/b",
    "it's",
    'say "x"',
    "\u200b",
    "größe 漢字 🙂",
    "a,b",
    "row 1\nof 2",
    "label_",
    "index",
    "0",
    "None",
    "white",
    "{x}",
    "<b>",
    "%s",
    "x_scale",
    "x_zero_point",
    "x_quantized",
]


def odd_table() -> pd.DataFrame:
    rng, columns = np.random.default_rng(0), {}
    for i, name in enumerate(NAMES_OF_ALL_KINDS):
        numbers = rng.normal(size=80).astype(np.float32)
        numbers[rng.random(80) < 0.1 * (i % 2)] = np.nan
        columns[name] = pd.Series(rng.choice(["a", "b", ""], 80), dtype=object) if i % 3 == 2 else numbers
    return pd.DataFrame(columns)


@pytest.mark.parametrize("one", [False, True], ids=["all together", "x alone"])
def test_columns_may_be_called_anything(tmp_path, one):
    frame = odd_table()
    frame = frame[["x"]] if one else frame
    domain = Domain("source", frame, None)
    path, scores, _ = exported(domain, tmp_path / "m.onnx")
    np.testing.assert_allclose(scores_onnx(path, frame), scores, atol=1e-5)
    session = onnxruntime.InferenceSession(path)
    assert {entry.name for entry in session.get_inputs()} == set(frame.columns)
    assert [entry.name for entry in session.get_outputs()] == ["scores" if one else "scores__"]
    assert row_kind(path) == "table"
    inner = [name for node in onnx.load(path).graph.node for name in (*node.output, node.name)]
    assert not set(inner) & set(frame.columns)
    for mode in ("dynamic", "static"):
        to = quantise(path, tmp_path / f"{mode}.onnx", Quantisation(mode=mode), frame)
        assert np.abs(scores_onnx(to, frame) - scores).mean() < 0.1


def test_columns_may_be_called_anything_in_mlflow(tmp_path):
    import mlflow

    frame = odd_table()
    path, scores, _ = exported(Domain("source", frame, None), tmp_path / "m.onnx")
    np.testing.assert_allclose(mlflow.pyfunc.load_model(logged(path, tmp_path)).predict(frame), scores, atol=1e-5)
