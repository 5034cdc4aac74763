"""What is served takes what the files have: numbers, dates and missing marks as people write them, as the gate judged them."""

from __future__ import annotations

import csv
import importlib.util

import numpy as np
import pandas as pd
import pytest
import torch

from ntgate.data.column_form import ColumnRead
from ntgate.data.column_kinds import settled
from ntgate.data.encoder import fit_encoder
from ntgate.data.readers import read, read_raw
from ntgate.data.specs import CsvSpec, SourceSpec
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
    path, model = network_of(domain, folder / "m.onnx")
    return domain, model.scores(domain.rows), path


def network_of(domain, path, *fitted_to):
    """A network with weights by chance behind the encoder of ``domain``, exported."""
    encoder = fit_encoder(*(fitted_to or [domain]))
    x = rows_of(encoder, domain).x
    spec = NetworkSpec(backbone=default_backbone(tuple(x.shape[1:])), input_shape=encoder.shape, classes=2)
    torch.manual_seed(0)
    network = build(spec, 0).eval()
    network.normaliser.fit(x)
    with torch.no_grad():
        network.head.weight.mul_(20)  # so that every column shows in the scores
    model = NetworkModel(network, encoder, domain.classes)
    model.export(path)
    return path, model


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


AS_FILES_WRITE = {
    "decimal commas": (";", CsvSpec(), {"km": ["1.234,5", "7,25", "12,5", "1.234"], "n": ["1", "2", "NA", "3"]}),
    "thousands": (",", CsvSpec(thousands=","), {"km": ["1,234.5", "7.25", "12.5", "1,234"]}),
    "truth": (",", CsvSpec(), {"flag": ["True", "false", "TRUE", "NA"], "n": ["1.5", "nan", "null", "4"]}),
    "marks": (",", CsvSpec(missing=("?", " k.A.", "-999")), {"n": ["1.5", "?", " k.A.", "-999"], "m": ["1", "-999", "2", "3"]}),
    "dates": (";", CsvSpec(), {"day": ["31.01.2024", "", "28.02.2024", "NA"], "ward": ["a", "NA", "b", "a"]}),
}


@pytest.mark.parametrize("name", AS_FILES_WRITE)
def test_what_a_csv_says_is_read_alike_in_a_request(name, tmp_path):
    """A client that hands on each cell as text, and knows nothing of marks and commas."""
    separator, spec, columns = AS_FILES_WRITE[name]
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)] * 8
    with (tmp_path / "a.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [*columns, "label"], delimiter=separator)
        writer.writeheader()
        writer.writerows({**row, "label": "ab"[i % 2]} for i, row in enumerate(rows))
    domain = read(SourceSpec(path=str(tmp_path / "a.csv"), csv=spec), "target")
    path, _ = network_of(domain, tmp_path / "m.onnx")
    judged = scores_onnx(path, domain.rows)
    assert len(np.unique(judged[:4].round(4), axis=0)) >= 3  # the cells do show
    with (tmp_path / "a.csv").open(newline="") as file:
        sent = pd.DataFrame(csv.DictReader(file, delimiter=separator)).drop(columns="label")
    assert Classifier(str(path)).predict(sent).to_numpy() == pytest.approx(judged, abs=1e-5)


@pytest.mark.parametrize(
    ("cells", "spec", "said"),
    [
        ([" ?", "a", "b", "a"], CsvSpec(missing=("?",)), "category"),
        (["True", "False", "True", "NA"], CsvSpec(), "category"),
        (["1.234,5", "1,234", "7,25", "1,0"], CsvSpec(separator=";", decimal=","), "category"),
        (["4.5", "-999", "3.5", "0"], CsvSpec(missing=("-999",)), "number"),
    ],
    ids=["a mark beside a space", "truth values", "numbers", "a number that means none"],
)
def test_what_no_request_is_told_of_is_served_as_it_was_read(cells, spec, said, tmp_path):
    """Columns whose cells a reader changed, as they stand after that: nothing is changed a second time."""
    separator = spec.separator or ","
    lines = [f"{cell}{separator}{'ab'[i % 2]}" for i, cell in enumerate(cells * 8)]
    (tmp_path / "a.csv").write_text("\n".join([f"c{separator}label", *lines, ""]))
    raw = read_raw(SourceSpec(path=str(tmp_path / "a.csv"), csv=spec), "target")
    domain = settled({"target": raw}, {"c": ColumnRead(kind=said)})[0]["target"]
    path, model = network_of(domain, tmp_path / "m.onnx")
    judged = model.scores(domain.rows)
    assert len(np.unique(judged.round(5), axis=0)) > 1
    assert scores_onnx(path, domain.rows) == pytest.approx(judged, abs=1e-5)
    assert Classifier(str(path)).predict(domain.rows).to_numpy() == pytest.approx(judged, abs=1e-5)


def test_a_request_is_written_as_the_target_is(tmp_path):
    """The source has points before fractions, the target commas: requests come from where the target came from."""
    (tmp_path / "source.csv").write_text("km,label\n" + "1234.5,a\n7.25,b\n" * 20)
    (tmp_path / "target.csv").write_text("km;label\n" + "1.234,5;a\n7,25;b\n" * 20)
    raw = {name: read_raw(SourceSpec(path=str(tmp_path / f"{name}.csv")), name) for name in ("source", "target")}
    domains = settled(raw)[0]
    path, _ = network_of(domains["target"], tmp_path / "m.onnx", *domains.values())
    judged = scores_onnx(path, domains["target"].rows.head(2))
    for cells in (["1.234,5", "7,25"], [1234.5, 7.25], ["1234.5", "7.25"]):
        told = Classifier(str(path)).predict(pd.DataFrame({"km": pd.Series(cells, dtype=object)}))
        assert told.to_numpy() == pytest.approx(judged, abs=1e-5)


def test_a_number_that_means_none_is_none_everywhere(tmp_path):
    """-999 in a column of plain numbers: to the reader, as a number of a request and as a text."""
    (tmp_path / "a.csv").write_text("n,label\n" + "".join(f"{n},{'ab'[i % 2]}\n" for i, n in enumerate((4.5, -999, 3.5, 0.5) * 8)))
    domain = read(SourceSpec(path=str(tmp_path / "a.csv"), csv=CsvSpec(missing=("-999",))), "target")
    assert np.isnan(domain.rows["n"][1])
    path, model = network_of(domain, tmp_path / "m.onnx")
    judged = model.scores(domain.rows)[:2]
    for cells in ([4.5, -999.0], ["4.5", "-999"], [4.5, None]):
        told = Classifier(str(path)).predict(pd.DataFrame({"n": pd.Series(cells, dtype=object)}))
        assert told.to_numpy() == pytest.approx(judged, abs=1e-5)


def test_what_is_no_date_is_told(judged):
    with pytest.raises(ValueError, match="column 'seen': expected dates such as 2024-01-31, got 'soon'"):
        Classifier(str(judged[2])).predict(written().assign(seen="soon"))


def test_dates_that_differ_by_seconds_stay_apart(tmp_path):
    frame = pd.DataFrame({"large": 1.6e9 + np.arange(60.0), "label": ["a", "b"] * 30})
    frame.to_csv(tmp_path / "a.csv", index=False)
    domain = read(SourceSpec(path=str(tmp_path / "a.csv")), "source")
    assert len(np.unique(fit_encoder(domain).encode(domain.rows))) == 60
