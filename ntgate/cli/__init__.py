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
    from ntgate.cli.process_exit import guard, leave

    # A run imports millions of objects that live to its end. Looking through them for garbage takes two seconds: it is done rarely.
    gc.set_threshold(50_000, 20, 20)
    if "TORCHELASTIC_RUN_ID" in os.environ:
        code = _beside_others(run)
        gc.freeze()  # nor at the exit
        raise SystemExit(code)
    guard()
    leave(run())


def _beside_others(run: Callable[[], int]) -> int:
    """Run in one of torchrun's processes, and follow its trainings in the others."""
    from ntgate.training.torchrun import in_step

    return in_step(run)
