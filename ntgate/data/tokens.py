"""Texts as token ids: what a transformer or word vectors from a local folder read, by the tokenizer in that folder."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.data.cells import texts, token_ids
from ntgate.data.word_vectors import check_vocabulary, word_vectors_in
from ntgate.errors import ModelError
from ntgate.json_text import read_json

if TYPE_CHECKING:
    import pandas as pd

    from ntgate.data.domain import Rows

USUAL_LENGTH = 128  # tokens that a transformer reads of a text
_LOOKED_AT = 500  # texts, for the share that is cut


class TokenEncoder(Frozen):
    """A column of texts as token ids, cut to a length and padded to it.

    Ids are whole numbers below 2^24, which float32 holds exactly.

    Attributes:
        column: the column of texts.
        tokenizer: path of the folder's ``tokenizer.json``.
        sha256: of its content: a model is scored by the tokenizer that it was trained with, or not at all.
        length: tokens of a text.
        pad: id of the token that fills short texts; -1, no token, for word vectors.
        special: whether the tokenizer's marks of beginning and end stand around a text.
    """

    kind: Literal["tokens"] = "tokens"
    column: str
    tokenizer: str
    sha256: str
    length: int
    pad: int
    special: bool = True

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of an encoded row."""
        return (self.length,)

    @property
    def called(self) -> str:
        """The name of the ids among the inputs of an exported model."""
        return f"{self.column} as token ids"

    def content(self) -> str:
        """The tokenizer.

        Raises:
            ModelError: if it is not what it was.
        """
        path = Path(self.tokenizer)
        found = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(found).hexdigest() != self.sha256:
            raise ModelError(
                self.tokenizer,
                expected="the tokenizer that the model was trained with",
                got="another one" if found else "no file",
                fix="restore it, or train again",
            )
        return found.decode("utf-8", errors="replace")  # what is no UTF-8 is no JSON either

    def encode(self, rows: Rows) -> npt.NDArray[np.float32]:
        """Token ids ``(n, length)`` of the column of a DataFrame."""
        frame: pd.DataFrame = rows  # type: ignore[assignment]
        return self._ids(texts(frame[self.column]), self.length)

    def _ids(self, written: npt.NDArray[np.object_], length: int) -> npt.NDArray[np.float32]:
        content = self.content()
        try:
            return token_ids(content, written, length, self.pad, special=self.special)
        except (ImportError, MemoryError):
            raise
        except Exception as error:  # the library raises nothing more special for files and texts that it does not understand
            raise ModelError(
                self.tokenizer,
                expected="a tokenizer that takes every text, as save_pretrained writes it",
                got=" ".join(str(error).split())[:200],
                fix="save the fast tokenizer again",
            ) from error

    def cut(self, rows: Rows) -> str:
        """How many texts are longer than what is read of them, in words; empty: none of those looked at."""
        frame: pd.DataFrame = rows  # type: ignore[assignment]
        some = texts(frame[self.column].iloc[:_LOOKED_AT])
        longer = self._ids(some, self.length + 1)[:, -1] != self.pad
        if not longer.any():
            return ""
        return (
            f"{longer.mean():.0%} of the texts have more than {self.length} tokens, and the network does not read their ends: "
            "model.backbone.length."
        )


def fit_tokens(folder: Path, column: str, length: int | None = None) -> TokenEncoder:
    """The encoder of a column by the tokenizer in ``folder``.

    Args:
        folder: of a transformer, or of static word vectors.
        column: of texts.
        length: tokens of a text that are read; None: 128 for a transformer, whose time grows with their square, and for word
            vectors what their folder says.

    Raises:
        ModelError: if there is none, or it is not that of the vectors beside it.
    """
    vectors = word_vectors_in(folder)
    if vectors is not None:
        check_vocabulary(vectors)
        sha256 = hashlib.sha256(Path(vectors.tokenizer).read_bytes()).hexdigest()
        long = length or vectors.length
        return TokenEncoder(column=column, tokenizer=vectors.tokenizer, sha256=sha256, length=long, pad=-1, special=False)
    length = length or USUAL_LENGTH
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ModelError(
            f"model.backbone {folder}",
            expected="a tokenizer.json beside the model, for texts",
            got="none",
            fix="save the fast tokenizer there with save_pretrained",
        )
    kind, most, pad = _described(folder / "config.json")
    # RoBERTa and its like count positions from behind the padding id.
    behind = pad + 1 if kind in ("roberta", "xlm-roberta", "camembert") else 0
    return TokenEncoder(
        column=column,
        tokenizer=str(path),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        length=min(length, (most or length) - behind),
        pad=pad,
    )


def _described(path: Path) -> tuple[str, int, int]:
    """What a model's ``config.json`` says of it: its kind, most tokens of a text (0: nothing said), and the padding id."""
    expected, fix = "the configuration of a transformers model", "save the model again with save_pretrained"
    try:
        said = read_json(path)
        kind, numbers = said.get("model_type"), [said.get(name) or 0 for name in ("max_position_embeddings", "pad_token_id")]
    except (OSError, ValueError, AttributeError) as error:  # no file, no JSON, no mapping
        raise ModelError(str(path), expected=expected, got="a file of another kind", fix=fix) from error
    if any(type(number) is not int or not -1 <= number < 2**31 for number in numbers):
        got = "max_position_embeddings or pad_token_id that is no number"
        raise ModelError(str(path), expected=expected, got=got, fix=fix)
    return str(kind), max(0, numbers[0]), numbers[1]
