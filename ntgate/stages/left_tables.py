"""Tables that :func:`ntgate.run` was given in memory and wrote down, and that no run's folder names any more."""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from pathlib import Path

from ntgate.stages.frozen_run import HISTORY
from ntgate.stages.run_file import RUN_FILE
from ntgate.tables_in_memory import TABLES

_NAME = re.compile(r"[0-9a-f]{16}\.(?:parquet|npz)")  # as they are named by their content
_BEFORE = 3600.0  # seconds before its run's folder in which a table may be written; and what is as young as that is left alone


def left_tables(place: Path, going: Collection[Path], days: float) -> list[Path]:
    """Those below ``place``, the ``output`` of configs, that may go.

    What a run has read stands in its history, which it writes at its end. A run that has none yet may read whatever was written
    since it began.

    Args:
        place: has a folder a model, and one of tables.
        going: folders of runs that go.
        days: younger tables stay.
    """
    folder = place / TABLES
    if not folder.is_dir() or folder.is_symlink():
        return []
    tables = [path for path in folder.iterdir() if _NAME.fullmatch(path.name) and path.is_file() and not path.is_symlink()]
    named: set[str] = set()
    until = time.time() - max(days * 24 * 3600, _BEFORE)
    for run in place.glob(f"*/*/{RUN_FILE}"):
        if run.parent in going:
            continue
        history = run.with_name(HISTORY)
        if history.is_file():
            named |= set(_NAME.findall(history.read_text(encoding="utf-8", errors="replace")))
        else:
            until = min(until, run.stat().st_mtime - _BEFORE)
    return sorted(path for path in tables if path.name not in named and path.stat().st_mtime < until)
