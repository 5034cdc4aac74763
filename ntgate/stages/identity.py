"""The identity of a decision: the same for the same config, data, code and champion seen."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import ntgate
from ntgate.config import RunConfig
from ntgate.stages.champion import ChampionSeen
from ntgate.stages.ingest import Ingested


def decision_id(config: RunConfig, ingested: Ingested, champion: ChampionSeen) -> str:
    """SHA-256 over what the decision depends on: config, data, code and the champion seen."""
    parts = [portable(config), ingested.fingerprints, code_fingerprint(), champion.version]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def portable(config: RunConfig) -> dict[str, Any]:
    """The config without what names a place: the same decision on another machine has the same identity."""
    content = config.model_dump(mode="json", exclude={"output", "registry"})
    for spec in content["data"].values():
        if isinstance(spec, dict):
            spec.pop("path", None)
    content["model"].pop("source_checkpoint", None)
    content["training"].pop("device", None)
    content["gate"]["ledger"].pop("uri", None)
    return content


@lru_cache(maxsize=1)
def code_fingerprint() -> str:
    """SHA-256 over the package's own source files."""
    digest = hashlib.sha256(ntgate.__version__.encode())
    root = Path(ntgate.__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
