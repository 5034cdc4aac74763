"""``ntgate approve`` and ``ntgate decline``: somebody's word about a version that waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ntgate.cli import console
from ntgate.cli.options import with_json, with_registry

if TYPE_CHECKING:
    from ntgate.registry.approval import Answered


def _answer(command: Callable[..., Any]) -> Callable[..., Any]:
    """What both commands take."""
    for option in (
        with_json,
        click.option("--by", help="Who answers for it, where that is not the account that runs this; both are recorded."),
        click.option("--reason", required=True, help="Why, in a sentence; it stands in the version's tags and description."),
        click.argument("version"),
        with_registry,
    ):
        command = option(command)
    return command


@click.command(short_help="Make a version that waits for approval the champion.")
@_answer
def approve(name: str, uri: str, version: str, reason: str, by: str | None, as_json: bool) -> int:
    """Make VERSION of the registered model NAME the champion, which passed the gate and waits for approval.

    The champion is read again: exit 6 where it is no longer the one that the evidence was against, where the version does not wait,
    its time has passed, or this account is not among its approvers. Recorded is the MLflow user where the server knows its users,
    else this system's user. Doing it twice is doing it once.
    """
    from ntgate.registry.approval import approve as give

    told = _told(give, name, uri, version, reason, by)
    follows = f", after version {told.previous}" if told.previous else ""
    stands = f"version {version} is the champion{follows}"
    if told.champion != version:
        stands = f"version {told.champion} is the champion" if told.champion else "there is no champion"
    return _say(told, name, f"{stands}; approved by {told.by}: {told.reason}", as_json)


@click.command(short_help="End the waiting of a version: it will never be the champion.")
@_answer
def decline(name: str, uri: str, version: str, reason: str, by: str | None, as_json: bool) -> int:
    """Decline VERSION of the registered model NAME, which passed the gate and waits for approval; the champion stays.

    It cannot be approved any more, and no repetition of its run asks for it again. Exit 6 where it does not wait, or this account
    is not among its approvers. Doing it twice is doing it once.
    """
    from ntgate.registry.approval import decline as refuse

    told = _told(refuse, name, uri, version, reason, by)
    return _say(told, name, f"version {version} is declined by {told.by}: {told.reason}", as_json)


def _told(act: Callable[..., Answered], name: str, uri: str, version: str, reason: str, by: str | None) -> Answered:
    from ntgate.cli.registry import existing
    from ntgate.registry.person import person

    if not reason.strip():
        raise click.UsageError("--reason is empty: say why, in a sentence")
    registry = existing(name, uri)
    return act(registry, version, person(registry, by), reason.strip())


def _say(told: Answered, name: str, sentence: str, as_json: bool) -> int:
    if as_json:
        console.answer({"schema": 1, "name": name, "sentence": sentence, **told.model_dump(mode="json")})
    else:
        console.answer(f"{name}: {sentence}")
    return 0
