"""How a promotion is taken back, in the words of every page that tells of it."""

from __future__ import annotations


def rollback_words(name: str, previous: str | None) -> str:
    """The command that brings the champion before back; where there was none, that.

    >>> rollback_words("reader", "3")
    'ntgate rollback reader makes version 3 the champion again.'
    """
    if previous in (None, "none"):
        return f"This was the first champion of {name}: there is none before it to go back to."
    return f"ntgate rollback {name} makes version {previous} the champion again."
