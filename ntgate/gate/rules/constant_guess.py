"""Rule: the candidate beats always giving the same answer."""

from __future__ import annotations

from ntgate.gate.comparison import Case
from ntgate.gate.finding import Finding
from ntgate.gate.rules.negative_transfer import judge

NAME = "constant_guess"


def constant_guess(case: Case) -> Finding:
    """Pass when the candidate is shown to be above the constant guess, fail when it is shown not to be.

    The constant guess answers the class that most of the target's training rows have, or does what else is best by the metric for
    whoever always says the same. Beating scratch is worth nothing where neither has learnt anything: where two classes stand 61 to
    39, a model that is right on 65 % beside a scratch of 60 % has little above what needs no model. The test is that of the rule
    ``negative_transfer`` at margin 0, whatever the metric; a constant has a balanced accuracy of one in the number of classes and a
    ROC AUC of 0.5. It is one more part of the intersection-union test (see :mod:`ntgate.gate.rules.champion`), so it costs no
    alpha.
    """
    evidence, config, found = case.evidence, case.config, case.over_constant
    if found is None:
        problem = evidence.problem("candidate") or evidence.problem("constant") or "there are no test rows"
        return Finding(rule=NAME, outcome="inconclusive", bound=0.0, reason=f"Nothing to compare: {problem}.")
    always = case.constant_guess
    lower, upper = found.interval
    text = (
        f"The candidate's {config.metric} is {found.first:.3f} and that of {always} is {found.second:.3f}: {found.gain:+.3f}, "
        f"interval [{lower:+.3f}, {upper:+.3f}], p = {found.p_value:.3g}.{found.remark}"
    )
    outcome, alarm = judge(found, config.model_copy(update={"margin": 0.0})), None
    if found.gain <= 0:
        alarm = (
            f"The candidate is not above {always}: {config.metric.in_words(found.first)} where that has "
            f"{config.metric.in_words(found.second)}."
        )
    verdict = {
        "pass": "It is above the constant guess.",
        "fail": "It is shown not to be above the constant guess.",
        "inconclusive": "It is not shown to be above the constant guess.",
    }[outcome]
    return Finding(
        rule=NAME, outcome=outcome, measured=lower, bound=0.0, reason=f"{text} {verdict}", warning=alarm is not None, alarm=alarm
    )
