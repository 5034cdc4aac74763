"""An analyst who asks again and again in other ways: no row of a file is granted to two decisions at the full level."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ntgate.config import RunConfig
from ntgate.data.domain import Domain
from ntgate.data.fingerprint import row_fingerprints
from ntgate.data.records import row_keys
from ntgate.gate.allowance import Allowance
from ntgate.ledger.entries import Opening
from ntgate.ledger.ledger import Ledger
from ntgate.stages.domains import read_domains
from ntgate.stages.open_rows import offered_rows

N = 300


def config(folder: Path, target: str, **settings) -> RunConfig:
    data = {"source": {"path": str(folder / "source.csv")}, "target": {"path": str(folder / target)}}
    for key, value in settings.pop("data", {}).items():
        data[key] = {**data.get(key, {}), **value} if isinstance(value, dict) else value
    uri = f"sqlite:///{folder / 'ledger.db'}"
    return RunConfig.model_validate(
        {"model": {"name": "reader"}, "data": {**data, "near_duplicates": "off"}, "registry": {"uri": uri}, **settings}
    )


class Analyst:
    """Opens what each config grants, and remembers who was granted which row of the file."""

    def __init__(self, folder: Path) -> None:
        self.ledger, self.looks = Ledger(f"sqlite:///{folder / 'ledger.db'}"), 0
        self.granted: dict[str, list[int]] = {}

    def look(self, settings: RunConfig, names: np.ndarray) -> tuple[int, int]:
        """How many rows are granted at the full level, and how many of them were before; ``names`` tells the file's rows apart."""
        domains, leakage, _ = read_domains(settings)
        test = domains.get("test", domains.get("cross_fitted"))
        assert test is not None
        offered = offered_rows(settings, test, leakage)
        got = self.open(settings, row_keys(test).take(offered))
        rows = test.numbers[offered[got.positions]]
        again = [name for name in names[rows].tolist() if name in self.granted]
        for name in names[rows].tolist():
            self.granted.setdefault(name, []).append(self.looks)
        return len(rows), len(again)

    def open(self, settings: RunConfig, keys) -> Allowance:
        self.looks += 1
        return self.ledger.open(
            Opening(
                model=settings.model.name,
                decision_id=str(self.looks),
                comparison=str(self.looks),
                config=settings.gate.ledger,
                alpha=0.05,
                min_test_rows=1,
            ),
            keys,
        )


