"""The evidence: every arm's scores on the same test rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Scores: TypeAlias = "npt.NDArray[np.floating]"
_CALLED = {"uncompressed": "uncompressed candidate"}


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the gate may look at.

    Attributes:
        y: labels of the test rows, int64 ``(n,)``.
        candidate: scores ``(n, c)`` of the frozen candidate; None when no arm could be trained.
        scratch: scores ``(n, c)`` of the baseline; None when it failed.
        champion: scores ``(n, c)`` of the current champion; None when there is none or it could not be scored.
        champion_version: its version; None when the registry holds no champion, which is a fact and no omission.
        champion_unusable: why a champion that exists has no scores.
        compressed: whether the candidate was compressed after it was chosen.
        uncompressed: scores ``(n, c)`` of the candidate as it was before.
        compression_failed: why the candidate could not be compressed though it was to be; it is then judged as it was trained.
    """

    y: npt.NDArray[np.int64]
    candidate: Scores | None
    scratch: Scores | None
    champion: Scores | None = None
    champion_version: str | None = None
    champion_unusable: str | None = None
    compressed: bool = False
    uncompressed: Scores | None = None
    compression_failed: str | None = None

    def problem(self, name: str) -> str | None:
        """Why the scores of an arm are no evidence, or None when they are."""
        scores: Scores | None = getattr(self, name)
        called = _CALLED.get(name, name)
        if scores is None:
            return f"there are no scores of the {called}"
        if scores.ndim != 2 or len(scores) != len(self.y):
            return f"the scores of the {called} have shape {scores.shape}, not one row for each of the {len(self.y)} test rows"
        wrong = int((~np.isfinite(scores)).any(axis=1).sum())
        return f"the scores of the {called} are not finite on {wrong} test rows" if wrong else None

    def usable(self, name: str) -> Scores | None:
        """The scores of an arm, or None when they are no evidence."""
        scores: Scores | None = getattr(self, name)
        return scores if self.problem(name) is None else None
