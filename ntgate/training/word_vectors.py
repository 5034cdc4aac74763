"""Static word vectors as a feature extractor: a text is the mean of its tokens' rows in one matrix, whose numbers learn."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from ntgate.data.word_vectors import WordVectorFolder, word_vectors_in
from ntgate.errors import ModelError
from ntgate.training.config import Transformers
from ntgate.training.weight_files import read


class WordVectorFeatures(nn.Module):
    """The mean of the vectors of a text's tokens, of length one where the folder says so; of no token it is zero.

    Rows are token ids as float32 ``(n, length)``, with -1 where a text is over.

    Shapes: ``(n, length) -> (n, width)``.

    Attributes:
        vectors: ``(tokens, width)``, a parameter like any weight.
        unit: whether the mean is brought to length one.
        skipped: id of a token that does not count; None: all count.

    >>> features = WordVectorFeatures(tokens=3, width=2, unit=False, skipped=None)
    >>> _ = features.vectors.data.copy_(torch.tensor([[0.0, 2.0], [4.0, 0.0], [9.0, 9.0]]))
    >>> features(torch.tensor([[0.0, 1.0, -1.0], [-1.0, -1.0, -1.0]])).tolist()
    [[2.0, 1.0], [0.0, 0.0]]
    """

    reads_tokens = True

    def __init__(self, tokens: int, width: int, *, unit: bool, skipped: int | None) -> None:
        super().__init__()
        self.vectors = nn.Parameter(torch.empty(tokens, width).normal_(std=width**-0.5))
        self.unit, self.skipped = unit, skipped

    def forward(self, x: Tensor) -> Tensor:
        """The mean vectors of ``x``."""
        tokens = x.long()
        known = tokens >= 0
        if self.skipped is not None:
            known &= tokens != self.skipped
        tokens = tokens.clamp(min=0)
        share = known.to(self.vectors.dtype) / known.sum(1, keepdim=True).clamp(min=1)
        if torch.compiler.is_exporting():  # which takes a bag's number of rows for a constant
            mean = (share.unsqueeze(1) @ nn.functional.embedding(tokens, self.vectors)).squeeze(1)
        else:  # a bag adds up without a vector for each token in memory, and need not look at what is empty in every row
            filled = max(1, int((x >= 0).sum(1).amax())) if len(x) else 1
            share = share[:, :filled].contiguous()
            mean = nn.functional.embedding_bag(tokens[:, :filled], self.vectors, mode="sum", per_sample_weights=share)
        return nn.functional.normalize(mean) if self.unit else mean


def is_word_vectors(backbone: object) -> bool:
    """Whether a backbone's folder holds word vectors, which have no deep features that a usual learning rate would spoil."""
    return isinstance(backbone, Transformers) and word_vectors_in(Path(backbone.path)) is not None


def word_vector_features(found: WordVectorFolder) -> WordVectorFeatures:
    """The features of a folder's kind with vectors at random."""
    return WordVectorFeatures(found.tokens, found.width, unit=found.unit, skipped=found.skipped)


def read_vectors(found: WordVectorFolder) -> dict[str, Tensor]:
    """The folder's numbers under the name that they have in :class:`WordVectorFeatures`: a float32 row a token, weighed.

    Raises:
        ModelError: when a number is not finite, or tokens point to rows that are not there.
    """
    tensors = read(Path(found.weights))
    vectors = tensors[found.matrix].float()
    if found.mapping:
        rows = tensors["mapping"].long()
        if int(rows.min()) < 0 or int(rows.max()) >= len(vectors):
            raise ModelError(
                found.weights,
                expected=f"a mapping of tokens to rows below {len(vectors):,}",
                got=f"{int(rows.min()):,} to {int(rows.max()):,}",
                fix="save the model again",
            )
        vectors = vectors[rows]
    if found.token_weights:
        vectors = vectors * tensors["weights"].float().unsqueeze(1)
    broken = (~torch.isfinite(vectors)).any(dim=1).sum()
    if broken:
        raise ModelError(
            found.weights,
            expected="vectors of finite numbers",
            got=f"NaN or infinity in those of {int(broken):,} tokens",
            fix="save the model again",
        )
    return {"vectors": vectors.contiguous()}
