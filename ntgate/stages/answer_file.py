"""``result.json``: what a run answered, kept in its folder and with MLflow for whoever was not there."""

from __future__ import annotations

from ntgate.base import finite
from ntgate.stages.place import Place
from ntgate.stages.result import RunResult

RESULT_FILE = "result.json"


def write_answer(place: Place, result: RunResult) -> None:
    """Write what ``ntgate run --json`` prints into the run's folder."""
    place.write(RESULT_FILE, finite(result.as_json()), allow_nan=False)
