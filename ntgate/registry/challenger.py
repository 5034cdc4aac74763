"""The challenger: a version that passed the gate and waits for somebody's approval, with an alias of its own.

It is registered under the promotion lock and against the champion that its decision saw, as a promotion is; only the champion's
alias does not move. :mod:`ntgate.registry.approval` moves it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from shlex import quote

from ntgate.base import Frozen
from ntgate.registry import standing
from ntgate.registry.champion import STATE, champion
from ntgate.registry.client import Registry, translated
from ntgate.registry.faults import START
from ntgate.registry.history import APPROVERS, BY, PENDING, UNTIL, WAITING, history
from ntgate.registry.lock import promotion_lock
from ntgate.registry.promotion import PromotionRequest, finish, move_alias, refuse_moved, version_of

CHALLENGER = "challenger"
_LONGEST = 5000  # characters that MLflow keeps of a description
_ASKED = "**Waits for approval**"


class Terms(Frozen):
    """What an approval is subject to.

    Attributes:
        days: after which it can be given no more.
        approvers: the accounts that may give it; empty: all that the registry lets write.
    """

    days: int = 14
    approvers: tuple[str, ...] = ()


class Proposed(Frozen):
    """What became of a version that was proposed.

    Attributes:
        version: its number.
        champion: whether it is the champion, approved before or the champion itself.
        until: up to when it may be approved, in UTC, as ISO 8601; None where it is the champion.
    """

    version: str
    champion: bool = False
    until: str | None = None


def propose(registry: Registry, request: PromotionRequest, terms: Terms) -> Proposed:
    """Register the decision's version as the challenger; the champion stays.

    Doing it twice is doing it once; once the time for the approval has passed, it is asked for anew. What was approved meanwhile is
    the champion, and where a crash cut that short it becomes it here.

    Raises:
        ChampionMovedError: when the champion is no longer the one that the decision saw.
        RegistryError: when the registry does not answer, another promotion does not end, or the version was declined.
    """
    with translated(registry.config, fix=f"{START}, and run again; nothing was promoted"), promotion_lock(registry) as held:
        now = champion(registry)
        finish(registry, now)
        if now is not None and now.decision_id == request.decision_id:
            standing.champion_is(registry.name, now.version)
            return Proposed(version=now.version, champion=True)
        refuse_moved(registry, now, request.champion_seen, allow_first=request.allow_first)
        if now is not None and request.champion_itself:
            standing.champion_is(registry.name, now.version)
            return Proposed(version=now.version, champion=True)
        marks = {UNTIL: _after(terms.days), APPROVERS: ",".join(terms.approvers)}
        version = version_of(registry, request, WAITING, marks)
        tags = registry.client.get_model_version(registry.name, version).tags
        if tags.get(STATE) == PENDING and BY in tags:
            move_alias(registry, version, held)
            point_challenger(registry)
            return Proposed(version=version, champion=True)
        if tags.get(STATE) == PENDING or passed(tags.get(UNTIL)):  # cut short where no approval was wanted; or asked for anew
            for tag, value in {**marks, STATE: WAITING}.items():
                registry.client.set_model_version_tag(registry.name, version, tag, value)
        until = registry.client.get_model_version(registry.name, version).tags[UNTIL]
        _describe(registry, version, f"{_ASKED} until {until[:16].replace('T', ' ')} UTC: `{how(registry.name, version)}`.")
        point_challenger(registry)
    return Proposed(version=version, until=until)


def how(name: str, version: str) -> str:
    """The command that approves it.

    >>> how("reader", "4")
    'ntgate approve reader 4 --reason WHY'
    """
    return f"ntgate approve {quote(name)} {version} --reason WHY"


def passed(until: str | None) -> bool:
    """Whether the moment, as ISO 8601, lies in the past; with none, nobody was asked."""
    return until is None or datetime.now(UTC) >= datetime.fromisoformat(until)


def point_challenger(registry: Registry) -> str | None:
    """Give the alias ``challenger`` to the newest version that may be approved, and take it away where there is none.

    Only while the promotion lock is held.
    """
    now = champion(registry)
    entries = history(registry)
    open_ = next((entry.version for entry in entries if entry.may_be_approved(None if now is None else now.version)), None)
    if not entries:
        return None
    stands = registry.client.get_registered_model(registry.name).aliases.get(CHALLENGER)
    if open_ is not None and str(stands) != open_:
        registry.client.set_registered_model_alias(registry.name, CHALLENGER, open_)
    elif open_ is None and stands is not None:
        registry.client.delete_registered_model_alias(registry.name, CHALLENGER)
    return open_


def answered(registry: Registry, version: str, answer: str) -> None:
    """Say in the version's description how the question for its approval was answered."""
    _describe(registry, version, answer)


def _describe(registry: Registry, version: str, first: str) -> None:
    """The description with this first paragraph in the place of what was said there of an approval."""
    told = registry.client.get_model_version(registry.name, version).description or ""
    before, _, rest = told.partition("\n\n")
    mine = before.startswith((_ASKED, "**Approved**", "**Declined**"))
    wanted = f"{first}\n\n{rest if mine else told}"[:_LONGEST]
    if wanted != told:
        registry.client.update_model_version(registry.name, version, wanted)


def _after(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")
