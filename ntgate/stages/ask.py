"""Ask: the rows of a pool whose labels decide, in an order that nobody can draw again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.errors import ChampionMovedError, ConfigError, DataError
from ntgate.evaluation.power import power_at
from ntgate.evaluation.sign_test import power
from ntgate.gate.asked import Asked
from ntgate.gate.deciding import labels_to_ask
from ntgate.gate.identity import comparison_id
from ntgate.gate.ledger_config import LedgerConfig
from ntgate.gate.verdict_on_labels import OPPONENTS
from ntgate.stages.askable import rules_to_ask
from ntgate.stages.frozen_run import FrozenRun
from ntgate.stages.pool import Pool, read_pool
from ntgate.stages.same_ledger import ledger_of, same_ledger

if TYPE_CHECKING:
    from ntgate.data.domain import Domain
    from ntgate.ledger.ledger import Ledger

ASKED = "asked.json"
_LEARNER = "learner "

Codes = npt.NDArray[np.int64]


class Answer(Frozen):
    """What ``ntgate ask`` says.

    Attributes:
        pool: rows of it that count; left_out: that do not, by the reason; disagree: rows on which it differs, by opponent;
            differ: rows on which a label can matter.
        asked: rows that are to be labelled; worn: rows that would have been, but were opened before.
        needed: labels that show ``gain`` with a probability of 0.8; None: no number would; power: with those that were asked for.
        alpha: level; policy, looks: when labels are looked at; by_labels: the rules that they decide.
        files: what was written; next: the command that goes on.
    """

    pool: int
    left_out: dict[str, int]
    disagree: dict[str, int]
    differ: int
    asked: int
    worn: int
    gain: float
    needed: int | None
    power: float | None
    alpha: float
    policy: str
    looks: int | None
    by_labels: tuple[str, ...]
    files: dict[str, str]
    next: str

    @property
    def sentence(self) -> str:
        """For people, all of it but the files."""
        share = 100 * self.disagree["scratch"] / self.pool
        said = [
            f"Candidate and scratch disagree on {self.disagree['scratch']:,} of {self.pool:,} rows of the pool ({share:.2g} %)."
        ]
        if self.differ > self.disagree["scratch"]:
            rules = ", ".join(rule for rule in self.by_labels if rule != "negative_transfer")
            said.append(f"{self.differ:,} rows count, since labels have to decide more: {rules}.")
        if self.left_out:
            told = ", ".join(f"{count:,} {reason}" for reason, count in self.left_out.items())
            said.append(f"Left out: {told}.")
        if self.worn:
            said.append(f"{self.worn:,} were opened before, and are not asked for.")
        if not self.asked:
            return " ".join([*said, "There is nothing to label: no label of this pool could change the verdict."])
        said.append(f"{self.asked:,} are asked for, in random order, at level {self.alpha:g}.")
        if self.needed is not None:
            said.append(f"A gain of {100 * self.gain:.2g} points takes about {self.needed:,} labels for a power of 0.8.")
            if self.power is not None:
                said.append(f"{self.asked:,} have {self.power:.2f}.")
        if self.needed is None:
            said.append(f"A gain of {100 * self.gain:.2g} points is more than they can show.")
        when = "after every label" if self.looks is None else f"{self.looks} times meanwhile, and not beyond them"
        when = "when all are there, and told as soon as it is certain" if self.looks == 1 else when
        return " ".join([*said, f"The verdict is looked for {when}."])


def ask(run: FrozenRun, rows: str, budget: int | None, out: Path | None) -> Answer:
    """Fix the rows whose labels are asked for, have the ledger open them, and write them down for labellers.

    Raises:
        ConfigError: when no label can change the verdict, or others were asked for before.
        DataError: when the pool cannot be used.
        RegistryError: when registry or ledger do not answer; nothing is opened then.
    """
    from ntgate.data.fingerprint import fingerprint

    rules = rules_to_ask(run)
    same_champion(run)
    pool = read_pool(run.config, run.history.ingested, rows)
    said = _Said.of(run, pool.rows, rules)
    before = None if (kept := run.read(ASKED)) is None else Asked.model_validate(kept)
    ledger = ledger_of(run.config)
    identity = "" if ledger is None else str(ledger.identity(create=True))
    differing = np.flatnonzero(said.differ)
    ranked = differing[_order([pool.keys.keys[i, 0] for i in pool.index[differing]], identity, run)]
    comparison = _comparison(run, rules)
    usable = ranked
    if ledger is not None and len(ranked):
        usable = ranked[ledger.unopened(pool.keys.take(pool.index[ranked]), comparison)]
    gain, needed = _needed(run, said, len(pool.index))
    if budget is None:
        enough = needed if needed is not None and not set(rules) - {"negative_transfer", "seeds"} else len(usable)
        budget = len(before.ids) if before is not None else enough  # what further rules take is not known
    chosen = usable[:budget]
    asked = said.asked(
        run, pool, chosen, comparison=comparison, pool_print=fingerprint(pool.whole), rules=rules, label=pool.spec.label
    )
    _refuse_others(run, before, asked, ledger)
    if len(chosen):
        asked = _opened(run, ledger, pool, chosen, asked, before)
        run.write(ASKED, asked.model_dump(mode="json"))
    files = _written(run, pool, chosen, asked, out) if len(chosen) else {}
    return _answer(run, asked, files, worn=len(ranked) - len(usable), gain=gain, needed=needed)


def same_champion(run: FrozenRun) -> None:
    """Refuse where the champion is another than the run has seen: no label is wanted for a comparison that does not count.

    Raises:
        ChampionMovedError: when it is.
        ConfigError: when the ledger is another than that of the model's runs.
        RegistryError: when the registry does not answer.
    """
    from ntgate.registry.champion import champion
    from ntgate.registry.client import connect, exists

    seen = run.history.champion.version
    if not exists(run.config.registry):
        return
    registry = connect(run.config.registry, run.config.model.name)
    same_ledger(run.config, registry)
    now = champion(registry)
    found = None if now is None else now.version
    if found != seen and (now is None or now.decision_id != run.history.decided.decision_id):
        raise ChampionMovedError(
            f"champion of {registry.name}",
            expected="no champion" if seen is None else f"version {seen}",
            got="no champion" if found is None else f"version {found}",
            fix="run again, to be compared with this one",
        )


class _Said:
    """What every model says of the pool's rows."""

    def __init__(self, candidate: Codes, opponents: dict[str, Codes], seeds: list[tuple[Codes, Codes]], keys: dict[str, Any]):
        self.candidate, self.opponents, self.seeds, self.keys = candidate, opponents, seeds, keys
        pairs = [(candidate, other) for other in opponents.values()] + seeds
        self.differ = np.any([first != second for first, second in pairs], axis=0)

    @classmethod
    def of(cls, run: FrozenRun, pool: Domain, rules: Sequence[str]) -> _Said:
        from ntgate.data.slices import slice_keys
        from ntgate.export.runtime import scores_onnx

        history, evaluated = run.history, run.history.evaluated
        names = ["candidate", *(OPPONENTS[rule][0] for rule in rules if rule in OPPONENTS)]
        parts = [rule.removeprefix("slice ") for rule in rules if rule.startswith("slice ")]
        names += ["champion"] if parts and history.champion.model is not None else []
        said: dict[str, Codes] = {}
        for name in dict.fromkeys(names):
            if name == "champion":
                scores = history.champion.score(pool)
            elif name == "constant":
                code = pool.classes.index(str(evaluated.constant_class))
                said[name] = np.full(len(pool), code, np.int64)
                continue
            else:
                scores = scores_onnx(evaluated.onnx[name].verified(), pool.rows)
            said[name] = scores.argmax(axis=1).astype(np.int64)
        if "target_learners" in rules:
            for arm in evaluated.scratch.members:
                if arm.failed is None:
                    said[f"{_LEARNER}{arm.strategy}"] = _codes(arm.load().scores(pool.rows))
        seeds = []
        if "seeds" in rules:
            for pair in zip(history.replicated.candidate, history.replicated.scratch, strict=True):
                if all(arm.model is not None for arm in pair):
                    first, second = (_codes(arm.load().scores(pool.rows)) for arm in pair)
                    seeds.append((first, second))
        candidate = said.pop("candidate")
        return cls(candidate, said, seeds, {part: slice_keys(pool, part) for part in parts})

    def asked(
        self, run: FrozenRun, pool: Pool, chosen: Codes, *, comparison: str, pool_print: str, rules: tuple[str, ...], label: str
    ) -> Asked:
        labels, keys = run.config.gate.labels, pool.keys.keys[pool.index[chosen], 0]
        return Asked(
            id=comparison,
            decision_id=run.history.decided.decision_id,
            pool=pool_print,
            rows=len(pool.index),
            differ=int(self.differ.sum()),
            disagree={name: int((self.candidate != codes).sum()) for name, codes in self.opponents.items()},
            left_out=pool.left_out,
            ids=tuple(key.decode()[:16] for key in keys),
            keys=tuple(key.decode() for key in keys),
            candidate=tuple(self.candidate[chosen].tolist()),
            opponents={name: tuple(codes[chosen].tolist()) for name, codes in self.opponents.items()},
            seeds=tuple((tuple(a[chosen].tolist()), tuple(b[chosen].tolist())) for a, b in self.seeds),
            slices={part: tuple(keys[chosen].tolist()) for part, keys in self.keys.items()},
            slice_shares={part: self._shares(keys) for part, keys in self.keys.items()},
            classes=run.history.ingested.target_classes,
            label=label,
            by_labels=rules,
            policy=labels.policy,
            looks=labels.declared,
            alpha=run.config.gate.alpha,
        )

    def _shares(self, keys: npt.NDArray[np.str_]) -> dict[str, tuple[int, int]]:
        return {str(value): (int((self.differ & (keys == value)).sum()), int((keys == value).sum())) for value in np.unique(keys)}


