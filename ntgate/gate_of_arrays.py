"""The gate on arrays: the decision about two models of which nothing is known but their answers on the same test rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from ntgate.config_errors import explain
from ntgate.data.leakage import Leakage
from ntgate.errors import ConfigErrors, DataError
from ntgate.gate.config import GateConfig
from ntgate.gate.decide import decide
from ntgate.gate.decision import GateDecision
from ntgate.gate.evidence import Evidence
from ntgate.gate.wear import unworn

Answers: TypeAlias = "npt.ArrayLike"


def judge(
    y: Answers,
    candidate: Answers,
    scratch: Answers,
    *,
    champion: Answers | None = None,
    classes: Sequence[Any] | None = None,
    groups: Answers | None = None,
    slices: Mapping[str, Answers] | None = None,
    seed: int = 0,
    **settings: Any,
) -> GateDecision:
    """Decide by the gate's rules and its exact tests whether a candidate is shown to beat a model from scratch.

    Args:
        y: true labels ``(n,)`` of rows that neither model was trained on, or chosen by.
        candidate: the labels ``(n,)`` that the candidate answers, or its class scores ``(n, c)``.
        scratch: those of the model that was trained on the target alone.
        champion: those of the model that serves now; None: there is none.
        classes: names of the columns of scores; None: all labels that occur, sorted.
        groups: keys ``(n,)``: rows of one group are compared as a whole. None: rows are independent.
        slices: keys ``(n,)`` by name: on none of their values may the candidate be worse.
        seed: of the bootstrap, for the metrics that need it.
        settings: of ``gate`` in a config: ``metric``, ``alpha``, ``margin``, ``champion_margin``, ``min_test_rows`` and others.

    What no array can show is taken for granted: that the rows are fresh, and do not stand among the training rows. The constant
    guess is the best one for these very rows, the hardest to beat.

    Raises:
        ConfigErrors: when a setting is not known, or out of its range.
        DataError: when the arrays do not belong together.

    >>> import ntgate
    >>> y = ["yes", "no"] * 100
    >>> better, worse = y[:190] + ["no"] * 10, y[:150] + ["no"] * 50
    >>> decision = ntgate.gate(y, better, worse)
    >>> decision.outcome, round(decision.gain, 3)
    ('promoted', 0.1)
    >>> print(ntgate.gate(y, worse, better, alpha=0.01).sentence)
    Negative transfer: the candidate is 10.0 points worse than training from scratch.
    """
    named = list(map(str, slices or ()))
    config = _config({"seeds": 1, "slices": named, **settings})
    truth = np.asarray(y).astype(np.str_)
    given = {name: np.asarray(one) for name, one in {"candidate": candidate, "scratch": scratch}.items()}
    if champion is not None:
        given["champion"] = np.asarray(champion)
    known = _classes(truth, given, classes)
    if truth.ndim != 1 or not len(truth) or not set(truth.tolist()) <= set(known):
        raise DataError("y", expected="labels (n,), all of them among the classes", got=f"shape {truth.shape}", fix="give y")
    code = {name: number for number, name in enumerate(known)}
    labels = np.array([code[name] for name in truth.tolist()], dtype=np.int64)
    metric = config.metric.of_classes(known)
    guess = metric.constant(np.bincount(labels, minlength=len(known)) / len(labels))
    keys = {name: _of_rows(f"slices {name}", one, len(labels)) for name, one in (slices or {}).items()}
    scores = {name: _scores(name, one, code, len(labels)) for name, one in given.items()}
    evidence = Evidence(
        labels,
        candidate=scores["candidate"],
        scratch=scores["scratch"],
        champion=scores.get("champion"),
        champion_version=None if champion is None else "given",
        slices=keys,
        groups=None if groups is None else _of_rows("groups", groups, len(labels)),
        constant=np.tile(guess, (len(labels), 1)),
        constant_class=known[int(guess.argmax())],
        allowance=unworn(len(labels), alpha=config.alpha),
        leakage=Leakage(test_rows=len(labels), off=True),
    )
    return decide(evidence, config.model_copy(update={"metric": metric}), seed=seed)


def _config(settings: Mapping[str, Any]) -> GateConfig:
    try:
        return GateConfig.model_validate(dict(settings))
    except ValidationError as error:
        raise ConfigErrors(explain(error, GateConfig, dict(settings))) from None


def _classes(truth: npt.NDArray[np.str_], given: Mapping[str, npt.NDArray[Any]], classes: Sequence[Any] | None) -> list[str]:
    if classes is not None:
        return [str(name) for name in classes]
    answered = [one.astype(np.str_) for one in given.values() if one.ndim == 1]
    return [str(name) for name in np.unique(np.concatenate([truth, *answered]))]


def _scores(name: str, given: npt.NDArray[Any], code: Mapping[str, int], n: int) -> npt.NDArray[np.float64]:
    if given.ndim == 2 and given.shape == (n, len(code)):
        return given.astype(np.float64)
    answers = given.astype(np.str_)
    if given.shape != (n,) or not set(answers.tolist()) <= code.keys():
        raise DataError(
            name,
            expected=f"a label for each of {n} rows, or scores ({n}, {len(code)}), a column a class",
            got=f"shape {given.shape}",
            fix="give one of them; `classes` names the columns",
        )
    return np.asarray(np.eye(len(code))[[code[answer] for answer in answers.tolist()]])


def _of_rows(name: str, given: Answers, n: int) -> npt.NDArray[np.str_]:
    keys = np.asarray(given).astype(np.str_)
    if keys.shape != (n,):
        raise DataError(name, expected=f"a key for each of {n} rows", got=f"shape {keys.shape}", fix="give one a row")
    return keys
