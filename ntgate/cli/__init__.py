"""The command line: parse, call, print."""

from __future__ import annotations

from collections.abc import Callable


def main() -> None:
    """Entry point of the ``ntgate`` command."""
    import gc
    import os

    from ntgate.idle_threads import sleep_soon
    from ntgate.optouts import opt_out

    opt_out()
    sleep_soon()

    from ntgate.cli.app import run

    # A run imports millions of objects that live to its end. Looking through them for garbage takes two seconds on the way and two
    # at the exit, so it is done rarely, and at the exit not at all.
    gc.set_threshold(50_000, 20, 20)
    code = run() if "TORCHELASTIC_RUN_ID" not in os.environ else _beside_others(run)
    gc.freeze()
    raise SystemExit(code)


def _beside_others(run: Callable[[], int]) -> int:
    """Run in one of torchrun's processes, and follow its trainings in the others."""
    from ntgate.training.torchrun import in_step

    return in_step(run)
