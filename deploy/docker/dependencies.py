"""What an image installs before the source is there: ``dependencies.py EXTRAS NTGATE`` beside constraints.txt.

A line for each requirement, for the Dockerfile, which says what EXTRAS and NTGATE are. Needs the standard library alone.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any


def dependencies(extras: str, ntgate: str, project: dict[str, Any]) -> list[str]:
    """The requirements: those of ``project`` where it is ntgate, and ntgate itself where it comes from elsewhere.

    A wheel is not there before the source, so it brings its own later.

    >>> checkout = {"name": "ntgate", "dependencies": ["numpy"], "optional-dependencies": {"s3": ["boto3"], "all": ["ntgate[s3]"]}}
    >>> dependencies("all", "", checkout)
    ['numpy', 'boto3']
    >>> dependencies("s3", "", {"name": "another"})
    ['ntgate[s3]']
    >>> dependencies("s3", "ntgate==0.2.0", checkout)
    ['ntgate==0.2.0', 'ntgate[s3]']
    >>> dependencies("s3", "wheels/ntgate-0.2.0-py3-none-any.whl", {})
    []
    """
    if ".whl" in ntgate:
        return []
    if ntgate or project.get("name") != "ntgate":
        return [*filter(None, [ntgate]), f"ntgate[{extras}]"]
    return [*project["dependencies"], *_of_extras(extras, project["optional-dependencies"])]


def _of_extras(extras: str, optional: dict[str, list[str]]) -> list[str]:
    found = []
    for line in [line for extra in extras.split(",") for line in optional[extra]]:
        own = re.fullmatch(r"ntgate\[(.+)\]", line)
        found += _of_extras(own[1], optional) if own else [line]
    return found


if __name__ == "__main__":
    file = Path("pyproject.toml")
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    print("\n".join(dependencies(*sys.argv[1:], tomllib.loads(text).get("project", {}))))
