"""``result.json``: what a run answered, kept in its folder and with MLflow for whoever was not there."""

from __future__ import annotations

import json

from ntgate.base import finite
from ntgate.stages.place import Place
from ntgate.stages.result import RunResult

RESULT_FILE = "result.json"


def write_answer(place: Place, result: RunResult) -> None:
    """Write what ``ntgate run --json`` prints into the run's folder."""
    path = place.folder / RESULT_FILE
    path.write_text(json.dumps(finite(result.as_json()), indent=2, allow_nan=False) + "\n", encoding="utf-8")
    place.tell(path)
