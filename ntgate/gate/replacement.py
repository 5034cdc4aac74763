"""Replacement: scratch in the place of a champion that has collapsed, where the candidate does not pass.

A champion that is right on 15 % of the rows where a model from scratch is right on 93 % goes on serving while one candidate after
another is not shown to beat scratch. With ``gate.on_collapse: scratch`` scratch is then offered in its place, under the rules that
a candidate has: fresh test rows, no swapped labels, nothing left open, above the constant guess, no slice and no rule of one's own
that speaks against it. In the place of beating scratch it has to be shown to beat the champion, which has to be shown to have
collapsed (see :mod:`ntgate.gate.rules.collapse`). Where that passed, the same comparison made again passes too: scratch is the
champion by then, and stays it.

That is a second way to a promotion, and where the champion is no worse than scratch, and scratch no worse than the candidate, each
of them is an error. So the level is shared: the candidate is tested at nine tenths of it, scratch at a tenth, and by the union
bound the chance of any false promotion stays what it was. A collapse is gross enough to be seen at a tenth of the level; to have
nine tenths costs the candidate next to nothing.
"""

from __future__ import annotations

from dataclasses import replace

from ntgate.gate.comparison import Case
from ntgate.gate.config import GateConfig
from ntgate.gate.evidence import Evidence
from ntgate.gate.finding import Finding
from ntgate.gate.own_rule import asked
from ntgate.gate.rules.collapse import collapse
from ntgate.gate.rules.constant_guess import constant_guess
from ntgate.gate.rules.leakage import leakage
from ntgate.gate.rules.reading import reading
from ntgate.gate.rules.slices import slices
from ntgate.gate.rules.swapped_labels import labels
from ntgate.gate.rules.target_learners import target_learners
from ntgate.gate.rules.test_rows import test_rows
from ntgate.gate.rules.wear import wear

_RULES = (wear, test_rows, reading, labels, constant_guess, target_learners)


def scratch_instead(evidence: Evidence, config: GateConfig, seed: int) -> tuple[Case, tuple[Finding, ...]] | None:
    """What the rules answer about scratch in the place of the candidate; None where there is no champion to take the place of.

    Args:
        evidence: as the candidate was judged on it.
        config: with the level of scratch.
        seed: of the bootstrap.
    """
    if evidence.champion_version is None or evidence.usable("scratch") is None or evidence.usable("champion") is None:
        return None
    alone = replace(
        evidence, candidate=evidence.scratch, champion_itself=False, compressed=False, compression_failed=None, uncompressed=None
    )
    # Scratch is made of its learners: that one of them is about as good says nothing against it.
    case = Case(alone, config.model_copy(update={"learner_alpha": None}), seed)
    kept = (found for found in slices(case) if not found.rule.endswith(", against scratch"))
    own = (asked(rule, case) for rule in config.rules)
    return case, (*(rule(case) for rule in _RULES), leakage(case, over_champion), over_champion(case), *kept, *own)


def taken_before(evidence: Evidence) -> bool:
    """Whether scratch is the champion whose place it took by this very comparison."""
    allowance = evidence.allowance
    return evidence.champion_scratch and allowance is not None and allowance.passed


def over_champion(case: Case) -> Finding:
    """Pass when the champion is shown to have collapsed, and scratch to be better; or when that was shown before."""
    if taken_before(case.evidence):
        version = case.evidence.champion_version
        reason = f"Scratch took the champion's place by this very comparison, and is the champion (version {version}) itself."
        return Finding(rule="champion", outcome="pass", bound=0.0, reason=reason)
    found, alarm = case.between("candidate", "champion", 0.0), collapse(case)
    if found is None:
        return Finding(rule="champion", outcome="inconclusive", bound=0.0, reason="Nothing to compare with the champion.")
    shown = alarm is not None and found.p_value <= case.config.alpha and found.interval[0] > 0
    text = (
        f"Scratch's {case.config.metric} is {found.first:.3f} and that of the champion (version {case.evidence.champion_version}) "
        f"{found.second:.3f}: {found.gain:+.3f}, interval [{found.interval[0]:+.3f}, {found.interval[1]:+.3f}], "
        f"p = {found.p_value:.3g} at level {case.config.alpha:.3g}.{found.remark}"
    )
    return Finding(
        rule="champion",
        outcome="pass" if shown else "inconclusive",
        measured=found.interval[0],
        bound=0.0,
        reason=f"{text} {alarm or 'It is not shown to have collapsed.'}",
        warning=alarm is not None,
        alarm=alarm,
    )
