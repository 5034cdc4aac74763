"""A column of texts under a transformer from a folder: fine-tuned, judged, and served as strings."""

import csv
import json

import numpy as np
import pandas as pd
import pytest
import yaml

pytest.importorskip("transformers")

from ntgate.cli.app import run as command
from ntgate.config_file import load
from ntgate.data.tokens import TokenEncoder, fit_tokens
from ntgate.errors import ModelError
from ntgate.stages.ingest import ingest
from ntgate.stages.place import Place
from ntgate.training.config import NetworkSpec, Transformers
from ntgate.training.network import build
from tests.text_folder import assert_served_as_strings, reviews, save_model


@pytest.fixture
def moods(tmp_path):
    """A target of reviews, a folder with a model, and a config without source rows."""
    save_model(tmp_path / "bert")
    for name, n in (("target", 40), ("target_test", 120)):
        with open(tmp_path / f"{name}.csv", "w", newline="") as file:
            csv.writer(file).writerows([("review", "label"), *reviews(n, n)])
    content = {
        "model": {"name": "mood", "backbone": {"kind": "transformers", "path": "bert", "length": 16}},
        "data": {"target": {"path": "target.csv"}, "target_test": {"path": "target_test.csv"}, "columns": {"review": "text"}},
        "registry": {"uri": "sqlite:///mlflow.db"},
        "strategies": ["fine_tuning", "feature_extraction", "linear_pool"],
        "training": {"steps": 20, "batch_size": 16, "folds": 2, "evaluations": 2},
        "gate": {"seeds": 1},
        "shift": {"evidently": False},
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(content))
    return tmp_path


def test_texts_are_learnt_judged_and_served_as_strings(moods, capsys):
    assert command(["run", str(moods / "config.yaml"), "--inline", "--json"]) in (0, 3, 4)
    result = json.loads(capsys.readouterr().out)
    trained = {row["strategy"]: row["validation"] for row in result["plan"] if row["trained"]}
    assert trained["feature_extraction"] > 0.9
    assert "fine_tuning" in trained
    left = {row["strategy"]: row["reason"] for row in result["plan"] if not row["trained"]}
    assert left["linear_pool"] == "left out: it needs source rows, and there are none"
    assert "network" in left  # scratch of texts is TF-IDF, and no transformer that begins at random
    notes = result["source_model"]["sentences"]
    assert any("more than 16 tokens, and the network does not read their ends" in note for note in notes)
    assert_served_as_strings(result["onnx"]["candidate"])


def test_the_folder_says_what_is_pooled(tmp_path):
    for pooling, found in (("mean_tokens", "mean"), ("cls_token", "cls")):
        save_model(tmp_path / pooling, pooling)
        network = build(NetworkSpec(backbone=Transformers(path=str(tmp_path / pooling)), input_shape=(9,), classes=2), 0)
        assert network.features._pooling == found
    save_model(tmp_path / "odd", "max_tokens")
    with pytest.raises(ModelError, match=r"expected the mean or the first token alone .* set model\.backbone\.pooling"):
        build(NetworkSpec(backbone=Transformers(path=str(tmp_path / "odd")), input_shape=(9,), classes=2), 0)


def test_token_ids_are_the_tokenizers(moods):
    encoder = fit_tokens(moods / "bert", "review", 8)
    ids = encoder.encode(pd.DataFrame({"review": ["The BOOKS, bad", "", None, "good " * 20]}, dtype=object))
    words = json.loads((moods / "bert" / "tokenizer.json").read_text())["model"]["vocab"]
    spelt = {number: word for word, number in words.items()}
    assert [spelt[int(i)] for i in ids[0]] == ["[CLS]", "the", "book", "##s", "[UNK]", "bad", "[SEP]", "[PAD]"]
    assert ids[1].tolist() == ids[2].tolist() == [words["[CLS]"], words["[SEP]"], 0, 0, 0, 0, 0, 0]
    assert spelt[int(ids[3][-1])] == "[SEP]"
    assert TokenEncoder.model_validate_json(encoder.model_dump_json()) == encoder
    (moods / "bert" / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="the tokenizer that the model was trained with, got another one"):
        encoder.encode(pd.DataFrame({"review": ["a"]}))


def test_what_the_transformer_does_not_read_is_told(moods):
    for name in ("target", "target_test"):
        table = pd.read_csv(moods / f"{name}.csv")
        table.assign(stars=np.arange(len(table)) % 7 / 3).to_csv(moods / f"{name}.csv", index=False)
    config = load(moods / "config.yaml")
    with pytest.raises(ModelError, match=r"also stars, which the transformer does not read; write `columns: \{stars: ignore\}`"):
        ingest(config, Place.of(config))
    (moods / "bert" / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"a tokenizer\.json beside the model"):
        fit_tokens(moods / "bert", "review", 8)
