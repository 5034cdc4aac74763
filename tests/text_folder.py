"""A small text transformer in a folder with its tokenizer, and reviews whose words tell their class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch

GOOD, BAD = ("good", "great", "fine", "lovely"), ("bad", "awful", "poor", "dull")
PLAIN = ("the", "book", "was", "really", "a", "film", "and", "its", "end", "very", "story", "with", "plot", "long")


def save_model(folder: Path, pooling: str = "mean_tokens") -> None:
    """A BERT of two layers whose embedding tells good words from bad ones, as a pretrained one's would."""
    import json

    import transformers
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *GOOD, *BAD, *PLAIN, "bo", "##ok", "##s"]
    vocabulary = {word: number for number, word in enumerate(words)}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])]
    )
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
    torch.manual_seed(0)
    model = transformers.BertModel(
        transformers.BertConfig(**sizes, vocab_size=len(words), max_position_embeddings=40, pad_token_id=0)
    )
    with torch.no_grad():
        for word in (*GOOD, *BAD):
            model.embeddings.word_embeddings.weight[vocabulary[word], 0] = 1.0 if word in GOOD else -1.0
    model.save_pretrained(folder)
    made.save(str(folder / "tokenizer.json"))
    (folder / "1_Pooling").mkdir()
    modes = {f"pooling_mode_{name}": name == pooling for name in ("cls_token", "mean_tokens", "max_tokens")}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 16, **modes}))


def reviews(n: int, seed: int, opinions: slice = slice(None)) -> list[tuple[str, str]]:
    """Texts with their class."""
    rng = np.random.default_rng(seed)
    made = []
    for i in range(n):
        said = (GOOD if i % 2 else BAD)[opinions]
        words = [*rng.choice(PLAIN, rng.integers(6, 14)), *rng.choice(said, 2)]
        made.append((" ".join(rng.permutation(words)).capitalize() + ".", "up" if i % 2 else "down"))
    return made


def assert_served_as_strings(model: str) -> None:
    """An exported model of reviews takes texts, odd ones too, and says the same of them by every way, together and one by one."""
    from ntgate.export.runtime import input_schema, scores_onnx
    from ntgate.export.serving import Classifier

    assert input_schema(model) == [("review", "string", [-1, 1])]
    rows = pd.DataFrame({"review": [text for text, _ in reviews(30, 5)] + ["", None, "Unheard-of words!"]}, dtype=object)
    served = Classifier(str(model))
    given = served.predict(rows)
    assert np.allclose(given, scores_onnx(model, rows), atol=1e-6)
    one_by_one = np.concatenate([served.predict(rows.iloc[[i]]).to_numpy() for i in range(len(rows))])
    assert np.allclose(given, one_by_one, atol=1e-5)
    assert (served.predict(rows, {"output": "labels"})[:30] == [label for _, label in reviews(30, 5)]).mean() > 0.9
