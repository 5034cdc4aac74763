"""Build what a release consists of into dist/: sdist and wheel, a bill of materials, licences, checksums.

Both archives are built twice and have to be equal byte by byte: their times are that of the commit. The bill of materials
(CycloneDX) and the licences are those of the environment that this runs in, of what ntgate needs with its extras and of nothing
else. Vulnerabilities are asked for where the network allows; where it does not, that is said.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
# A licence that a product with ntgate in it could not be shipped under. The weaker LGPL and MPL bind changes of the library itself.
REFUSED = re.compile(r"\b(A?GPL|GNU (Affero )?General Public|Business Source|SSPL|Commons Clause)\b", re.IGNORECASE)
_NAME = re.compile(r"^[A-Za-z0-9._-]+")
Visit = tuple[str, tuple[str, ...] | None]  # a package, and which of its extras; None: all but the one left out
_LEFT_OUT = "dev"  # the extra that no user installs


def normalised(name: str) -> str:
    """A package's name as pip compares it.

    >>> normalised("ruamel.yaml")
    'ruamel-yaml'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(package: str, requires: Callable[[str], Iterable[str] | None]) -> set[str]:
    """All that ``package`` needs with its extras but ``dev``, as far as it is installed.

    Args:
        package: where to start.
        requires: the requirements of a package by its name; None where it is not installed.

    >>> lines = {"a": ["b[x]>=1", 'c; extra == "s3"', 'd; extra == "dev"'], "b": ["e", 'f; extra == "x"', 'd; extra == "y"']}
    >>> sorted(needed("a", {**lines, "c": [], "d": [], "e": None, "f": []}.get))
    ['b', 'c', 'f']
    """
    names, seen, ahead = set[str](), set[Visit](), list[Visit]([(package, None)])
    while ahead:
        name, extras = ahead.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        for line in requires(name) or ():
            requirement, _, marker = line.partition(";")
            extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)", marker)
            if extra is not None and (extra.group(1) == _LEFT_OUT if extras is None else extra.group(1) not in extras):
                continue
            found = _NAME.match(requirement.strip())
            below = normalised(found.group()) if found else ""
            if below and requires(below) is not None:
                names.add(below)
                wanted = re.search(r"\[([^\]]*)\]", requirement)
                ahead.append((below, () if wanted is None else tuple(sorted(re.split(r"\s*,\s*", wanted.group(1))))))
    return names - {package}


def licence(name: str) -> str:
    """What an installed package says of its licence, in one line.

    >>> licence("click")
    'BSD-3-Clause'
    """
    about = metadata.metadata(name).json
    classifiers = [line.rpartition(" :: ")[2] for line in about.get("classifier", ()) if line.startswith("License")]
    stated = str(about.get("license_expression") or "; ".join(classifiers) or about.get("license") or "not stated")
    return stated.strip().splitlines()[0][:100]


def _installed(name: str) -> Iterable[str] | None:
    try:
        return metadata.requires(name) or ()
    except metadata.PackageNotFoundError:
        return None


def _built(folder: Path) -> list[Path]:
    moment = subprocess.check_output(["git", "log", "-1", "--format=%ct"], cwd=ROOT, text=True).strip()
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "SOURCE_DATE_EPOCH": moment}, stdout=sys.stderr)
    return sorted(folder.iterdir())


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _tool(*words: str) -> bool:
    """Whether a command of the release's own tools ended well."""
    return subprocess.run(words, cwd=ROOT, check=False, stdout=sys.stderr).returncode == 0


def main(tools: Path) -> int:
    """Build everything; 0 where nothing speaks against the release."""
    DIST.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as again:
        built = [path for path in _built(DIST) if path.suffix in {".whl", ".gz"}]
        other = {path.name: _sha256(path) for path in _built(Path(again))}
    changed = [path.name for path in built if path.name in other and other[path.name] != _sha256(path)]
    if changed:
        print(f"error: two builds differ: {', '.join(changed)}", file=sys.stderr)
        return 1
    packages = sorted(needed("ntgate", _installed))
    licences = {name: licence(name) for name in packages}
    (DIST / "LICENCES.txt").write_text("".join(f"{name} {metadata.version(name)}: {text}\n" for name, text in licences.items()))
    refused = [f"{name} ({text})" for name, text in licences.items() if REFUSED.search(text) and "LGPL" not in text]
    if refused:
        print(f"error: not to be shipped with: {', '.join(refused)}", file=sys.stderr)
        return 1
    pins = "".join(f"{name}=={metadata.version(name).partition('+')[0]}\n" for name in packages)
    requirements = DIST / "requirements.txt"
    requirements.write_text(pins)
    bill = DIST / "ntgate.cdx.json"
    if not _tool(str(tools / "cyclonedx-py"), "requirements", str(requirements), "--of", "JSON", "-o", str(bill)):
        print("error: no bill of materials could be written", file=sys.stderr)
        return 1
    audit = subprocess.run(
        [str(tools / "pip-audit"), "-r", str(requirements), "--no-deps", "--disable-pip"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    skipped = audit.stdout.count("could not be audited")
    if audit.returncode:
        print(f"warning: read before you publish what pip-audit says:\n{audit.stdout}{audit.stderr}", file=sys.stderr)
    elif skipped:
        print(f"warning: pip-audit's service knows nothing of {skipped} packages, or does not answer", file=sys.stderr)
    sums = [f"{_sha256(path)}  {path.name}\n" for path in sorted(DIST.iterdir()) if path.name != "SHA256SUMS"]
    (DIST / "SHA256SUMS").write_text("".join(sums))
    print(f"{len(built)} archives, built twice alike; {len(packages)} packages with their licences; see {DIST.name}/")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
