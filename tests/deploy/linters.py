"""Tools of the development environment that judge the deployment files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def complaints(*command: str) -> str:
    """What a tool complains of; nothing when it ends well."""
    path = Path(sys.executable).parent / command[0]
    done = subprocess.run([path, *command[1:]], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr or f"exit code {done.returncode}"
