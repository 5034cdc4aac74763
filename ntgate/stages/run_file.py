"""``run.json``: what a run's folder is, for whoever finds it later."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ntgate import SCHEMA, __version__
from ntgate.errors import ConfigError

if TYPE_CHECKING:
    from ntgate.config import RunConfig

RUN_FILE = "run.json"


def begin(folder: Path, config: RunConfig, *, began: str, kind: Literal["run", "drift"]) -> None:
    """Say whose folder this is, before anything else is written into it; the outcome is not known yet.

    Args:
        folder: of the run.
        config: of the run; kept as a SHA-256 over what does not name a place.
        began: when, in UTC, as ISO 8601.
        kind: a whole run (a plan is the beginning of one), or a drift check.
    """
    from ntgate.stages.identity import portable

    digest = hashlib.sha256(json.dumps(portable(config), sort_keys=True).encode()).hexdigest()
    content = {
        "schema": SCHEMA, "ntgate": __version__, "kind": kind, "model": config.model.name, "config": digest,
        "began": began, "outcome": None,
    }  # fmt: skip
    _write(folder, content)


def finish(folder: Path, **known: Any) -> None:
    """Add what is known at the end, the ``outcome`` among it."""
    path = folder / RUN_FILE
    _write(folder, {**json.loads(path.read_text(encoding="utf-8")), **known})


def refuse_newer(folder: Path) -> None:
    """A folder that a later ntgate has written is not guessed at; one without ``run.json`` has the first form.

    Raises:
        ConfigError: when its schema is not known here, or the file cannot be read.
    """
    path = folder / RUN_FILE
    if not path.is_file():
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["schema"]
        newer = int(found) > SCHEMA
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise ConfigError(
            str(path), expected="the file of a run with its schema", got="something else", fix="name another folder"
        ) from error
    if newer:
        raise ConfigError(
            str(folder), expected=f"a run's folder of schema {SCHEMA}", got=f"schema {found}",
            fix="install the ntgate that wrote it, or a later one",
        )  # fmt: skip


def _write(folder: Path, content: dict[str, Any]) -> None:
    """In one step, so that nobody reads a half of it."""
    beside = folder / f".{RUN_FILE}"
    beside.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    beside.replace(folder / RUN_FILE)
