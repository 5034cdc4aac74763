"""The runs that have a verdict: the parents, of all models or of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ntgate.registry.champion import DECISION
from ntgate.registry.client import Registry, quotable, quoted, translated
from ntgate.registry.pages import page_by_page
from ntgate.registry.recorded import KEY

_PARENTS = f"tags.`{KEY}` LIKE '%'"
_MODEL = "ntgate.model"  # what ntgate 0.1.0 recorded lacks it; then the experiment has the model's name
_FEW = 10  # a page of a search of which mostly the first is wanted


def model_of(run: Any, experiments: Mapping[str, str]) -> str:
    """The registered model that a parent is about.

    Args:
        run: the parent.
        experiments: their names, by their ids.
    """
    return str(run.data.tags.get(_MODEL, experiments[run.info.experiment_id]))


def parents(registry: Registry, experiments: Sequence[str], **options: Any) -> Iterator[Any]:
    """All parents in these experiments, the latest first."""
    return _search(registry, experiments, _PARENTS, **options)


def parents_of(registry: Registry, experiments: Mapping[str, str], name: str) -> Iterator[Any]:
    """All parents about one model, in no order."""
    for runs in _parents_of(registry, experiments, name):
        yield from runs


def latest_of(registry: Registry, experiments: Mapping[str, str], name: str) -> Any | None:
    """The latest parent about one model; None where there is none."""
    firsts = [next(runs, None) for runs in _parents_of(registry, experiments, name, _size=_FEW)]
    found = [run for run in firsts if run is not None]
    return min(found, key=lambda run: (-run.info.start_time, run.info.run_id), default=None)  # as MLflow orders them


def open_in_a_row(registry: Registry, experiment: str) -> int:
    """How many different decisions about the registry's model, from the latest back, were all inconclusive.

    Raises:
        RegistryError: when the registry does not answer.
    """
    decisions = set()
    with translated(registry.config):
        found = _search(registry, [experiment], _PARENTS, _size=_FEW)
        for run in _about(found, {experiment: registry.experiment_name}, registry.name):
            if run.data.tags.get("ntgate.outcome") != "inconclusive":
                break
            decisions.add(run.data.tags.get(DECISION))
    return len(decisions)


def _parents_of(registry: Registry, experiments: Mapping[str, str], name: str, **options: Any) -> list[Iterator[Any]]:
    """Those in the experiment of its name and those elsewhere, each the latest first."""
    own = [known for known, called in experiments.items() if called == name]
    others = [known for known in experiments if known not in own]
    said = f"{_PARENTS} AND tags.`{_MODEL}` = {quoted(name)}" if quotable(name) else _PARENTS
    found = [_search(registry, some, which, **options) for some, which in ((own, _PARENTS), (others, said)) if some]
    return [_about(runs, experiments, name) for runs in found]


def _about(runs: Iterator[Any], experiments: Mapping[str, str], name: str) -> Iterator[Any]:
    return (run for run in runs if model_of(run, experiments) == name)


def _search(registry: Registry, experiments: Sequence[str], which: str, **options: Any) -> Iterator[Any]:
    return page_by_page(registry.client.search_runs, list(experiments), which, order_by=["attributes.start_time DESC"], **options)
