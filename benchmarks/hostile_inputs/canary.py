"""What a pickle holds so that whoever loads it runs code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


class Canary:
    """Pickled, it is a call that makes the file ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.path}'",)
