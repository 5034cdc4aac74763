"""Forty runs of different outcome: a few are trained, the others judge what was trained on other evidence.

A run is rendered from its history and its answer. So a case that needs no training of its own takes the history of a trained run,
puts other scores, facts or settings into it, and goes the rest of the way as a run does: gate, page, registry, commands.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ntgate.base import Artifact
from ntgate.config_file import load
from ntgate.flow import run
from ntgate.gate.allowance import Allowance
from ntgate.shift.task.counterparts import Counterpart
from ntgate.stages.champion import ChampionSeen, see_champion
from ntgate.stages.decide import decide_run
from ntgate.stages.frozen_run import FrozenRun, frozen_run
from ntgate.stages.place import Place
from ntgate.stages.promote import promote
from ntgate.stages.result import RunResult
from tests.agreement.data import PROJECTS

Change = Callable[[dict[str, Any], np.random.Generator], None]


@dataclass(frozen=True)
class Rejudged:
    """A trained run that is judged on other evidence.

    Attributes:
        base: the trained run.
        wins: of 100 rows that candidate and scratch part on, how many the candidate wins; None: the scores stay.
        parts: the share of the rows on which they part.
        gate: settings below ``gate``.
        config: other settings.
        champion: how the champion does: ``none``, ``worse``, ``as good``, ``better``, ``collapsed`` or ``lost``.
        seeds: gain of the further seeds; None: as the shipped pair.
        swapped: whether the labels of two classes look swapped.
        allowance: what the ledger granted.
        dry_run: whether the registry is left alone.
        earlier: how many seconds before the trained run it began.
    """

    base: str = "digits"
    wins: int | None = None
    parts: float = 0.2
    gate: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    champion: str = "none"
    seeds: float | None = None
    swapped: bool = False
    allowance: dict[str, Any] = field(default_factory=dict)
    dry_run: bool = False
    earlier: float = 0.0


REJUDGED: dict[str, Rejudged] = {
    "large gain": Rejudged(wins=85),
    "small gain, shown": Rejudged(wins=60),
    "gain at the level": Rejudged(wins=58, parts=0.2),
    "gain not shown": Rejudged(wins=55),
    "no gain": Rejudged(wins=50),
    "loss not shown": Rejudged(wins=46),
    "negative transfer": Rejudged(wins=20),
    "negative over seeds": Rejudged(wins=49, seeds=-0.08),
    "seeds contradict": Rejudged(wins=62, seeds=-0.001),
    "margin": Rejudged(wins=70, gate={"margin": 0.02}),
    "margin missed": Rejudged(wins=60, gate={"margin": 0.06}),
    "strict": Rejudged(wins=58, gate={"alpha": 0.01}),
    "balanced accuracy": Rejudged(wins=75, gate={"metric": "balanced_accuracy"}),
    "macro-F1": Rejudged(wins=30, gate={"metric": "macro_f1"}),
    "ROC AUC": Rejudged(wins=75, gate={"metric": "roc_auc"}),
    "log loss": Rejudged(wins=75, gate={"metric": "log_loss"}),
    "Brier score": Rejudged(wins=35, gate={"metric": "brier"}),
    "expected cost": Rejudged(
        wins=70, gate={"metric": {"kind": "expected_cost", "costs": (5 - 5 * np.eye(10)).tolist()}, "margin": 0.0}
    ),
    "champion beaten": Rejudged(wins=80, champion="worse"),
    "champion kept": Rejudged(wins=80, champion="better"),
    "champion not ruled out": Rejudged(wins=60, champion="as good"),
    "champion collapsed": Rejudged(wins=80, champion="collapsed"),
    "scratch in a champion's place": Rejudged(wins=30, champion="collapsed", gate={"on_collapse": "scratch"}),
    "champion lost": Rejudged(wins=80, champion="lost"),
    "approval": Rejudged(wins=80, gate={"approval": "required"}),
    "approval against a champion": Rejudged(wins=80, champion="worse", gate={"approval": "required"}),
    "approval in a dry run": Rejudged(wins=80, gate={"approval": "required"}, dry_run=True),
    "dry run": Rejudged(wins=80, dry_run=True),
    "budget spent": Rejudged(allowance={"alpha": 0.0, "rows": (), "uses": 1, "needed": 30, "reason": "Used 1 of 1 times."}),
    "withheld": Rejudged(wins=45, allowance={"withheld": True, "horizon": 52, "alpha": 0.001}),
    "slices": Rejudged(wins=80, gate={"slices": [{"by": "class"}]}),
    "swapped labels": Rejudged(wins=80, swapped=True),
    "a name with signs": Rejudged(wins=20, config={"model": {"name": "night_reader*2 [b]"}}),
}


@dataclass(frozen=True)
class Trained:
    """A run of its own: the project that it is, and how it is run."""

    project: str
    settings: tuple[str, ...] = ()
    after: str = ""


TRAINED: dict[str, Trained] = {
    "digits": Trained("digits"),
    "repeated": Trained("digits", after="repeat"),
    "open questions": Trained("questions"),
    "pictures": Trained("pictures"),
    "texts": Trained("texts"),
    "no source": Trained("no_source"),
    "quick": Trained("digits", ("quick=true",), after="alone"),
    "compressed": Trained("digits", ("compression=quantisation", "committee=null", "strategies=[feature_extraction]"), "alone"),
    "judged by folds": Trained("folds"),
    "many classes": Trained("many_classes"),
    "labels asked for": Trained("labels", after="labels"),
}


class Workshop:
    """Makes the runs in a folder; trained ones are kept, since others are made of them.

    Args:
        folder: takes projects, registries and runs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept: dict[str, tuple[RunResult, str]] = {}

    def all(self) -> Iterator[tuple[str, RunResult, str]]:
        """Name, answer and registry of each run, one after another."""
        for name in TRAINED:
            yield (name, *self.trained(name))
        for name in REJUDGED:
            yield (name, *self.rejudged(name))

    def trained(self, name: str) -> tuple[RunResult, str]:
        """The answer of a run that trains, and its registry."""
        if name not in self.kept:
            self.kept[name] = self._train(name, TRAINED[name])
        return self.kept[name]

    def _train(self, name: str, case: Trained) -> tuple[RunResult, str]:
        place = self.folder / (case.project if case.after == "repeat" else name.replace(" ", "-"))
        if case.after == "repeat":
            self.trained(case.project)
        else:
            place.mkdir()
            PROJECTS[case.project](place)
        config = load(place / "config.yaml", case.settings)
        result = run(config)
        if case.after == "labels":
            result = self._labelled(result, config.registry.uri, place)
        return result, config.registry.uri

    def _labelled(self, result: RunResult, uri: str, place: Path) -> RunResult:
        """The verdict on labels that were asked for after a run that showed nothing."""
        import pandas as pd

        from ntgate.stages.ask import ask
        from ntgate.stages.judge import judge

        assert result.outcome == "inconclusive", result.sentence
        ask(frozen_run(result.directory, uri), str(place / "pool.npz"), None, None)
        table = pd.read_csv(Path(result.directory) / "asked.csv", dtype={"row_id": str})
        with np.load(place / "pool.npz") as pool, np.load(place / "truth.npz") as truth:
            rows, y = pool["x"], truth["y"]
        values = table[[name for name in table if name.startswith("x")]].to_numpy()
        labels = [str(int(y[np.abs(rows - one).sum(axis=1).argmin()])) for one in values]
        table[["row_id"]].assign(label=labels).to_csv(place / "labels.csv", index=False)
        return judge(frozen_run(result.directory, uri), [str(place / "labels.csv")])

    def rejudged(self, name: str) -> tuple[RunResult, str]:
        """The answer of a trained run that is judged on other evidence, and its registry."""
        case = REJUDGED[name]
        base, _ = self.trained(case.base)
        folder = self.folder / "again" / name.replace(" ", "-")
        folder.mkdir(parents=True)
        shutil.copyfile(self._empty(), folder / "mlflow.db")
        uri = f"sqlite:///{folder / 'mlflow.db'}"
        return judged_anew(frozen_run(base.directory), case, folder, uri), uri

    def _empty(self) -> Path:
        """A registry without anything in it, made once: MLflow takes seconds to make one."""
        from ntgate.registry.client import connect
        from ntgate.registry.config import RegistryConfig

        path = self.folder / "empty.db"
        if not path.exists():
            connect(RegistryConfig(uri=f"sqlite:///{path}"), "none").client.search_registered_models()
        return path