def _codes(scores: npt.NDArray[Any]) -> Codes:
    return np.asarray(scores.argmax(axis=1), np.int64)


def _order(keys: Sequence[bytes], identity: str, run: FrozenRun) -> Codes:
    """A random order that follows from the ledger, the decision and the rows alone: not from how they stand in a file."""
    seed = f"{identity} {run.history.decided.decision_id} "
    drawn = [hashlib.sha256(seed.encode() + key).digest() for key in keys]
    return np.array(sorted(range(len(keys)), key=drawn.__getitem__), np.int64)


def _comparison(run: FrozenRun, rules: Sequence[str]) -> str:
    """The same for whoever asks about these models again, by whatever pool."""
    gate = run.config.gate
    settings = {
        "asked": gate.labels.model_dump(mode="json"),
        "alpha": gate.alpha,
        "margin": gate.margin,
        "rules": list(rules),
        "decision": run.history.decided.decision_id,
    }
    return comparison_id({name: file.sha256 for name, file in run.history.evaluated.onnx.items()}, settings, None)


def _needed(run: FrozenRun, said: _Said, n: int) -> tuple[float, int | None]:
    """The gain to be shown, and how many labels that takes on a pool of ``n`` rows where all that disagree decide."""
    gate, told = run.config.gate, run.history.decided.gate
    gain = gate.margin + gate.wanted_gain if told.deciding is None else told.deciding.gain
    both, differ = float((said.candidate != said.opponents["scratch"]).sum()) / n, float(said.differ.sum()) / n
    if gain >= both:
        return gain, None
    return gain, labels_to_ask((both + gain) / 2, (both - gain) / 2, differ, gate)


