"""Damaged input at every door is read, or refused in one sentence: never another exception, never a number that is none.

The suite tries some inputs a door, always the same ones; ``make fuzz SECONDS=600`` goes on with others for that long and keeps
what it learns in ``.hypothesis``. An input that broke a door becomes an ``example`` or a case of the tests of its module.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, seed, settings
from PIL import Image

import ntgate
from ntgate.cli.app import run as command
from ntgate.config import RunConfig
from ntgate.config_file import load
from ntgate.data.align import align
from ntgate.data.domain import Domain
from ntgate.data.encoder import fit_encoder, fit_text_encoder
from ntgate.data.given_labels import NONE, given_labels
from ntgate.data.readers import read
from ntgate.data.specs import SourceSpec
from ntgate.errors import NtgateError
from ntgate.gate.ledger_config import LedgerConfig
from ntgate.ledger.entries import Opening
from ntgate.ledger.ledger import Ledger
from tests.fuzz.damage import damaged, damaged_tree, edits, tree_edits

T = TypeVar("T")
SECONDS, EXAMPLES = float(os.environ.get("NTGATE_FUZZ_SECONDS", "0")), 60
RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "age": [30, 41, None, 25] * 6,
        "price": ["1,5", "2,75", "3", "?"] * 6,
        "seen": pd.date_range("2024-01-01", periods=24, freq="7h").astype(str),
        "shop": [f"s{i % 5}" for i in range(24)],
        "note": ["good, cheap and quick to arrive", 'bad "smell"', "", "ok"] * 6,
        "label": ["a", "b", "c"] * 8,
    }
)
EXPORT = [
    {
        "data": {"row_id": name},
        "annotations": [{"result": [{"type": "choices", "value": {"choices": [label]}}], "was_cancelled": False}],
    }
    for name, label in zip(("r1", "r2", "r3"), ("a", "b", "none of these"), strict=True)
]
CONFIG = {
    "model": {"name": "model", "backbone": {"kind": "mlp", "hidden": [32, 16]}},
    "data": {
        "source": {"path": "source.csv", "label": "label", "csv": {"separator": ";"}},
        "target": {"path": "target.csv", "label": "label"},
        "columns": {"age": "number", "note": "text"},
        "label_map": {"yes": "1"},
    },
    "shift": {"alpha": 0.05, "permutations": 500},
    "training": {"steps": 400, "learning_rate": 0.001},
    "strategies": [{"kind": "fine_tuning"}, "linear_pool", {"kind": "domain_adversarial", "strength": 1.0}],
    "gate": {"alpha": 0.05, "margin": 0.0, "metric": "accuracy", "seeds": 3, "ledger": {"horizon": 52}},
    "registry": {"uri": "sqlite:///mlflow.db"},
    "notify": {"webhook": "HOOK"},
    "output": "runs",
}


def written(save: Callable[[io.BytesIO], object]) -> bytes:
    """What ``save`` writes."""
    content = io.BytesIO()
    save(content)
    return content.getvalue()


FILES = {
    "csv": FRAME.to_csv(index=False).encode(),
    "semicolons.csv": FRAME.to_csv(index=False, sep=";", decimal=",").encode(),
    "tsv": FRAME.to_csv(index=False, sep="\t").encode(),
    "jsonl": FRAME.to_json(orient="records", lines=True).encode(),
    "parquet": written(FRAME.to_parquet),
    "npz": written(lambda file: np.savez(file, x=RNG.normal(size=(12, 3)).astype("f4"), y=np.arange(12) % 3)),
    "compressed.npz": written(lambda file: np.savez_compressed(file, x=RNG.normal(size=(12, 3)), y=np.array(list("abc") * 4))),
}
PICTURE = written(lambda file: Image.fromarray(RNG.integers(0, 255, (9, 7, 3), dtype=np.uint8)).save(file, "PNG"))
LABELS = {
    "csv": b"row_id,label\nr1,a\nr2,b\nr3,none of these\n",
    "json": json.dumps(EXPORT).encode(),
    "tasks.json": json.dumps([{"row_id": "r1", "label": "a"}, {"row_id": "r2", "choice": "b"}]).encode(),
}


def tried(work: Callable[[], T]) -> T | None:
    """What it gives, or None where it refuses with one sentence for people."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return work()
        except NtgateError as error:
            said = str(error)
            assert "expected" in said, said
            assert "Traceback" not in said, said
            assert len(said) < 20_000, len(said)
            assert not {c for c in said if c < " " and c not in "\n\t"}, repr(said)
            return None


