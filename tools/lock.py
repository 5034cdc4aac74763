"""Write constraints.txt: the versions that pip resolves for ntgate with all its extras, from nothing.

Nothing is installed. Pins stand without their local suffix, so that a CPU and a CUDA build of torch both fit; the CUDA packages
that torch pins itself are left to it. Needs the standard library alone.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HEADER = """\
# The versions ntgate is tested with, for every extra; written by `make lock` from a clean resolve on Python {python}.
# torch stands without its local suffix, so that a CPU and a CUDA build both fit.
"""
_PINNED_BY_TORCH = re.compile(r"(nvidia|cuda)-|triton$")


def pins(packages: Iterable[Mapping[str, Any]], own: str) -> list[str]:
    """Sorted ``name==version`` lines of the packages in pip's installation report, with normalised names.

    >>> pins([{"name": "Torch", "version": "2.13.0+cpu"}, {"name": "ruamel.yaml", "version": "0.19.1"}], own="ntgate")
    ['ruamel-yaml==0.19.1', 'torch==2.13.0']
    """
    versions = {re.sub(r"[-_.]+", "-", item["name"]).lower(): item["version"].partition("+")[0] for item in packages}
    return sorted(f"{name}=={versions[name]}" for name in versions.keys() - {own} if not _PINNED_BY_TORCH.match(name))


def main() -> int:
    """Resolve and write."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = f"{ROOT}[{','.join(project['optional-dependencies'])}]"
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-", wanted]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if answer.returncode:
        return answer.returncode
    packages = [item["metadata"] for item in json.loads(answer.stdout)["install"]]
    lines = pins(packages, own=project["name"])
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    (ROOT / "constraints.txt").write_text(HEADER.format(python=python) + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"constraints.txt: {len(lines)} pins")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
