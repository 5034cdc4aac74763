"""A trained model as it is shipped: exported, and checked against itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ntgate.config import RunConfig

if TYPE_CHECKING:
    from ntgate.data.domain import Domain
    from ntgate.models.base import Model


def export_checked(config: RunConfig, model: Model, rows: Domain, path: Path) -> float:
    """Write the model to ``path``, and return how far the exported scores on ``rows`` are from the model's own.

    Raises:
        ModelError: when the exported model does not reproduce the other.
    """
    from ntgate.export.parity import check_parity

    model.export(path)
    return check_parity(path, rows.rows, model.scores(rows.rows), tolerance=config.gate.max_onnx_difference)
