"""Rules of one's own: further parts of the intersection, which can take a promotion away and give none."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias

from ntgate.base import Frozen
from ntgate.gate.finding import Finding
from ntgate.unions import OpenUnion

if TYPE_CHECKING:
    from ntgate.gate.comparison import Case


class Rule(Frozen, ABC):
    """A rule that a config adds to those of the gate. Subclasses are frozen configs with a ``kind``.

    Every rule of the gate has to pass, so a further one costs no alpha: where it tests something, it does so at
    ``case.config.alpha``.

    Attributes:
        kind: names it in configs and findings.
        title: what it asks, as a statement that is true where it passes; by default the kind.
    """

    kind: str
    title: ClassVar[str]

    def __init_subclass__(cls, **given: Any) -> None:
        """A rule without a title is called by its kind."""
        super().__init_subclass__(**given)
        if "title" not in cls.__dict__ and isinstance(kind := cls.__dict__.get("kind"), str):
            cls.title = kind.replace("_", " ").capitalize()

    @abstractmethod
    def judge(self, case: Case) -> Finding:
        """Its finding about the evidence; what cannot be judged is inconclusive, with the reason."""


RULES: OpenUnion[Rule] = OpenUnion(Rule, "a rule", "ntgate.rules", bare=True)
AnyRule: TypeAlias = Annotated[Rule, RULES]


def asked(rule: Rule, case: Case) -> Finding:
    """The finding of a rule that is not ours: one that fails, or answers something else, is inconclusive."""
    try:
        found: Any = rule.judge(case)
    except (Exception, SystemExit) as error:  # noqa: BLE001  the rows are opened by now, so the verdict has to be written down
        found = f"It failed: {type(error).__name__}: {' '.join(str(error).split())}."
    if isinstance(found, Finding):
        return found.model_copy(update={"rule": rule.kind, "title": rule.title})
    reason = found if isinstance(found, str) else f"It answered {type(found).__name__} instead of a finding."
    return Finding(rule=rule.kind, title=rule.title, outcome="inconclusive", reason=reason)
