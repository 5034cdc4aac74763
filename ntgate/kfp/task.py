"""One stage in its pod: results come and go as JSON files, large things as paths with their sha256 inside them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, get_type_hints

from ntgate import SCHEMA
from ntgate.base import Frozen
from ntgate.config import RunConfig, parse
from ntgate.errors import ConfigError, NtgateError
from ntgate.machine import machine_fault
from ntgate.optouts import opt_out
from ntgate.training.foreign import left


class Json(Protocol):
    """What Kubeflow hands over for an artifact: a file, and values to show beside it."""

    path: str
    metadata: dict[str, Any]


def run(stage: str, given: Mapping[str, Any]) -> None:
    """Run the stage named ``stage`` of :mod:`ntgate.kfp.stages` and write down its result.

    Args:
        stage: the function's name.
        given: its arguments by name, with results as files; ``config`` is JSON, whose relative paths are relative to
            ``root``; ``to`` is the file for the result.

    An expected fault becomes one sentence and the exit code of the command line; so does ``sys.exit`` in code that a config names,
    since a pod that ends with 0 counts as done.
    """
    opt_out()
    from ntgate.kfp import stages

    function = getattr(stages, stage)
    hints = get_type_hints(function)
    hints.pop("return")
    try:
        arguments = {name: _argument(hint, given[name], given["root"]) for name, hint in hints.items()}
        result = function(**arguments)
        write(result, given["to"])
    except (Exception, SystemExit) as error:
        told = (
            error
            if isinstance(error, NtgateError)
            else left(error)
            if isinstance(error, SystemExit)
            else machine_fault(error)
        )
        if told is None:
            raise
        print(f"{stage}: {told}", file=sys.stderr)  # noqa: T201  a pod's log
        raise SystemExit(told.exit_code) from error


def write(result: Frozen, to: Json) -> None:
    """Write a result as JSON, and show its plain values beside the artifact."""
    content = {"schema": SCHEMA, **result.model_dump(mode="json")}
    Path(to.path).write_text(json.dumps(content), encoding="utf-8")
    to.metadata.update({name: value for name, value in result if isinstance(value, str | bool | int)})


def _argument(hint: Any, value: Any, root: str) -> Any:
    if hint is RunConfig:
        return parse(json.loads(value), base=Path(root))
    if isinstance(hint, type) and issubclass(hint, Frozen):
        content = json.loads(Path(value.path).read_text(encoding="utf-8"))
        if (found := content.pop("schema", SCHEMA)) != SCHEMA:
            raise ConfigError(
                value.path, expected=f"a result of schema {SCHEMA}", got=f"schema {found}",
                fix="give every pod the image of one ntgate",
            )  # fmt: skip
        return hint.model_validate_json(json.dumps(content))
    return value
