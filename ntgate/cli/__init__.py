"""The command line: parse, call, print."""

from __future__ import annotations


def main() -> None:
    """Entry point of the ``ntgate`` command."""
    from ntgate.cli.app import run

    raise SystemExit(run())
