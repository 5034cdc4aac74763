"""Replay: a stored decision, worked out once more from the stored scores by the same rules."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ntgate import __version__
from ntgate.base import Artifact, Frozen
from ntgate.errors import ConfigError
from ntgate.gate.config import GateConfig
from ntgate.gate.decide import decide
from ntgate.gate.decision import GateDecision
from ntgate.json_text import read_json
from ntgate.stages.gate_facts import Facts
from ntgate.stages.own_code import refuse_own
from ntgate.stages.scores import evidence

_RELATIVE, _ABSOLUTE = 1e-9, 1e-12  # what another machine's sums may differ by
_WORDS = frozenset({"title", "reason", "alarm"})  # of a finding; every number in them stands in a field of its own


class Replay(Frozen):
    """What a decision is when it is worked out again.

    Attributes:
        identical: whether nothing differs. How another version of ntgate worded a finding is no difference.
        differences: what does, a sentence each.
        stored: the verdict as it was written down.
        now: the verdict as it is now.
        sentence: the verdict of now in words.
        rows: test rows that were compared.
        ntgate: the version that made the decision; None: it did not say.
    """

    identical: bool
    differences: tuple[str, ...]
    stored: str
    now: str
    sentence: str
    rows: int
    ntgate: str | None = None


def replay(folder: Path, *, own: bool = False) -> Replay:
    """Work the decision in ``folder`` out again, from ``decision.json`` and ``scores.npz`` alone.

    No model is asked and no ledger: what the ledger had granted is a part of the decision.

    Args:
        folder: of a finished run.
        own: whether the rules and the metric of one's own that the decision names may be imported.

    Raises:
        ConfigError: when there is no decision, an older ntgate wrote it, or it names code that may not be imported.
        LostError: when the scores are gone, or are not those that were judged.
    """
    content = _content(folder / "decision.json")
    # What a decision older than a setting was made without.
    settings = {"learner_alpha": None, **content["config"]["gate"], "metric": content["decision"]["metric"]}
    if not own:
        refuse_own(str(folder / "decision.json"), settings)
    with np.load(_scores(folder, content["scores"]), allow_pickle=False) as kept:
        arrays = dict(kept)
    facts = Facts.model_validate(content["facts"])
    judged = evidence(arrays, **facts.by_name())
    decision = decide(judged, GateConfig.model_validate(settings), seed=content["config"]["seed"])
    stored = GateDecision.model_validate(content["decision"])
    words = frozenset[str]() if content.get("ntgate") == __version__ else _WORDS
    differences = tuple(_differences(content["decision"], json.loads(decision.model_dump_json()), "", words))
    return Replay(
        identical=not differences,
        differences=differences,
        stored=stored.outcome,
        now=decision.outcome,
        sentence=decision.sentence,
        rows=len(judged.y),
        ntgate=content.get("ntgate"),
    )


def _content(path: Path) -> dict[str, Any]:
    try:
        content = read_json(path)
        complete = {"config", "decision", "scores", "facts"} <= content.keys()
    except (OSError, ValueError, AttributeError) as error:
        raise ConfigError(
            str(path), expected="the decision of a finished run", got="none that can be read", fix="name another folder"
        ) from error
    if not complete:
        raise ConfigError(
            str(path),
            expected="a decision with what the gate was told",
            got="one of an older ntgate",
            fix=f"run again with ntgate {__version__}",
        )
    return dict(content)


def _scores(folder: Path, sha256: str) -> Path:
    return Artifact(path=os.path.realpath(folder / "scores.npz"), sha256=sha256).verified()


def _differences(before: Any, after: Any, where: str, ignored: frozenset[str]) -> Iterator[str]:
    """What the two differ in but the fields ``ignored``; what an older ntgate did not write down is no difference."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in before:
            if name not in ignored:
                yield from _differences(before[name], after.get(name), f"{where}.{name}".lstrip("."), ignored)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, pair in enumerate(zip(before, after, strict=True)):
            name = next((one["rule"] for one in pair if isinstance(one, dict) and "rule" in one), str(number))
            yield from _differences(*pair, f"{where}.{name}", ignored)
    elif not _same(before, after):
        yield f"{where} was {json.dumps(before)} and is now {json.dumps(after)}."


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, float | int) and isinstance(after, float | int):
        both_nan = math.isnan(before) and math.isnan(after)
        return both_nan or math.isclose(before, after, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
    return bool(before == after)
