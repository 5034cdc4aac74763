"""What an installation takes: seconds, megabytes and packages of the base and of ntgate[all], and the first shift test in each.

    python benchmarks/install_size.py [FOLDER]

Each is installed by pip from a wheel built here into a fresh environment below FOLDER (else a temporary one), under constraints.txt
and with pip's cache as it is. Megabytes are all files that pip wrote, compiled ones included; pip itself is not counted.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from machine import heading, write

ROOT = Path(__file__).resolve().parents[1]
GOAL = 1 / 3  # of all, for the base
_FIRST = """
import sys, time
began = time.perf_counter()
import ntgate.shift
imported = time.perf_counter()
import numpy as np
rng = np.random.default_rng(0)
ntgate.shift.mmd_test(rng.normal(size=(1000, 16)), rng.normal(size=(1000, 16)))
print(imported - began, time.perf_counter() - imported)
"""


def files_of(python: Path) -> int:
    """Bytes of all that is installed beside pip."""
    asked = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    return sum(
        path.lstat().st_size
        for path in site.rglob("*")
        if path.is_file() and not path.relative_to(site).parts[0].startswith(("pip", "setuptools", "pkg_resources"))
    )


def measured(folder: Path, wheel: Path, extras: str) -> dict[str, Any]:
    """Install the wheel with its extras, and take the first test."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    began = time.perf_counter()
    command = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "-c", ROOT / "constraints.txt"]
    subprocess.run([*command, f"{wheel}{extras}"], check=True)
    seconds = time.perf_counter() - began
    listed = [python, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"]
    packages = json.loads(subprocess.run(listed, capture_output=True, text=True, check=True).stdout)
    versions = {package["name"]: package["version"] for package in packages}
    firsts = [subprocess.run([python, "-c", _FIRST], capture_output=True, text=True, check=True).stdout.split() for _ in range(3)]
    imported, tested = (min(float(first[i]) for first in firsts[1:]) for i in (0, 1))
    return {
        "seconds": seconds,
        "megabytes": files_of(python) / 1e6,
        "packages": len(versions.keys() - {"pip", "setuptools"}),
        "imported": imported,
        "tested": tested,
        "torch": versions.get("torch", "-"),
    }


def main(place: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", ROOT, "--no-deps", "--no-build-isolation", "--quiet", "-w", place]
    subprocess.run(build, cwd=ROOT, check=True)
    wheel = next(place.glob("*.whl"))
    found = {f"ntgate{extras}": measured(place / (extras.strip("[]") or "base"), wheel, extras) for extras in ("", "[all]")}
    base, whole = found.values()
    share = base["megabytes"] / whole["megabytes"]
    lines = [
        heading("What an installation takes", "python benchmarks/install_size.py"),
        "Seconds depend on the index, its distance, and what else the machine does.",
        "",
        "| installed | pip's seconds | MB | packages | `import ntgate.shift` | first `mmd_test`, 1,000 + 1,000 x 16 | torch |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
        *(
            f"| {name} | {row['seconds']:.0f} | {row['megabytes']:,.0f} | {row['packages']} | {row['imported']:.2f} s "
            f"| {row['tested']:.2f} s | {row['torch']} |"
            for name, row in found.items()
        ),
        "",
        f"The base has {share:.0%} of the megabytes of all, goal at most a third: {'met' if share <= GOAL else 'MISSED'}.",
        "With a CUDA build of torch, which brings NVIDIA's libraries, all is several times as large, and the base the same.",
    ]
    write("install_size.md", "\n".join(lines))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
        main(Path(sys.argv[1]).resolve())
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
