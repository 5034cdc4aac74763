"""Weights as people have them: prefixes, wrappers, heads of another size, adapters, folders."""

import json
import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from ntgate.errors import ModelError
from ntgate.training.config import Imported, Mlp, NetworkSpec, Transformers
from ntgate.training.network import build
from ntgate.training.pretrained import load_pretrained, weights_of

SPEC = NetworkSpec(backbone=Mlp(hidden=(5, 4)), input_shape=(6,), classes=3)


class Own(nn.Module):
    """A backbone with its layers below a name, and a head of its own."""

    def __init__(self, width=7):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4))
        self.fc = nn.Linear(4, width)

    def forward(self, x):
        return self.fc(self.body(x))


def features(seed=1):
    return build(SPEC, seed).features.state_dict()


def own(width=7):
    backbone = Imported(path=f"{__name__}:Own", arguments={"width": width})
    return build(NetworkSpec(backbone=backbone, input_shape=(6,), classes=3), 0)


PREFIXES = ("module.", "_orig_mod.", "model.", "backbone.", "module._orig_mod.", "model._orig_mod.backbone.", "net.student.")


@pytest.mark.parametrize("prefix", PREFIXES)
def test_prefixes_are_stripped(tmp_path, prefix):
    given = features()
    torch.save({f"{prefix}{name}": value for name, value in given.items()}, tmp_path / "w.pt")
    network = build(SPEC, 0)
    loaded = load_pretrained(network, tmp_path / "w.pt")
    assert all(torch.equal(value, network.features.state_dict()[name]) for name, value in given.items())
    assert (loaded.tensors, loaded.fresh, loaded.left) == (4, (), ())
    assert loaded.prefix == prefix.replace("_orig_mod.", "")


WRAPPED = {
    "Lightning": lambda w: {"epoch": 3, "state_dict": {f"model.{k}": v for k, v in w.items()}, "optimizer_states": [{}]},
    "timm": lambda w: {"arch": "net", "state_dict": w, "state_dict_ema": {k: v * 0 for k, v in w.items()}},
    "model": lambda w: {"model": w, "epoch": 1},
    "model_state_dict": lambda w: {"model_state_dict": w, "optimizer_state_dict": {"state": {}}, "loss": 0.1},
}


@pytest.mark.parametrize("kind", WRAPPED)
def test_wrappers_are_taken_off(tmp_path, kind):
    given = features()
    torch.save(WRAPPED[kind](given), tmp_path / "w.ckpt")
    network = build(SPEC, 0)
    loaded = load_pretrained(network, tmp_path / "w.ckpt")
    assert torch.equal(network.features[1].weight, given["1.weight"])
    assert f"in its {loaded.inside}" in loaded.sentences[0]
    assert loaded.inside in ("state_dict", "model", "model_state_dict")


def test_what_is_beside_the_backbone_is_left_and_named(tmp_path):
    save_file(
        {**features(), "classifier.weight": torch.zeros(1000, 4), "classifier.bias": torch.zeros(1000)}, tmp_path / "w.safetensors"
    )
    loaded = load_pretrained(build(SPEC, 0), tmp_path / "w.safetensors")
    assert loaded.left == ("classifier.bias", "classifier.weight")
    assert loaded.sentences[-1] == "Of w.safetensors is not used: classifier.bias, classifier.weight."


def test_a_head_of_another_size_inside_the_backbone_begins_at_random(tmp_path):
    state = own(width=1000).features.state_dict()
    torch.save({"state_dict": {f"module.{k}": v for k, v in state.items() if "num_batches" not in k}}, tmp_path / "w.pt")
    network = own()
    loaded = load_pretrained(network, tmp_path / "w.pt")
    assert loaded.fresh == ("fc.weight", "fc.bias")
    assert "Not in w.pt, and so begun at random: fc.weight, fc.bias." in loaded.sentences
    assert torch.equal(network.features.body[0].weight, state["body.0.weight"])
    torch.save({name.removeprefix("body."): value for name, value in state.items() if "fc" not in name}, tmp_path / "w.pt")
    assert load_pretrained(own(), tmp_path / "w.pt").fresh == ("fc.weight", "fc.bias")


