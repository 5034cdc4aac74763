"""``deploy/actions/summary.py``, which is a script beside a workflow and no module of a package."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_PATH = Path(__file__).resolve().parents[2] / "deploy" / "actions" / "summary.py"
_spec = importlib.util.spec_from_file_location("summary", _PATH)
assert _spec is not None
assert _spec.loader is not None
summary = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(summary)
