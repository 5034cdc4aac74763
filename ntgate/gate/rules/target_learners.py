"""Rule: no single learner of the target alone is shown to beat the candidate."""

from __future__ import annotations

from ntgate.gate.comparison import Case
from ntgate.gate.finding import Finding

NAME = "target_learners"


def target_learners(case: Case) -> Finding:
    """Fail when one of scratch's learners is shown to be better than the candidate, else pass.

    Scratch is the committee of its learners. Where one of them alone is better, beating the committee is too easy. That the
    candidate beats each of them need not be shown: it is one more question for each, on the same few rows, and costs power where
    a learner is nearly as good. Each learner is asked at the gate's level, so that a good candidate is lost to this rule with a
    chance of at most ``alpha`` for each learner that is just as good.
    """
    learners, config = case.evidence.learners, case.config
    problems = [problem for name in ("candidate", *learners) if (problem := case.evidence.problem(name))]
    if problems or not case.n:
        problem = problems[0] if problems else "there are no test rows"
        return Finding(rule=NAME, outcome="inconclusive", bound=0.0, reason=f"Nothing to compare: {problem}.")
    if not learners:
        return Finding(rule=NAME, outcome="pass", reason="The baseline is one learner, and the candidate was compared with it.")
    told = case.learners_over
    if not told:
        return Finding(rule=NAME, outcome="inconclusive", bound=0.0, reason="Nothing to compare: there are no fresh test rows.")
    best = max(told, key=lambda name: told[name].gain)
    values = ", ".join(f"{name.replace('_', ' ')} {one.first:.3f}" for name, one in told.items())
    text = f"The candidate's {config.metric} is {told[best].second:.3f}; of the target alone: {values}."
    beaten = [name for name, one in told.items() if one.gain > 0 and one.p_value <= config.alpha]
    alarm = None
    if beaten:
        worst = max(beaten, key=lambda name: told[name].gain)
        value = f"{worst.replace('_', ' ')}, {config.metric.in_words(told[worst].first)}"
        alarm = f"A model of the target alone ({value}) is shown to beat the candidate: the source is not worth its use."
    verdict = "One of these is shown to be better." if beaten else "None of these is shown to be better."
    return Finding(
        rule=NAME,
        outcome="fail" if beaten else "pass",
        measured=-told[best].gain,
        bound=0.0,
        reason=f"{text} {verdict}",
        warning=alarm is not None,
        alarm=alarm,
    )
