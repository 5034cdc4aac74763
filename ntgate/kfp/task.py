"""One stage in its pod: a result comes and goes as a Kubeflow artifact, a folder with the result as JSON and the files it names.

Where the config's ``output`` is the address of a store, the files lie there, and the folder holds the JSON alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from ntgate import SCHEMA
from ntgate.base import Artifact, Frozen, with_files
from ntgate.config_file import parse
from ntgate.errors import ConfigError, NtgateError
from ntgate.foreign_code import left
from ntgate.kfp.parameters import entered
from ntgate.machine import machine_fault
from ntgate.optouts import opt_out
from ntgate.transport import remote

_RESULT = "result.json"


class Handed(Protocol):
    """What Kubeflow hands over for an artifact: a path, and values to show beside it."""

    path: str
    metadata: dict[str, Any]


def run(stages: str, name: str, given: Mapping[str, Any]) -> None:
    """Do the task ``name`` of the list of stages at ``stages`` and write down its result.

    Args:
        stages: the list, as ``package.module:NAME``.
        name: the task's name.
        given: the results that it asks for by name, as folders; ``config``, JSON, whose relative paths are relative to ``root``;
            what the form shows beside it (:mod:`ntgate.kfp.parameters`); ``dry_run``, ``allow_first`` and ``force``; ``to``, the
            folder for the result.

    An expected fault becomes one sentence and the exit code of the command line; so does ``sys.exit`` in code that a config names,
    since a pod that ends with 0 counts as done.
    """
    opt_out()
    from ntgate.graph import Context, Flags, graph, imported
    from ntgate.stages.place import Place
    from ntgate.stages.registry_retries import registry_retries

    try:
        config = parse(entered(json.loads(given["config"]), given), base=Path(given["root"]))
        nodes = graph(imported(stages), len(config.strategies))
        node = next(one for one in nodes if one.name == name)
        kinds = {one.result: one.stage.returns for one in nodes}
        results = {result: read(kinds[result], given[result]) for result in node.inputs}
        flags = Flags(**{flag: given[flag] for flag in Flags.model_fields})
        if not remote(config.output):
            config = config.model_copy(update={"output": _store(given["to"])})
        place = Place.of(config, results, name)
        with place.working():
            write(registry_retries(node.run)(Context(config, place, flags), results), given["to"])
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


def write(result: Frozen, to: Handed) -> None:
    """Write a result into the folder ``to``, with files below it by their place in there, and show plain values beside it."""
    folder = Path(to.path)
    folder.mkdir(parents=True, exist_ok=True)
    below = with_files(result, partial(_moved, before=f"{_store(to)}/", after=""))
    content = {"schema": SCHEMA, **below.model_dump(mode="json")}
    (folder / _RESULT).write_text(json.dumps(content), encoding="utf-8")
    to.metadata.update({name: value for name, value in result if isinstance(value, str | bool | int)})


def read(kind: type[Frozen], value: Handed) -> Frozen:
    """A result that another pod wrote.

    Raises:
        ConfigError: when a pod of another ntgate did.
    """
    content = json.loads((Path(value.path) / _RESULT).read_text(encoding="utf-8"))
    if (found := content.pop("schema", SCHEMA)) != SCHEMA:
        raise ConfigError(
            value.path, expected=f"a result of schema {SCHEMA}", got=f"schema {found}", fix="give every pod the image of one ntgate"
        )
    result = kind.model_validate_json(json.dumps(content))
    return with_files(result, lambda file: file if remote(file.path) else _moved(file, before="", after=f"{value.path}/"))


def _store(artifact: Handed) -> str:
    return f"file://{artifact.path}"


def _moved(file: Artifact, before: str, after: str) -> Artifact:
    if not file.path.startswith(before):
        return file
    return file.model_copy(update={"path": after + file.path.removeprefix(before)})
