"""Which tasks of a run train networks, and so have a use for a GPU; the others train trees and lines, or nothing."""

from __future__ import annotations

from ntgate.config import RunConfig
from ntgate.graph import Node
from ntgate.strategies.pool import Pool


def trains_networks(node: Node, config: RunConfig) -> bool:
    """Whether the task may train a network, as far as a config says; the order of the arms is known when the plan is made."""
    if not node.stage.trains:
        return False
    arms = any(not isinstance(strategy, Pool) for strategy in config.strategies)
    scratch = any(learner.kind == "network" for learner in config.scratch)
    return {
        "source": config.model.source_checkpoint is None,
        "scratch": scratch,
        "train": arms,
        "compress": bool(config.compression),
        "replicate": config.gate.seeds > 1 and (arms or scratch),
        "cross_fit": config.gate.cross_fitting is not None and (arms or scratch),
    }.get(node.stage.name, True)
