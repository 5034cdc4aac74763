"""What the hostile inputs would say of a command line that shows a password, hangs, promotes or runs what it reads."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from tests.benchmarks.packages import beside_benchmarks


@pytest.fixture(scope="module")
def hostile():
    with beside_benchmarks("hostile_inputs", "doors", "hostile_input", "trial") as found:
        yield found


def test_there_are_hundreds_each_with_its_codes(hostile):
    found = hostile[0].all_inputs()
    assert len(found) > 1000
    assert all(one.codes and 1 not in one.codes for one in found)


REFUSED = '{"exit_code": 5, "errors": [{"message": "a"}]}'


@pytest.fixture
def bench(hostile, tmp_path):
    (tmp_path / "project").mkdir()
    with closing(sqlite3.connect(tmp_path / "project" / "mlflow.db")) as database:
        database.execute("create table model_versions (name, version)")
        database.execute("create table registered_model_aliases (name, alias, version)")
        database.execute("insert into registered_model_aliases values ('reader', 'champion', '1')")
        database.commit()
    shutil.copytree(tmp_path / "project", tmp_path / "kept")
    for name in ("out", "err"):
        (tmp_path / name).touch()
    return hostile[2].Bench(tmp_path, run=tmp_path)


def ended(bench, code, out=REFUSED, err="error: a", then=lambda place: None):
    """The bench with a command that ends so."""

    def command(words, environment):
        (bench.home / "out").write_text(out)
        (bench.home / "err").write_text(err)
        then(bench)
        return code, 1.0, out, err

    bench._ended = command
    return bench


def alias(bench):
    with closing(sqlite3.connect(bench.folder / "mlflow.db")) as database:
        database.execute("update registered_model_aliases set version = '2'")
        database.commit()


def kept(bench):
    with closing(sqlite3.connect(bench.folder / "kept.db")) as database:
        database.execute("create table a (b)")
        database.execute("insert into a values (?)", ["x" * 5000 + "geheim-7-q7" + "x" * 5000])
        database.commit()


CASES = {
    "right": ({"code": 5}, set()),
    "another code": ({"code": 2, "out": REFUSED.replace("5", "2")}, {"code"}),
    "internal": ({"code": 1, "out": REFUSED.replace("5", "1")}, {"internal"}),
    "hung": ({"code": None}, {"hung"}),
    "traceback": ({"code": 5, "err": "Traceback (most recent call last):\nerror: a"}, {"traceback"}),
    "no JSON": ({"code": 5, "out": "a"}, {"sentence"}),
    "the code of another": ({"code": 5, "out": REFUSED.replace("5", "2")}, {"sentence"}),
    "silent": ({"code": 5, "err": ""}, {"sentence"}),
    "two sentences": ({"code": 5, "err": "error: a\nerror: b"}, {"sentence"}),
    "a password said": ({"code": 5, "err": "error: geheim-7-q7"}, {"password"}),
    "a header said": ({"code": 5, "err": "error: YW5uOmdlaGVpbS03LXE3"}, {"password"}),
    "a password kept": ({"code": 5, "then": kept}, {"password"}),
    "executed": ({"code": 5, "then": lambda bench: (bench.home / "canary").touch()}, {"executed"}),
    "promoted": ({"code": 5, "then": alias}, {"promoted"}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_found(hostile, bench, case):
    given, wrong = CASES[case]

    def make(place):
        place.write("hostile.yaml", place.secret)
        return ["validate", "hostile.yaml"]

    one = hostile[1].HostileInput("door", case, make, frozenset({5}))
    assert ended(bench, **given).attempt(one, 7).wrong.keys() == wrong


def test_an_input_finds_the_project_as_it_was(hostile, bench):
    one = hostile[1].HostileInput("door", "a", lambda place: [str(place.write("more.txt", "a"))], frozenset({5}))
    ended(bench, 5, then=alias).attempt(one, 0)
    again = ended(bench, 5).attempt(one, 1)
    assert json.loads(json.dumps(dict(again.wrong))) == {}
    with closing(sqlite3.connect(bench.folder / "mlflow.db")) as database:
        assert database.execute("select version from registered_model_aliases").fetchall() == [("1",)]