def fuzzed(test: Callable[..., None]) -> Callable[..., None]:
    """The same examples in the suite; others for as long as ``NTGATE_FUZZ_SECONDS`` says."""
    quiet = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
    if not SECONDS:
        return settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=quiet)(test)
    return settings(max_examples=500, deadline=None, suppress_health_check=quiet, phases=set(Phase))(test)


def go_on(test: Callable[[], None]) -> None:
    """Once, or again with other seeds until the time is up."""
    end = time.monotonic() + SECONDS / DOORS
    test()
    while time.monotonic() < end:
        seed(time.monotonic_ns())(test)()


DOORS = len(FILES) + len(LABELS) + 6


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file(name, tmp_path):
    """Read, aligned with the file as it was, and encoded to finite numbers."""
    path, whole = tmp_path / f"target.{name}", tmp_path / f"source.{name}"
    whole.write_bytes(FILES[name])

    def open_it() -> Domain:
        target = read(SourceSpec(path=str(path)), "target")
        source = read(SourceSpec(path=str(whole)), "source")
        target = align(source, target)
        encode = fit_text_encoder if getattr(target, "kind", "") == "text" else fit_encoder
        encoded = encode(target).encode(target.rows)
        if isinstance(encoded, np.ndarray):
            assert np.isfinite(encoded).all()
        return target

    @fuzzed
    @given(edits)
    def door(changes):
        path.write_bytes(damaged(FILES[name], changes))
        tried(open_it)

    path.write_bytes(FILES[name])
    assert len(tried(open_it)) == len(FILES[name].splitlines()) - 1 if "csv" in name else tried(open_it) is not None
    go_on(door)


def test_a_damaged_picture(tmp_path):
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for i in range(2):
            (tmp_path / label / f"{i}.png").write_bytes(PICTURE)

    def open_it() -> Domain:
        return read(SourceSpec(path=str(tmp_path)), "target")

    @fuzzed
    @given(edits)
    def door(changes):
        (tmp_path / "b" / "1.png").write_bytes(damaged(PICTURE, changes))
        found = tried(open_it)
        # Where it is no picture any more it is left out and said; none becomes one of another class.
        assert found is None or [found.classes[code] for code in found.labels] in (["a", "a", "b", "b"], ["a", "a", "b"])

    assert len(tried(open_it)) == 4
    go_on(door)


@pytest.mark.parametrize("name", LABELS)
def test_damaged_labels(name, tmp_path):
    path = tmp_path / f"labels.{name}"

    @fuzzed
    @given(edits)
    def door(changes):
        path.write_bytes(damaged(LABELS[name], changes))
        only_what_was_asked(path)

    path.write_bytes(LABELS[name])
    assert only_what_was_asked(path)["r1"] == "a"
    go_on(door)


def test_labels_of_another_shape(tmp_path):
    path = tmp_path / "labels.json"

    @fuzzed
    @given(tree_edits)
    def door(changes):
        path.write_text(json.dumps(damaged_tree(EXPORT, changes)))
        only_what_was_asked(path)

    path.write_text(json.dumps(EXPORT))
    assert only_what_was_asked(path)
    go_on(door)


def only_what_was_asked(path: Path) -> dict[str, str] | None:
    """The labels in a file, if it is read: of rows that were asked for, and classes that there are."""
    found = tried(lambda: given_labels(str(path), ["r1", "r2", "r3"], ["a", "b"], "label"))
    assert found is None or (found.keys() <= {"r1", "r2", "r3"} and {*found.values()} <= {"a", "b", NONE})
    return found


