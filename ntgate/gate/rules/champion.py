"""Rule H2: the candidate is not worse than the current champion, on the same test rows."""

from __future__ import annotations

from ntgate.gate.comparison import Case
from ntgate.gate.finding import Finding
from ntgate.gate.rules.collapse import collapse
from ntgate.gate.rules.non_inferiority import not_worse

NAME = "champion"


def champion(case: Case) -> Finding:
    """Pass when a loss of more than ``champion_margin`` is ruled out, or when it is a fact that there is no champion to lose to.

    A champion that is shown to have collapsed is told of whatever the verdict is (see :mod:`ntgate.gate.rules.collapse`).

    Together with H1 this is an intersection-union test: each part is tested at the full ``alpha``, and the whole keeps it
    (Berger, "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24 (1982)).
    """
    found, alarm = _not_worse(case), collapse(case)
    if alarm is None:
        return found
    return found.model_copy(update={"reason": f"{found.reason} {alarm}", "warning": True, "alarm": alarm})


def _not_worse(case: Case) -> Finding:
    evidence, config, found = case.evidence, case.config, case.over_champion
    bound = -config.champion_margin
    if evidence.champion_version is None:
        return _absent(evidence.champion_lost, allowed=evidence.first_allowed, bound=bound)
    called = f"the champion (version {evidence.champion_version})"
    if evidence.champion_itself:
        return Finding(rule=NAME, outcome="pass", bound=bound, reason=f"The candidate is {called} itself, byte for byte.")
    if found is None:
        problem = evidence.champion_unusable or evidence.problem("candidate") or evidence.problem("champion")
        reason = f"No comparison with {called}: {str(problem).rstrip('.')}."
        return Finding(rule=NAME, outcome="inconclusive", bound=bound, reason=reason)
    lower, upper = found.interval
    text = f"Against {called} the candidate's {config.metric} differs by {found.gain:+.3f}, interval [{lower:+.3f}, {upper:+.3f}]."
    return not_worse(NAME, found, text, margin=config.champion_margin, alpha=config.alpha)


def _absent(lost: str | None, *, allowed: bool, bound: float) -> Finding:
    """Never to have had a champion is a fact; to have lost it is missing evidence, unless somebody answers for it."""
    if lost is None:
        reason = "The registry holds no champion: this is the first."
        return Finding(rule=NAME, outcome="pass", bound=bound, reason=reason)
    gone = f"The registry holds no champion any more: {lost}."
    if allowed:
        reason = f"{gone} The run was allowed to promote a first one (--allow-first)."
        return Finding(rule=NAME, outcome="pass", bound=bound, reason=reason)
    reason = f"{gone} Restore it, or run with --allow-first."
    return Finding(rule=NAME, outcome="inconclusive", bound=bound, reason=reason)