def _refuse_others(run: FrozenRun, before: Asked | None, asked: Asked, ledger: Ledger | None) -> None:
    """With declared looks one set of rows is asked for, once: other rows would be another try at the same level."""
    fix = "judge those; gate.labels.policy: bets in the config of a run lets more be asked for"
    if before is None:
        opened = [] if ledger is None else ledger.openings(asked.id)
        if opened and asked.looks is not None and not _known(ledger, asked):
            raise ConfigError(
                run.place.address, expected="the rows that were asked for", got="others, of a candidate asked about before", fix=fix
            )
        return
    if before.pool != asked.pool or (before.rows, before.differ) != (asked.rows, asked.differ):
        raise ConfigError(
            run.place.address, expected="the pool of which rows were asked for", got="another one", fix="give that one"
        )
    if asked.looks is not None and before.ids != asked.ids:
        raise ConfigError(
            run.place.address, expected=f"the {len(before.ids)} rows that were asked for", got=f"{len(asked.ids)}", fix=fix
        )
    if before.ids != asked.ids[: len(before.ids)]:
        raise ConfigError(
            run.place.address,
            expected=f"at least the {len(before.ids)} rows that were asked for",
            got=f"{len(asked.ids)}",
            fix="raise --budget",
        )


def _known(ledger: Ledger | None, asked: Asked) -> bool:
    """Whether the ledger has opened these very rows for this comparison."""
    if ledger is None:
        return False
    keys = np.array([key.encode() for key in asked.keys], "S32")
    return bool(len(keys)) and not ledger.unopened(keys, "").any()


