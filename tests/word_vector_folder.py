"""Small folders of static word vectors in each form that is recognised, whose vectors tell good words from bad ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from tests.text_folder import BAD, GOOD, PLAIN

FORMS = ("model2vec", "sentence_transformers", "plain")
WORDS = ("[PAD]", "[UNK]", "[CLS]", *GOOD, *BAD, *PLAIN)
WIDTH = 12


def vectors(seed: int = 0) -> np.ndarray:
    """A row a word, float32 ``(words, 12)``: the first number is the opinion."""
    made = np.random.default_rng(seed).normal(0, 0.3, (len(WORDS), WIDTH)).astype(np.float32)
    for word in (*GOOD, *BAD):
        made[WORDS.index(word), 0] = 2.0 if word in GOOD else -2.0
    return made


def save_tokenizer(path: Path) -> None:
    """A tokenizer of whole words that puts a mark before a text where it is asked to."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    numbers = {word: number for number, word in enumerate(WORDS)}
    made = Tokenizer(models.WordLevel(numbers, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(single="[CLS] $A", special_tokens=[("[CLS]", numbers["[CLS]"])])
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save(str(path))


def save_folder(folder: Path, form: str, *, unit: bool = False, **beside: np.ndarray) -> Path:
    """A folder in one of :data:`FORMS`; ``beside`` are further tensors, or the matrix under the form's own name."""
    inner = folder / "0_StaticEmbedding" if form == "sentence_transformers" else folder
    save_tokenizer(inner / "tokenizer.json")
    name = "embeddings" if form == "model2vec" else "embedding.weight"
    tensors = {name: vectors(), **{key.replace("__", "."): value for key, value in beside.items()}}
    save_file(tensors, inner / ("words_12.safetensors" if form == "plain" else "model.safetensors"))
    if form == "model2vec":
        described = {"model_type": "model2vec", "architectures": ["StaticModel"], "tokenizer_name": "some/bert"}
        (folder / "config.json").write_text(json.dumps({**described, "hidden_dim": WIDTH, "normalize": unit}))
    if form == "sentence_transformers":
        kinds = ["StaticEmbedding", "Normalize"][: 1 + unit]
        modules = [
            {"idx": i, "name": str(i), "path": f"{i}_{kind}", "type": f"sentence_transformers.models.{kind}"}
            for i, kind in enumerate(kinds)
        ]
        (folder / "modules.json").write_text(json.dumps(modules))
    return folder


def by_hand(text: str, *, skip_unknown: bool = False, unit: bool = False, rows: np.ndarray | None = None) -> np.ndarray:
    """The mean vector of a text of words and full stops, float32 ``(12,)``."""
    known = vectors() if rows is None else rows
    words = text.lower().replace(".", " .").replace(",", " ,").split()
    numbers = [WORDS.index(word) if word in WORDS else WORDS.index("[UNK]") for word in words]
    numbers = [number for number in numbers if not (skip_unknown and number == WORDS.index("[UNK]"))]
    mean = known[numbers].mean(axis=0) if numbers else np.zeros(WIDTH, np.float32)
    return mean / max(np.linalg.norm(mean), 1e-12) if unit else mean
