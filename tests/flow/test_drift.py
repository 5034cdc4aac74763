"""The drift check: which rows it looks at, what it trains, and what it does without."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ntgate.config_file import load
from ntgate.errors import DataError
from ntgate.flow import drift, plan, run
from ntgate.stages.drift_check import DriftCheck


def check(project: Path, *overrides: str) -> DriftCheck:
    return drift(load(project / "config.yaml", overrides))


def same(first: DriftCheck, second: DriftCheck) -> bool:
    told = [check.shift.model_dump(exclude={"seconds": True, "attribution": {"seconds"}}) for check in (first, second)]
    return told[0] == told[1]


def table(folder: Path, moved: float, *, labelled: bool = True, text: str = "b") -> None:
    """Two csv files: numbers that move, a text column whose share of ``text`` grows, and a label."""
    rng = np.random.default_rng(1)
    for name, rows, step in (("source", 400, 0.0), ("target", 200, moved)):
        numbers = rng.normal(size=(rows, 2)) + step
        texts = np.where(rng.random(rows) < 0.5 + step / 4, text if step else "b", "a")
        labels = rng.integers(0, 2, rows)
        with_label = labelled or name == "source"
        lines = [f"u,v,w{',label' if with_label else ''}"]
        for (u, v), w, y in zip(numbers, texts, labels, strict=True):
            lines.append(f"{u:.4f},{v:.4f},{w}{f',{y}' if with_label else ''}")
        (folder / f"{name}.csv").write_text("\n".join(lines))
    (folder / "config.yaml").write_text(
        "model: {name: t}\n"
        "data: {source: {path: source.csv}, target: {path: target.csv}}\n"
        'registry: {uri: "sqlite:///mlflow.db"}\n'
        "shift: {permutations: 99, evidently: false}\n"
    )


def test_a_table_is_measured_on_its_columns_and_nothing_is_trained(tmp_path):
    table(tmp_path, 1.0)
    found = check(tmp_path)
    assert (found.shift.outcome, found.shift.representation) == ("shift", "raw")
    assert (found.shift.n_source, found.shift.n_target) == (400, 200)
    assert not (Path(found.directory) / "models").exists()
    assert not (tmp_path / "mlflow.db").exists()


def test_a_table_needs_no_training_for_the_plan_either(tmp_path):
    table(tmp_path, 1.0)
    ingested, made = plan(load(tmp_path / "config.yaml"))
    assert made.slots
    assert not (Path(ingested.directory) / "models").exists()


def test_a_table_without_a_label_column_gives_the_same_shift(tmp_path):
    table(tmp_path, 1.0)
    labelled = check(tmp_path)
    table(tmp_path, 1.0, labelled=False)
    assert same(check(tmp_path), labelled)


def test_a_category_that_only_the_target_has_is_a_shift(tmp_path):
    table(tmp_path, 1e-9, text="new")
    assert check(tmp_path, "shift.permutations=199").shift.outcome == "shift"
    table(tmp_path, 1e-9)
    assert check(tmp_path, "shift.permutations=199").shift.outcome == "none"


def without_labels(y):
    return None


def one_class(y):
    return np.zeros_like(y)


def half_labelled(y):
    return np.where(np.arange(len(y)) % 2, y, np.nan)


@pytest.mark.parametrize("change", [without_labels, one_class, half_labelled], ids=lambda change: change.__name__)
def test_labels_of_the_target_are_not_looked_at(project, change):
    labelled = check(project)
    with np.load(project / "target.npz") as target:
        x, y = target["x"], change(target["y"])
    np.savez(project / "target.npz", x=x, **({} if y is None else {"y": y}))
    assert same(check(project), labelled)
    with pytest.raises(DataError):
        run(load(project / "config.yaml"), dry_run=True)  # a run needs them


def test_the_test_rows_are_not_read(project):
    found = check(project)
    assert found.shift.n_target == 60
    (project / "target_test.npz").unlink()
    assert same(check(project), found)
    assert same(check(project, "data.target_test=null"), found)


def test_unlabelled_rows_count_as_target_rows(project):
    with np.load(project / "target_test.npz") as more:
        np.savez(project / "fresh.npz", x=more["x"][:100])
    assert check(project, "data.unlabelled.path=fresh.npz").shift.n_target == 160


def test_rows_that_source_and_target_share_are_no_obstacle(project):
    """A run refuses test rows that training has seen; a check judges no model."""
    with np.load(project / "source.npz") as source:
        np.savez(project / "target.npz", x=source["x"][:200], y=source["y"][:200])
    assert check(project, "data.target_test=null").shift.outcome == "none"


def test_a_checkpoint_spares_the_training_and_gives_the_same_embedding(project):
    first = check(project)
    weights = Path(first.directory) / "models" / "source.safetensors"
    assert first.shift.representation == "embedding"
    # Training for a single step would give another network: this one was not trained again.
    again = check(project, f"model.source_checkpoint={weights}", "training.source_steps=1")
    assert same(again, first)
    assert not same(check(project, "training.source_steps=1"), first)


def test_the_shift_is_that_of_a_run(project):
    """With test rows of their own both measure the same target rows, in another order."""
    of_run = run(load(project / "config.yaml"), dry_run=True).shift
    found = check(project).shift
    assert of_run["outcome"] == found.outcome == "shift"
    assert of_run["mmd2"] == pytest.approx(found.mmd2, rel=0.01)
    assert of_run["effect_size"] == pytest.approx(found.effect_size, rel=0.01)


def test_images_in_no_folder_of_a_class(tmp_path):
    rng = np.random.default_rng(0)
    for name, count, dark in (("source", 80, 0), ("target", 40, 90)):
        for i in range(count):
            folder = tmp_path / name / (str(i % 2) if name == "source" else "")
            folder.mkdir(parents=True, exist_ok=True)
            pixels = rng.integers(100, 255 - 100 * (i % 2), size=(12, 12, 3)) - dark
            Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{i}.png")
    (tmp_path / "config.yaml").write_text(
        "model: {name: pictures}\n"
        "data: {source: {path: source}, target: {path: target}}\n"
        'registry: {uri: "sqlite:///mlflow.db"}\n'
        "training: {source_steps: 30}\n"
        "shift: {permutations: 99, evidently: false}\n"
    )
    found = check(tmp_path).shift
    assert (found.outcome, found.representation, found.n_target) == ("shift", "embedding", 40)


def test_too_few_rows_are_bad_data_and_not_no_shift(project):
    for rows in (1, 4):
        with np.load(project / "target.npz") as target:
            np.savez(project / "target.npz", x=target["x"][:rows])
        with pytest.raises(DataError, match="expected at least"):
            check(project)
        np.savez(project / "target.npz", x=np.random.default_rng(0).random((60, 64), dtype=np.float32))


def test_a_misspelt_label_column_is_found_in_the_source(tmp_path):
    table(tmp_path, 1.0)
    for name in ("source", "target"):
        path = tmp_path / f"{name}.csv"
        path.write_text(path.read_text().replace("label", "lable", 1))
    with pytest.raises(DataError, match="did you mean 'lable'"):
        check(tmp_path)


def test_a_broken_value_of_a_vector_hides_no_shift(tmp_path):
    """The network cannot see the column beside 1e12; the column's own test can."""
    rng = np.random.default_rng(0)
    x, moved = rng.normal(size=(300, 6)).astype(np.float32), rng.normal(size=(100, 6)).astype(np.float32)
    x[7, 0], moved[:, 0] = 1e12, moved[:, 0] + 2
    np.savez(tmp_path / "source.npz", x=x, y=(x[:, 1] > 0).astype(int))
    np.savez(tmp_path / "target.npz", x=moved)
    (tmp_path / "config.yaml").write_text(
        "model: {name: vectors}\n"
        "data: {source: {path: source.npz}, target: {path: target.npz}}\n"
        'registry: {uri: "sqlite:///mlflow.db"}\n'
        "training: {source_steps: 30}\n"
        "shift: {permutations: 99, evidently: false}\n"
    )
    found = check(tmp_path)
    assert (found.shift.outcome, found.shift.moved[0].name) == ("shift", "x0")
    assert "1 of 6 features moved." in found.report.verified().read_text()


def test_a_question_mark_among_the_numbers_of_one_file_hides_no_shift(tmp_path):
    table(tmp_path, 1e-9)
    path = tmp_path / "target.csv"
    head, *rows = path.read_text().splitlines()
    shifted = [",".join([f"{float(row.split(',')[0]) + 2:.4f}", *row.split(",")[1:]]) for row in rows]
    shifted[3] = "?" + shifted[3][shifted[3].index(",") :]
    path.write_text("\n".join([head, *shifted]))
    found = check(tmp_path)
    assert found.shift.outcome == "shift"
    assert found.shift.moved[0].name == "u"
    assert found.shift.notes[0] == "Column 'u' is read as a number: '?' for no value."
    assert "read as a number" in found.report.verified().read_text()
