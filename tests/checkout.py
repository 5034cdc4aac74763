"""Python in a process of its own, from the checkout, with a ZenML configuration of a test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def python(
    zenml: Path, *arguments: str, cwd: Path = ROOT, timeout: int = 400, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the interpreter to its end.

    Args:
        zenml: the folder that takes ZenML's configuration.
        arguments: of the interpreter.
        cwd: where it runs.
        timeout: seconds.
        variables: further environment variables.
    """
    environment = {**os.environ, "ZENML_CONFIG_PATH": str(zenml), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **variables}
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=timeout
    )
