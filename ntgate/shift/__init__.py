"""How far two domains are apart: MMD with a permutation test, proxy A-distance, and a report for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ntgate.shift.domain_classifier import ProxyADistance, proxy_a_distance
    from ntgate.shift.mmd import MmdResult, mmd_test

__all__ = ["MmdResult", "ProxyADistance", "mmd_test", "proxy_a_distance"]


def __getattr__(name: str) -> Any:
    """Import the engine when it is first asked for: configs and results need neither torch nor scikit-learn."""
    if name in ("mmd_test", "MmdResult"):
        from ntgate.shift import mmd

        return getattr(mmd, name)
    if name in ("proxy_a_distance", "ProxyADistance"):
        from ntgate.shift import domain_classifier

        return getattr(domain_classifier, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
