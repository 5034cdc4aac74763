"""``result.json``: what a run answered, kept in its folder and with MLflow for whoever was not there."""

from __future__ import annotations

from ntgate.base import finite
from ntgate.stages.place import Place
from ntgate.stages.result import RunResult

RESULT_FILE = "result.json"
JUDGED_FILE = "judged_result.json"  # the answer of `ntgate judge`, beside that of the run


def write_answer(place: Place, result: RunResult, name: str = RESULT_FILE) -> None:
    """Write what ``ntgate run --json``, or ``ntgate judge --json``, prints into the run's folder."""
    place.write(name, finite(result.as_json()), allow_nan=False)
