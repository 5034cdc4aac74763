"""A wheel of this checkout in fresh environments, as a stranger installs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def built(folder: Path) -> Path:
    """The wheel."""
    command = [sys.executable, "-m", "pip", "wheel", ".", "--no-deps", "--no-build-isolation", "--quiet", "-w", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)
    return next(folder.glob("*.whl"))


def installed(wheel: Path, folder: Path, extras: str = "") -> Path:
    """The folder of the commands of an environment with the wheel, its extras such as ``[all]``, and nothing else."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "-qq", "--no-compile", "--disable-pip-version-check"]
    subprocess.run([*pip, "-c", ROOT / "constraints.txt", f"{wheel}{extras}"], check=True)
    return folder / "bin"


def told(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """What a command of such an environment says; nothing of this checkout is on its path."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "MLFLOW_TRACKING_URI"}}
    environment |= {"OMP_NUM_THREADS": "1", "ZENML_CONFIG_PATH": str(cwd / "zenml")}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
