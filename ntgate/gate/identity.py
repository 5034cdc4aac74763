"""Which decisions are the same comparison, and so have the same answer however often it is asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def comparison_id(models: Mapping[str, str], settings: Mapping[str, Any], test: str | None) -> str:
    """SHA-256 of a comparison, as 64 hexadecimal digits.

    Deterministic models on the same rows under the same settings give the same verdict, so repeating one tells nobody anything
    new, and costs no alpha: a run that crashed can be run again.

    Args:
        models: SHA-256 of the exported models by role: ``candidate``, ``scratch``, ``champion`` and what else is compared.
        settings: all that the verdict depends on beside them, as plain JSON values: metric, alpha, margins, seed.
        test: fingerprint of the test rows with their labels (:func:`ntgate.data.fingerprint.fingerprint`); None for a stream
            of fresh rows, in which one comparison goes on as the rows come.

    >>> one = comparison_id({"candidate": "c0", "scratch": "5c"}, {"alpha": 0.05}, "7e57")
    >>> one == comparison_id({"scratch": "5c", "candidate": "c0"}, {"alpha": 0.05}, "7e57")
    True
    >>> one == comparison_id({"scratch": "5c", "candidate": "c1"}, {"alpha": 0.05}, "7e57")
    False
    """
    content = json.dumps([dict(models), dict(settings), test], sort_keys=True, allow_nan=False)
    return hashlib.sha256(content.encode()).hexdigest()
