"""What a race by successive halving would have saved: arms dropped at a rung where they are shown to be behind the leader.

Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", AISTATS 2016, with a paired bound
in place of a fixed share: an arm is dropped when the upper end of the interval for its accuracy less the leader's, on the same
validation rows after the same steps, is below zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np

RUNGS = (5, 10)  # of 20 evaluations
ALPHA = 0.1  # of a two-sided interval, so 0.05 of its upper end
KEEPS = "feature_extraction"  # never dropped, nor is scratch


class Hits:
    """A metric that remembers which validation rows were right at each evaluation."""

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def __call__(self, labels: Any, scores: Any) -> float:
        """The accuracy."""
        self.seen.append((scores.argmax(dim=1) == labels).numpy())
        return float(self.seen[-1].mean())


def race(arms: dict[str, tuple[Any, Hits]]) -> dict[str, Any]:
    """Who would have been dropped, and the steps of all arms and those saved.

    Args:
        arms: by name the trained candidate and its hits; without scratch.
    """
    from ntgate.evaluation.tango import tango_interval

    dropped: dict[str, int] = {}
    for rung in RUNGS:
        running = {name: best_so_far(*arm, rung) for name, arm in arms.items() if name not in dropped}
        leader = max(running, key=lambda name: running[name][0])
        ahead = running[leader][1].astype(int)
        for name, (_, hits) in running.items():
            gained, lost = int((hits > ahead).sum()), int((hits < ahead).sum())
            curve = arms[name][0].curve
            if name in (leader, KEEPS) or len(curve) <= rung:  # the latter have ended by themselves
                continue
            if tango_interval(gained, lost, len(hits), ALPHA)[1] < 0:
                dropped[name] = curve[-1].step - curve[rung - 1].step
    return {
        "steps": sum(arm.steps for arm, _ in arms.values()),
        "saved": sum(dropped.values()),
        "dropped": sorted(dropped),
    }


def best_so_far(candidate: Any, hits: Hits, rung: int) -> tuple[tuple[float, float], np.ndarray]:
    """Rank and hits of the best of the first ``rung`` evaluations."""
    points = candidate.curve[:rung]
    best = max(range(len(points)), key=lambda i: points[i].rank)
    return points[best].rank, hits.seen[best]
