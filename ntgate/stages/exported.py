"""A trained network as the model that is shipped: exported, and checked against the network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ntgate.config import RunConfig

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ntgate.data.domain import Domain
    from ntgate.data.encoder import Encoder
    from ntgate.training.network import Network


def export_checked(
    config: RunConfig, network: Network, encoder: Encoder, classes: tuple[str, ...], rows: Domain, path: Path
) -> float:
    """Write the network to ``path``, and return how far its scores on ``rows`` are from the network's.

    Raises:
        ModelError: when an exported model does not reproduce its network.
    """
    from ntgate.export.onnx_export import export_onnx
    from ntgate.export.parity import check_parity

    export_onnx(network, encoder, path, classes=classes)
    reference = network_scores(network, encoder, rows)
    return check_parity(path, rows.rows, reference, tolerance=config.gate.max_onnx_difference)


def network_scores(network: Network, encoder: Encoder, rows: Domain) -> npt.NDArray[np.float32]:
    """The class scores ``(n, c)`` of a network that is not exported."""
    import torch

    from ntgate.training.source import rows_of

    with torch.inference_mode():
        x = rows_of(encoder, rows).x
        scores: npt.NDArray[np.float32] = torch.cat([network(part).softmax(dim=1) for part in x.split(1024)]).numpy()
    return scores
