"""One stage in its pod: results come and go as JSON files, large things as paths with their sha256 inside them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from ntgate import SCHEMA
from ntgate.base import Frozen
from ntgate.config import parse
from ntgate.errors import ConfigError, NtgateError
from ntgate.machine import machine_fault
from ntgate.optouts import opt_out
from ntgate.training.foreign import left


class Json(Protocol):
    """What Kubeflow hands over for an artifact: a file, and values to show beside it."""

    path: str
    metadata: dict[str, Any]


def run(stages: str, name: str, given: Mapping[str, Any]) -> None:
    """Do the task ``name`` of the list of stages at ``stages`` and write down its result.

    Args:
        stages: the list, as ``package.module:NAME``.
        name: the task's name.
        given: the results that it asks for by name, as files; ``config``, JSON, whose relative paths are relative to ``root``;
            ``dry_run``, ``allow_first`` and ``force``; ``to``, the file for the result.

    An expected fault becomes one sentence and the exit code of the command line; so does ``sys.exit`` in code that a config names,
    since a pod that ends with 0 counts as done.
    """
    opt_out()
    from ntgate.graph import Context, Flags, graph, imported
    from ntgate.stages.registry_retries import registry_retries

    try:
        config = parse(json.loads(given["config"]), base=Path(given["root"]))
        nodes = graph(imported(stages), len(config.strategies))
        node = next(one for one in nodes if one.name == name)
        kinds = {one.result: one.stage.returns for one in nodes}
        results = {result: read(kinds[result], given[result]) for result in node.inputs}
        context = Context(config, Flags(**{flag: given[flag] for flag in Flags.model_fields}))
        write(registry_retries(node.run)(context, results), given["to"])
    except (Exception, SystemExit) as error:
        told = _told(error)
        if told is None:
            raise
        print(f"{name}: {told}", file=sys.stderr)  # noqa: T201  a pod's log
        raise SystemExit(told.exit_code) from error


def _told(error: BaseException) -> NtgateError | None:
    if isinstance(error, NtgateError):
        return error
    return left(error) if isinstance(error, SystemExit) else machine_fault(error)


def write(result: Frozen, to: Json) -> None:
    """Write a result as JSON, and show its plain values beside the artifact."""
    content = {"schema": SCHEMA, **result.model_dump(mode="json")}
    Path(to.path).write_text(json.dumps(content), encoding="utf-8")
    to.metadata.update({name: value for name, value in result if isinstance(value, str | bool | int)})


def read(kind: type[Frozen], value: Json) -> Frozen:
    """A result that another pod wrote.

    Raises:
        ConfigError: when a pod of another ntgate did.
    """
    content = json.loads(Path(value.path).read_text(encoding="utf-8"))
    if (found := content.pop("schema", SCHEMA)) != SCHEMA:
        raise ConfigError(
            value.path, expected=f"a result of schema {SCHEMA}", got=f"schema {found}",
            fix="give every pod the image of one ntgate",
        )  # fmt: skip
    return kind.model_validate_json(json.dumps(content))