def table(seed: int, n: int = N) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 9)).round(3), columns=[f"c{i}" for i in range(9)])
    return frame.assign(
        town=rng.choice(["a", "b", ""], n),
        person=rng.integers(0, 60, n),
        day=rng.permutation(n),
        label=rng.choice(["no", "yes"], n),
        other=rng.choice(["p", "q"], n),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    table(1).to_csv(tmp_path / "source.csv", index=False)
    table(0).to_csv(tmp_path / "target.csv", index=False)
    return tmp_path


NAMES = np.array([f"r{i}" for i in range(N)])


def both(**settings) -> dict:
    return {"source": dict(settings), "target": dict(settings)}


def test_column_subsets_grant_a_row_once(folder):
    analyst = Analyst(folder)
    looks = [
        analyst.look(config(folder, "target.csv", data=both(drop=list(pair))), NAMES)
        for pair in combinations([f"c{i}" for i in range(9)], 2)
    ]
    assert len(looks) == 36
    assert [granted for granted, _ in looks] == [120] + [0] * 35


def other_ways(folder: Path) -> Iterator[RunConfig]:
    frame = table(0)
    yield config(folder, "target.csv")
    for share in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        yield config(folder, "target.csv", data={"split": {"test": share}})
    yield config(folder, "target.csv", data={"source": {"drop": ["person"]}, "target": {"group": "person"}})
    for more in ({"time": "day"}, {"label": "other"}, {"keep": ["town"]}, {"id": "day"}):
        yield config(folder, "target.csv", data=both(**more))
    yield config(folder, "target.csv", seed=7)
    yield config(folder, "target.csv", gate={"cross_fitting": {"folds": 3}})
    frame.to_csv(folder / "renamed.csv", index=False)
    yield config(folder, "renamed.csv", model={"name": "another"})
    frame.to_parquet(folder / "target.parquet")
    yield config(folder, "target.parquet")
    frame.assign(c1=frame["c1"].astype(str)).to_parquet(folder / "text.parquet")
    yield config(folder, "text.parquet", data={"source": {"drop": ["c1"]}, "target": {"drop": ["c1"]}})
    frame[sorted(frame.columns, reverse=True)].to_csv(folder / "turned.csv", index=False)
    yield config(folder, "turned.csv")
    frame.assign(label=np.roll(frame["label"], 1)).to_csv(folder / "corrected.csv", index=False)
    yield config(folder, "corrected.csv", data=both(drop=["c0"]))


def test_no_way_of_asking_grants_a_row_twice(folder):
    analyst = Analyst(folder)
    looks = [analyst.look(settings, NAMES) for settings in other_ways(folder)]
    assert sum(again for _, again in looks) == 0
    assert looks[0][0] == 120
    assert sum(granted for granted, _ in looks) <= N, "what was never opened may be opened once"
    assert [granted for granted, _ in looks[1:5]] == [0] * 4, "test rows of a smaller share are among those of a larger"


def test_a_file_with_another_column_holds_the_same_rows(folder):
    analyst = Analyst(folder)
    analyst.look(config(folder, "target.csv"), NAMES)
    table(0).assign(nr=np.arange(N)).to_csv(folder / "numbered.csv", index=False)
    rows, again = analyst.look(config(folder, "numbered.csv", data={"target": {"drop": ["nr"]}}), NAMES)
    assert again == 0
    assert rows < 120, "other rows are split off, and those that were opened are known by their features"


def test_pictures_of_other_sizes_modes_and_formats_are_the_same(tmp_path):
    rng = np.random.default_rng(0)
    for part, n in (("source", 20), ("target", 40), ("again", 40)):
        for i in range(n):
            (tmp_path / part / f"c{i % 2}").mkdir(parents=True, exist_ok=True)
            if part != "again":
                pixels = Image.fromarray(rng.integers(0, 255, (16, 16, 3), np.uint8))
                pixels.save(tmp_path / part / f"c{i % 2}" / f"{i:03}.png")
    for i in range(40):  # the same pixels under other names, in another format
        Image.open(tmp_path / "target" / f"c{i % 2}" / f"{i:03}.png").save(tmp_path / "again" / f"c{i % 2}" / f"x{i:03}.bmp")
    names = np.array([f"{i:03}" for i in (*range(0, 40, 2), *range(1, 40, 2))])
    analyst, looks = Analyst(tmp_path), []
    ways = [{}, {"image_size": [8, 8]}, {"image_size": [12, 12]}, {"image_size": [16, 8]}, {"image_mode": "L"}]
    for target in ("target", "again"):
        for way in ways:
            more = both(format="images", **way)
            more["source"]["path"] = str(tmp_path / "source")
            looks.append(analyst.look(config(tmp_path, target, data=more), names))
    assert [granted for granted, _ in looks] == [16] + [0] * 9


@pytest.mark.parametrize("discrete", [False, True])
def test_an_old_ledger_knows_the_rows_by_their_features(folder, discrete):
    if discrete:
        rng = np.random.default_rng(0)
        for seed, name in enumerate(("source", "target")):
            rows = np.random.default_rng(seed).integers(0, 2, (N, 5))
            pd.DataFrame(rows, columns=list("abcde")).assign(label=rng.choice(["n", "y"], N)).to_csv(
                folder / f"{name}.csv", index=False
            )
    settings = config(folder, "target.csv")
    domains, leakage, _ = read_domains(settings)
    test = domains["test"]
    before = np.unique(row_fingerprints(test))  # as earlier versions wrote them: each row once
    analyst = Analyst(folder)
    analyst.ledger.open(
        Opening(model="reader", decision_id="0", comparison="0", config=settings.gate.ledger, alpha=0.05, min_test_rows=1), before
    )
    granted, _ = analyst.look(settings, NAMES)
    assert granted == len(offered_rows(settings, test, leakage)) - len(before)
    assert (granted == 0) == (not discrete)


def discrete(n: int, seed: int, numbered: bool) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.integers(0, 2, (n, 6)), columns=list("abcdef")).assign(label=rng.choice(["no", "yes"], n))
    return frame.assign(nr=1000 * seed + np.arange(n)) if numbered else frame


def drawn_test(folder: Path, frame: pd.DataFrame, **target: object) -> tuple[RunConfig, Domain]:
    frame.to_csv(folder / "test.csv", index=False)
    settings = config(folder, "target.csv", data={"target": target, "target_test": {"path": str(folder / "test.csv"), **target}})
    return settings, read_domains(settings)[0]["test"]


@pytest.mark.parametrize("numbered", [False, True])
def test_fresh_draws_of_a_discrete_table(tmp_path, numbered):
    """Rows that are added to a file are fresh though others like them were opened; a new file needs something to tell them by."""
    discrete(400, 1, numbered=False).to_csv(tmp_path / "source.csv", index=False)
    discrete(200, 2, numbered=numbered).to_csv(tmp_path / "target.csv", index=False)
    more = {"drop": ["nr"]} if numbered else {}
    analyst, first, second = Analyst(tmp_path), discrete(300, 3, numbered), discrete(300, 4, numbered)
    granted = [
        len(analyst.open(settings, row_keys(test)).positions)
        for settings, test in (drawn_test(tmp_path, frame, **more) for frame in (first, first, pd.concat([first, second]), second))
    ]
    assert granted[:2] == [300, 0]
    assert granted[2] > (299 if numbered else 200)
    assert granted[3] == 0
