"""Static word vectors from a folder: what is recognised, what a text becomes, what is refused, and that the export agrees."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import load_file, save_file

pytest.importorskip("tokenizers")

from ntgate.data.tokens import TokenEncoder, fit_tokens
from ntgate.data.word_vectors import word_vectors_in
from ntgate.errors import ModelError
from ntgate.export.onnx_export import export_onnx
from ntgate.export.parity import check_parity
from ntgate.export.runtime import scores_onnx
from ntgate.training import weights
from ntgate.training.config import NetworkSpec, Transformers
from ntgate.training.lora import with_lora
from ntgate.training.network import Network, build
from ntgate.training.pretrained import load_pretrained, weights_of
from ntgate.training.weight_files import described
from tests.word_vector_folder import FORMS, WIDTH, WORDS, by_hand, save_folder, save_tokenizer, vectors

TEXTS = ["The book was good.", "A dull, dull film", "unheard-of words", "", "good " * 700]


def loaded(folder, **options) -> tuple[Network, TokenEncoder]:
    encoder = fit_tokens(folder, "review", **options)
    backbone = Transformers(path=str(folder), **options)
    network = build(NetworkSpec(backbone=backbone, input_shape=encoder.shape, classes=2), 0)
    load_pretrained(network, weights_of(backbone, None))
    return network.eval(), encoder


def embedded(network: Network, encoder: TokenEncoder, texts=TEXTS) -> np.ndarray:
    with torch.inference_mode():
        return network.embed(torch.from_numpy(encoder.encode(pd.DataFrame({"review": texts})))).numpy()


@pytest.mark.parametrize("unit", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_a_text_is_the_mean_of_its_tokens_as_the_folder_says(tmp_path, form, unit):
    unit = unit and form != "plain"  # which says nothing of it
    found = word_vectors_in(save_folder(tmp_path / "words", form, unit=unit))
    assert (found.made_by, found.tokens, found.width, found.unit, found.length) == (form, len(WORDS), WIDTH, unit, 512)
    assert ("length one" in found.sentence) == unit
    # model2vec alone leaves unknown words out of the mean; nobody counts the mark of beginning.
    expected = [by_hand(text, skip_unknown=form == "model2vec", unit=unit) for text in TEXTS]
    assert np.allclose(embedded(*loaded(tmp_path / "words")), expected, atol=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_exported_answers_as_the_network(tmp_path, form):
    network, encoder = loaded(save_folder(tmp_path / "words", form, unit=form == "model2vec"))
    with torch.no_grad():
        network.head.weight.normal_(generator=torch.Generator().manual_seed(0))
    path = export_onnx(network, encoder, tmp_path / "a.onnx", classes=["a", "b"])
    rows = pd.DataFrame({"review": [*TEXTS, None]}, dtype=object)
    with torch.inference_mode():
        reference = network(torch.from_numpy(encoder.encode(rows))).softmax(dim=1).numpy()
    assert check_parity(path, rows, reference) < 1e-5
    assert np.ptp(scores_onnx(path, rows)[:, 0]) > 0.01  # the texts do not all have one answer


def test_a_folder_of_anything_else_is_no_word_vectors(tmp_path):
    save_file({"a": np.zeros((3, 3), np.float32)}, tmp_path / "adapter_model.safetensors")
    (tmp_path / "adapter_config.json").write_text("{}")
    assert word_vectors_in(tmp_path) is None
    (tmp_path / "adapter_config.json").unlink()
    assert "put the tokenizer of the vectors there, under this name, or where it is another kind" in refused(tmp_path)


def test_the_torch_exporter_has_it_too(tmp_path):
    network, _ = loaded(save_folder(tmp_path / "words", "model2vec"), length=7)
    x = torch.tensor([[3.0, 1, 4, -1, -1, -1, -1], [-1.0] * 7])
    program = torch.export.export(network, (x,), dynamic_shapes=({0: torch.export.Dim("n")},))
    with torch.inference_mode():
        assert torch.allclose(program.module()(x), network(x), atol=1e-6)


def test_weights_and_shared_rows_are_those_of_the_folder(tmp_path):
    n = len(WORDS)
    weigh, mapping = np.linspace(0.5, 2, n, dtype=np.float32), (np.arange(n) % 5).astype(np.int32)
    folder = save_folder(tmp_path, "model2vec", embeddings=vectors()[:5].astype(np.float16), weights=weigh, mapping=mapping)
    assert "weighed token by token" in word_vectors_in(folder).sentence
    rows = vectors()[:5].astype(np.float16).astype(np.float32)[mapping] * weigh[:, None]
    expected = [by_hand(text, skip_unknown=True, rows=rows) for text in TEXTS]
    assert np.allclose(embedded(*loaded(folder)), expected, atol=1e-5)


def test_vectors_learn_and_are_kept_as_weights(tmp_path):
    network, encoder = loaded(save_folder(tmp_path / "words", "plain"))
    before = network.features.vectors.detach().clone()
    x = torch.from_numpy(encoder.encode(pd.DataFrame({"review": ["good book", "bad film"]})))
    network(x)[:, 0].sum().backward()
    moved = network.features.vectors.grad.abs().sum(dim=1) > 0
    assert {WORDS[i] for i in torch.nonzero(moved).flatten()} == {"good", "book", "bad", "film"}
    with torch.no_grad():
        network.features.vectors += 1
    again = weights.load(network.spec, weights.save(network, tmp_path / "w.safetensors"))
    assert torch.equal(again.features.vectors, before + 1)
    with pytest.raises(ModelError, match=r"expected features with linear layers, got none in word vectors"):
        with_lora(network, 2, 4.0)


def test_the_length_is_the_configs_or_else_the_folders(tmp_path):
    folder = save_folder(tmp_path, "model2vec")
    assert fit_tokens(folder, "review").length == 512
    assert fit_tokens(folder, "review", 9).length == 9
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "max_length": 100}))
    assert fit_tokens(folder, "review").length == 100
    encoder = fit_tokens(folder, "review", 3)
    assert encoder.encode(pd.DataFrame({"review": ["good", "the book was good"]})).tolist()[0][1:] == [-1, -1]
    assert encoder.cut(pd.DataFrame({"review": ["good", "the book was good"]})).startswith("50% of the texts")


@pytest.mark.parametrize("form", FORMS)
def test_what_the_folder_says_is_in_the_models_identity(tmp_path, form):
    folder = save_folder(tmp_path, form)
    before = described(folder)
    path = next(folder.rglob("tokenizer.json"))
    path.write_text(path.read_text().replace('"lovely"', '"lovelier"'))
    assert described(folder) != before


def test_weights_of_something_else_are_told(tmp_path):
    network, _ = loaded(save_folder(tmp_path / "words", "plain"))
    save_file({"embedding.weight": vectors()[:, :5].copy()}, tmp_path / "other.safetensors")
    with pytest.raises(ModelError, match="expected weights that fit the backbone"):
        load_pretrained(network, tmp_path / "other.safetensors")


def refused(folder) -> str:
    with pytest.raises(ModelError) as caught:
        loaded(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("form", FORMS)
def test_folders_that_cannot_be_used_are_told_in_a_sentence(tmp_path, form):
    name = "embeddings" if form == "model2vec" else "embedding.weight"
    none = save_folder(tmp_path / "none", form)
    next(none.rglob("tokenizer.json")).unlink()
    assert "expected a tokenizer.json beside the word vectors" in refused(none)
    short = save_folder(tmp_path / "short", form, **{name.replace(".", "__"): vectors()[:-3]})
    assert f"a vector for each of the {len(WORDS)} tokens of its tokenizer.json, got {len(WORDS) - 3}" in refused(short)
    long = save_folder(tmp_path / "long", form, **{name.replace(".", "__"): np.zeros((len(WORDS) + 900, 4), np.float32)})
    assert "put the tokenizer and the vectors of one model into the folder" in refused(long)
    two = save_folder(tmp_path / "two", form, other=vectors())
    assert "one matrix of word vectors, a row a token, got" in refused(two)
    broken = vectors()
    broken[[2, 5], 1] = np.nan, np.inf
    nan = save_folder(tmp_path / "nan", form, **{name.replace(".", "__"): broken})
    assert "vectors of finite numbers, got NaN or infinity in those of 2 tokens" in refused(nan)
    damaged = save_folder(tmp_path / "damaged", form)
    next(damaged.rglob("*.safetensors")).write_bytes(b"\x10" * 64)
    assert "expected a safetensors file" in refused(damaged)
    spelt = save_folder(tmp_path / "spelt", form)
    next(spelt.rglob("tokenizer.json")).write_text('{"model": 3}')
    assert "expected a tokenizer that the package tokenizers reads" in refused(spelt)


def test_rows_that_fill_a_matrix_up_are_no_error(tmp_path):
    padded = np.concatenate([vectors(), np.zeros((40, WIDTH), np.float32)])
    network, encoder = loaded(save_folder(tmp_path, "plain", embedding__weight=padded))
    assert np.allclose(embedded(network, encoder), [by_hand(text) for text in TEXTS], atol=1e-6)


def test_a_mapping_to_rows_that_are_not_there_and_weights_of_others_are_told(tmp_path):
    far = save_folder(tmp_path / "far", "model2vec", mapping=np.full(len(WORDS), 99))
    assert "a mapping of tokens to rows below" in refused(far)
    few = save_folder(tmp_path / "few", "model2vec", weights=np.ones(3, np.float32))
    assert f"expected a weight for each of {len(WORDS)} tokens, got 3" in refused(few)


def test_several_files_are_told_by_name(tmp_path):
    folder = save_folder(tmp_path, "plain")
    save_file({"other": vectors()}, folder / "other.safetensors")
    assert "expected one safetensors file of word vectors, got other.safetensors, words_12.safetensors" in refused(folder)


@pytest.mark.parametrize("path", ["../other", "/etc", ".."])
def test_a_list_of_modules_cannot_lead_elsewhere(tmp_path, path):
    save_folder(tmp_path / "other", "plain")
    folder = save_folder(tmp_path / "words", "sentence_transformers")
    modules = json.loads((folder / "modules.json").read_text())
    (folder / "modules.json").write_text(json.dumps([{**modules[0], "path": path}]))
    assert f"got the path '{path}'" in refused(folder)


def test_what_stands_behind_the_vectors_is_told_where_it_is_not_read(tmp_path):
    folder = save_folder(tmp_path, "sentence_transformers")
    modules = json.loads((folder / "modules.json").read_text())
    dense = {"idx": 1, "name": "1", "path": "1_Dense", "type": "sentence_transformers.models.Dense"}
    (folder / "modules.json").write_text(json.dumps([*modules, dense]))
    assert "got also sentence_transformers.models.Dense" in refused(folder)


def test_the_newer_name_of_the_module_and_its_place_at_the_top(tmp_path):
    folder = save_folder(tmp_path, "plain")
    (folder / "words_12.safetensors").rename(folder / "model.safetensors")
    kind = "sentence_transformers.sentence_transformer.modules.static_embedding.StaticEmbedding"
    (folder / "modules.json").write_text(json.dumps([{"idx": 0, "name": "0", "path": "", "type": kind}]))
    assert word_vectors_in(folder).made_by == "sentence_transformers"


ODD = [3, "x", [], {}, None, [None], {"a": {}}, True]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_whatever_stands_in_a_config_is_no_crash(tmp_path, odd):
    """Files of a folder are data from elsewhere: an odd value is passed over or told, never a traceback."""
    for name in ("architectures", "max_length", "normalize", "tokenizer_name"):
        folder = save_folder(tmp_path / name, "model2vec")
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, name: odd}))
        assert word_vectors_in(folder).length == (3 if name == "max_length" and odd == 3 else 512)
    for name in ("added_tokens", "model"):
        folder = save_folder(tmp_path / name, "model2vec")
        tokenizer = json.loads((folder / "tokenizer.json").read_text())
        (folder / "tokenizer.json").write_text(json.dumps({**tokenizer, name: odd}))
        word_vectors_in(folder)
    folder = save_folder(tmp_path / "modules", "sentence_transformers")
    (folder / "modules.json").write_text(json.dumps(odd))
    assert word_vectors_in(folder) is None
    folder = save_folder(tmp_path / "config", "plain")
    (folder / "config.json").write_text(json.dumps(odd))
    assert word_vectors_in(folder) is None


def test_a_config_that_is_damaged_is_not_passed_over(tmp_path):
    folder = save_folder(tmp_path, "plain")
    (folder / "config.json").write_text("{")
    assert word_vectors_in(folder) is None  # the transformers library is asked, and told of


def test_a_transformer_is_no_word_vectors(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert", "tokenizer_name": "some"}))
    save_file({"a": np.zeros((3, 3), np.float32)}, tmp_path / "model.safetensors")
    assert word_vectors_in(tmp_path) is None
    assert word_vectors_in(tmp_path / "nowhere") is None


def test_the_tokenizer_helper_marks_texts_where_it_is_asked_to(tmp_path):
    """Without this the tests above could not tell whether marks count."""
    from tokenizers import Tokenizer

    save_tokenizer(tmp_path / "tokenizer.json")
    made = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    assert made.encode("good").tokens == ["[CLS]", "good"]
    assert re.fullmatch(r"\[CLS\]", made.encode("").tokens[0])


@pytest.mark.slow
def test_real_vectors_of_a_package(tmp_path):
    """The package is for development alone: its vectors are not ours to pass on."""
    from importlib.util import find_spec
    from pathlib import Path

    found = find_spec("wordllama")
    if found is None:
        pytest.skip("the package wordllama is not installed, whose vectors are read here")
    place = Path(found.origin).parent
    (tmp_path / "tokenizer.json").write_bytes((place / "tokenizers" / "l2_supercat_tokenizer_config.json").read_bytes())
    (tmp_path / "l2.safetensors").write_bytes((place / "weights" / "l2_supercat_256.safetensors").read_bytes())
    network, encoder = loaded(tmp_path)
    matrix = load_file(tmp_path / "l2.safetensors")["embedding.weight"].astype(np.float32)
    assert word_vectors_in(tmp_path).tokens == len(matrix) == 32_000
    from tokenizers import Tokenizer

    made = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    texts = ["A quick brown fox.", "Ein Fuchs, 狐 🦊", ""]
    ids = [made.encode(text, add_special_tokens=False).ids for text in texts]
    expected = [matrix[one].mean(axis=0) if one else np.zeros(256) for one in ids]
    assert np.allclose(embedded(network, encoder, texts), expected, atol=1e-5)
    path = export_onnx(network, encoder, tmp_path / "a.onnx", classes=["a", "b"])
    rows = pd.DataFrame({"review": texts})
    with torch.inference_mode():
        reference = network(torch.from_numpy(encoder.encode(rows))).softmax(dim=1).numpy()
    assert check_parity(path, rows, reference) < 1e-5
