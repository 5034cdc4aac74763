"""A quick run, for a first look: fewer ways of using the source, fewer folds, one seed; the baseline stays whole.

What makes a verdict is left as it is: scratch's portfolio, the rules, the level, the account of test rows. So a quick run
may promote. It only looks less far for a good candidate, and not whether a further seed contradicts it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ntgate.strategies import DEFAULT
from ntgate.strategies.base import Strategy

STRATEGIES = ("fine_tuning", "feature_extraction", "linear_pool", "forest_pool")
SEEDS, FOLDS = 1, 2


def quickened(content: Mapping[str, Any]) -> dict[str, Any]:
    """A config's plain mapping with what makes it quick; what it names itself stays.

    >>> quickened({"quick": True, "training": {"folds": 5}})["training"], quickened({"quick": True})["gate"]
    ({'folds': 5}, {'seeds': 1})
    """
    filled = {"strategies": list(STRATEGIES), **content}
    for part, own in (("training", {"folds": FOLDS}), ("gate", {"seeds": SEEDS}), ("shift", {"evidently": False})):
        given = content.get(part, {})
        filled[part] = {**own, **given} if isinstance(given, Mapping) else given
    return filled


def left_out(strategies: Sequence[Strategy], seeds: int, folds: int | None, evidently: bool) -> str:
    """What a quick run with these settings did not do, in a sentence.

    >>> left_out(DEFAULT, 1, 5, evidently=True)
    'A quick run: trained with one seed, so that a lucky one is not looked for; scratch stays as it is.'
    """
    kinds = {strategy.kind for strategy in strategies}
    missing = [strategy.label for strategy in DEFAULT if strategy.kind not in kinds]
    said = [f"without {', '.join(missing[:-1])} and {missing[-1]}"] if kinds == set(STRATEGIES) else []
    said += [f"arms learnt on {FOLDS} folds how far to go"] if folds == FOLDS else []
    said += ["Evidently's page is missing"] if not evidently else []
    said += ["trained with one seed, so that a lucky one is not looked for"] if seeds == SEEDS else []
    return f"A quick run: {'; '.join([*said, 'scratch stays as it is'])}."
