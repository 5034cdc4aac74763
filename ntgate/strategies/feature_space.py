"""The features in which source and target rows are compared: encoded columns of tables, else the source's embedding.

Raw pixels make every two image sets differ; the columns of a table are features as they stand. The ids of a
text's tokens are none, so texts are compared by the embedding whatever is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from ntgate.strategies.base import Arm
from ntgate.strategies.transfer import initial_network
from ntgate.training.config import Mlp, NetworkSpec
from ntgate.training.network import Network, build
from ntgate.training.source import embed, rows_of

if TYPE_CHECKING:
    from ntgate.data.domain import Domain

Space = Literal["auto", "embedding", "columns"]


def network_over(arm: Arm, space: Space) -> Network:
    """A network whose ``embed`` gives the features of ``space`` and whose linear head is to be set.

    For ``columns`` its feature extractor flattens and does no more; the normaliser has the statistics of source and target
    training rows.
    """
    import torch

    if space == "embedding" or arm.view.train.texts or (space == "auto" and arm.view.train.kind != "table"):
        return initial_network(arm)
    encoder = arm.pretrained.encoder
    spec = NetworkSpec(backbone=Mlp(hidden=()), input_shape=tuple(encoder.shape), classes=len(arm.view.train.classes))
    network = build(spec, arm.seed)
    network.normaliser.fit(torch.cat([rows_of(encoder, part).x for part in (arm.view.source, arm.view.train)]))
    return network


def features(network: Network, arm: Arm, *parts: Domain) -> npt.NDArray[np.float64]:
    """Features ``(n, d)`` of the rows of all ``parts``, one behind the other."""
    return np.concatenate([embed(network, arm.pretrained.encoder, part) for part in parts]).astype(np.float64)


def target_parts(arm: Arm) -> tuple[Domain, ...]:
    """The target rows that may be looked at without their labels: to train on, and the unlabelled ones."""
    return (arm.view.train,) if arm.view.unlabelled is None else (arm.view.train, arm.view.unlabelled)
