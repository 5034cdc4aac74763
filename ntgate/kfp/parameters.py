"""The settings of a config that the form of a Kubeflow run shows beside the config itself, and how they enter it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ntgate.config_file import overridden

VALUES: dict[str, type] = {
    "config": str,
    "root": str,
    "dry_run": bool,
    "allow_first": bool,
    "force": bool,
    "registry_uri": str,
    "source_path": str,
    "target_path": str,
    "target_test_path": str,
    "seed": int,
    "settings": str,
}
_PATHS = {"source_path": "source", "target_path": "target", "target_test_path": "target_test"}


def parameters(content: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows: the config's own values; an empty text where it says nothing.

    >>> shown = parameters({"registry": {"uri": "http://mlflow"}, "data": {"source": {"path": "s.npz"}}, "seed": 7})
    >>> shown["registry_uri"], shown["source_path"], shown["target_test_path"], shown["seed"]
    ('http://mlflow', 's.npz', '', 7)
    """
    paths = {name: str((content.get("data", {}).get(part) or {}).get("path") or "") for name, part in _PATHS.items()}
    return {"registry_uri": str(content.get("registry", {}).get("uri", "")), **paths, "seed": int(content.get("seed", 0))}


def entered(content: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The config with what somebody changed in the form, and with the lines ``key.sub=value`` of ``settings``.

    >>> content = {"registry": {"uri": "http://mlflow"}, "data": {"target": {"path": "t.npz"}}}
    >>> changed = entered(content, {**parameters(content), "target_path": "new.npz", "settings": "gate.alpha=0.01"})
    >>> changed["data"]["target"]["path"], changed["gate"]["alpha"], "seed" in changed
    ('new.npz', 0.01, False)
    """
    made: dict[str, Any] = json.loads(json.dumps(content))
    for name, shown in parameters(content).items():
        if name not in given or given[name] in (shown, ""):
            continue
        if name in _PATHS:
            part = made.setdefault("data", {}).get(_PATHS[name]) or {}
            made["data"][_PATHS[name]] = {**part, "path": given[name]}
        elif name == "registry_uri":
            made["registry"] = {**made.get("registry", {}), "uri": given[name]}
        else:
            made[name] = given[name]
    lines = [line.strip() for line in str(given.get("settings", "")).splitlines()]
    return overridden(made, [line for line in lines if line])
