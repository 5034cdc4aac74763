"""What every rule of one's own keeps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ntgate.data.leakage import Leakage
from ntgate.gate.comparison import Case
from ntgate.gate.config import GateConfig
from ntgate.gate.evidence import Evidence
from ntgate.gate.own_rule import Rule, asked
from ntgate.gate.wear import unworn

_ROWS = 200


def check_rule(rule: Rule, config: GateConfig | None = None) -> None:
    """Hold a rule to what every rule of the gate keeps.

    It is written to JSON and read again; it answers with a finding that has a reason, the same twice, of a good candidate, of a
    poor one, beside a champion, and where there are no scores, no finite ones or no test rows, and leaves the evidence as it was.
    A rule that looks at the candidate's scores does not pass without them.

    Args:
        rule: with the settings to be checked.
        config: of the gate that it is asked in; None: with one seed and else the defaults.

    Raises:
        AssertionError: with the promise that is broken.

    >>> from ntgate.gate.finding import Finding
    >>> class EnoughRows(Rule):
    ...     kind: str = "enough_rows"
    ...     least: int = 100
    ...     def judge(self, case):
    ...         enough = "pass" if len(case.evidence.y) >= self.least else "inconclusive"
    ...         return Finding(rule=self.kind, outcome=enough, reason=f"{len(case.evidence.y)} test rows.")
    >>> check_rule(EnoughRows())
    """
    written = rule.model_dump_json()
    assert type(rule).model_validate_json(written) == rule, f"it reads itself again from {written}"
    settings, outcomes = config or GateConfig(seeds=1), {}
    for name, evidence in _cases():
        before = _bytes(evidence)
        case = Case(evidence, settings)
        found = asked(rule, case)
        failed = found.outcome == "inconclusive" and found.reason.startswith(("It failed: ", "It answered "))
        assert not failed, f"it answers with a finding where there is {name}: {found.reason}"
        assert found.reason.strip(), f"it gives a reason where there is {name}"
        assert asked(rule, Case(evidence, settings)) == found, f"it says the same twice where there is {name}"
        assert _bytes(evidence) == before, f"it leaves the evidence as it was where there is {name}"
        outcomes[name] = found.outcome
    if len({outcomes["a good candidate"], outcomes["a poor candidate"]}) > 1:
        for name in ("no candidate", "a candidate with scores that are not finite"):
            assert outcomes[name] != "pass", f"it looks at scores, and so does not pass where there is {name}"


def _cases() -> Iterator[tuple[str, Evidence]]:
    """What a rule may meet, by name."""
    y = np.arange(_ROWS) % 2
    right, wrong = (np.eye(2, dtype=np.float32)[labels] for labels in (y, 1 - y))
    guess = np.tile(np.array([0.6, 0.4], dtype=np.float32), (_ROWS, 1))
    good = Evidence(
        y,
        candidate=right,
        scratch=guess,
        constant=guess,
        constant_class="0",
        swapped_labels=(),
        allowance=unworn(_ROWS, alpha=0.05),
        leakage=Leakage(test_rows=_ROWS, off=True),
    )
    yield "a good candidate", good
    yield "a poor candidate", replace(good, candidate=wrong)
    yield "a champion", replace(good, champion=guess, champion_version="1")
    yield "no candidate", replace(good, candidate=None)
    yield "no baseline", replace(good, scratch=None)
    yield "a candidate with scores that are not finite", replace(good, candidate=np.full_like(right, np.nan))
    yield "no test row", good.take(np.array([], dtype=np.int64))
    yield "no account of the rows", replace(good, allowance=None, leakage=None, swapped_labels=None)


def _bytes(evidence: Evidence) -> list[bytes]:
    parts: list[npt.NDArray[np.generic] | None] = [
        evidence.y,
        evidence.candidate,
        evidence.scratch,
        evidence.champion,
        evidence.constant,
    ]
    return [part.tobytes() for part in parts if part is not None]
