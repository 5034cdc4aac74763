"""Where this ntgate was installed from, as a line that installs it elsewhere: it is in no package index."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

_EXTRAS = "[all]"

UNKNOWN = "ntgate was installed from a folder of this machine, which no other machine can install from"
_HEAD = """\
# What the workflow in .github/workflows/retrain.yml installs; constraints.txt holds the versions that were tested together.
# ntgate is in no package index. Its line here, or the repository's variable NTGATE_PACKAGE, says where it comes from:
#
#   ntgate[all] @ git+https://HOST/OWNER/ntgate@COMMIT     a git repository
#   ./wheels/ntgate-VERSION-py3-none-any.whl[all]          a wheel in this repository
#
"""


def requirement() -> tuple[str | None, Path | None]:
    """The line for a requirements file, and the wheel that it names, to be copied beside it; None where nothing is known."""
    try:
        text = distribution("ntgate").read_text("direct_url.json")
    except PackageNotFoundError:
        return None, None
    return line(json.loads(text)) if text else (None, None)


def line(origin: dict[str, Any]) -> tuple[str | None, Path | None]:
    """As :func:`requirement`, from what pip noted of an installation (PEP 610).

    >>> line({"url": "https://host/ntgate", "vcs_info": {"vcs": "git", "commit_id": "abc"}})[0]
    'ntgate[all] @ git+https://host/ntgate@abc'
    >>> line({"url": "file:///here/ntgate", "dir_info": {"editable": True}})
    (None, None)
    """
    url = str(origin["url"])
    if "vcs_info" in origin and not url.startswith("file:"):
        vcs = origin["vcs_info"]
        return f"ntgate{_EXTRAS} @ {vcs['vcs']}+{url}@{vcs['commit_id']}", None
    if "archive_info" not in origin:
        return None, None
    if not url.startswith("file:"):
        return f"ntgate{_EXTRAS} @ {url}", None
    wheel = Path(unquote(urlsplit(url).path))
    return (f"./wheels/{wheel.name}{_EXTRAS}", wheel) if wheel.is_file() else (None, None)


def text(required: str | None) -> str:
    """The requirements file."""
    return _HEAD + (f"{required}\n" if required else f"# {UNKNOWN}.\n")


def named(file: Path) -> str | None:
    """The first line of a requirements file that asks for ntgate; None where none does."""
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    return next((line for line in lines if not line.startswith("#") and "ntgate" in line), None)
