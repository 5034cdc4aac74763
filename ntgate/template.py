"""The project template in the wheel: pipelines, steps, deployment files, a CI workflow, a smoke test and a starter config."""

from __future__ import annotations

import filecmp
import shutil
from pathlib import Path

from ntgate import requirements

REQUIREMENTS = "requirements.txt"
_PARTS = ("pipelines", "steps", "deploy")
# Where tools look for them, from where they are kept.
_PLACED = {
    "retrain.yaml": "deploy/config/retrain.yaml",
    ".github/workflows/retrain.yml": "deploy/actions/retrain.yml",
    "tests/test_smoke.py": "smoke/test_smoke.py",
    "constraints.txt": "constraints.txt",
}


def root() -> Path:
    """Where ntgate's own pipelines and steps lie: in the wheel ``ntgate/scaffold/``, in a checkout the checkout itself."""
    packaged = Path(__file__).parent / "scaffold"
    return packaged if packaged.is_dir() else Path(__file__).parents[1]


def files() -> dict[str, Path]:
    """The template's files by their path in a project; the single source of them is :func:`root`."""
    found = {
        str(path.relative_to(root())): path
        for part in _PARTS
        for path in sorted((root() / part).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    return {**found, **{name: root() / origin for name, origin in _PLACED.items()}}


def create(directory: Path) -> tuple[list[str], list[str]]:
    """Copy what is missing into ``directory``; returns the files written and those that were there already."""
    written, kept = [], []
    for name, origin in files().items():
        place = directory / name
        if place.exists():
            kept.append(name)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(origin, place)
        written.append(name)
    _name_the_source(directory, written, kept)
    return written, kept


def _name_the_source(directory: Path, written: list[str], kept: list[str]) -> None:
    """Write where ntgate comes from, with the wheel where it came from one: the project's own file, which no check compares."""
    place = directory / REQUIREMENTS
    if place.exists():
        kept.append(REQUIREMENTS)
        return
    required, wheel = requirements.requirement()
    place.write_text(requirements.text(required), encoding="utf-8")
    written.append(REQUIREMENTS)
    if wheel is not None:
        name = f"wheels/{wheel.name}"
        (directory / "wheels").mkdir(exist_ok=True)
        shutil.copyfile(wheel, directory / name)
        written.append(name)


def differences(directory: Path) -> list[str]:
    """The template's files that ``directory`` lacks or has in another version."""
    return [
        name
        for name, origin in files().items()
        if not (directory / name).is_file() or not filecmp.cmp(origin, directory / name, shallow=False)
    ]
