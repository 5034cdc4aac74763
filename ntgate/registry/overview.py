"""A registered model at a glance, with what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from ntgate.base import Frozen
from ntgate.registry.baseline import BASELINE, baseline
from ntgate.registry.challenger import how
from ntgate.registry.client import Registry
from ntgate.registry.history import FOREIGN, PENDING, PROMOTED, VersionEntry, history
from ntgate.registry.lock import Holder, holder
from ntgate.registry.lost_champion import lost
from ntgate.registry.timeline import Reign, timeline


class Overview(Frozen):
    """What the registry holds of one model.

    Attributes:
        name: the registered model.
        champion: the version with the alias; None: no version carries it.
        pending: versions whose promotion has not ended.
        waiting: versions that may be approved now: in time, and against the champion that is there.
        lost: what shows that there had been a champion where none is now.
        lock: who holds the promotion lock; None: nobody.
        versions: all versions but those that were only a baseline, the newest first.
        baseline: the version with the alias ``baseline``; None: no version carries it.
        timeline: the champions one after another, the latest first.
        next: what to do, in one sentence.
    """

    name: str
    champion: str | None = None
    pending: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    lost: str | None = None
    lock: Holder | None = None
    versions: tuple[VersionEntry, ...] = ()
    baseline: str | None = None
    timeline: tuple[Reign, ...] = ()
    next: str


def look(registry: Registry, opened: int = 0) -> Overview:
    """Look at the registry and change nothing.

    Args:
        registry: of the model.
        opened: how many decisions about it have opened test rows.

    Raises:
        RegistryError: when it does not answer.
    """
    held = holder(registry)
    entries = [entry for entry in history(registry) if entry.champion or entry.state != BASELINE]
    now = next((entry for entry in entries if entry.champion), None)
    gone = lost(registry) if now is None else None
    return Overview(
        name=registry.name,
        champion=now.version if now else None,
        pending=tuple(entry.version for entry in entries if entry.state == PENDING),
        waiting=tuple(entry.version for entry in entries if entry.may_be_approved(now.version if now else None)),
        lost=gone,
        lock=held,
        versions=tuple(entries),
        baseline=baseline(registry),
        timeline=timeline(entries),
        next=advice(registry.name, entries, held, gone, opened),
    )


def advice(name: str, versions: Sequence[VersionEntry], lock: Holder | None, gone: str | None, opened: int = 0) -> str:
    """What to do next about a model.

    >>> print(advice("reader", [], None, None))
    nothing was promoted yet: `ntgate run CONFIG`
    """
    now = next((entry for entry in versions if entry.champion), None)
    waiting = [entry.version for entry in versions if entry.may_be_approved(now.version if now else None)]
    if lock is not None and not lock.dead:
        return f"wait for the promotion of {lock.owner} to end; if it is known to be gone: `ntgate lock break {name}`"
    if lock is not None or any(entry.state == PENDING for entry in versions):
        return f"a promotion was cut short: `ntgate reconcile {name}` finishes or abandons it"
    if now is not None and now.state not in (PROMOTED, FOREIGN, BASELINE):
        return f"a change of the champion was cut short: `ntgate reconcile {name}` keeps it, `ntgate rollback {name}` does not"
    if waiting or gone is not None:
        approving = f"approve or decline version {', '.join(waiting)}: `{how(name, waiting[0])}`" if waiting else None
        return approving or "give the alias back to a version, or run with --allow-first if the next promotion is to be the first"
    if now is None:
        fresh = ", and test rows were opened: `ntgate validate CONFIG` says how many fresh ones to label"
        return "nothing was promoted yet" + (fresh if opened else ": `ntgate run CONFIG`")
    foreign = "; the champion was made by other means, and the next run compares with it where it is an ONNX model"
    return "nothing" + (foreign if now.state != PROMOTED else "")