def _opened(run: FrozenRun, ledger: Ledger | None, pool: Pool, chosen: Codes, asked: Asked, before: Asked | None) -> Asked:
    """The rows with the ledger's entries: those that are new are opened now."""
    from ntgate.ledger.ledger import Opening

    entries = () if before is None else before.entries
    new = chosen if before is None else chosen[len(before.ids) :]
    if ledger is None or not len(new):
        return asked.model_copy(update={"entries": entries})
    config = LedgerConfig(policy="none" if run.config.gate.ledger.policy == "none" else "spend")
    opening = Opening(
        model=run.config.model.name,
        decision_id=asked.decision_id,
        comparison=asked.id,
        config=config,
        alpha=asked.alpha,
        min_test_rows=1,
    )
    granted = ledger.open(opening, pool.keys.take(pool.index[new]))
    if granted.closed or granted.alpha < asked.alpha or len(granted.positions) < len(new):
        raise DataError(
            "pool",
            expected="rows that nobody has opened",
            got=f"{len(new) - len(granted.positions)} that were, meanwhile",
            fix="ask again",
        )
    more = () if granted.entry is None else (granted.entry,)
    return asked.model_copy(update={"entries": (*entries, *more)})


def _written(run: FrozenRun, pool: Pool, chosen: Codes, asked: Asked, out: Path | None) -> dict[str, str]:
    from ntgate.data.label_tasks import write_tasks
    from ntgate.data.raw_rows import raw_rows

    to = out
    if to is None:
        to = run.place.folder / "asked.csv" if run.place.store is None else Path(f"{run.history.ingested.run}.asked.csv")
    raw = raw_rows(pool.spec, pool.whole, pool.index[chosen])
    files = write_tasks(raw, asked.ids, asked.classes, asked.label, to.resolve())
    return {name: str(path) for name, path in files.items()}


def _answer(run: FrozenRun, asked: Asked, files: dict[str, str], *, worn: int, gain: float, needed: int | None) -> Answer:
    n, share = len(asked.ids), asked.disagree["scratch"] / asked.rows
    reached, margin = None, run.config.gate.margin
    if n == asked.differ and asked.looks == 1 and gain < share:
        reached = power_at(asked.rows, (share + gain) / 2, (share - gain) / 2, asked.alpha, margin)
    elif n and asked.looks is not None and margin == 0 and gain < share:
        decide = asked.disagree["scratch"] / asked.differ
        reached = power(n, decide, (1 + gain / share) / 2, asked.alpha, asked.looks)
    return Answer(
        pool=asked.rows,
        left_out=asked.left_out,
        disagree=asked.disagree,
        differ=asked.differ,
        asked=n,
        worn=worn,
        gain=gain,
        needed=needed,
        power=reached,
        alpha=asked.alpha,
        policy=asked.policy,
        looks=asked.looks,
        by_labels=asked.by_labels,
        files=files,
        next=f"ntgate judge {run.place.address} --labels {files.get('rows', 'LABELS')}",
    )
