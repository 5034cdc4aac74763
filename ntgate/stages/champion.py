"""The champion as the run sees it, before any training: the decision is made against this one and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ntgate.base import Artifact, Frozen
from ntgate.config import RunConfig
from ntgate.stages.ingest import Ingested

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ntgate.data.domain import Domain


class ChampionSeen(Frozen):
    """The champion at the start of the run.

    Attributes:
        version: its version; None when the registry holds no champion.
        model: its exported model, fetched into the run's folder.
        classes: the class names it tells apart.
        unusable: why it cannot be scored, though it exists.
        lost: what shows that there had been a champion where none is now; None when there is one, or never was.
        first_allowed: whether somebody allowed this run to promote a first champion all the same.
    """

    version: str | None = None
    model: Artifact | None = None
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
        import numpy as np

        from ntgate.export.runtime import scores_onnx

        assert self.model is not None
        own = scores_onnx(self.model.verified(), test.rows)
        scores = np.zeros((len(test), len(test.classes)), dtype=np.float32)
        for code, name in enumerate(test.classes):
            if name in self.classes:
                scores[:, code] = own[:, self.classes.index(name)]
        return scores


def see_champion(
    config: RunConfig, ingested: Ingested, *, dry_run: bool = False, allow_first: bool = False
) -> ChampionSeen:
    """Ask the registry for the champion and fetch its model, after a look whether the ledger is the one that the registry knows.

    Args:
        config: the run.
        ingested: its folder takes the model.
        dry_run: leave a SQLite registry that does not exist uncreated.
        allow_first: let the candidate be the first though a champion was there before, and is gone.

    Raises:
        ConfigError: when the ledger is another than that of the model's earlier runs.
        RegistryError: when the registry does not answer.
    """
    from ntgate.errors import ModelError
    from ntgate.export.runtime import class_names
    from ntgate.registry.champion import champion, fetch
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
    try:
        path = fetch(registry, found, ingested.folder / "champion")
        return ChampionSeen(version=found.version, model=Artifact.of(path), classes=class_names(path))
    except ModelError as error:
        return ChampionSeen(version=found.version, unusable=str(error))