def test_a_gap_inside_the_backbone_is_refused(tmp_path):
    given = features()
    save_file({name: value for name, value in given.items() if name != "1.bias"}, tmp_path / "gap.safetensors")
    with pytest.raises(ModelError, match=r"nothing for 1\.bias; set model\.backbone"):
        load_pretrained(build(SPEC, 0), tmp_path / "gap.safetensors")
    save_file({**given, "1.more": torch.zeros(3)}, tmp_path / "more.safetensors")
    with pytest.raises(ModelError, match=r"unknown parameters 1\.more"):
        load_pretrained(build(SPEC, 0), tmp_path / "more.safetensors")


def test_a_load_of_nothing_is_an_error_in_one_sentence(tmp_path):
    save_file({"conv.weight": torch.zeros(3, 3)}, tmp_path / "other.safetensors")
    with pytest.raises(
        ModelError, match=r"expected weights that fit the backbone .* unknown parameters conv\.weight; set"
    ) as error:
        load_pretrained(own(), tmp_path / "other.safetensors")
    assert "\n" not in str(error.value)


def test_a_folder_is_accepted(tmp_path):
    with pytest.raises(ModelError, match="a folder without one"):
        load_pretrained(build(SPEC, 0), tmp_path)
    torch.save(features(), tmp_path / "best.pt")
    assert load_pretrained(build(SPEC, 0), tmp_path).tensors == 4
    torch.save(features(), tmp_path / "last.pt")
    with pytest.raises(ModelError, match=r"2 of them: best\.pt, last\.pt; name the file"):
        load_pretrained(build(SPEC, 0), tmp_path)
    save_file(features(2), tmp_path / "model.safetensors")
    network = build(SPEC, 0)
    load_pretrained(network, tmp_path)
    assert torch.equal(network.features[1].weight, features(2)["1.weight"])


def test_a_pickle_that_could_run_code_is_refused(tmp_path, recwarn):
    (tmp_path / "w.ckpt").write_bytes(pickle.dumps({"state_dict": {"a": print}}))
    network = build(SPEC, 0)
    with pytest.raises(ModelError, match="a pickle of arbitrary objects"):
        load_pretrained(network, tmp_path / "w.ckpt")
    assert not recwarn.list  # torch warns of the pickle's protocol


@pytest.fixture
def bert(tmp_path):
    """A small transformer in a folder, its spec, and itself."""
    transformers = pytest.importorskip("transformers")
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
    torch.manual_seed(0)
    model = transformers.BertForSequenceClassification(
        transformers.BertConfig(**sizes, vocab_size=50, max_position_embeddings=12, num_labels=5)
    )
    folder = tmp_path / "bert"
    model.save_pretrained(folder)
    return folder, NetworkSpec(backbone=Transformers(path=str(folder)), input_shape=(10,), classes=2), model


def test_a_folder_gives_its_own_weights(bert):
    folder, spec, model = bert
    assert weights_of(spec.backbone, None) == folder
    assert weights_of(spec.backbone, "w.pt").name == "w.pt"
    network = build(spec, 7)
    loaded = load_pretrained(network, folder)
    assert torch.equal(network.features.model.encoder.layer[1].output.dense.weight, model.bert.encoder.layer[1].output.dense.weight)
    assert loaded.fresh == ()
    assert set(loaded.left) == {"bert.pooler.dense.bias", "bert.pooler.dense.weight", "classifier.bias", "classifier.weight"} or (
        "classifier.weight" in loaded.left
    )
    (folder / "model.safetensors").unlink()
    assert weights_of(spec.backbone, None) is None


@pytest.mark.parametrize("prefix", ["module.", "model.", "_orig_mod.", "module.model."])
def test_a_wrapped_transformer_loads(bert, tmp_path, prefix):
    _, spec, model = bert
    torch.save({"state_dict": {f"{prefix}{k}": v for k, v in model.state_dict().items()}}, tmp_path / "w.ckpt")
    network = build(spec, 7)
    assert load_pretrained(network, tmp_path / "w.ckpt").fresh == ()
    assert torch.equal(network.features.model.encoder.layer[0].output.dense.bias, model.bert.encoder.layer[0].output.dense.bias)


