"""Code of one's own that the files of a finished run name: whoever reads them may not have written them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ntgate.errors import ConfigError

_CLASS = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def refuse_own(run: str, settings: Any) -> None:
    """Import nothing that is not ntgate's: strategies, rules, metrics, readers and backbones by their path.

    Raises:
        ConfigError: naming what the settings of the run name.

    >>> refuse_own("run", {"rules": [{"kind": "labels"}]})
    """
    named = sorted(set(_classes(settings)))
    if named:
        raise ConfigError(
            run,
            expected="a run of what ntgate ships",
            got=", ".join(named),
            fix="add --own if you trust this code, which is then imported",
        )


def _classes(settings: Any) -> Iterator[str]:
    """Every ``package.module:Class`` in some settings."""
    if isinstance(settings, str) and _CLASS.fullmatch(settings):
        yield settings
    for value in settings.values() if isinstance(settings, dict) else settings if isinstance(settings, list) else ():
        yield from _classes(value)
