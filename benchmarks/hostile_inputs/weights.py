"""Weights, checkpoints, adapters and folders of models that are damaged, endless, or run code."""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
import struct
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from safetensors.numpy import save

from hostile_inputs.canary import Canary
from hostile_inputs.hostile_input import HostileInput, Make, Place, validating

DOOR = "weights"
_BAD = frozenset({2, 5})
# What nobody reads of a model's folder may be anything.
_READ_OR_BAD = frozenset({0, 2, 5})
_DEEP = "[" * 200_000
_ONE = {"features.0.weight": np.zeros((2, 2), np.float32)}


def _safetensors(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    """A safetensors file with a header of one's own."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def _tensor(shape: Any, offsets: Any, dtype: Any = "F32") -> dict[str, Any]:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


SAFETENSORS: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "seven bytes": lambda: b"\0" * 7,
    "bytes of 255": lambda: b"\xff" * 100,
    "a header of 2**63": lambda: _safetensors({}, length=2**63),
    "a header of 100 MB that is not there": lambda: _safetensors({}, length=10**8),
    "a header of 99 MB of blanks": lambda: _safetensors(b"{" + b" " * (99 * 10**6) + b"}"),
    "a header 200,000 deep": lambda: _safetensors(_DEEP.encode()),
    "a header of a list": lambda: _safetensors([1]),
    "a header that is no UTF-8": lambda: _safetensors(b"\xff\xfe"),
    "a header of no tensor": lambda: _safetensors({}),
    "notes that are numbers": lambda: _safetensors({"__metadata__": {"a": 1}}),
    "a tensor of 10**18": lambda: _safetensors(_tensor([10**9, 10**9], [0, 4 * 10**18])),
    "a tensor of 2**70": lambda: _safetensors(_tensor([2**70], [0, 2**72])),
    "negative shape": lambda: _safetensors(_tensor([-1], [0, 4]), bytes(4)),
    "negative place": lambda: _safetensors(_tensor([1], [-4, 0]), bytes(4)),
    "a place behind the end": lambda: _safetensors(_tensor([1], [100, 104]), bytes(4)),
    "places that overlap": lambda: _safetensors(
        {**_tensor([1], [0, 4]), "b": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, bytes(4)
    ),
    "unknown type": lambda: _safetensors(_tensor([1], [0, 4], "Q17"), bytes(4)),
    "no type": lambda: _safetensors({"a": {}}),
    "a tensor of NaN": lambda: save({"features.0.weight": np.full((2, 2), np.nan, np.float32)}),
    "a tensor of another model": lambda: save(_ONE),
    "100,000 tensors": lambda: save({f"a{i}": np.zeros(1, np.float32) for i in range(100_000)}),
    "names of NUL": lambda: save({"a\0b": np.zeros(1, np.float32)}),
    "a pickle": lambda: pickle.dumps(_ONE),
    **{f"cut at {share} %": partial(lambda share: save(_ONE)[: len(save(_ONE)) * share // 100], share) for share in (10, 50, 90)},
}


def _torch(content: Any, *, old: bool = False) -> bytes:
    import torch

    made = io.BytesIO()
    torch.save(content, made, _use_new_zipfile_serialization=not old)
    return made.getvalue()


def _within_zip(pickled: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, part in {"data.pkl": pickled, "version": b"3\n", "byteorder": b"little"}.items():
            archive.writestr(f"archive/{name}", part)
    return made.getvalue()


# Of the place, since some make its canary.
CHECKPOINTS: dict[str, Callable[[Place], bytes]] = {
    "a pickle that runs code": lambda place: pickle.dumps(Canary(place.canary)),
    "a pickle that runs code, by protocol 0": lambda place: pickle.dumps(Canary(place.canary), protocol=0),
    "a state dict that runs code": lambda place: pickle.dumps({"state_dict": {"a": Canary(place.canary)}}),
    "a torch file that runs code": lambda place: _torch({"a": Canary(place.canary)}),
    "an old torch file that runs code": lambda place: _torch({"a": Canary(place.canary)}, old=True),
    "a torch file whose pickle runs code": lambda place: _within_zip(pickle.dumps(Canary(place.canary))),
    "a torch file with code beside the weights": lambda place: _torch({"state_dict": {}, "epoch": Canary(place.canary)}),
    "nothing": lambda _: b"",
    "text": lambda _: b"weights",
    "an archive without a pickle": lambda _: _within_zip(b"")[:100],
    "a pickle of nothing": lambda _: _within_zip(b""),
    "a pickle 100,000 deep": lambda _: _within_zip(b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b"."),
    "a pickle without an end": lambda _: _within_zip(b"\x80\x02" + b"]" * 1000),
    "a list of memory": lambda _: _within_zip(b"\x80\x04\x8e" + struct.pack("<Q", 2**62)),
    "lists": lambda _: _torch([1, 2]),
    "no tensors": lambda _: _torch({"a": 1}),
    "wrapped in itself": lambda _: _within_zip(b"\x80\x02}q\x00X\x05\x00\x00\x00modelh\x00s."),
    "numbers as names": lambda _: _torch({1: np.zeros(1)}),
    "cut": lambda _: _torch({"a": 1})[:200],
}

# What stands in the JSON files of a folder.
JSONS: dict[str, str] = {
    "nothing": "",
    "200,000 deep": _DEEP,
    "a mapping 200,000 deep": '{"a":' * 200_000,
    "a list": "[1]",
    "a text": '"a"',
    "null": "null",
    "a number of 5,000 digits": "9" * 5000,
    "NUL": "\0",
    "half a character": '"\\ud800"',
    "20 MB of blanks": " " * 20_000_000,
}
_LORA = {"peft_type": "LORA", "r": 2, "lora_alpha": 4}
ADAPTERS: dict[str, Any] = {
    "a rank of 0": {**_LORA, "r": 0},
    "a rank of 10**400": {**_LORA, "r": 10**400},
    "a rank of NaN": {**_LORA, "r": float("nan")},
    "a rank of text": {**_LORA, "r": "2"},
    "a rank of true": {**_LORA, "r": True},
    "alpha a text": {**_LORA, "lora_alpha": "much"},
    "alpha a list": {**_LORA, "lora_alpha": [1]},
    "alpha null": {**_LORA, "lora_alpha": None},
    "alpha infinite": {**_LORA, "lora_alpha": float("inf")},
    "a pattern that is none": {**_LORA, "alpha_pattern": {"(": 1}},
    "a pattern that takes for ever": {**_LORA, "alpha_pattern": {"(.*.*)*" * 8 + "!": 1}},
    "patterns a list": {**_LORA, "rank_pattern": ["a"]},
    "a pattern of text": {**_LORA, "rank_pattern": {".*": "a"}},
    "a pattern of 0": {**_LORA, "rank_pattern": {".*": 0}},
    "another kind": {**_LORA, "peft_type": "IA3"},
    "a kind of a list": {**_LORA, "peft_type": ["LORA"]},
}
CONFIGS: dict[str, dict[str, Any]] = {
    "an unknown kind": {"model_type": "no-such-model"},
    "a kind that is a list": {"model_type": ["bert"]},
    "code of its own": {"auto_map": {"AutoModel": "evil.Model", "AutoConfig": "evil.Config"}, "model_type": "evil"},
    "a billion layers": {"num_hidden_layers": 10**9},
    "a width of 10**12": {"hidden_size": 10**12},
    "a width of 0": {"hidden_size": 0},
    "a negative width": {"hidden_size": -16},
    "a width of text": {"hidden_size": "much"},
    "no heads": {"num_attention_heads": 0},
    "7 heads": {"num_attention_heads": 7},
    "a vocabulary of 10**12": {"vocab_size": 10**12},
    "a vocabulary of 1": {"vocab_size": 1},
    "an unknown activation": {"hidden_act": "__import__"},
    "dropout of NaN": {"hidden_dropout_prob": float("nan")},
    "no places": {"max_position_embeddings": 0},
    "a type that is none": {"dtype": "float99"},
}
_WORDPIECE = {"unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100}
_FOR_EVER = {"type": "Replace", "pattern": {"Regex": "(a+)+$"}, "content": ""}


def _tokenizer(kind: str, words: dict[str, int], **settings: Any) -> str:
    return json.dumps({"version": "1.0", "model": {"type": kind, "vocab": words, "unk_token": "[UNK]", **settings}})


TOKENIZERS: dict[str, str] = {
    **JSONS,
    "an unknown model": '{"model": {"type": "Evil"}}',
    "no words": _tokenizer("WordPiece", {}, **_WORDPIECE),
    "words behind the vocabulary": _tokenizer("WordLevel", {"[UNK]": 2**32 - 1}),
    "negative words": _tokenizer("WordLevel", {"[UNK]": -1}),
    "a pattern that takes for ever": json.dumps({**json.loads(_tokenizer("WordLevel", {"[UNK]": 0})), "normalizer": _FOR_EVER}),
}


def inputs() -> Iterator[HostileInput]:
    """Each as the weights, the adapter or the folder that a run starts from."""
    for name, make in SAFETENSORS.items():
        codes = _READ_OR_BAD if name in ("a tensor of another model", "a tensor of NaN") else _BAD
        yield HostileInput(DOOR, f"safetensors, {name}", partial(_file, "hostile.safetensors", lambda _, make=make: make()), codes)
    for name, made in CHECKPOINTS.items():
        for suffix in ("pt", "bin", "safetensors") if "code" in name else ("pt",):
            yield HostileInput(DOOR, f"{suffix}, {name}", partial(_file, f"hostile.{suffix}", made), _BAD)
    for name, text in JSONS.items():
        yield HostileInput(
            DOOR, f"index, {name}", partial(_file, "model.safetensors.index.json", lambda _, text=text: text.encode()), _BAD
        )
        yield HostileInput(DOOR, f"adapter_config.json, {name}", partial(_adapter, text), _BAD)
        for file in ("config.json", "1_Pooling/config.json", "tokenizer_config.json", "preprocessor_config.json", "modules.json"):
            codes = _BAD if file == "config.json" else _READ_OR_BAD
            yield HostileInput(DOOR, f"{file}, {name}", partial(_folder, file, text), codes)
    for name, settings in ADAPTERS.items():
        yield HostileInput(DOOR, f"adapter, {name}", partial(_adapter, json.dumps(settings)), _BAD)
    for name, changed in CONFIGS.items():
        # An unlikely setting may be one that this kind of model does not read.
        yield HostileInput(DOOR, f"config.json, {name}", partial(_changed, changed), _READ_OR_BAD)
    for name, text in TOKENIZERS.items():
        codes = _READ_OR_BAD if "pattern" in name else _BAD
        yield HostileInput(DOOR, f"tokenizer.json, {name}", partial(_folder, "tokenizer.json", text), codes)
    for name, other in OTHERS.items():
        # Without weights such a folder is an architecture, which is trained from nothing.
        codes = _READ_OR_BAD if name == "model.safetensors a pipe" else _BAD
        yield HostileInput(DOOR, name, other, codes)


def _from(path: str) -> list[str]:
    return list(validating("arrays.yaml", f"model.source_checkpoint={path}"))


def _file(name: str, make: Callable[[Place], bytes], place: Place) -> list[str]:
    place.write(f"weights/{name}", make(place))
    return _from(f"weights/{name}")


def _adapter(settings: str, place: Place) -> list[str]:
    """An adapter of the transformer in the project, whose settings are hostile."""
    layer = "base_model.model.encoder.layer.0.attention.self.query"
    tensors = {f"{layer}.lora_A.weight": np.ones((2, 16), np.float32), f"{layer}.lora_B.weight": np.ones((16, 2), np.float32)}
    place.write("adapter/adapter_config.json", settings)
    place.write("adapter/adapter_model.safetensors", save(tensors))
    return list(validating("texts.yaml", "model.source_checkpoint=adapter"))


def _folder(file: str, text: str, place: Place) -> list[str]:
    place.write(f"transformer/{file}", text)
    return list(validating("texts.yaml"))


def _changed(settings: dict[str, Any], place: Place) -> list[str]:
    told = json.loads((place.folder / "transformer" / "config.json").read_text(encoding="utf-8"))
    place.write("transformer/evil.py", f"open({str(place.canary)!r}, 'w')\n")
    return _folder("config.json", json.dumps({**told, **settings}), place)


def _index(files: Any, place: Place) -> list[str]:
    place.write("weights/outside.bin", pickle.dumps(Canary(place.canary)))
    return _file("model.safetensors.index.json", lambda _: json.dumps({"weight_map": files}).encode(), place)


def _pipe(place: Place) -> list[str]:
    os.mkfifo(place.folder / "hostile.safetensors")
    return _from("hostile.safetensors")


def _linked(to: str, name: str, place: Place) -> list[str]:
    (place.folder / name).symlink_to(to)
    return _from(name)


def _pipe_in_folder(name: str, place: Place) -> list[str]:
    (place.folder / "transformer" / name).unlink(missing_ok=True)
    os.mkfifo(place.folder / "transformer" / name)
    return list(validating("texts.yaml"))


def _gone(place: Place) -> list[str]:
    shutil.rmtree(place.folder / "transformer")
    return list(validating("texts.yaml"))


OTHERS: dict[str, Make] = {
    "an index that leads out of its folder": partial(_index, {"a": "../../etc/passwd"}),
    "an index of a pickle": partial(_index, {"a": "outside.bin"}),
    "an index of itself": partial(_index, {"a": "model.safetensors.index.json"}),
    "an index of numbers": partial(_index, {"a": 1}),
    "an index of lists": partial(_index, {"a": ["b.safetensors"]}),
    "an index of what is not there": partial(_index, {"a": "nowhere.safetensors"}),
    "an index of NUL": partial(_index, {"a": "a\0.safetensors"}),
    "a pipe": _pipe,
    "a device": partial(_linked, "/dev/zero", "hostile.safetensors"),
    "a device called pt": partial(_linked, "/dev/zero", "hostile.pt"),
    "memory": partial(_linked, "/proc/self/mem", "hostile.safetensors"),
    "a link to itself": partial(_linked, "hostile.pt", "hostile.pt"),
    "a folder of nothing": lambda place: (place.folder / "empty").mkdir() or _from("empty"),  # type: ignore[func-returns-value]
    "a folder of data": lambda _: _from("runs"),
    "nothing by that name": lambda _: _from("nowhere.pt"),
    "a name of NUL": lambda _: _from('"a\\0b.pt"'),
    "a name of 5,000 letters": lambda _: _from("a" * 5000),
    "a folder that is not there": _gone,
    "config.json a pipe": partial(_pipe_in_folder, "config.json"),
    "tokenizer.json a pipe": partial(_pipe_in_folder, "tokenizer.json"),
    "model.safetensors a pipe": partial(_pipe_in_folder, "model.safetensors"),
}
