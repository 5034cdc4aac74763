"""Rule: the candidate is better than each single learner of the target alone."""

from __future__ import annotations

from ntgate.gate.comparison import Case
from ntgate.gate.finding import Finding
from ntgate.gate.rules.negative_transfer import labels_wanted, spent

NAME = "target_learners"


def target_learners(case: Case) -> Finding:
    """Pass when the candidate is shown to beat each of scratch's learners, at ``gate.learner_alpha``; fail when one is better.

    Scratch is the committee of its learners. Where one of them alone is better than the candidate, beating the committee is too
    easy. Each has to be beaten (an intersection-union test costs no alpha), at a level of its own: at 0.2 one in seven
    promotions on real pairs is lost to it, at 0.1 one in five, and of what is promoted at 0.1 no model is behind a learner in truth
    (``benchmarks/results/real_pairs.md``). A learner is shown to be better at ``gate.alpha``, so that a good candidate is rejected
    for one that is just as good with a chance of at most that.
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
    values = ", ".join(f"{_called(name)} {one.first:.3f}" for name, one in told.items())
    text = f"The candidate's {config.metric} is {told[best].second:.3f}; of the target alone: {values}."
    better = [name for name, one in told.items() if one.gain > 0 and one.p_value <= config.alpha]
    if better:
        worst = max(better, key=lambda name: told[name].gain)
        value = f"{_called(worst)}, {config.metric.in_words(told[worst].first)}"
        alarm = f"A model of the target alone ({value}) is shown to beat the candidate: the source is not worth its use."
        reason = f"{text} The {_called(worst)} is shown to be better."
        return Finding(rule=NAME, outcome="fail", measured=-told[best].gain, bound=0.0, reason=reason, warning=True, alarm=alarm)
    level = 1.0 if config.learner_alpha is None else config.learner_alpha
    unshown = {name: one for name, one in case.over_learners.items() if one.gain <= 0 or one.p_value > level}
    if not unshown:
        verdict = "It is better than each of these." if case.over_learners else "None of these is shown to be better."
        return Finding(rule=NAME, outcome="pass", measured=-told[best].gain, bound=0.0, reason=f"{text} {verdict}")
    name, closest = max(unshown.items(), key=lambda item: item[1].p_value)
    reason = (
        f"{text} It is not shown to be better than the {_called(name)}: {closest.gain:+.3f}, p = {closest.p_value:.3g}, and at "
        f"most {level:g} is wanted (gate.learner_alpha)."
    )
    wanted = labels_wanted("inconclusive", closest, len(case.evidence.y), config)
    if wanted is not None:
        reason += f" About {closest.needed:,} {'fresh ' if spent(config) else ''}test labels would show a gain like this."
    return Finding(rule=NAME, outcome="inconclusive", measured=closest.gain, bound=0.0, reason=reason, labels_wanted=wanted)


def _called(name: str) -> str:
    return name.replace("_", " ")
