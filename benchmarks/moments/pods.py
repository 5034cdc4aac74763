"""The stages of a run each in a process of its own with an empty home, as in the pods of Kubeflow, without Kubeflow."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any


@dataclass
class _Artifact:
    """What Kubeflow hands over for a result."""

    path: str
    metadata: dict[str, Any] = field(default_factory=dict)


def retrain(config: Path) -> int:
    """Run the stages one after another, print the answer as JSON, and say how it ended, as an exit code."""
    import json

    from ntgate.cli.run import EXIT
    from ntgate.config_file import read
    from ntgate.graph import graph, imported
    from ntgate.kfp import task
    from ntgate.kfp.parameters import parameters

    stages, content = "ntgate.flow:RETRAIN", read(config)
    given: dict[str, Any] = {"config": json.dumps(content), "root": str(config.parent), **parameters(content)}
    given.update(dry_run=False, allow_first=False, force=False, settings="")
    nodes = graph(imported(stages), len(content["strategies"]))
    with tempfile.TemporaryDirectory(dir=config.parent) as artifacts:
        made = {node.result: _Artifact(f"{artifacts}/{node.name}") for node in nodes}
        for node in nodes:
            inputs = {name: made[name] for name in node.inputs}
            code = _in_a_pod(partial(task.run, stages, node.name, {**given, **inputs, "to": made[node.result]}), config.parent)
            if code:
                return code
        answer = json.loads(Path(made[nodes[-1].result].path, "result.json").read_text(encoding="utf-8"))
    print(json.dumps(answer))
    return EXIT[answer["outcome"]]


def _in_a_pod(work: Callable[[], None], below: Path) -> int:
    """Do the work in a child with an empty home ``below`` a folder; how it ended, as a shell would say it."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with tempfile.TemporaryDirectory(dir=below) as home:
                os.environ.update(HOME=home, XDG_CACHE_HOME=home, TMPDIR=home)
                os.chdir(home)
                work()
                code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        finally:
            if code == 1:
                traceback.print_exc()
            sys.stderr.flush()
            os._exit(code)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return 128 - ended if ended < 0 else ended
