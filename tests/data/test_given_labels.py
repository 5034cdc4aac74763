"""Labels that people give: tables, Label Studio's exports, and everything that can be wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ntgate.data.given_labels import NONE, given_labels, offered_names
from ntgate.data.label_tasks import write_tasks
from ntgate.data.raw_rows import raw_rows
from ntgate.data.readers import read
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError

IDS, CLASSES = ("a1", "b2", "c3"), ("cat", "dog")


def given(path: Path, label: str = "label", classes=CLASSES) -> dict[str, str]:
    return given_labels(str(path), IDS, classes, label)


def written(folder: Path, text: str, name: str = "labels.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels.csv", "row_id,x,label\na1,1,cat\nb2,2,\nc3,3,none of these\n"),
        ("labels.csv", "\ufeffrow_id;label;lead_time\na1;cat;3\nc3;none of these;4\n"),
        ("labels.tsv", "row_id\tlabel\r\na1\tcat\r\na1\tcat\r\nc3\tnone of these\r\n"),
        (
            "export.json",
            json.dumps(
                [
                    {"data": {"row_id": row}, "annotations": [{"result": [{"type": "choices", "value": {"choices": [name]}}]}]}
                    for row, name in (("a1", "cat"), ("c3", NONE))
                ]
                + [{"data": {"row_id": "b2"}, "annotations": [{"was_cancelled": True, "result": []}]}]
            ),
        ),
        (
            "min.json",
            json.dumps([{"row_id": "a1", "label": "cat"}, {"row_id": "c3", "label": {"choices": [NONE]}}, {"row_id": "b2"}]),
        ),
    ],
)
def test_tables_and_exports_are_read(tmp_path, name, text):
    assert given(written(tmp_path, text, name)) == {"a1": "cat", "c3": NONE}


def test_parquet_and_decimals_of_whole_numbers_are_read(tmp_path):
    pd.DataFrame({"row_id": ["a1", "b2"], "kind": [3.0, np.nan]}).to_parquet(tmp_path / "l.parquet")
    assert given(tmp_path / "l.parquet", "kind", ("3", "4")) == {"a1": "3"}
    pd.DataFrame({"row_id": ["a1", "b2"], "kind": [3.0, 4.0]}).to_parquet(tmp_path / "l.parquet")
    assert given(tmp_path / "l.parquet", "kind", ("3", "4")) == {"a1": "3", "b2": "4"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("row_id,label\nzz,cat\n", "got row 'zz'"),
        ("row_id,label\na1,cat\na1,dog\n", "got 'cat' and 'dog' for row a1"),
        ("row_id,label\na1,horse\n", "got 'horse' for row a1"),
        ("row_id,label\na1,cat\nb2", "got line 3"),
        ("row_id,other\na1,cat\n", "expected a 'row_id' and a 'label' for every row"),
        ("label\ncat\n", "expected a 'row_id' and a 'label' for every row"),
        ("row_id,label\n", "expected labels, got none"),
        ("", "expected labels, got none"),
        ('[{"row_id": "a1", "label": ', "expected a whole JSON file"),
        ("[3]", "expected a list of tasks"),
    ],
)
def test_wrong_labels_are_told_in_one_sentence(tmp_path, text, said):
    with pytest.raises(DataError) as told:
        given(written(tmp_path, text))
    assert said in str(told.value)
    assert "\n" not in str(told.value)


def test_what_is_written_for_labellers_is_read_again_and_has_no_answers(tmp_path):
    frame = pd.DataFrame({"age": [31, 32, 33], "town": ["x", "y", "z"], "kind": ["cat", "dog", "cat"]})
    frame.to_csv(tmp_path / "pool.csv", index=False)
    spec = SourceSpec(path=str(tmp_path / "pool.csv"), label="kind")
    pool = read(spec, "pool", labelled=False, recorded=True)
    raw = raw_rows(spec, pool, np.array([2, 0, 1]))
    for name in ("asked.csv", "asked.parquet"):
        files = write_tasks(raw, IDS, CLASSES, "kind", tmp_path / name)
        table = pd.read_csv(files["rows"]) if name.endswith("csv") else pd.read_parquet(files["rows"])
        assert table.columns.tolist() == ["row_id", "age", "town", "kind"]
        assert table["age"].tolist() == [33, 31, 32]
        assert table["kind"].fillna("").tolist() == [""] * 3
        table.assign(kind=["cat", "dog", NONE]).to_csv(tmp_path / "filled.csv", index=False)
        assert given(tmp_path / "filled.csv", "kind") == {"a1": "cat", "b2": "dog", "c3": NONE}
    tasks = json.loads(files["tasks"].read_text())
    assert tasks[0] == {"data": {"row_id": "a1", "row": {"age": 33, "town": "z"}}}
    assert NONE in files["interface"].read_text()


def test_pictures_are_shown_as_they_are(tmp_path):
    for i, name in enumerate(IDS):
        (tmp_path / "pool").mkdir(exist_ok=True)
        Image.fromarray(np.full((5 + i, 4, 3), 60 * i, np.uint8)).save(tmp_path / "pool" / f"{name}.png")
    spec = SourceSpec(path=str(tmp_path / "pool"), image_size=(2, 2))
    pool = read(spec, "pool", labelled=False, recorded=True)
    files = write_tasks(raw_rows(spec, pool, np.array([1, 0])), IDS[:2], CLASSES, "label", tmp_path / "asked.csv")
    tasks = json.loads(files["tasks"].read_text())
    assert tasks[0]["data"]["image"].startswith("data:image/png;base64,")
    assert tasks[0]["data"]["path"].endswith("b2.png")
    assert '<Image name="image" value="$image"/>' in files["interface"].read_text()


@pytest.mark.parametrize("name", ["labels.csv", "labels.parquet"])
def test_labels_are_read_by_the_rule_of_the_data(tmp_path, name):
    """``data.label_map`` and ``data.missing_labels``: a label that means none is as if the row had no label."""
    table = pd.DataFrame({"row_id": IDS, "label": [1.0, 0.0, -1.0] if name.endswith("parquet") else ["kitten", "dog", "unknown"]})
    getattr(table, "to_parquet" if name.endswith("parquet") else "to_csv")(tmp_path / name, index=False)
    called = {"1": "cat", "0": "dog", "kitten": "cat", "?": "unknown"}
    found = given_labels(str(tmp_path / name), IDS, CLASSES, "label", called, ["-1", "unknown"])
    assert found == {"a1": "cat", "b2": "dog"}


def test_a_class_under_a_name_that_the_map_gives_to_another_is_offered_as_the_data_call_it(tmp_path):
    turned = {"cat": "dog", "dog": "cat"}
    assert offered_names(CLASSES, turned) == ("dog", "cat")
    path = written(tmp_path, "row_id,label\na1,cat\nb2,cow\n")
    with pytest.raises(DataError, match="expected one of the classes dog, cat, or 'none of these', got 'cow'"):
        given_labels(str(path), IDS, CLASSES, "label", turned)
    path = written(tmp_path, "row_id,label\na1,cat\n")
    assert given_labels(str(path), IDS, CLASSES, "label", turned) == {"a1": "dog"}
