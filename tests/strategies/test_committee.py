"""The committee: who has a say, with which weight, and how it is made again with another seed."""

from __future__ import annotations

import numpy as np
import pytest

from ntgate.base import Artifact
from ntgate.data.encoder import ArrayEncoder
from ntgate.models.linear import LinearModel
from ntgate.models.pooling import pooled
from ntgate.strategies.candidate import Candidate
from ntgate.strategies.committee import again, committee, with_a_say
from ntgate.strategies.committee_config import CommitteeConfig
from tests.strategies.test_contract import accuracy

N = 300
LABELS = np.arange(N) % 2


def arm(folder, kind: str, sureness: float, seed: int = 0, known: int = N) -> Candidate:
    """An arm whose scores of the true class are about the ``sureness``."""
    rng = np.random.default_rng(seed)
    chance = np.clip(sureness + rng.normal(0, 0.15, N), 0.01, 0.99).astype(np.float32)
    scores = np.where(np.eye(2)[LABELS] == 1, chance[:, None], 1 - chance[:, None]).astype(np.float32)
    scores[known:] = np.nan
    return arm_of(folder, kind, scores)


def arm_of(folder, kind: str, scores) -> Candidate:
    """An arm with such scores of the rows held out."""
    np.savez(folder / f"{kind}.held.npz", scores=scores)
    model = LinearModel(ArrayEncoder(shape=(1,)), np.ones((2, 1), np.float32), np.zeros(2, np.float32), ("a", "b"))
    return Candidate(
        strategy=kind,
        model=model.save(folder / kind),
        classes=("a", "b"),
        held=Artifact.of(folder / f"{kind}.held.npz"),
        validation=0.5,
        validation_loss=0.7,
        steps=3,
        budget=9,
        seconds=1.0,
    )


def made(folder, *arms, config=CommitteeConfig(), **more) -> Candidate:  # noqa: B008
    return committee("committee", arms, LABELS, config, accuracy, folder, **more)


def weights(candidate: Candidate) -> dict[str, float]:
    return {k.removeprefix("weight."): v for k, v in candidate.notes.items() if k.startswith("weight.")}


def test_few_labels_count_every_arm_alike_and_many_the_better_ones_more(tmp_path):
    arms = [arm(tmp_path, "good", 0.85, 1), arm(tmp_path, "bad", 0.55, 2)]
    few = weights(made(tmp_path, *arms, config=CommitteeConfig(shrinkage=1e9)))
    assert few == {"good": 0.5, "bad": 0.5}
    many = weights(made(tmp_path, *arms, config=CommitteeConfig(shrinkage=10)))
    assert many["good"] > 0.9
    assert sum(many.values()) == pytest.approx(1, abs=1e-3)


def test_an_arm_that_is_shown_to_be_worse_than_the_best_of_scratch_has_no_say(tmp_path):
    alone = [arm(tmp_path, "forest", 0.7, 3), arm(tmp_path, "logistic", 0.6, 4)]
    scratch = committee("scratch", alone, LABELS, CommitteeConfig(), accuracy, tmp_path)
    harmful, useful = arm(tmp_path, "harmful", 0.4, 5), arm(tmp_path, "useful", 0.75, 6)
    found = made(tmp_path, harmful, useful, *alone, baseline=scratch)
    assert weights(found)["harmful"] == 0.0
    assert all(weights(found)[kind] > 0.2 for kind in ("useful", "forest", "logistic"))
    assert [member.strategy for member in with_a_say(found)] == ["useful", "forest", "logistic"]


def test_where_all_that_the_source_gives_is_bad_scratchs_own_learners_are_left(tmp_path):
    alone = [arm(tmp_path, "forest", 0.7, 3), arm(tmp_path, "logistic", 0.68, 4)]
    scratch = committee("scratch", alone, LABELS, CommitteeConfig(), accuracy, tmp_path)
    found = made(tmp_path, arm(tmp_path, "harmful", 0.3, 5), *alone, baseline=scratch)
    assert {kind for kind, weight in weights(found).items() if weight} == {"forest", "logistic"}


