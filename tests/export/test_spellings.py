"""What is served takes what the files have: numbers, dates and missing marks as people write them, as the gate judged them."""

from __future__ import annotations

import importlib.util

import numpy as np
import pandas as pd
import pytest
import torch

from ntgate.data.column_form import ColumnRead
from ntgate.data.column_kinds import settled
from ntgate.data.encoder import fit_encoder
from ntgate.data.readers import read, read_raw
from ntgate.data.specs import SourceSpec
from ntgate.export.runtime import input_schema, scores_onnx
from ntgate.export.serving import Classifier
from ntgate.export.serving_source import serving_source
from ntgate.models.network import NetworkModel
from ntgate.training.config import NetworkSpec, default_backbone
from ntgate.training.network import build
from ntgate.training.source import rows_of

N = 120


def written():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "seen": pd.date_range("2023-11-01", periods=N, freq="17h").strftime("%Y-%m-%d %H:%M"),
            "day": pd.date_range("2023-11-01", periods=N).strftime("%d.%m.%Y"),
            "noon": pd.date_range("2023-11-01", periods=N, freq="7h").strftime("%m/%d/%Y %I:%M %p"),
            "depth": [f"{value:.1f}".replace(".", ",") for value in rng.normal(30, 9, N)],
            "clock": 1_600_000_000_000 + 5 * np.arange(N),
            "share": [f"{value:.1f} %" for value in rng.normal(50, 9, N)],
            "price": [f"{int(value):,}" for value in rng.normal(2000, 900, N)],
            "large": 1.6e9 + rng.random(N).round(3) * 100,
            "code": rng.integers(1, 7, N),
            "age": rng.integers(1, 90, N),
            "label": rng.choice(["no", "yes"], N),
        }
    )
    frame.loc[3, "share"], frame.loc[5, "seen"], frame.loc[::9, "age"] = "?", "", -999
    frame.loc[::7, "depth"] = "-3,4028234e+38"
    return frame


SAID = {
    "clock": "date",
    "code": "category",
    "age": {"kind": "number", "missing": [-999]},
    "depth": {"kind": "number", "missing": [-3.4028234e38]},
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """The rows as a run reads them, their scores by the network, and the exported model."""
    folder = tmp_path_factory.mktemp("spellings")
    written().to_csv(folder / "a.csv", index=False)
    raw = read_raw(SourceSpec(path=str(folder / "a.csv")), "source")
    said = {name: ColumnRead.model_validate({"kind": one} if isinstance(one, str) else one) for name, one in SAID.items()}
    domain = settled({"source": raw}, said)[0]["source"]
    encoder = fit_encoder(domain)
    x = rows_of(encoder, domain).x
    spec = NetworkSpec(backbone=default_backbone(tuple(x.shape[1:])), input_shape=encoder.shape, classes=2)
    torch.manual_seed(0)
    network = build(spec, 0).eval()
    network.normaliser.fit(x)
    with torch.no_grad():
        network.head.weight.mul_(20)  # so that every column shows in the scores
    model = NetworkModel(network, encoder, domain.classes)
    model.export(folder / "m.onnx")
    return domain, model.scores(domain.rows), folder / "m.onnx"


def test_the_graph_agrees_with_the_encoder(judged):
    domain, scores, path = judged
    assert np.ptp(scores[:, 0]) > 0.05
    assert scores_onnx(path, domain.rows) == pytest.approx(scores, abs=1e-4)


def test_the_inputs_are_numbers_texts_and_times(judged):
    kinds = {name: kind for name, kind, _ in input_schema(judged[2])}
    assert kinds == {
        "depth": "float",
        "share": "float",
        "price": "float",
        "age": "float",
        "large": "double",
        "code": "string",
        "seen": "double",
        "day": "double",
        "noon": "double",
        "clock": "double",
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame,
        lambda frame: frame.assign(seen=pd.to_datetime(frame.seen), day=pd.to_datetime(frame.day, format="%d.%m.%Y")),
        lambda frame: frame.assign(clock=pd.to_datetime(frame.clock, unit="ms"), code=frame.code.astype(str)),
        lambda frame: frame.assign(age=frame.age.where(frame.age >= 0), share=frame.share.where(frame.share != "?")),
        lambda frame: pd.DataFrame(frame.to_dict("records"), dtype=object),
    ],
    ids=["as written", "timestamps", "a clock as timestamps", "missing", "as records"],
)
def test_what_is_served_takes_the_files_own_spellings(judged, change, tmp_path):
    _, scores, path = judged
    (tmp_path / "served.py").write_text(serving_source())
    spec = importlib.util.spec_from_file_location("served", tmp_path / "served.py")
    alone = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(alone)
    raw = change(written().drop(columns="label"))
    for classifier in (Classifier(str(path)), alone.Classifier(str(path))):
        assert classifier.predict(raw).to_numpy() == pytest.approx(scores, abs=1e-4)


def test_what_is_no_date_is_told(judged):
    with pytest.raises(ValueError, match="column 'seen': expected dates such as 2024-01-31, got 'soon'"):
        Classifier(str(judged[2])).predict(written().assign(seen="soon"))


def test_dates_that_differ_by_seconds_stay_apart(tmp_path):
    frame = pd.DataFrame({"large": 1.6e9 + np.arange(60.0), "label": ["a", "b"] * 30})
    frame.to_csv(tmp_path / "a.csv", index=False)
    domain = read(SourceSpec(path=str(tmp_path / "a.csv")), "source")
    assert len(np.unique(fit_encoder(domain).encode(domain.rows))) == 60
