"""A reader that lives outside the package: rows from a database, or as arrays, held to what files are held to."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pytest

from ntgate.cli.app import run as command
from ntgate.config_file import load
from ntgate.data.own_reader import Reader
from ntgate.data.readers import read
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError
from ntgate.stages.check import check_data
from ntgate.testing import check_reader


class Query(Reader):
    """A query on a SQLite file."""

    kind: Literal["query"] = "query"
    sql: str = "select * from rows order by rowid"

    def read(self, path: str) -> pd.DataFrame:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            return pd.read_sql_query(self.sql, database)


class Memmapped(Reader):
    """Arrays from npy files in a folder."""

    kind: Literal["npy"] = "npy"

    def read(self, path: str):
        return {file.stem: np.load(file) for file in Path(path).glob("*.npy")}


class Wrong(Reader):
    kind: Literal["wrong"] = "wrong"
    answer: str = "list"

    def read(self, path: str):
        answers = {"list": [1, 2], "objects": {"x": np.array([[{}], [{}]])}, "twice": pd.DataFrame([[1, 2]], columns=["a", "a"])}
        return answers[self.answer]


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setitem(sys.modules, "a_project", sys.modules[__name__])
    for kind in (Query, Memmapped, Wrong):
        monkeypatch.setattr(kind, "__module__", "a_project")


@pytest.fixture
def tables(tmp_path):
    """Two domains of a table in SQLite files, and a config that names the reader."""
    for number, name in enumerate(("source", "target")):
        rng = np.random.default_rng(number)
        y = rng.integers(0, 2, 400)
        frame = pd.DataFrame({"size": rng.normal(y + 0.2 * number, 1.0), "colour": np.where(y, "red", "blue"), "label": y})
        with sqlite3.connect(tmp_path / f"{name}.db") as database:
            frame.to_sql("rows", database, index=False)
    (tmp_path / "config.yaml").write_text(
        "model: {name: m}\nregistry: {uri: sqlite:///mlflow.db}\ndata:\n"
        '  source: {path: source.db, reader: "a_project:Query"}\n'
        '  target: {path: target.db, reader: {kind: "a_project:Query", sql: "select * from rows limit 300"}}\n'
    )
    return tmp_path


def test_it_passes_the_shipped_checks(tables, tmp_path):
    check_reader(Query(), str(tables / "source.db"))
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(20, 3)))
    np.save(tmp_path / "y.npy", np.arange(20) % 2)
    check_reader(Memmapped(), str(tmp_path))
    with pytest.raises(AssertionError, match="it finds the same labels twice"):
        check_reader(Query(sql="select * from rows order by random()"), str(tables / "source.db"))


def test_a_config_names_it_and_the_rows_are_those_of_the_table(tables):
    config = load(tables / "config.yaml")
    assert config.data.source.reader == Query()
    assert type(config).model_validate_json(config.model_dump_json()) == config
    parts = check_data(config).parts
    assert parts["source"].rows == 400
    assert sum(parts[name].rows for name in ("train", "validation", "test")) == 300
    spec = SourceSpec(path=str(tables / "source.db"), reader=Query(), sample=50, drop=("colour",))
    assert len(read(spec, "source")) == 50


@pytest.mark.parametrize(
    ("reader", "said"),
    [
        (Query(sql="select * from nothing"), "expected rows that the reader query reads, got DatabaseError: .* syntax error"),
        (Wrong(), "expected a DataFrame, or arrays of numbers and text by name, from the reader wrong, got list"),
        (Wrong(answer="objects"), "from the reader wrong, got Object arrays cannot be saved"),
        (Wrong(answer="twice"), "expected every column once, got a twice"),
    ],
)
def test_what_it_cannot_read_is_told_in_one_sentence(tables, reader, said):
    with pytest.raises(DataError, match=said):
        read(SourceSpec(path=str(tables / "source.db"), reader=reader), "source")


def test_a_reader_that_is_none_is_refused(tables):
    told = ["--set", 'data.source.reader="no_such_module:Reader"']
    assert command(["validate", str(tables / "config.yaml"), *told]) == 2
