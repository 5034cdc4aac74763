"""What of ntgate's own in a registry nobody needs any more: runs with their arms, models and versions, by age and number.

Kept is whatever a champion, a rollback, an approval, an open decision or somebody else's version needs; what ntgate did not make is
never looked at.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from ntgate.base import Frozen
from ntgate.registry.baseline import BASELINE, MADE_BY, ROLE
from ntgate.registry.challenger import CHALLENGER
from ntgate.registry.champion import ALIAS, DECISION, PREVIOUS, STATE
from ntgate.registry.client import Registry, translated
from ntgate.registry.history import ADOPTED_BY, DECLINED, PENDING, ROLLED_BACK, WAITING, may_be_approved
from ntgate.registry.lock import is_lock
from ntgate.registry.pages import page_by_page, pages
from ntgate.registry.recorded import PARENT, STRATEGY
from ntgate.registry.runs_with_verdict import model_of, parents, parents_of

_DAY = 24 * 3600
_SETTLED = 3600.0  # seconds after its end in which a run may still be promoted, or its pages written
_EXPERIMENTS = 100  # asked for at once
_BY_KEY = ["name ASC", "version_number ASC"]  # which takes no sorting for each page, and no change moves a version to another page
_TOLD = {PARENT, STRATEGY, DECISION, "ntgate.outcome"}  # the tags of a run that say whether it may go


class Retention(Frozen):
    """How long what nobody needs is kept all the same.

    Attributes:
        days: younger runs stay.
        runs: so many of the latest runs of a model stay, however old they are.
        rollbacks: so many champions before the present one stay, to go back to.
    """

    days: float = 90
    runs: int = 20
    rollbacks: int = 5


@dataclass(frozen=True)
class Needed:
    """What is needed for reasons that the registry does not know.

    Attributes:
        decisions: ids of decisions that are not closed: in the ledger, or with labels asked for.
        runs: ids of MLflow runs whose folders say so.
        known: whether every open decision is among them; else no inconclusive run goes.
    """

    decisions: frozenset[str] = frozenset()
    runs: frozenset[str] = frozenset()
    known: bool = False


@dataclass(frozen=True)
class Past:
    """What is kept in mind of a run: with all that was logged of them, those of a fleet would fill the memory.

    Attributes:
        info: MLflow's own: ids, times, where its artifacts lie.
        tags: its tags, without what pages show.
    """

    info: Any
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Garbage:
    """One run that nobody needs, with all that hangs on it.

    Attributes:
        run: the parent run.
        model: the registered model.
        children: the runs of its arms.
        models: logged models.
        versions: of the registered model.
    """

    run: Past
    model: str
    children: tuple[Past, ...] = ()
    models: tuple[Any, ...] = ()
    versions: tuple[str, ...] = ()

    @property
    def places(self) -> tuple[str, ...]:
        """Where its artifacts lie."""
        runs = [str(run.info.artifact_uri) for run in (self.run, *self.children)]
        return (*runs, *(str(model.artifact_location) for model in self.models))


@dataclass
class Survey:
    """What a look at the registry found.

    Attributes:
        garbage: the runs that may go.
        kept: how many stay for which reason.
        needed_runs: ids of the parent runs that have to stay, and of the decisions in ``needed_decisions``.
    """

    garbage: list[Garbage] = field(default_factory=list)
    kept: Counter[str] = field(default_factory=Counter)
    needed_runs: set[str] = field(default_factory=set)
    needed_decisions: set[str] = field(default_factory=set)


def survey(registry: Registry, retention: Retention, needed: Needed, name: str | None = None) -> Survey:
    """Look at everything and change nothing.

    Args:
        registry: any connection to it.
        retention: how long what nobody needs is kept.
        needed: what is needed for other reasons.
        name: the one registered model to look at; None: all of them.

    Raises:
        RegistryError: when it does not answer.
    """
    found = Survey(needed_runs=set(needed.runs), needed_decisions=set(needed.decisions))
    client = registry.client
    with translated(registry.config):
        models = {model.name: model for model in pages(client.search_registered_models) if not is_lock(model.name)}
        versions: dict[str, list[Any]] = defaultdict(list)
        for version in page_by_page(client.search_model_versions, order_by=_BY_KEY):
            versions[version.name].append(version)
        free: dict[str, list[Any]] = {}
        for model, entries in versions.items():
            aliases = models[model].aliases if model in models else {}
            stays = needed_versions(entries, aliases or {}, retention)
            for version in entries:
                if str(version.version) in stays:
                    found.needed_runs.add(version.tags.get("ntgate.run_id", ""))
                    found.needed_decisions |= {version.tags.get(DECISION, ""), version.tags.get(MADE_BY, "")}
            free[model] = [version for version in entries if str(version.version) not in stays]
        experiments = {one.experiment_id: one.name for one in pages(client.search_experiments)}
        crowned = {model for model, known in models.items() if ALIAS in (known.aliases or {})}
        old = _old(registry, experiments, retention, needed, found, crowned, name)
        others = [version for entries in versions.values() for version in entries]
        found.garbage = list(_whole(registry, old, free, others, found.kept))
    return found


def needed_versions(versions: Sequence[Any], aliases: Mapping[str, Any], retention: Retention) -> set[str]:
    """The versions of one model that have to stay."""
    tags = {str(version.version): version.tags for version in versions}
    held = {str(version) for alias, version in aliases.items() if alias != CHALLENGER}  # which says who waited last
    champion = None if aliases.get(ALIAS) is None else str(aliases[ALIAS])
    stays, before = set(held), champion
    for _ in range(retention.rollbacks):
        before = tags.get(before, {}).get(PREVIOUS) if before is not None else None
        if before is None or before == "none":
            break
        stays.add(before)
    for version in versions:
        state, number = version.tags.get(STATE), str(version.version)
        ours = DECISION in version.tags or version.tags.get(ROLE) == BASELINE
        # A rolled back or declined one is what keeps a repeated run from bringing it back.
        remembered = state in (PENDING, ROLLED_BACK, DECLINED) or (state == WAITING and may_be_approved(version.tags, champion))
        staged = version.current_stage not in (None, "None", "Archived")
        if not ours or ADOPTED_BY in version.tags or remembered or staged:
            stays.add(number)
    return stays


def _old(
    registry: Registry,
    experiments: Mapping[str, str],
    retention: Retention,
    needed: Needed,
    found: Survey,
    crowned: Collection[str],
    name: str | None,
) -> list[tuple[Past, str]]:
    """The parent runs that neither age, number nor need keep, with the names of their models."""
    looked_at: Iterable[Any]
    if name is None:
        looked_at = chain.from_iterable(parents(registry, some) for some in _some(list(experiments)))
    else:
        looked_at = parents_of(registry, experiments, name)
    runs = [(_past(run), model_of(run, experiments)) for run in looked_at]
    latest: Counter[str] = Counter()
    now, old = time.time(), []
    for run, model in sorted(runs, key=lambda each: -each[0].info.start_time):
        latest[model] += 1
        reason = _kept(run, model, now, retention, needed, found, crowned, rank=latest[model])
        if reason is None:
            old.append((run, model))
        else:
            found.kept[reason] += 1
    return old


def _past(run: Any) -> Past:
    return Past(run.info, {tag: value for tag, value in run.data.tags.items() if tag in _TOLD})


def _kept(
    run: Past, model: str, now: float, retention: Retention, needed: Needed, found: Survey, crowned: Collection[str], *, rank: int
) -> str | None:
    """Why a parent run stays; None: nothing keeps it."""
    tags, ended = run.tags, (run.info.end_time or 0) / 1000
    outcome = tags.get("ntgate.outcome")
    for stays, reason in (
        (run.info.run_id in found.needed_runs or tags.get(DECISION, "") in found.needed_decisions, "needed"),
        (rank <= retention.runs, "among the latest"),
        (now - run.info.start_time / 1000 < retention.days * _DAY or now - ended < _SETTLED, "young"),
        (outcome == "inconclusive" and not needed.known, "inconclusive, and labels may be asked for"),
        (outcome == "promoted" and model not in crowned, "what shows that there had been a champion"),
    ):
        if stays:
            return reason
    return None


def _some(experiments: Sequence[str]) -> Iterator[list[str]]:
    """As many as one request asks for."""
    for start in range(0, len(experiments), _EXPERIMENTS):
        yield list(experiments[start : start + _EXPERIMENTS])


def _whole(
    registry: Registry,
    old: Sequence[tuple[Past, str]],
    free: Mapping[str, Sequence[Any]],
    versions: Sequence[Any],
    kept: Counter[str],
) -> Iterator[Garbage]:
    """Each old run with its arms, models and versions, unless somebody else has hung something on it."""
    experiments = sorted({run.info.experiment_id for run, _ in old})
    ids, ids_below = {run.info.run_id for run, _ in old}, set()
    ended = max((run.info.end_time or time.time() * 1000 for run, _ in old), default=0)
    children: dict[str, list[Past]] = defaultdict(list)
    models: dict[str, list[Any]] = defaultdict(list)
    for some in _some(experiments):
        for child in _children(registry, some, int(ended)):
            if child.tags[PARENT] in ids:
                children[child.tags[PARENT]].append(child)
                ids_below.add(child.info.run_id)
        for model in page_by_page(registry.client.search_logged_models, some, _size=100):
            if model.source_run_id in ids or model.source_run_id in ids_below:
                models[model.source_run_id].append(model)
    by_run: dict[str, list[Any]] = defaultdict(list)
    for version in versions:
        by_run[str(version.run_id)].append(version)
    numbers = {model: {str(version.version) for version in entries} for model, entries in free.items()}
    for run, model in old:
        below = children[run.info.run_id]
        runs = [one.info.run_id for one in (run, *below)]
        hung = [version for one in runs for version in sorted(by_run[one], key=_newest)]
        mine = numbers.get(model, set())
        own = [str(version.version) for version in hung if version.name == model and str(version.version) in mine]
        if len(own) < len(hung) or any(STRATEGY not in child.tags for child in below):
            kept["somebody else's version or run hangs on it"] += 1
            continue
        yield Garbage(run, model, tuple(below), tuple(one for each in runs for one in models[each]), tuple(own))


def _newest(version: Any) -> tuple[int, str, int]:
    """The order in which MLflow tells versions."""
    return -version.last_updated_timestamp, version.name, -int(version.version)


def _children(registry: Registry, experiments: Sequence[str], until: int) -> Iterator[Past]:
    """The runs that hang on others, but for arms that began behind the moment ``until``, in milliseconds: those of later runs.

    An arm begins before its run ends, and at most a day behind that where a clock was set back. Somebody else may hang a run on
    another at any time, and so these are asked for apart.
    """
    from mlflow.exceptions import MlflowException

    search, hung = registry.client.search_runs, f"tags.`{PARENT}` LIKE '%'"
    try:
        theirs = pages(search, experiments, f"{hung} AND tags.`{STRATEGY}` IS NULL", keep=_past)
        ours = pages(
            search,
            experiments,
            f"{hung} AND tags.`{STRATEGY}` LIKE '%' AND attributes.start_time <= {until + 1000 * _DAY}",
            keep=_past,
        )
    except MlflowException as error:
        if error.error_code != "INVALID_PARAMETER_VALUE":
            raise
        theirs, ours = [], pages(search, experiments, hung, keep=_past)  # an older server does not know the filter
    yield from (*theirs, *ours)
