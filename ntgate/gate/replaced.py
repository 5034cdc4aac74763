"""What let scratch take the place of a champion that has collapsed."""

from __future__ import annotations

from ntgate.base import Frozen
from ntgate.gate.finding import Finding


class Replacement(Frozen):
    """What let scratch take the champion's place.

    Attributes:
        gain: of scratch over the champion.
        gain_interval: of it, two-sided at level ``1 - 2 alpha``.
        p_value: one-sided, against no gain.
        alpha: level at which scratch was judged.
        refused: why the candidate did not pass, in words.
        findings: what every rule answered about the candidate.
    """

    gain: float
    gain_interval: tuple[float, float]
    p_value: float
    alpha: float
    refused: str
    findings: tuple[Finding, ...]