def judged_anew(base: FrozenRun, case: Rejudged, folder: Path, uri: str) -> RunResult:
    """Judge a trained run on the evidence of ``case`` in ``folder``, and record it in the registry at ``uri``."""
    content = base.config.model_dump(mode="json")
    gate = {**content["gate"], "seeds": 1 if case.seeds is None else 3, **case.gate, "ledger": {"policy": "none"}}
    config = type(base.config).model_validate(
        {**content, **case.config, "gate": gate, "output": str(folder / "runs"), "registry": {**content["registry"], "uri": uri}}
    )
    ledger = base.config.gate.ledger.model_copy(update={"uri": f"sqlite:///{folder / 'ledger.db'}"})  # a server lends none
    config = config.model_copy(update={"gate": config.gate.model_copy(update={"ledger": ledger})})
    history = base.history
    ingested = history.ingested.model_copy(update={"began": history.ingested.began - case.earlier})
    with np.load(history.evaluated.scores.verified(), allow_pickle=False) as kept:
        arrays = dict(kept)
    champion = _champion(base, case, config, folder, uri)
    _evidence(arrays, case)
    place = Place(folder / "runs" / config.model.name / "again", str(folder / "runs" / config.model.name / "again"))
    place.folder.mkdir(parents=True)
    scores = place.folder / "scores.npz"
    np.savez_compressed(scores, **arrays)
    granted = {**history.evaluated.allowance.model_dump(), "entry": None, **case.allowance}
    evaluated = history.evaluated.model_copy(
        update={"scores": Artifact.of(scores), "allowance": Allowance(**granted), "champion_unusable": None}
    )
    drifted = history.drifted
    if case.swapped and drifted.report is not None:
        told = {"rows_nearer": 1.0, "p_value": 3e-8, "swapped": True, "rows_nearest": 0.9}
        pair = (Counterpart(target="3", source="8", **told), Counterpart(target="8", source="3", **told))
        task = drifted.report.task.model_copy(update={"counterparts": pair})
        drifted = drifted.model_copy(update={"report": drifted.report.model_copy(update={"task": task})})
    decided = decide_run(config, place.folder, ingested, champion, drifted, evaluated)
    results = {**{name: getattr(history, name) for name in type(history).model_fields if name != "slots"}}
    results |= {f"slots_{i}": slot for i, slot in enumerate(history.slots)}
    results |= {"ingested": ingested, "champion": champion, "evaluated": evaluated, "decided": decided, "drifted": drifted}
    return promote(config, place, results, dry_run=case.dry_run)


