"""Whether an endpoint serves what was judged: the gate's test rows, sent to it, have to come back with the judged scores."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.data.sent_rows import alone, as_spelled, requests
from ntgate.endpoint import Endpoint
from ntgate.environment_references import filled_in
from ntgate.errors import ConfigError, EndpointError
from ntgate.stages.frozen_run import FrozenRun

if TYPE_CHECKING:
    import pandas as pd

    from ntgate.data.domain import Domain

_TOLERANCE = 1e-4  # in which an exported model has to reproduce its network, too
_ALONE, _SHOWN = 8, 5  # rows


class RowServed(Frozen):
    """A row whose scores differ.

    Attributes:
        row: its number in the file of the test rows, from 0.
        alone: whether they differ only where it is sent in a request of its own, without the cells that are missing.
        judged: the class with the highest score, as judged; ``judged_score`` that score.
        served: the same as the endpoint answers; ``served_score`` its score. None where a score is no number.
    """

    row: int
    alone: bool
    judged: str
    judged_score: float
    served: str | None
    served_score: float | None


class ServeCheck(Frozen):
    """What an endpoint answers on the test rows of the gate.

    Attributes:
        same: whether every score is the judged one, to within 0.0001.
        arm: which of the run's models the version is: ``candidate``, or ``scratch``.
        rows: test rows that were sent.
        alone: how many of them were sent once more in a request each, without the cells that are missing.
        judged: whether the gate has these scores; else (cross-fitting) they are those of the exported model on this machine.
        spelled: whether texts went as their file spells them, and numbers as it has them; False: all as it was read, since the
            file holds other rows now, or they are no table.
        changed: rows with another answer, or with none since a score is no number.
        differing: rows with another score.
        largest: the largest difference of a score; None where one is no number.
        served: which other model of the run has the served scores, where one has.
        first: some of the rows that differ.
    """

    same: bool
    arm: str
    rows: int
    alone: int
    judged: bool
    spelled: bool
    changed: int
    differing: int
    largest: float | None
    served: str | None = None
    first: tuple[RowServed, ...] = ()


@dataclass(frozen=True, eq=False)
class _Expected:
    """The rows, and the scores ``(n, c)`` that have to come back; those of other models by what these are called."""

    arm: str
    rows: Domain
    scores: npt.NDArray[np.float32]
    others: Mapping[str, npt.NDArray[np.float32]]


def serve_check(run: FrozenRun, model: Path, endpoint: Endpoint) -> ServeCheck:
    """Send the test rows of ``run`` to the endpoint and compare what comes back with what was judged.

    No verdict follows from it and the labels stay here, so that no test row is worn.

    Args:
        run: that made the version.
        model: the exported model of the version, as the registry has it.
        endpoint: that serves it.

    Raises:
        ConfigError: when the model is none that the run exported, or no test row was opened.
        EndpointError: when the endpoint does not answer with class scores.
        LostError: when rows or scores of the run are gone.
    """
    from ntgate.export.runtime import class_names, input_schema

    expected = _expected(run, model)
    sent, spelled = _as_sent(run, expected.rows, [name for name, *_ in input_schema(model)])
    classes, served = class_names(model), np.zeros(expected.scores.shape)
    for part, content in requests(sent):
        served[part] = _scores(endpoint, content, classes, len(served[part]))
    single, together = alone(sent, _ALONE), _near(served, expected.scores)
    for row, content in single:
        again = _scores(endpoint, content, classes, 1)
        if together[row] and not _near(again[0], expected.scores[row]):
            served[row] = again
    apart = ~_near(served, expected.scores)
    differ = np.flatnonzero(apart)
    whole = np.asarray(np.isfinite(served).all(axis=1))
    answers, judged = np.where(whole, served.argmax(axis=1), -1), expected.scores.argmax(axis=1)
    gap = np.abs(served - expected.scores)
    others = [name for name, scores in expected.others.items() if len(differ) and bool(_near(served, scores).all())]
    return ServeCheck(
        same=not len(differ),
        arm=expected.arm,
        rows=len(served),
        alone=len(single),
        judged="test" in run.history.ingested.parts,
        spelled=spelled,
        changed=int((apart & (answers != judged)).sum()),
        differing=len(differ),
        largest=float(gap.max(initial=0.0)) if whole.all() else None,
        served=next(iter(others), None),
        first=tuple(
            RowServed(
                row=int(expected.rows.numbers[i]),
                alone=bool(together[i]),
                judged=classes[judged[i]],
                judged_score=float(expected.scores[i].max()),
                served=classes[answers[i]] if whole[i] else None,
                served_score=float(served[i].max()) if whole[i] else None,
            )
            for i in differ[:_SHOWN].tolist()
        ),
    )


def _near(served: npt.NDArray[Any], expected: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Which rows ``(n,)`` have the scores ``(n, c)`` that they should have; of one row whether it has."""
    return np.asarray((np.abs(served - expected) <= _TOLERANCE).all(axis=-1))


def _scores(endpoint: Endpoint, content: dict[str, Any], classes: tuple[str, ...], n: int) -> npt.NDArray[np.float64]:
    scores = endpoint.scores(content, classes)
    if len(scores) != n:
        where = f"endpoint {endpoint.shown}"
        raise EndpointError(where, expected=f"scores of {n} rows", got=f"of {len(scores)}", fix="look into the server's log")
    return scores


def _expected(run: FrozenRun, model: Path) -> _Expected:
    from ntgate.export.runtime import scores_onnx

    evaluated, ingested = run.history.evaluated, run.history.ingested
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    arm = next((name for name, file in evaluated.onnx.items() if file.sha256 == digest), None)
    if arm is None:
        raise ConfigError(
            run.place.address,
            expected="the run that made the version",
            got="one that exported other models",
            fix="name its run with --run",
        )
    if evaluated.allowance.closed:
        raise ConfigError(
            run.place.address,
            expected="test rows that were judged by",
            got="none that the ledger opened, so that there are no judged scores",
            fix="send rows of your own, and compare with the exported model",
        )
    rows = ingested.part(ingested.judged).take(evaluated.allowance.positions)
    if "test" not in ingested.parts:
        return _Expected(arm, rows, scores_onnx(model, rows.rows), {})
    with np.load(evaluated.scores.verified(), allow_pickle=False) as kept:
        held = {name: kept[name] for name in (*evaluated.onnx, "champion") if name in kept.files}
    called = {"champion": f"version {run.history.champion.version}, the champion before", "scratch": "the baseline from scratch"}
    others = {called.get(name, f"the {name} model"): scores for name, scores in held.items() if name != arm}
    return _Expected(arm, rows, held[arm], others)


def _as_sent(run: FrozenRun, rows: Domain, columns: list[str]) -> tuple[pd.DataFrame | npt.NDArray[Any], bool]:
    """The rows as the file spells them where they are a table that the file still has, with the columns that the model takes."""
    if isinstance(rows.rows, np.ndarray):
        return rows.rows, False
    data = run.config.data
    given = filled_in(data.target_test or data.target, "data.target_test.path" if data.target_test else "data.target.path")
    spelled = as_spelled(given, rows, columns)
    return (rows.rows[columns], False) if spelled is None else (spelled, True)
