"""Folders of static word vectors: a tokenizer and a matrix with a row a token. A text is the mean of its tokens' rows.

Three kinds are recognised by what lies in them: what model2vec saves, what sentence-transformers saves of its
``StaticEmbedding``, and a ``tokenizer.json`` beside one safetensors file of one matrix. Nothing is fetched, and no code of the
folder runs. Only names and shapes are looked at here; :mod:`ntgate.training.word_vectors` reads the numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from ntgate.base import Frozen
from ntgate.errors import ModelError
from ntgate.json_text import read_json

USUAL_LENGTH = 512  # tokens: what model2vec reads of a text unless it is told otherwise
_SPARE_ROWS = 512  # a matrix may have so many rows behind the last token: some models fill theirs up to a round number
_STATIC = re.compile(r"sentence_transformers\.(?:[\w.]+\.)?StaticEmbedding")
_NORMALIZE = re.compile(r"sentence_transformers\.(?:[\w.]+\.)?Normalize")
_WEIGHTS, _MAPPING = "weights", "mapping"
_OF_OTHERS = ("config.json", "modules.json", "adapter_config.json")
_ELSE = "where it is another kind of model its config.json"
_SAID = {"model2vec": "model2vec", "sentence_transformers": "sentence-transformers", "plain": ""}


class WordVectorFolder(Frozen):
    """What a folder of static word vectors says of itself.

    Attributes:
        made_by: whose form it has; ``plain``: a tokenizer beside a matrix.
        tokenizer: path of the ``tokenizer.json``.
        weights: path of the safetensors file.
        matrix: name of the matrix in it, ``(rows, width)``.
        token_weights: whether a number a token, ``weights``, stands beside it.
        mapping: whether tokens share rows, by ``mapping``.
        tokens: how many tokens have a row.
        width: numbers of a row.
        unit: whether the mean is brought to length one.
        skipped: id of the token for unknown words, where such are left out of the mean; None: they count.
        length: tokens of a text that are read, unless the config says otherwise.
    """

    made_by: Literal["model2vec", "sentence_transformers", "plain"]
    tokenizer: str
    weights: str
    matrix: str
    token_weights: bool
    mapping: bool
    tokens: int
    width: int
    unit: bool
    skipped: int | None
    length: int

    @property
    def sentence(self) -> str:
        """What was recognised, for people."""
        of = f" of {_SAID[self.made_by]}" if self.made_by != "plain" else ""
        weighed = ", weighed token by token" if self.token_weights else ""
        unit = ", brought to length one" if self.unit else ""
        return (
            f"The folder is recognised as static word vectors{of}, {self.tokens:,} tokens of {self.width} numbers: a text is the "
            f"mean of its tokens' vectors{weighed}{unit}."
        )


def word_vectors_in(folder: Path) -> WordVectorFolder | None:
    """What lies in ``folder``, where it is static word vectors; None: it is something else, such as a transformer.

    Raises:
        ModelError: where it is meant as such and lacks its tokenizer or its one matrix.
    """
    config, modules = _json(folder / "config.json"), _json(folder / "modules.json")
    if isinstance(config, dict) and _is_model2vec(config):
        return _of_model2vec(folder, config)
    if isinstance(modules, list) and modules and _STATIC.fullmatch(_type(modules[0])):
        return _of_sentence_transformers(folder, modules)
    if folder.is_dir() and not any((folder / name).exists() for name in _OF_OTHERS):
        files = sorted(folder.glob("*.safetensors"))
        if files:
            return _described(folder, "plain", folder, files, unit=False)
    return None


def check_vocabulary(found: WordVectorFolder) -> None:
    """Make sure that every token of the tokenizer has a row, and that nearly every row has a token.

    Raises:
        ModelError: when matrix and tokenizer are not of each other, or the tokenizer is damaged.
    """
    ids = _vocabulary(found.tokenizer)
    last = max(ids.values(), default=-1)
    if last < found.tokens <= last + 1 + _SPARE_ROWS:
        return
    raise ModelError(
        found.weights,
        expected=f"a vector for each of the {last + 1:,} tokens of its tokenizer.json",
        got=f"{found.tokens:,}",
        fix="put the tokenizer and the vectors of one model into the folder",
    )


def _is_model2vec(config: Mapping[str, Any]) -> bool:
    said, kind = config.get("architectures"), config.get("model_type")
    static = isinstance(said, list) and "StaticModel" in said
    return kind == "model2vec" or static or (kind is None and "tokenizer_name" in config)


def _of_model2vec(folder: Path, config: Mapping[str, Any]) -> WordVectorFolder:
    told = config.get("max_length")
    length = told if type(told) is int and told > 0 else USUAL_LENGTH
    # Its own files lie at the top, those that sentence-transformers made of it one folder below.
    inner = folder if (folder / "model.safetensors").is_file() else folder / "0_StaticEmbedding"
    found = _described(folder, "model2vec", inner, [inner / "model.safetensors"], unit=config.get("normalize") is True)
    skipped = _unknown(found.tokenizer)
    return found.model_copy(update={"skipped": skipped, "length": min(length, USUAL_LENGTH)})


def _of_sentence_transformers(folder: Path, modules: list[Any]) -> WordVectorFolder:
    others = [_type(module) for module in modules[1:] if not _NORMALIZE.fullmatch(_type(module))]
    place = str(modules[0].get("path") or "")
    if others or not re.fullmatch(r"(?!\.\.)[\w.-]*", place):  # a list is data: it must not lead out of its folder
        raise ModelError(
            str(folder / "modules.json"),
            expected="a StaticEmbedding in the folder, and a Normalize behind it at most",
            got=f"also {others[0]}" if others else f"the path {place[:40]!r}",
            fix="name the folder of another model",
        )
    inner = folder / place
    return _described(folder, "sentence_transformers", inner, [inner / "model.safetensors"], unit=len(modules) > 1)


def _described(
    folder: Path, made_by: Literal["model2vec", "sentence_transformers", "plain"], inner: Path, files: list[Path], *, unit: bool
) -> WordVectorFolder:
    subject = f"model.backbone {folder}"
    tokenizer = inner / "tokenizer.json"
    if not tokenizer.is_file():
        fix = "put the tokenizer of the vectors there, under this name" + (f", or {_ELSE}" if made_by == "plain" else "")
        raise ModelError(subject, expected="a tokenizer.json beside the word vectors", got=f"none in {inner.name}", fix=fix)
    if len(files) > 1 or not files[0].is_file():
        got = ", ".join(file.name for file in files[:4]) if len(files) > 1 else "none"
        raise ModelError(subject, expected="one safetensors file of word vectors", got=got, fix="leave the one that is meant")
    shapes = _shapes(files[0])
    matrices = sorted(name for name, shape in shapes.items() if len(shape) == 2)
    vectors = {name for name, shape in shapes.items() if len(shape) == 1 and name in (_WEIGHTS, _MAPPING)}
    if len(matrices) != 1 or len(shapes) > 1 + len(vectors):
        listed = ", ".join(f"{name} {shape}" for name, shape in list(shapes.items())[:4])
        raise ModelError(
            str(files[0]),
            expected="one matrix of word vectors, a row a token",
            got=listed or "no tensor",
            fix="save the matrix alone" + (f", or {_ELSE}" if made_by == "plain" else ""),
        )
    rows, width = shapes[matrices[0]]
    tokens = shapes[_MAPPING][0] if _MAPPING in vectors else rows
    if _WEIGHTS in vectors and shapes[_WEIGHTS][0] != tokens:
        got = f"{shapes[_WEIGHTS][0]:,}"
        raise ModelError(str(files[0]), expected=f"a weight for each of {tokens:,} tokens", got=got, fix="save the model again")
    if not (rows and width and tokens):
        raise ModelError(str(files[0]), expected="word vectors", got=f"{rows} rows of {width} numbers", fix="save the model again")
    return WordVectorFolder(
        made_by=made_by,
        tokenizer=str(tokenizer),
        weights=str(files[0]),
        matrix=matrices[0],
        token_weights=_WEIGHTS in vectors,
        mapping=_MAPPING in vectors,
        tokens=tokens,
        width=width,
        unit=unit,
        skipped=None,
        length=USUAL_LENGTH,
    )


def _shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shape of each tensor in a safetensors file; no number is read."""
    from safetensors import safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118  no mapping
    except Exception as error:  # the library's own exceptions share no base class
        raise ModelError(
            str(path), expected="a safetensors file", got="a file that is damaged or of another kind", fix="save the model again"
        ) from error