@pytest.fixture
def project(tmp_path) -> Path:
    """A folder with the data that the config names."""
    for name in ("source", "target"):
        (tmp_path / f"{name}.csv").write_bytes(FILES["csv"])
    return tmp_path


def test_a_damaged_config(project):
    text = yaml.safe_dump(CONFIG).encode()

    @fuzzed
    @given(edits)
    def door(changes):
        (project / "config.yaml").write_bytes(damaged(text, changes))
        same_when_written(tried(lambda: load(project / "config.yaml")))

    (project / "config.yaml").write_bytes(text)
    assert load(project / "config.yaml").gate.ledger.horizon == 52
    go_on(door)


def test_a_config_with_other_values(project):
    @fuzzed
    @given(tree_edits)
    def door(changes):
        (project / "config.json").write_text(json.dumps(damaged_tree(CONFIG, changes)))
        same_when_written(tried(lambda: load(project / "config.json")))

    (project / "config.json").write_text(json.dumps(CONFIG))
    assert load(project / "config.json").gate.ledger.horizon == 52
    go_on(door)


def same_when_written(config: RunConfig | None) -> None:
    """A config that is read means the same once it is kept and read again, as a run and every pod do it."""
    assert config is None or RunConfig.model_validate_json(config.model_dump_json()) == config


def test_a_damaged_ledger(tmp_path):
    """It tells its entries and takes another one, or is refused; none ends in the database library's own words."""
    file = tmp_path / "ledger.db"
    rows = [np.array([f"{name * 1000 + i:032x}" for i in range(40)], "S32") for name in (1, 2)]
    asked = Opening(model="model", decision_id="one", comparison="one", config=LedgerConfig(), alpha=0.05, min_test_rows=30)
    ledger = Ledger(f"sqlite:///{file}")
    ledger.close(ledger.open(asked, rows[0]), "promoted")
    content = file.read_bytes()

    def use() -> int:
        again = Ledger(f"sqlite:///{file}")
        told = len(again.entries("model"))
        again.open(asked.model_copy(update={"decision_id": "two", "comparison": "two"}), rows[1])
        return told

    @fuzzed
    @given(edits)
    def door(changes):
        file.write_bytes(damaged(content, changes))
        tried(use)

    file.write_bytes(content)
    assert tried(use) == 2
    go_on(door)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """The folder of a small run."""
    folder = tmp_path_factory.mktemp("run")
    x = RNG.normal(size=(500, 3))
    frame = pd.DataFrame(x, columns=list("abc")).assign(label=np.where(x.sum(axis=1) > 0, "yes", "no"))
    parts = {"source": frame[:200], "target": frame[200:260], "target_test": frame[260:]}
    settings = {"strategies": ["linear_pool"], "scratch": ["logistic"], "gate": {"seeds": 1}, "output": str(folder / "runs")}
    settings |= {"shift": {"permutations": 99, "evidently": False}, "registry": {"uri": f"sqlite:///{folder}/mlflow.db"}}
    ntgate.run(settings, **parts, label="label", model="model", dry_run=True, progress=False)
    result = ntgate.run(settings, **parts, label="label", model="model", dry_run=True, progress=False)
    return Path(result.directory)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["decision.json", "result.json"])
def test_the_files_of_a_run_with_other_values(name, finished, tmp_path, capsys):
    """``replay``, ``explain`` and ``compare`` answer, or refuse; none ends as an internal error."""
    folder = shutil.copytree(finished, tmp_path / "run")
    content = json.loads((folder / name).read_text())

    @fuzzed
    @given(tree_edits)
    def door(changes):
        (folder / name).write_text(json.dumps(damaged_tree(content, changes)))
        for arguments in (["replay", str(folder)], ["explain", str(folder)], ["compare", str(folder), str(finished)]):
            assert command(arguments) != 1, (arguments, capsys.readouterr())

    assert command(["replay", str(finished)]) == 0
    older = json.loads((finished / "decision.json").read_text())
    del older["decision"]["over_champion"]  # what a later ntgate writes down besides is no difference
    (folder / "decision.json").write_text(json.dumps(older))
    assert command(["replay", str(folder)]) == 0
    go_on(door)
