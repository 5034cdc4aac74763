"""Methods with one head for both domains: the source has to know every class of the target."""

from __future__ import annotations

from ntgate.strategies.base import Facts


def source_lacks_classes(facts: Facts) -> str | None:
    """Why one head cannot serve both domains: the source must know every target class."""
    missing = facts.classes_without_source
    if not missing:
        return None
    named = ", ".join(repr(name) for name in missing[:5]) + (", ..." if len(missing) > 5 else "")
    return f"it needs one head for both domains, and the source has no class {named}"
