"""The champion as the run sees it, before any training: the decision is made against this one and no other."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ntgate.base import Artifact, Frozen
from ntgate.config import RunConfig
from ntgate.foreign.answers import by_class
from ntgate.foreign.config import ForeignChampion
from ntgate.foreign.packed import packed
from ntgate.foreign.start_process import foreign_scores
from ntgate.stages.ingest import Ingested

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ntgate.data.domain import Domain
    from ntgate.registry.champion import Champion
    from ntgate.registry.client import Registry

_TRIED = 8  # rows
_WAY_OUT = (
    "say in the config how it is asked, as in champion={load: pyfunc}, move the alias champion to a version that ntgate exported, "
    "or give up the comparison with this one: delete the alias and run with --allow-first"
)


class ChampionSeen(Frozen):
    """The champion at the start of the run.

    Attributes:
        version: its version; None when the registry holds no champion.
        model: its exported model, fetched into the run's folder; of one that ntgate did not make all its files in one archive.
        asked: how it is asked, if ntgate did not make it.
        classes: the class names it tells apart.
        unusable: why it cannot be scored, though it exists.
        lost: what shows that there had been a champion where none is now; None when there is one, or never was.
        first_allowed: whether somebody allowed this run to promote a first champion all the same.
    """

    version: str | None = None
    model: Artifact | None = None
    asked: ForeignChampion | None = None
    classes: tuple[str, ...] = ()
    unusable: str | None = None
    lost: str | None = None
    first_allowed: bool = False

    def same_as(self, model: Artifact | None) -> bool:
        """Whether this exported model is the champion, byte for byte."""
        return model is not None and self.model is not None and model.sha256 == self.model.sha256

    def score(self, test: Domain) -> npt.NDArray[np.float32]:
        """Its scores ``(n, c)`` on ``test``, a column a class of ``test``; a class it does not know scores zero.

        Raises:
            ModelError: when the rows do not fit its inputs.
        """
        from ntgate.export.runtime import scores_onnx

        assert self.model is not None
        if self.asked is not None:
            return foreign_scores(self.model.verified(), test, self.asked)
        return by_class(scores_onnx(self.model.verified(), test.rows), self.classes, test.classes)


def see_champion(
    config: RunConfig, folder: Path, ingested: Ingested, *, dry_run: bool = False, allow_first: bool = False
) -> ChampionSeen:
    """Ask the registry for the champion and fetch its model, after a look whether the ledger is the one that the registry knows.

    Args:
        config: the run.
        folder: takes the model.
        ingested: the rows that the champion has to take.
        dry_run: leave a SQLite registry that does not exist uncreated.
        allow_first: let the candidate be the first though a champion was there before, and is gone.

    Raises:
        ConfigError: when the ledger is another than that of the model's earlier runs.
        ModelError: when there is a champion that no candidate could be compared with: it could neither be judged nor replaced.
        RegistryError: when the registry does not answer.
    """
    from ntgate.registry.champion import champion
    from ntgate.registry.client import connect, exists
    from ntgate.registry.lost_champion import lost
    from ntgate.stages.same_ledger import same_ledger

    if dry_run and not exists(config.registry):
        return ChampionSeen()  # asking a SQLite registry would create it
    registry = connect(config.registry, config.model.name)
    same_ledger(config, registry, dry_run=dry_run)
    found = champion(registry)
    if found is None:
        return ChampionSeen(lost=lost(registry), first_allowed=allow_first)
    return _comparable(config, registry, found, ingested.part("train"), folder / "champion")


def check_champion(config: RunConfig, registry: Registry, rows: Domain, folder: Path) -> None:
    """Make sure that a candidate could be compared with the champion, if there is one; ``folder`` takes its model.

    Raises:
        ModelError: when it could not.
        RegistryError: when the registry does not answer.
    """
    from ntgate.registry.champion import champion

    found = champion(registry)
    if found is not None:
        _comparable(config, registry, found, rows, folder)


def _comparable(config: RunConfig, registry: Registry, found: Champion, rows: Domain, folder: Path) -> ChampionSeen:
    """The champion with its model, tried on some ``rows`` that are no test rows."""
    import numpy as np

    from ntgate.errors import ModelError, RegistryError

    tried = rows.take(np.arange(min(_TRIED, len(rows))))
    try:
        seen = _fetched(config, registry, found, rows, folder)
        scores = seen.score(tried)
    except RegistryError:
        raise
    except Exception as error:  # a model made elsewhere may fail in any way
        subject = f"champion version {found.version} of {registry.name}"
        if config.champion is not None and isinstance(error, ModelError):
            raise ModelError(subject, expected=error.expected, got=error.got, fix=error.fix) from error
        got = error.got if isinstance(error, ModelError) else f"{type(error).__name__}: {error}".splitlines()[0]
        raise ModelError(
            subject,
            expected="an ONNX model that ntgate exported and that takes these rows, to compare the candidate with",
            got=got,
            fix=_WAY_OUT,
        ) from error
    if seen.asked is not None:
        _enough_for(config, scores)
    return seen


def _fetched(config: RunConfig, registry: Registry, found: Champion, rows: Domain, folder: Path) -> ChampionSeen:
    """The champion with its files: those of an export of ntgate's, or where the config says how another is asked all of them."""
    from ntgate.errors import ModelError
    from ntgate.export.runtime import class_names
    from ntgate.registry.champion import fetch, fetch_whole

    try:
        path = fetch(registry, found, folder)
        return ChampionSeen(version=found.version, model=Artifact.of(path), classes=class_names(path))
    except ModelError:
        if config.champion is None:
            raise
    with tempfile.TemporaryDirectory() as files:
        archive = packed(fetch_whole(registry, found, Path(files)), folder / "model.zip")
    return ChampionSeen(version=found.version, model=Artifact.of(archive), asked=config.champion, classes=rows.classes)


def _enough_for(config: RunConfig, scores: npt.NDArray[np.float32]) -> None:
    """Make sure that these scores of a foreign champion are what the gate's metric is about.

    Raises:
        ConfigError: when it is about probabilities, and they are none.
    """
    import numpy as np

    from ntgate.errors import ConfigError
    from ntgate.metrics import METRICS

    metric = config.gate.metric
    if not metric.probabilities:
        return
    labels = bool(np.isin(scores, (0, 1)).all())
    enough = [kind for kind, known in METRICS.kinds.items() if not known.probabilities]
    if labels or not np.allclose(scores.sum(axis=1), 1, atol=1e-3) or bool((scores < 0).any()):
        raise ConfigError(
            "gate.metric",
            expected="a metric of which class is answered, since the champion gives no probabilities",
            got=str(metric),
            fix=f"gate by {' or '.join(enough)}, or have the champion answer with probabilities",
        )
