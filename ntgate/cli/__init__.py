"""The command line: parse, call, print."""

from __future__ import annotations


def main() -> None:
    """Entry point of the ``ntgate`` command."""
    import gc

    from ntgate.cli.app import run

    # A run imports millions of objects that live to its end. Looking through them for garbage takes two seconds on the way and two
    # at the exit, so it is done rarely, and at the exit not at all.
    gc.set_threshold(50_000, 20, 20)
    code = run()
    gc.freeze()
    raise SystemExit(code)
