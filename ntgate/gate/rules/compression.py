"""Rule: the compressed candidate is not worse than it was before compression, on the same test rows."""

from __future__ import annotations

from ntgate.gate.comparison import Case
from ntgate.gate.finding import Finding
from ntgate.gate.rules.non_inferiority import not_worse

NAME = "compression"


def compression(case: Case) -> Finding:
    """Pass when a loss of more than ``compression_margin`` is ruled out, or when it is a fact that nothing was to be compressed.

    All other rules judge the compressed candidate, since it is the one that would be shipped. This one is a further part of the
    intersection-union test (see :mod:`ntgate.gate.rules.champion`), so it costs no alpha.
    """
    evidence, config, found = case.evidence, case.config, case.over_uncompressed
    bound = -config.compression_margin
    if evidence.compression_failed is not None:
        reason = f"The candidate could not be compressed. {evidence.compression_failed}"
        return Finding(rule=NAME, outcome="inconclusive", bound=bound, reason=reason)
    if not evidence.compressed:
        return Finding(rule=NAME, outcome="pass", bound=bound, reason="The candidate is judged as it was trained, uncompressed.")
    if found is None:
        problem = evidence.problem("candidate") or evidence.problem("uncompressed") or "there are no test rows"
        reason = f"No comparison with the candidate before compression: {problem}."
        return Finding(rule=NAME, outcome="inconclusive", bound=bound, reason=reason)
    lower, upper = found.interval
    text = (
        f"Compression changed the candidate's {config.metric} from {found.second:.3f} to {found.first:.3f}: "
        f"{found.gain:+.3f}, interval [{lower:+.3f}, {upper:+.3f}]."
    )
    return not_worse(NAME, found, text, margin=config.compression_margin, alpha=config.alpha)