def _champion(base: FrozenRun, case: Rejudged, config: Any, folder: Path, uri: str) -> ChampionSeen:
    """The champion of the case: a version that another run of the same model made before."""
    if case.champion == "none":
        return ChampionSeen()
    before = Rejudged(base=case.base, wins=90, config={**case.config, "seed": 77}, earlier=3600.0)
    judged_anew(base, before, folder / "before", uri)
    if case.champion == "lost":
        from ntgate.registry.client import connect

        connect(config.registry, config.model.name).client.delete_registered_model_alias(config.model.name, "champion")
    seen = see_champion(config, folder, base.history.ingested)
    return seen.model_copy(update={"model": None, "unusable": None}) if case.champion != "lost" else seen


def _evidence(arrays: dict[str, Any], case: Rejudged) -> None:
    """Put the scores of the case in the place of those that were trained."""
    if case.allowance.get("alpha") == 0.0:
        for name in [name for name in arrays if name not in ("y",) and not name.startswith(("slice ", "values "))]:
            del arrays[name]
        return
    rng, y = np.random.default_rng(0), arrays["y"]
    n, many = len(y), arrays["candidate"].shape[1]
    if any(part.get("by") == "class" for part in case.gate.get("slices", ())):
        arrays["slice class"] = np.array([str(one) for one in y])
        arrays["values class"] = np.unique(arrays["slice class"])
    right = rng.random(n) < 0.8
    if case.wins is not None:
        order = rng.permutation(n)
        apart = order[: int(case.parts * n)]
        won = apart[: round(len(apart) * case.wins / 100)]
        mine, other = right.copy(), right.copy()
        mine[apart], other[apart] = False, True
        mine[won], other[won] = True, False
        arrays["candidate"], arrays["scratch"] = (_scores(y, one, many, rng) for one in (mine, other))
        for name in [name for name in arrays if name.startswith("learner ")]:
            arrays[name] = _scores(y, other & (rng.random(n) < 0.97), many, rng)
        if case.seeds is not None:
            arrays["scratch_seeds"] = np.stack([arrays["scratch"]] * 2)
            arrays["candidate_seeds"] = np.stack([_scores(y, _by(other, case.seeds, rng), many, rng) for _ in range(2)])
        else:
            arrays.pop("scratch_seeds", None), arrays.pop("candidate_seeds", None)
    mine = arrays["candidate"].argmax(axis=1) == y
    share = {"worse": -0.15, "as good": 0.0, "better": 0.1}.get(case.champion)
    if share is not None:
        arrays["champion"] = _scores(y, _by(mine, share, rng), many, rng)
    elif case.champion == "collapsed":
        arrays["champion"] = _scores(y, rng.random(n) < 0.1, many, rng)


def _by(right: np.ndarray, gain: float, rng: np.random.Generator) -> np.ndarray:
    """As right as before but for a share of the rows."""
    made, rows = right.copy(), np.flatnonzero(right != (gain > 0))
    made[rng.permutation(rows)[: round(abs(gain) * len(right))]] = gain > 0
    if gain == 0:  # as often right, on other rows
        some = rng.permutation(len(right))[: len(right) // 10]
        made[some] = right[rng.permutation(some)]
    return made


def _scores(y: np.ndarray, right: np.ndarray, many: int, rng: np.random.Generator) -> np.ndarray:
    """Scores ``(n, c)`` whose greatest is the label where ``right``, and another class elsewhere."""
    answer = np.where(right, y, (y + rng.integers(1, many, len(y))) % many)
    held = rng.random((len(y), many)).astype(np.float32)
    held[np.arange(len(y)), answer] += 1.0 + rng.random(len(y)).astype(np.float32)
    return (held / held.sum(axis=1, keepdims=True)).astype(np.float32)
