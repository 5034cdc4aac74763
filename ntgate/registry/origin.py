"""Where a run came from: who started it, from which commit."""

from __future__ import annotations

import getpass
import os
import subprocess
from contextlib import suppress
from functools import cache


@cache
def origin_tags() -> dict[str, str]:
    """The tags from which MLflow fills the columns User, Source and Version; what is not known is left out."""
    tags = {"mlflow.source.name": "ntgate", "mlflow.source.type": "JOB"}
    commit = os.environ.get("GITHUB_SHA") or _commit()
    if commit:
        tags["mlflow.source.git.commit"] = commit
    with suppress(KeyError, OSError):  # a container may run under a number without a name
        tags["mlflow.user"] = getpass.getuser()
    return tags


def _commit() -> str | None:
    """The commit checked out where the process stands."""
    try:
        told = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=True)  # noqa: S607
    except (OSError, subprocess.SubprocessError):
        return None
    return told.stdout.strip()