@pytest.mark.parametrize("options", [{}, {"use_rslora": True}, {"alpha_pattern": {"value": 3}, "rank_pattern": {"query": 1}}])
@pytest.mark.parametrize("whole", [True, False])
def test_an_adapter_is_merged_as_peft_does_it(bert, tmp_path, options, whole):
    peft = pytest.importorskip("peft")
    _, spec, model = bert
    config = peft.LoraConfig(r=2, lora_alpha=8, target_modules=["query", "value"], init_lora_weights=False, **options)
    torch.manual_seed(3)
    adapted = peft.get_peft_model(model if whole else model.bert, config)
    adapted.save_pretrained(tmp_path / "adapter")
    network = build(spec, 7)
    loaded = load_pretrained(network, tmp_path / "adapter")
    merged = adapted.merge_and_unload()
    merged = merged.bert if whole else merged
    for layer in range(2):
        mine = network.features.model.encoder.layer[layer].attention.self
        theirs = merged.encoder.layer[layer].attention.self
        assert torch.allclose(mine.query.weight, theirs.query.weight, atol=1e-6)
        assert torch.allclose(mine.value.weight, theirs.value.weight, atol=1e-6)
    assert (loaded.adapter, loaded.adapted) == ("adapter", 4)
    assert loaded.sentences[1] == "The adapter adapter is merged into 4 of them."


def test_an_adapter_that_has_no_place_is_refused(bert, tmp_path):
    _, spec, _ = bert
    folder = tmp_path / "adapter"
    folder.mkdir()
    settings = {"peft_type": "LORA", "r": 1, "lora_alpha": 1}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    name = "base_model.model.bert.encoder.layer.0.attention.self.{}.lora_{}.weight"
    pair = {name.format("gate", "A"): torch.zeros(1, 16), name.format("gate", "B"): torch.zeros(16, 1)}
    save_file(pair, folder / "adapter_model.safetensors")
    with pytest.raises(ModelError, match=r"a LoRA adapter of this backbone, got corrections of .*gate"):
        load_pretrained(build(spec, 0), folder)
    with pytest.raises(ModelError, match=r"an adapter alone; name the folder of its base model as `model: \{backbone:"):
        load_pretrained(build(SPEC, 0), folder)
    (folder / "adapter_config.json").write_text(json.dumps({**settings, "use_dora": True}))
    with pytest.raises(ModelError, match=r"got use_dora; merge the adapter with peft's merge_and_unload"):
        load_pretrained(build(spec, 0), folder)


@pytest.mark.parametrize(
    ("changed", "got"),
    [
        ({"r": True}, "one of type LORA"),
        ({"r": 10**400}, "numbers above 0, of at most 1,000,000, got r as something else"),
        ({"lora_alpha": "much"}, "got lora_alpha as something else"),
        ({"lora_alpha": None}, "got lora_alpha as something else"),
        ({"rank_pattern": ["query"]}, "got rank_pattern as something else"),
        ({"rank_pattern": {"query": 0}}, "got rank_pattern query as something else"),
        ({"alpha_pattern": {"(": 1}}, r"a pattern that repeats two characters at most, got \("),
        ({"alpha_pattern": {"(.*.*)*" * 8 + "!": 1}}, "a pattern that repeats two characters at most"),
    ],
)
def test_an_adapter_whose_settings_are_none_is_refused_at_once(bert, tmp_path, changed, got):
    _, spec, _ = bert
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 1, "lora_alpha": 1, **changed}))
    name = "base_model.model.bert.encoder.layer.0.attention.self.query.lora_{}.weight"
    save_file({name.format("A"): torch.zeros(1, 16), name.format("B"): torch.zeros(16, 1)}, folder / "adapter_model.safetensors")
    with pytest.raises(ModelError, match=got):
        load_pretrained(build(spec, 0), folder)


def test_a_mapping_that_wraps_itself_ends(tmp_path):
    content = {}
    content["model"] = content
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(ModelError, match="something else than named tensors"):
        load_pretrained(build(SPEC, 0), tmp_path / "w.pt")
