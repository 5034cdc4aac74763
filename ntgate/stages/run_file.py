"""``run.json``: what a run's folder is, for whoever finds it later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ntgate import SCHEMA, __version__
from ntgate.errors import ConfigError
from ntgate.json_text import read_json

if TYPE_CHECKING:
    from ntgate.config import RunConfig
    from ntgate.stages.place import Place
    from ntgate.stages.result import RunResult

RUN_FILE = "run.json"


def write_run_file(
    place: Place, config: RunConfig, kind: Literal["run", "drift"], began: float, outcome: str | None = None, **known: Any
) -> None:
    """Say whose folder this is: before anything else is written into it, and again when it is known how the run ended.

    Args:
        place: of the run.
        config: of the run; kept as a SHA-256 over what does not name a place.
        kind: a whole run (a plan is the beginning of one), or a drift check.
        began: when, seconds since the epoch; kept in UTC, as ISO 8601.
        outcome: None at the beginning.
        known: what else is known at the end.
    """
    from ntgate.stages.identity import portable

    digest = hashlib.sha256(json.dumps(portable(config), sort_keys=True).encode()).hexdigest()
    content = {
        "schema": SCHEMA,
        "ntgate": __version__,
        "kind": kind,
        "model": config.model.name,
        "config": digest,
        "began": datetime.fromtimestamp(began, UTC).isoformat(timespec="seconds"),
        "outcome": outcome,
        **known,
    }
    place.write(RUN_FILE, content)


def write_end(place: Place, config: RunConfig, result: RunResult, began: float) -> None:
    """Say how a whole run ended."""
    write_run_file(
        place,
        config,
        "run",
        began,
        result.outcome,
        decision_id=result.decision_id,
        dry_run=result.dry_run,
        version=result.registry["version"],
        run_id=result.registry["run_id"],
    )


def refuse_newer(folder: Path) -> None:
    """A folder that a later ntgate has written is not guessed at; one without ``run.json`` has the first form.

    Raises:
        ConfigError: when its schema is not known here, or the file cannot be read.
    """
    path = folder / RUN_FILE
    if not path.is_file():
        return
    try:
        found = read_json(path)["schema"]
        newer = int(found) > SCHEMA
    except (ArithmeticError, OSError, ValueError, TypeError, LookupError) as error:  # 1e999 is infinite
        raise ConfigError(
            str(path), expected="the file of a run with its schema", got="something else", fix="name another folder"
        ) from error
    if newer:
        raise ConfigError(
            str(folder),
            expected=f"a run's folder of schema {SCHEMA}",
            got=f"schema {found}",
            fix="install the ntgate that wrote it, or a later one",
        )


@contextmanager
def as_written(run: str) -> Iterator[None]:
    """Answer for files that are JSON, and yet not what a run writes: somebody changed them.

    Raises:
        ConfigError: instead of what those who read them raise.
    """
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]
        raise ConfigError(
            run, expected="the files of a run as they were written", got=f"others ({reason})", fix="fetch them again, or run again"
        ) from error
