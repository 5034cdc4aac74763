"""The file of environment variables that a scheduled job reads: the place of its credentials."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from ntgate.errors import ConfigError


def read(file: Path) -> dict[str, str]:
    """The NAME=value lines of ``file``, read as systemd and a shell both read them; nothing when it does not exist.

    Raises:
        ConfigError: when others may read the file, or a line is of another form.
    """
    if not file.exists():
        return {}
    if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise ConfigError(
            str(file),
            expected="a file that its owner alone can read",
            got=f"mode {stat.S_IMODE(file.stat().st_mode):03o}",
            fix=f"chmod 600 {shlex.quote(str(file))}",
        )
    found = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        words = shlex.split(line, comments=True)
        if not words:
            continue
        name, sign, value = words[0].partition("=")
        if len(words) > 1 or not sign or not name.isidentifier():
            raise ConfigError(  # without the line, which may hold a password
                f"{file}, line {number}", expected="NAME=value", got="something else", fix="quote values with spaces"
            )
        found[name] = value
    return found
