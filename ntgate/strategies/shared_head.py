"""What the strategies with one head for both domains have in common: when they cannot run, and their streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ntgate.strategies.base import Arm, Facts

if TYPE_CHECKING:
    from ntgate.training.streams import Rows


def source_lacks_classes(facts: Facts) -> str | None:
    """Why one head cannot serve both domains: the source must know every target class."""
    missing = facts.classes_without_source
    if not missing:
        return None
    named = ", ".join(repr(name) for name in missing[:5]) + (", ..." if len(missing) > 5 else "")
    return f"it needs one head for both domains, and the source has no class {named}"


def domain_streams(arm: Arm) -> dict[str, Rows]:
    """``source`` and ``labelled`` rows in the target's classes, and all target rows as ``target`` where some have no label."""
    import torch

    from ntgate.training.source import rows_of
    from ntgate.training.streams import Rows

    encoder, view = arm.pretrained.encoder, arm.view
    labelled = rows_of(encoder, view.train)
    streams = {"source": rows_of(encoder, view.source.relabelled(view.train.classes)), "labelled": labelled}
    if view.unlabelled is not None:
        streams["target"] = Rows(torch.cat([labelled.x, rows_of(encoder, view.unlabelled).x]))
    return streams
