"""What an image installs before the source is there: ``dependencies.py EXTRAS NTGATE`` beside constraints.txt.

A line for each requirement, for the Dockerfile, which says what EXTRAS and NTGATE are. Needs the standard library alone.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any


def dependencies(extras: str, ntgate: str, project: dict[str, Any], wheels: Collection[str] = ()) -> list[str]:
    """The requirements: those of ``project`` where it is ntgate, and ntgate itself where it comes from elsewhere.

    Nothing where it comes from a wheel that is not there yet.

    >>> checkout = {"name": "ntgate", "dependencies": ["numpy"], "optional-dependencies": {"s3": ["boto3"], "all": ["ntgate[s3]"]}}
    >>> dependencies("all", "", checkout)
    ['numpy', 'boto3']
    >>> dependencies("s3", "", {"name": "another"})
    ['ntgate[s3]']
    >>> dependencies("s3", "ntgate==0.3.0", checkout)
    ['ntgate==0.3.0', 'ntgate[s3]']
    >>> dependencies("s3", "./wheels/ntgate-0.3.0-py3-none-any.whl", {}, ["ntgate-0.3.0-py3-none-any.whl"])
    ['./ntgate-0.3.0-py3-none-any.whl', 'ntgate[s3]']
    >>> dependencies("s3", "./elsewhere/ntgate-0.3.0-py3-none-any.whl", {})
    []
    """
    if ".whl" in ntgate:
        name = Path(ntgate).name
        if name.partition("[")[0] not in wheels:
            return []
        ntgate = f"./{name}"
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
    wheels = [wheel.name for wheel in Path().glob("*.whl")]
    print("\n".join(dependencies(*sys.argv[1:], tomllib.loads(text).get("project", {}), wheels)))
