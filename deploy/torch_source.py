"""Install the pinned torch without the CUDA packages that a machine without a GPU has no use for.

On a machine with a GPU nothing is done: the ordinary installation brings the CUDA build. Otherwise, when pip's own sources would
bring a CPU build, that is taken; else PyTorch's index of CPU builds is, or the one that TORCH_INDEX names. Needs the standard
library alone.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

CPU_INDEX = "https://download.pytorch.org/whl/cpu"


def pinned(pyproject: Path) -> str:
    """The requirement on torch in ``pyproject.toml``."""
    import tomllib

    dependencies = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]["dependencies"]
    return next(requirement for requirement in dependencies if requirement.startswith("torch=="))


def arguments(
    requirement: str, *, has_gpu: bool, system: str, offered: str | None, index: str | None
) -> list[str] | None:
    """What to pass to ``pip install``, or None to leave torch to the ordinary installation.

    Args:
        requirement: such as ``torch==2.13.0``.
        has_gpu: whether an NVIDIA driver answers.
        system: ``Linux``, ``Darwin`` or ``Windows``; only Linux wheels on the default index carry CUDA.
        offered: the version that pip would take by itself; None when it could not say.
        index: the index that the user names.
    """
    if index:
        return [requirement, "--index-url", index]
    if has_gpu or system != "Linux":
        return None
    if offered is not None and "+cpu" in offered:
        return [requirement]
    return [requirement, "--index-url", CPU_INDEX]


def offered(requirement: str) -> str | None:
    """The version that pip would install from its own sources."""
    command = [
        *_PIP,
        "install",
        "--dry-run",
        "--ignore-installed",
        "--no-deps",
        "--quiet",
        "--report",
        "-",
        requirement,
    ]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return str(json.loads(answer.stdout)["install"][0]["metadata"]["version"])
    except (ValueError, LookupError):
        return None


_PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]


def main() -> int:
    """Install torch where it takes a choice."""
    requirement = pinned(Path(__file__).resolve().parents[1] / "pyproject.toml")
    has_gpu = shutil.which("nvidia-smi") is not None
    system = platform.system()
    needed = system == "Linux" and not has_gpu and "TORCH_INDEX" not in os.environ
    chosen = arguments(
        requirement,
        has_gpu=has_gpu,
        system=system,
        offered=offered(requirement) if needed else None,
        index=os.environ.get("TORCH_INDEX"),
    )
    if chosen is None:
        return 0
    return subprocess.run([*_PIP, "install", "--quiet", *chosen], check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
