"""Evidence and settings of a gate that is asked about nothing but two arms: fresh test rows, one seed an arm."""

from __future__ import annotations

from typing import Any

import numpy as np

from ntgate.data.leakage import Leakage
from ntgate.gate.config import GateConfig
from ntgate.gate.evidence import Evidence, Scores
from ntgate.gate.wear import unworn


def fresh(y: np.ndarray, candidate: Scores | None, scratch: Scores | None, *more: Any, **others: Any) -> Evidence:
    """Evidence on rows that no decision has used, and that nobody wants compared with training rows."""
    y = np.asarray(y)
    facts = {"allowance": unworn(len(y), 0.05), "leakage": Leakage(test_rows=len(y), off=True), "swapped_labels": ()}
    first = candidate if candidate is not None else scratch
    if first is not None and first.ndim == 2:
        code = int(np.bincount(y, minlength=1).argmax())
        facts |= {"constant": np.tile(np.eye(first.shape[1])[code], (len(y), 1)), "constant_class": str(code)}
    return Evidence(y, candidate, scratch, *more, **{**facts, **others})


def one_seed(**settings: Any) -> GateConfig:
    """Settings with a single seed an arm."""
    return GateConfig(**{"seeds": 1, **settings})