def _vocabulary(tokenizer: str) -> dict[str, int]:
    from tokenizers import Tokenizer

    try:
        found: dict[str, int] = Tokenizer.from_file(tokenizer).get_vocab(with_added_tokens=True)
    except Exception as error:  # the library raises Exception itself
        raise ModelError(
            tokenizer,
            expected="a tokenizer that the package tokenizers reads",
            got=f"{error}".splitlines()[0][:200],
            fix="save the fast tokenizer there",
        ) from error
    return found


def _unknown(tokenizer: str) -> int | None:
    """The id that a tokenizer gives to what it does not know; None: it has none."""
    content = _json(Path(tokenizer))
    model = content.get("model") if isinstance(content, dict) else None
    if not isinstance(model, dict):
        return None
    found, told, words = model.get("unk_id"), model.get("unk_token"), model.get("vocab")
    if isinstance(told, str):
        added = content.get("added_tokens")
        entries = [entry for entry in added if isinstance(entry, dict)] if isinstance(added, list) else []
        known = next((entry.get("id") for entry in entries if entry.get("content") == told), None)
        found = words.get(told) if known is None and isinstance(words, dict) else known
    return found if type(found) is int else None


def _type(module: Any) -> str:
    return str(module.get("type", "")) if isinstance(module, dict) else ""


def _json(path: Path) -> Any:
    """The content of a file; None where there is none, or no JSON in it: another reader tells what is wrong there."""
    try:
        return read_json(path)
    except (OSError, ValueError):
        return None
