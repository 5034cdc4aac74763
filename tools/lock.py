"""Write constraints.txt and requirements.lock: the versions that pip resolves for ntgate with all its extras, and hashes of them.

Nothing is installed. Pins of constraints.txt stand without their local suffix, so that a CPU and a CUDA build of torch both fit;
the CUDA packages that torch pins itself are left to it. A hash is of one file: requirements.lock, which leaves out what only
developers need, holds for the Python and the kind of machine that wrote it. Needs the standard library alone.
"""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from release import needed, normalised

ROOT = Path(__file__).resolve().parents[1]
HEADER = """\
# The versions ntgate is tested with, for every extra; written by `make lock` from a clean resolve on Python {python}.
# torch stands without its local suffix, so that a CPU and a CUDA build both fit.
"""
HASHED = """\
# constraints.txt with the hash of each file, for Python {python} on {machine} and torch's CPU build; written by `make lock`.
# pip install --require-hashes -r requirements.lock --extra-index-url https://download.pytorch.org/whl/cpu
# pip install --no-deps ntgate
"""
_PINNED_BY_TORCH = re.compile(r"(nvidia|cuda)-|triton$")


def pins(packages: Iterable[Mapping[str, Any]], own: str) -> list[str]:
    """Sorted ``name==version`` lines of the packages in pip's installation report, with normalised names.

    >>> pins([{"name": "Torch", "version": "2.13.0+cpu"}, {"name": "ruamel.yaml", "version": "0.19.1"}], own="ntgate")
    ['ruamel-yaml==0.19.1', 'torch==2.13.0']
    """
    versions = {normalised(item["name"]): item["version"].partition("+")[0] for item in packages}
    return sorted(f"{name}=={versions[name]}" for name in versions.keys() - {own} if not _PINNED_BY_TORCH.match(name))


def hashed(packages: Sequence[Mapping[str, Any]], own: str) -> list[str]:
    """Sorted ``name==version --hash`` lines of what ``own`` needs with its extras but ``dev``, of pip's installation report.

    >>> b = {"metadata": {"name": "A.b", "version": "1+cpu"}, "download_info": {"archive_info": {"hashes": {"sha256": "0f"}}}}
    >>> hashed([{"metadata": {"name": "x", "requires_dist": ["a-b", "c; extra == 'dev'"]}}, b], "x")
    ['a-b==1+cpu --hash=sha256:0f']
    """
    by_name = {normalised(item["metadata"]["name"]): item for item in packages}
    requires = {name: item["metadata"].get("requires_dist", []) for name, item in by_name.items()}
    lines = []
    for name in sorted(needed(own, requires.get)):
        version, archive = by_name[name]["metadata"]["version"], by_name[name]["download_info"]["archive_info"]
        lines.append(f"{name}=={version} --hash=sha256:{archive['hashes']['sha256']}")
    return lines


def main() -> int:
    """Resolve and write."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = f"{ROOT}[{','.join(project['optional-dependencies'])}]"
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-", wanted]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if answer.returncode:
        return answer.returncode
    packages = json.loads(answer.stdout)["install"]
    lines = pins([item["metadata"] for item in packages], own=project["name"])
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    (ROOT / "constraints.txt").write_text(HEADER.format(python=python) + "\n".join(lines) + "\n", encoding="utf-8")
    header = HASHED.format(python=python, machine=f"{platform.system()} {platform.machine()}")
    lock = hashed(packages, own=project["name"])
    (ROOT / "requirements.lock").write_text(header + "\n".join(lock) + "\n", encoding="utf-8")
    print(f"constraints.txt: {len(lines)} pins; requirements.lock: {len(lock)} hashes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