def test_an_arm_that_is_right_as_often_and_less_sure_is_heard_as_much(tmp_path):
    rng = np.random.default_rng(0)
    right = [rng.random(N) < 0.8 for _ in range(2)]

    def scores(sure: float, hits):
        return np.where((np.eye(2)[LABELS] == 1) == hits[:, None], sure, 1 - sure).astype(np.float32)

    loud, low = (arm_of(tmp_path, kind, scores(sure, hits)) for kind, sure, hits in zip("ab", (0.99, 0.55), right, strict=True))
    found = made(tmp_path, loud, low)
    first, second = (one.temperature for one in found.model.members)
    assert first > 1 > second
    mean = found.held_scores().argmax(axis=1) == LABELS
    assert mean[right[0] & right[1]].all()
    brought = [member.temperature for member in found.model.members]
    assert brought == [found.notes["temperature.a"], found.notes["temperature.b"]]
    odds = [(sure / (1 - sure)) ** (1 / temperature) for sure, temperature in zip((0.99, 0.55), brought, strict=True)]
    assert odds[0] / odds[1] < 3  # 81 before


def test_the_committees_scores_are_those_of_its_members_at_their_temperatures(tmp_path):
    found = made(tmp_path, arm(tmp_path, "one", 0.9, 1), arm(tmp_path, "two", 0.6, 2))
    rows = np.linspace(-1, 1, 7, dtype=np.float32)[:, None]
    members = [member.load().scores(rows) for member in found.model.members]
    expected = pooled(members, found.model.weights, found.model.temperature)
    assert found.load().scores(rows) == pytest.approx(expected)


def test_failed_arms_have_no_say_and_without_any_the_committee_fails(tmp_path):
    broken = Candidate(strategy="network", failed="expected a finite loss, got nan")
    found = made(tmp_path, broken, arm(tmp_path, "forest", 0.7))
    assert weights(found) == {"forest": 1.0}
    assert "network: expected a finite loss" in made(tmp_path, broken).failed


def test_rows_that_no_fold_held_out_are_left_aside(tmp_path):
    found = made(tmp_path, arm(tmp_path, "one", 0.8, 1, known=60), arm(tmp_path, "two", 0.7, 2, known=60))
    held = found.held_scores()
    assert np.isfinite(held[:60]).all()
    assert np.isnan(held[60:]).all()
    assert found.validation_loss < 0.5


def test_a_curve_is_learnt_where_rows_held_out_show_it_better_and_kept_when_made_again(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    sure, right = np.where(np.arange(N) % 3, 0.6, 0.99), rng.random(N) < 0.96
    scores = np.where((np.eye(2)[LABELS] == 1) == right[:, None], sure[:, None], 1 - sure[:, None]).astype(np.float32)
    one, two = arm_of(tmp_path, "one", scores), arm_of(tmp_path, "two", scores)
    found = made(tmp_path, one, two)
    assert "isotonic" in found.notes  # right as often where they are sure as where they are not: no temperature makes that of them
    assert found.notes["isotonic"] == len(found.model.curve)
    assert again(found, [one, two]).model.curve == found.model.curve
    assert made(tmp_path, one, two, units=np.arange(N) // 2).model.curve == ()  # 150 units are too few
    assert found.validation_loss < made(tmp_path, one, two, units=np.arange(N) // 2).validation_loss


def test_made_again_it_keeps_its_weights_and_temperature(tmp_path):
    first = made(tmp_path, arm(tmp_path, "one", 0.8, 1), arm(tmp_path, "two", 0.6, 2))
    (tmp_path / "again").mkdir()
    other = again(first, [arm(tmp_path / "again", "one", 0.8, 7), arm(tmp_path / "again", "two", 0.6, 8)])
    assert other.model.weights == pytest.approx(first.model.weights, abs=1e-4)
    assert other.model.temperature == first.model.temperature
    assert [one.temperature for one in other.model.members] == [one.temperature for one in first.model.members]
    failed = again(first, [arm(tmp_path / "again", "one", 0.8, 7), Candidate(strategy="two", failed="memory ran out")])
    assert failed.failed == "two: memory ran out"
