"""Facts: what the gate is told beside the scores."""

from __future__ import annotations

from typing import Any

from ntgate.base import Frozen
from ntgate.data.leakage import Leakage
from ntgate.gate.allowance import Allowance


class Facts(Frozen):
    """What the gate is told beside the scores, as :class:`~ntgate.gate.evidence.Evidence` has it.

    They stand in ``decision.json``, so that the verdict can be worked out again from it and the stored scores.
    """

    champion_version: str | None = None
    champion_unusable: str | None = None
    champion_itself: bool = False
    champion_scratch: bool = False
    champion_lost: str | None = None
    first_allowed: bool = False
    compressed: bool = False
    compression_failed: str | None = None
    constant_class: str | None = None
    swapped_labels: tuple[str, ...] | None = None
    questions: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    leakage: Leakage | None = None
    allowance: Allowance | None = None

    def by_name(self) -> dict[str, Any]:
        """The facts by name, as they are.

        >>> Facts(constant_class="no").by_name()["constant_class"]
        'no'
        """
        return {name: getattr(self, name) for name in type(self).model_fields}
