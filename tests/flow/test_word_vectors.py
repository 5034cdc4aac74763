"""A column of texts under static word vectors from a folder: learnt, measured, judged, and served as strings."""

import csv
import json

import pytest
import yaml

pytest.importorskip("transformers")

from ntgate.cli.app import run as command
from tests.text_folder import assert_served_as_strings, reviews
from tests.word_vector_folder import save_folder, vectors

RECOGNISED = "The folder is recognised as static word vectors of model2vec, 25 tokens of 12 numbers"


@pytest.fixture
def moods(tmp_path):
    """Reviews of two domains, a folder with word vectors, and a config that names both."""
    save_folder(tmp_path / "words", "model2vec", unit=True)
    for name, n in (("source", 200), ("target", 40), ("target_test", 120)):
        with open(tmp_path / f"{name}.csv", "w", newline="") as file:
            csv.writer(file).writerows([("review", "label"), *reviews(n, n)])
    content = {
        "model": {"name": "mood", "backbone": {"kind": "transformers", "path": "words"}},
        "data": {
            "source": {"path": "source.csv"},
            "target": {"path": "target.csv"},
            "target_test": {"path": "target_test.csv"},
            "columns": {"review": "text"},
        },
        "registry": {"uri": "sqlite:///mlflow.db"},
        "strategies": ["fine_tuning", "feature_extraction", "alignment", "instance_transfer", "linear_pool"],
        "training": {"steps": 20, "source_steps": 60, "batch_size": 16, "folds": 2, "evaluations": 2},
        "gate": {"seeds": 1},
        "shift": {"evidently": False},
    }
    return tmp_path, content


def answered(folder, content, capsys, *, what="run") -> dict:
    (folder / "config.yaml").write_text(yaml.safe_dump(content))
    ran = command([what, str(folder / "config.yaml"), "--json", *(["--inline"] if what == "run" else [])])
    assert ran in (0, 3, 4)
    return json.loads(capsys.readouterr().out)


def test_every_arm_that_reads_an_embedding_learns_from_it(moods, capsys):
    folder, content = moods
    checked = answered(folder, content, capsys, what="validate")
    assert checked["loaded"]["notes"][0].startswith(RECOGNISED)
    result = answered(folder, content, capsys)
    assert any(sentence.startswith(RECOGNISED) for sentence in result["source_model"]["sentences"])
    trained = {row["strategy"]: row["validation"] for row in result["plan"] if row["trained"]}
    assert trained.keys() >= set(content["strategies"])
    assert all(trained[name] > 0.85 for name in ("fine_tuning", "feature_extraction", "alignment", "instance_transfer"))
    assert_served_as_strings(result["onnx"]["candidate"])
    # A later run has the weights of this one, the folder's tokenizer, and the source's features to measure against.
    content["model"]["source_checkpoint"] = str(folder / "again.safetensors")
    made = next((folder / "runs").rglob("source.safetensors"))
    (folder / "again.safetensors").write_bytes(made.read_bytes())
    (folder / "again.reference.safetensors").write_bytes(made.with_suffix(".reference.safetensors").read_bytes())
    del content["data"]["source"]
    later = answered(folder, content, capsys, what="drift")
    assert later["shift"]["representation"] == "embedding"


def test_folders_alone_are_what_transfer_starts_from(moods, capsys):
    folder, content = moods
    del content["data"]["source"]
    result = answered(folder, content, capsys)
    trained = {row["strategy"]: row["validation"] for row in result["plan"] if row["trained"]}
    assert trained["feature_extraction"] > 0.9
    assert "fine_tuning" in trained
    left = {row["strategy"]: row["reason"] for row in result["plan"] if not row["trained"]}
    assert left["alignment"] == "left out: it needs source rows, and there are none"


def test_a_folder_that_cannot_be_used_ends_the_command_in_a_sentence(moods, capsys):
    folder, content = moods
    save_folder(folder / "words", "model2vec", embeddings=vectors()[:5])
    (folder / "config.yaml").write_text(yaml.safe_dump(content))
    assert command(["validate", str(folder / "config.yaml")]) == 5
    told = capsys.readouterr().err
    assert "expected a vector for each of the 25 tokens of its tokenizer.json, got 5" in told
    assert "Traceback" not in told
