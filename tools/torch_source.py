"""Install the pinned torch without the CUDA packages that a machine without a GPU has no use for.

On a machine with a GPU nothing is done: the ordinary installation that follows brings the CUDA build. Otherwise, where pip's own
sources would bring a CPU build nothing is done either. Only else torch alone is taken from PyTorch's index of CPU builds, or from
the index that the environment variable TORCH_INDEX names. Needs the standard library alone.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
_PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]


def pinned(constraints: Path) -> str:
    """The requirement on torch in ``constraints.txt``."""
    return next(line for line in constraints.read_text(encoding="utf-8").splitlines() if line.startswith("torch=="))


def index_for(
    *, installed: bool, named: str | None, system: str, has_gpu: Callable[[], bool], offered: Callable[[], str | None]
) -> str | None:
    """The index to take torch from, or None to leave it to the ordinary installation.

    Args:
        installed: whether the pinned version is there already.
        named: the index that the user names.
        system: ``Linux``, ``Darwin`` or ``Windows``; on the default index only Linux wheels bring CUDA packages.
        has_gpu: whether an NVIDIA GPU answers; asked only when it matters.
        offered: the version that pip would take by itself, None when it finds none; asked only when it matters, for it takes
            seconds.

    >>> index_for(installed=False, named=None, system="Linux", has_gpu=lambda: False, offered=lambda: "2.13.0+cpu")
    >>> index_for(installed=False, named=None, system="Linux", has_gpu=lambda: False, offered=lambda: "2.13.0")
    'https://download.pytorch.org/whl/cpu'
    """
    if installed:
        return None
    if named:
        return named
    if system != "Linux" or has_gpu():
        return None
    # When pip finds no torch at all, the ordinary installation says why in pip's own words.
    return CPU_INDEX if (found := offered()) is not None and "+" not in found else None


def has_gpu() -> bool:
    """Whether the driver lists an NVIDIA GPU."""
    if shutil.which("nvidia-smi") is None:
        return False
    answer = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False)
    return answer.returncode == 0 and "GPU" in answer.stdout


def offered(requirement: str) -> str | None:
    """The version that pip would install from its own sources; nothing is installed."""
    command = [*_PIP, "install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet", "--report", "-", requirement]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return str(json.loads(answer.stdout)["install"][0]["metadata"]["version"])
    except (ValueError, LookupError):
        return None


def is_installed(requirement: str) -> bool:
    """Whether the pinned torch is there, in any build."""
    try:
        return version("torch").partition("+")[0] == requirement.partition("==")[2]
    except PackageNotFoundError:
        return False


def main() -> int:
    """Install torch where it takes a choice."""
    requirement = pinned(Path(__file__).resolve().parents[1] / "constraints.txt")
    index = index_for(
        installed=is_installed(requirement),
        named=os.environ.get("TORCH_INDEX"),
        system=platform.system(),
        has_gpu=has_gpu,
        offered=lambda: offered(requirement),
    )
    if index is None:
        return 0
    print(f"{requirement} from {index}")
    # Its dependencies come with the ordinary installation, from the ordinary sources.
    command = [*_PIP, "install", "-qq", "--no-deps", "--index-url", index, requirement]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
