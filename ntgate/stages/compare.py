"""Compare: what differs between two finished runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ntgate.base import Frozen

_SHIFT = ("outcome", "mmd2", "p_value", "effect_size", "proxy_a_distance", "features_moved", "representation")
_VERDICT = ("outcome", "sentence", "metric", "gain", "gain_interval", "p_value", "alpha", "decision_id")


class Difference(Frozen):
    """One thing that two runs differ in.

    Attributes:
        about: ``config``, ``data``, ``shift``, ``arms`` or ``verdict``.
        name: what it is, nested names joined by dots.
        values: of the first run and of the second; None where it has none.
    """

    about: str
    name: str
    values: tuple[Any, Any]


def compare(runs: tuple[Mapping[str, Any], Mapping[str, Any]], configs: tuple[Any, Any]) -> tuple[Difference, ...]:
    """What differs between two runs.

    Args:
        runs: what each of them answered, as ``ntgate run --json`` prints it.
        configs: of both, as ``decision.json`` has it.

    >>> run = {"data": {}, "shift": {}, "plan": [], "findings": [], "candidate": None, "scratch": {"value": 0.9}}
    >>> [one.name for one in compare((run, {**run, "scratch": {"value": 0.8}}), ({"seed": 0}, {"seed": 1}))]
    ['seed', 'scratch']
    """
    first, second = ({"config": flat(config), **_told(run)} for run, config in zip(runs, configs, strict=True))
    return tuple(
        Difference(about=about, name=name, values=(first[about].get(name), second[about].get(name)))
        for about in first
        for name in dict.fromkeys((*first[about], *second[about]))
        if first[about].get(name) != second[about].get(name)
    )


def _told(run: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    arms = {row["strategy"]: row["validation"] for row in run["plan"]}
    judged = {arm: run[arm]["value"] for arm in ("candidate", "scratch", "champion") if run.get(arm) is not None}
    strategy = {"strategy": run["candidate"]["strategy"]} if run["candidate"] is not None else {}
    return {
        "data": flat({name: run["data"].get(name) for name in ("rows", "fingerprints", "classes")}),
        "shift": {name: run["shift"].get(name) for name in _SHIFT},
        "arms": {f"{name}, out of fold": value for name, value in arms.items()},
        "verdict": {
            **strategy,
            **judged,
            **{name: run.get(name) for name in _VERDICT},
            **{finding["rule"]: finding["outcome"] for finding in run["findings"]},
        },
    }


def flat(content: Mapping[str, Any]) -> dict[str, Any]:
    """Nested values under dotted names; of a list of kinds each under its own.

    >>> flat({"gate": {"alpha": 0.05}, "strategies": [{"kind": "fine_tuning", "bss": 0}], "seed": 1})
    {'gate.alpha': 0.05, 'strategies.fine_tuning.bss': 0, 'seed': 1}
    """
    return dict(_flat(content, ""))


def _flat(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield from _flat(below, f"{where}.{name}".lstrip("."))
    elif isinstance(value, list) and value and all(isinstance(one, Mapping) and "kind" in one for one in value):
        for one in value:
            settings = {name: below for name, below in one.items() if name != "kind"} or "with its defaults"
            yield from _flat(settings, f"{where}.{one['kind']}")
    else:
        yield where, value
