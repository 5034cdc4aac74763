"""The source model: what transfer starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ntgate.base import Artifact, Frozen
from ntgate.data.encoder import Encoder
from ntgate.training.config import NetworkSpec
from ntgate.training.curve import CurvePoint
from ntgate.training.loaded import Loaded

if TYPE_CHECKING:
    from ntgate.training.network import Network


class SourceModel(Frozen):
    """The source network and how it came about.

    Attributes:
        origin: ``pretrained`` on the source rows, or a ``checkpoint`` of the user's; ``none`` where the rows have texts, which no
            network reads.
        weights: of the network; None where there is none.
        network: the architecture; None where there is none.
        has_head: whether the head was trained too; a checkpoint may bring features alone.
        validation: score on held-out source rows; None for a checkpoint.
        loaded: what existing weights gave to it; None where it began at random.
        reference: what is remembered of the source rows beside the weights; None where nobody has them.
    """

    origin: str
    weights: Artifact | None
    network: NetworkSpec | None
    encoder: Encoder
    classes: tuple[str, ...]
    has_head: bool
    validation: float | None
    seconds: float
    curve: tuple[CurvePoint, ...] = ()
    loaded: Loaded | None = None
    reference: Artifact | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """What existing weights gave to it, for people; nothing where it began at random."""
        if self.loaded is None:
            return ()
        further = ("They were trained further on the source rows.",) if self.origin == "pretrained" else ()
        return (*self.loaded.sentences, *further)

    @property
    def spec(self) -> NetworkSpec:
        """The architecture of a source model that is a network."""
        if self.network is None:
            raise ValueError("there is no source network")
        return self.network

    def load(self) -> Network:
        """The network with its weights."""
        from ntgate.training import weights

        if self.weights is None:
            raise ValueError("there is no source network")
        return weights.load(self.spec, self.weights)
