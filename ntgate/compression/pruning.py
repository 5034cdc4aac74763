"""Pruning: take away the weights, or whole units, that matter least, and let the rest make it good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ntgate.base import Real, Whole
from ntgate.compression.base import NetworkCompression, part_of_budget

if TYPE_CHECKING:
    from ntgate.models.network import NetworkModel
    from ntgate.strategies.base import Arm


class Pruning(NetworkCompression):
    """Prune in rounds, each followed by its share of the budget in training.

    Unstructured pruning sets single weights to zero: the network keeps its shape, so file and latency stay what they are where
    nothing makes use of zeros. Structured pruning removes hidden units and channels, and makes both smaller.

    Attributes:
        sparsity: share of the weights, or of each layer's units, that go.
        structured: remove units of an mlp or channels of a cnn instead of single weights.
        rounds: 1: all at once; more: gradually, see :func:`gradual`.
    """

    kind: Literal["pruning"] = "pruning"
    sparsity: Real = Field(0.5, gt=0, lt=1)
    structured: bool = False
    rounds: Whole = Field(4, ge=1, le=50)

    def compress(self, teacher: NetworkModel, arm: Arm) -> NetworkModel:
        """The pruned network, trained on.

        Raises:
            ModelError: when units are to go from a backbone whose units are not known.
        """
        import copy

        from ntgate.compression.magnitude import magnitude_masks, zero
        from ntgate.compression.units import without_units

        original = copy.deepcopy(teacher.network)
        pruned = teacher
        for i, sparsity in enumerate(gradual(self.sparsity, self.rounds)):
            if self.structured:
                network, masks = without_units(original.spec, pruned.network, 1 - sparsity), {}
            else:
                network = copy.deepcopy(pruned.network)
                masks = magnitude_masks(network, sparsity)
                zero(network, masks)
            pruned = self.relearn(network, teacher, part_of_budget(arm, i, self.rounds), masks)
        return pruned


def gradual(final: float, rounds: int) -> list[float]:
    """The sparsity of each round: ``s_f (1 - (1 - t)^3)`` at ``t = 1/rounds, ..., 1``, fast at first, slow at the end.

    Zhu and Gupta, "To prune, or not to prune: exploring the efficacy of pruning for model compression", arXiv:1710.01878
    (2017), equation 1 with an initial sparsity of zero.

    >>> gradual(0.8, 1), [round(s, 3) for s in gradual(0.8, 4)]
    ([0.8], [0.463, 0.7, 0.788, 0.8])
    """
    return [final * (1 - (1 - (i + 1) / rounds) ** 3) for i in range(rounds)]
