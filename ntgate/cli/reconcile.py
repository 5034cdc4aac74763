"""``ntgate reconcile``: an end to promotions that were cut short."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ntgate.cli import console
from ntgate.cli.options import with_json, with_registry

if TYPE_CHECKING:
    from ntgate.registry.repair import Repaired


@click.command(short_help="Finish or abandon promotions that were cut short.")
@with_registry
@with_json
def reconcile(name: str, uri: str, as_json: bool) -> int:
    """End every promotion of the registered model NAME that a crash cut short.

    A pending version passed the gate. It becomes the champion if the champion is still the one that its decision saw, and is
    abandoned otherwise. Doing it twice is doing it once.
    """
    from ntgate.cli.registry import existing
    from ntgate.registry.repair import reconcile as repair

    repaired = repair(existing(name, uri))
    if as_json:
        console.answer({"schema": 1, "name": name, **repaired.model_dump(mode="json")})
    else:
        console.answer(f"{name}: {sentence(repaired)}")
    return 0


def sentence(repaired: Repaired) -> str:
    """What was done, in one sentence."""
    end = "there is no champion" if repaired.champion is None else f"version {repaired.champion} is the champion"
    done = [] if repaired.finished is None else [f"finished the promotion of version {repaired.finished}"]
    if repaired.abandoned:
        done.append(f"abandoned version {', '.join(repaired.abandoned)}, whose decision saw another champion")
    return f"{' and '.join(done) or 'no promotion was pending'}; {end}"
