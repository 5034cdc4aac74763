"""The ledger on real databases: nothing is spent twice, nothing is forgotten, nothing is changed."""

from __future__ import annotations

import hashlib
import logging
import multiprocessing
import shutil
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from ntgate.errors import ConfigError, DataError, NtgateError, RegistryError
from ntgate.gate.allowance import Allowance
from ntgate.gate.ledger_config import LedgerConfig
from ntgate.ledger.entries import Opening
from ntgate.ledger.ledger import Ledger
from ntgate.ledger.place import ledger_uri

FOREST = multiprocessing.get_context("forkserver")
FOREST.set_forkserver_preload(["ntgate.ledger.ledger"])
TABLES = ("sets", "rows", "entries", "bets", "identity", "versions")


def prints(first: int, last: int) -> np.ndarray:
    """The fingerprints of the rows numbered ``first`` to ``last``, the last one excluded."""
    return np.array([hashlib.blake2b(str(i).encode(), digest_size=16).hexdigest() for i in range(first, last)], "S32")


def asked(comparison: str, model: str = "reader", least: int = 30, **settings) -> Opening:
    return Opening(
        model=model,
        decision_id=f"decision of {comparison}",
        comparison=comparison,
        config=LedgerConfig(**settings),
        alpha=0.05,
        min_test_rows=least,
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    """An empty ledger in either database."""
    if request.param == "sqlite":
        return Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    return Ledger(request.getfixturevalue("postgres"))


def run(ledger: Ledger, statement: str) -> None:
    engine = sa.create_engine(ledger.uri, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)


def test_a_decision_is_opened_closed_and_remembered(ledger):
    rows = prints(0, 100)
    granted = ledger.open(asked("a"), rows)
    assert (granted.alpha, granted.rows) == (0.05, None)
    ledger.close(granted, "inconclusive")
    ledger.close(granted, "inconclusive")
    opened, closed = ledger.entries("reader")
    assert (opened.kind, opened.rows, opened.alpha, opened.outcome) == ("opened", 100, 0.05, None)
    assert (closed.kind, closed.opening, closed.outcome) == ("closed", opened.id, "inconclusive")
    assert closed.decision_id == "decision of a"
    assert ledger.entries("another") == []
    again = ledger.open(asked("b"), rows)
    assert again.closed
    assert "have been used 1 of 1 times" in again.reason
    assert len(ledger.entries()) == 2, "a refusal opens nothing and is no entry"


def test_another_name_for_the_model_makes_no_row_fresh(ledger):
    ledger.open(asked("a"), prints(0, 100))
    assert ledger.open(asked("b", model="reader-2"), prints(0, 100)).closed


def test_partly_overlapping_sets_share_their_wear(ledger):
    ledger.open(asked("a"), prints(0, 100))
    granted = ledger.open(asked("b"), prints(60, 160))
    assert granted.positions.tolist() == list(range(40, 100))
    assert ledger.open(asked("c"), prints(100, 200)).positions.tolist() == list(range(60, 100))
    assert ledger.open(asked("d"), prints(0, 200)).closed


def test_the_same_comparison_again_costs_nothing_and_gets_the_same(ledger):
    ledger.open(asked("a"), prints(0, 40))
    first = ledger.open(asked("b", horizon=2), prints(0, 100))
    order = np.random.default_rng(0).permutation(100)
    again = ledger.open(asked("b", horizon=2), prints(0, 100)[order])
    assert (again.alpha, again.entry, again.withheld) == (first.alpha, first.entry, True)
    assert sorted(order[again.positions]) == first.positions.tolist() == list(range(40, 100))
    assert len(ledger.entries()) == 2
    assert ledger.open(asked("c", horizon=2), prints(0, 100)).alpha == pytest.approx(0.025), "spent once, not twice"


def test_a_crash_between_opening_and_closing_counts_as_spent_and_can_be_gone_on_with(ledger):
    first = ledger.open(asked("a"), prints(0, 100))  # and never closed
    assert ledger.open(asked("b"), prints(0, 100)).closed
    again = ledger.open(asked("a"), prints(0, 100))
    assert again.entry == first.entry
    ledger.close(again, "promoted")
    assert [entry.outcome for entry in ledger.entries()] == [None, "promoted"]


def test_a_withheld_result_is_not_written_down_and_a_pass_retires_the_rows(ledger):
    ledger.close(ledger.open(asked("a", horizon=52), prints(0, 100)), "rejected")
    assert ledger.entries()[-1].outcome == "withheld"
    second = ledger.open(asked("b", horizon=52), prints(0, 100))
    assert second.alpha == pytest.approx(0.05 / 52)
    assert second.uses == 1
    ledger.close(second, "promoted")
    assert ledger.open(asked("c", horizon=52), prints(0, 100)).closed
    assert not ledger.open(asked("b", horizon=52), prints(0, 100)).closed, "the pass itself can be repeated"


def test_a_repeated_row_is_one_row(ledger):
    rows = np.concatenate([prints(0, 50), prints(0, 50)])
    assert len(ledger.open(asked("a", horizon=2), rows).positions) == 100
    assert ledger.entries()[0].rows == 50
    assert ledger.open(asked("b", horizon=2), prints(0, 50)).uses == 1


def test_a_preview_tells_and_writes_nothing(ledger, tmp_path):
    rows, config = prints(0, 100), LedgerConfig()
    assert ledger.preview(rows, config, model="reader", alpha=0.05, min_test_rows=30).alpha == 0.05
    assert ledger.entries() == []
    assert not (tmp_path / "ledger.db").exists()
    ledger.open(asked("a"), rows)
    assert ledger.preview(rows, config, model="reader", alpha=0.05, min_test_rows=30).reason == (
        "These 100 test rows have been used 1 of 1 times: nothing is left of alpha 0.05. "
        "Label at least 30 fresh test rows; 100 make the test as sharp as it was."
    )
    assert len(ledger.entries()) == 1


def test_policy_none_is_recorded_all_the_same(ledger):
    for comparison in "ab":
        assert ledger.open(asked(comparison, policy="none"), prints(0, 50)).alpha == 0.05
    assert "used 2 times before" in ledger.open(asked("c", policy="none"), prints(0, 50)).reason
    assert ledger.open(asked("d"), prints(0, 50)).closed


def test_a_stream_bets_on_every_row_once(ledger):
    def opened(comparison: str, rows: np.ndarray) -> Allowance:
        return ledger.open(asked(comparison, policy="e_process", horizon=2), rows)

    first = opened("a", prints(0, 10))
    won = np.array([1, 1, 1, 0, 0, 0, 0, 0, -1, -1])
    ledger.close(first, "inconclusive", fingerprints=prints(0, 10), bets={"scratch": won, "champion": -won})
    crashed = opened("a", prints(0, 15))
    assert crashed.positions.tolist() == list(range(10, 15))
    assert crashed.earlier == {"scratch": (3, 5, 2), "champion": (2, 5, 3)}
    second = opened("a", prints(0, 20))
    assert second.positions.tolist() == list(range(10, 20)), "rows that were opened but never bet on come again"
    bets = {"scratch": np.ones(10, int)}
    ledger.close(second, "promoted", fingerprints=prints(0, 20), bets=bets)
    # The process that was thought dead closes after all: its rows count once.
    ledger.close(crashed, "inconclusive", fingerprints=prints(0, 15), bets={"scratch": np.ones(5, int)})
    last = opened("a", prints(0, 20))
    assert last.positions.tolist() == list(range(10, 20)), "without fresh rows the last ones give the same answer again"
    assert last.earlier == {"scratch": (3, 5, 2), "champion": (2, 5, 3)}
    assert last.opponents == ("scratch",)
    assert (last.entry, last.alpha) == (second.entry, second.alpha)
    before = len(ledger.entries())
    ledger.close(last, "promoted", fingerprints=prints(0, 20), bets=bets)
    assert len(ledger.entries()) == before
    elsewhere = opened("a", prints(0, 5))
    assert len(elsewhere.positions) == 0, "where they are not at hand, all bets are judged"
    assert elsewhere.earlier["scratch"] == (13, 5, 2)
    assert not elsewhere.closed
    other = opened("b", prints(15, 25))
    assert other.positions.tolist() == list(range(5, 10)), "rows that were opened for another candidate do not count"


def test_the_candidates_of_a_stream_share_alpha(ledger):
    def opened(comparison: str, rows: np.ndarray, horizon: int = 2, model: str = "reader") -> Allowance:
        return ledger.open(asked(comparison, model, policy="e_process", horizon=horizon), rows)

    assert opened("a", prints(0, 10)).alpha == pytest.approx(0.025)
    assert opened("b", prints(10, 20)).alpha == pytest.approx(0.025), "side by side, on rows of its own"
    third = opened("c", prints(20, 30))
    assert third.closed
    assert third.reason.startswith("2 candidates have bet on this stream, and nothing is left of alpha 0.05 for another.")
    assert opened("c", prints(20, 30), horizon=100).closed, "a longer horizon brings no alpha back"
    renamed = opened("d", prints(15, 40), model="reader-2")
    assert renamed.alpha == pytest.approx(0.025), "rows that `b` has opened make it one stream: its share is spent there too"
    assert renamed.positions.tolist() == list(range(5, 25))
    assert opened("e", prints(40, 60), model="another").alpha == pytest.approx(0.025)
    assert opened("a", prints(50, 70), horizon=7).alpha == pytest.approx(0.025), "a candidate keeps its level"
    config = LedgerConfig(policy="e_process", horizon=2)
    seen = ledger.preview(prints(80, 90), config, model="reader", alpha=0.05, min_test_rows=30)
    assert seen.closed
    assert "nothing is left of alpha" in seen.reason


def test_two_candidates_that_were_opened_at_full_alpha_before_horizons_counted(ledger):
    """A ledger of an earlier version: the first candidate goes on, the second has nothing left."""
    for comparison, rows in (("a", prints(0, 10)), ("b", prints(10, 20))):
        ledger.open(asked(comparison, model=comparison, policy="e_process"), rows)
    columns = "kind, opening, comparison, decision_id, policy, alpha, horizon, withheld, dry_run, row_set, outcome, at"
    run(ledger, f"INSERT INTO ntgate_ledger_entries (model, {columns}) SELECT 'reader', {columns} FROM ntgate_ledger_entries")
    assert ledger.open(asked("a", policy="e_process"), prints(20, 30)).alpha == 0.05
    assert ledger.open(asked("b", policy="e_process"), prints(30, 40)).closed


def _bet_at_once(uri: str, start: float, comparison: str, horizon: int, answers) -> None:
    time.sleep(max(0.0, start - time.time()))
    granted = Ledger(uri).open(asked(comparison, policy="e_process", horizon=horizon), prints(0, 200))
    answers.put((comparison, granted.alpha, granted.positions.tolist()))


@pytest.mark.parametrize("horizon", [1, 3])
def test_of_many_candidates_at_once_one_alone_counts_the_rows_as_fresh(ledger, horizon):
    answers, start = FOREST.Queue(), time.time() + 2
    processes = [
        FOREST.Process(target=_bet_at_once, args=(ledger.uri, start, comparison, horizon, answers)) for comparison in "abcdef"
    ]
    for process in processes:
        process.start()
    found = [answers.get(timeout=40) for _ in processes]
    for process in processes:
        process.join()
        assert process.exitcode == 0
    rows = [row for _, _, positions in found for row in positions]
    assert sorted(rows) == list(range(200)), "every row is fresh for one of them"
    assert sum(entry.alpha for entry in ledger.entries()) <= 0.05 + 1e-12


def test_bets_that_do_not_fit_are_refused_and_nothing_is_written(ledger):
    granted = ledger.open(asked("a", policy="e_process"), prints(0, 10))
    for wrong in (np.ones(9, int), np.full(10, 2)):
        with pytest.raises(DataError, match="bets against scratch"):
            ledger.close(granted, "inconclusive", fingerprints=prints(0, 10), bets={"scratch": wrong})
    assert len(ledger.entries()) == 1


@pytest.mark.parametrize("table", TABLES)
def test_nothing_can_be_changed_or_removed(ledger, table):
    granted = ledger.open(asked("a", policy="e_process"), prints(0, 10))
    ledger.close(granted, "inconclusive", fingerprints=prints(0, 10), bets={"scratch": np.ones(10, int)})
    columns = ("size", "row_set", "alpha", "won", "id", "version")
    column = dict(zip(TABLES, columns, strict=True))[table]
    acts = [f"DELETE FROM ntgate_ledger_{table}", f"UPDATE ntgate_ledger_{table} SET {column} = 0"]
    if ledger.uri.startswith("postgresql"):
        acts.append(f"TRUNCATE ntgate_ledger_{table} CASCADE")
    for act in acts:
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            run(ledger, act)
    assert len(ledger.entries()) == 2


def _at_once(uri: str, start, comparison: str, horizon: int, answers) -> None:
    start.wait(60)
    granted = Ledger(uri).open(asked(comparison, horizon=horizon), prints(0, 200))
    answers.put((comparison, granted.alpha, granted.entry))


@pytest.mark.parametrize("horizon", [1, 3])
def test_of_many_decisions_at_once_no_two_spend_the_same_alpha(ledger, horizon):
    # The first of them finds no tables, and creates them.
    comparisons = [*"abcdef", "a", "b"]  # two of them asked twice
    answers, start = FOREST.Queue(), FOREST.Barrier(len(comparisons))
    processes = [
        FOREST.Process(target=_at_once, args=(ledger.uri, start, comparison, horizon, answers)) for comparison in comparisons
    ]
    for process in processes:
        process.start()
    found = [answers.get(timeout=90) for _ in processes]
    for process in processes:
        process.join()
        assert process.exitcode == 0
    spent = {entry: alpha for _, alpha, entry in found if entry is not None}
    assert len(spent) == horizon
    assert sum(spent.values()) == pytest.approx(0.05)
    assert len(ledger.entries()) == horizon
    # Whoever was granted anything was granted its own entry, also when it asked twice.
    assert len({(comparison, entry) for comparison, _, entry in found if entry is not None}) == horizon


def test_a_hundred_thousand_rows_open_within_two_seconds(ledger):
    rows = prints(0, 100_000)
    ledger.open(asked("warm"), rows[:40])
    # Other work on the machine is not ours, nor is the server's: it was fed so slowly that it waited.
    allowed = 2 if ledger.uri.startswith("sqlite") else 0.6
    for comparison in ("first", "second"):
        began = time.process_time()
        assert len(ledger.open(asked(comparison, horizon=2), rows).positions) == 100_000 - 40
        assert time.process_time() - began < allowed


def test_closing_looks_through_no_table(tmp_path):
    ledger, statements = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}"), []
    granted = ledger.open(asked("a"), prints(0, 100))

    def note(connection, cursor, statement, parameters, *_):
        if statement.startswith("SELECT"):
            statements.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        ledger.close(granted, "inconclusive")
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    asked_of_entries = [one for one in statements if "ntgate_ledger_entries" in one[0]]
    assert len(asked_of_entries) == 2
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        for statement, parameters in asked_of_entries:
            plan = database.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            assert all(step[-1].startswith("SEARCH") for step in plan), plan


def test_the_decisions_on_other_rows_slow_nothing_down(ledger):
    ledger.close(ledger.open(asked("a", horizon=10), prints(0, 100)), "promoted")
    told = "'{kind}', {opening}, 'other', 'c', 'd', 'spend', 0.01, 10, {yes}, {no}, 9999, {outcome}, 'then'"
    yes, no = ("1", "0") if ledger.uri.startswith("sqlite") else ("true", "false")
    columns = "kind, opening, model, comparison, decision_id, policy, alpha, horizon, withheld, dry_run, row_set, outcome, at"
    run(ledger, "INSERT INTO ntgate_ledger_sets (id, digest, size) VALUES (9999, 'x', 1)")
    for kind, opening, outcome in (("opened", "NULL", "NULL"), ("closed", "1", "'rejected'")):
        values = told.format(kind=kind, opening=opening, yes=yes, no=no, outcome=outcome)
        run(
            ledger,
            f"INSERT INTO ntgate_ledger_entries ({columns}) WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c "
            f"WHERE i < 20000) SELECT {values} FROM c",
        )
    began = time.perf_counter()
    found = ledger.open(asked("b", horizon=10), prints(0, 100))
    assert time.perf_counter() - began < 5  # looking for the closing of each opening took minutes
    assert found.closed  # and the one that passed has retired the rows
    assert found.uses == 1


def test_mlflow_works_on_beside_the_ledger_whichever_came_first(ledger, tmp_path):
    from click.testing import CliRunner
    from mlflow.db import upgrade

    from ntgate.registry.client import connect
    from ntgate.registry.config import RegistryConfig

    logging.getLogger("mlflow.store.db.utils").setLevel(logging.ERROR)
    ledger.open(asked("a"), prints(0, 100))
    config = RegistryConfig(uri=ledger.uri, artifact_location=(tmp_path / "artifacts").as_uri())
    registry = connect(config, "reader")
    registry.client.create_registered_model("reader")
    ledger.open(asked("b"), prints(100, 200))
    assert CliRunner().invoke(upgrade, [ledger.uri]).exit_code == 0  # `mlflow db upgrade`
    assert connect(config, "reader").client.get_registered_model("reader").name == "reader"
    assert len(ledger.entries()) == 2
    assert ledger.open(asked("c"), prints(0, 200)).closed


def test_a_migrated_registry_takes_the_ledger(tmp_path):
    from ntgate.registry.client import connect
    from ntgate.registry.config import RegistryConfig

    file = tmp_path / "mlflow.db"
    connect(RegistryConfig(uri=f"sqlite:///{file}"), "reader")
    shutil.copy(file, tmp_path / "copy.db")
    ledger = Ledger(f"sqlite:///{file}")
    assert ledger.preview(prints(0, 50), LedgerConfig(), model="reader", alpha=0.05, min_test_rows=30).alpha == 0.05
    ledger.open(asked("a"), prints(0, 50))
    assert connect(RegistryConfig(uri=f"sqlite:///{file}"), "reader").client.search_registered_models() == []


def test_a_plain_address_means_the_driver_that_is_installed(postgres):
    ledger = Ledger(postgres.replace("postgresql+psycopg://", "postgresql://"))
    assert not ledger.open(asked("a"), prints(0, 50)).closed
    assert len(Ledger(postgres).entries()) == 1


@pytest.mark.parametrize(
    ("uri", "said", "code"),
    [
        ("postgresql://ann:secret@127.0.0.1:9/registry", "connection", 6),
        ("postgresql+psycopg2://ann:secret@127.0.0.1:9/registry", "pip install psycopg2-binary", 2),
        ("sqlite:////nowhere/ledger.db", "unable to open database file", 6),
    ],
)
def test_a_database_that_cannot_be_reached_is_one_sentence_without_its_password(uri, said, code):
    with pytest.raises(NtgateError) as caught:
        Ledger(uri, timeout_seconds=2).open(asked("a"), prints(0, 50))
    assert caught.value.exit_code == code
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_named(tmp_path):
    file = tmp_path / "ledger.db"
    file.write_text("no database, but long enough to be looked at as one" * 40)
    for act in (lambda ledger: ledger.entries(), lambda ledger: ledger.open(asked("a"), prints(0, 50))):
        with pytest.raises(RegistryError, match="file is not a database"):
            act(Ledger(f"sqlite:///{file}"))


def test_where_the_ledger_lies():
    there = "postgresql://ann@there/ledger"
    assert ledger_uri(LedgerConfig(uri=there), "https://tracking:5000") == there
    assert ledger_uri(LedgerConfig(), "postgresql://ann@there/mlflow") == "postgresql://ann@there/mlflow"
    with pytest.raises(ConfigError) as caught:
        ledger_uri(LedgerConfig(), "https://ann:secret@tracking:5000")
    assert "gate.ledger.uri" in str(caught.value)
    assert "gate.ledger.policy: none" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_ledger_has_one_id_for_ever_and_looking_gives_it_none(ledger, tmp_path):
    assert ledger.identity(create=False) is None
    assert not (tmp_path / "ledger.db").exists()
    mine = ledger.identity(create=True)
    assert len(mine) == 32
    ledger.open(asked("a"), prints(0, 100))
    assert ledger.identity(create=False) == ledger.identity(create=True) == mine
    assert Ledger(f"sqlite:///{tmp_path / 'other.db'}").identity(create=True) != mine


def test_a_ledger_of_an_earlier_version_goes_on_and_gets_an_id(ledger):
    ledger.close(ledger.open(asked("a"), prints(0, 100)), "rejected")
    for table in ("identity", "versions"):  # all that such a ledger lacks
        run(ledger, f"DROP TABLE ntgate_ledger_{table}")
    assert ledger.identity(create=False) is None
    assert len(ledger.entries()) == 2
    assert ledger.preview(prints(0, 100), LedgerConfig(), model="reader", alpha=0.05, min_test_rows=30).closed
    assert ledger.open(asked("b"), prints(0, 100)).closed
    mine = ledger.identity(create=False)
    assert len(mine) == 32
    assert ledger.identity(create=True) == mine
    for table in ("entries", "identity", "versions"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            run(ledger, f"DELETE FROM ntgate_ledger_{table}")


def versions(ledger: Ledger) -> list[int]:
    with sa.create_engine(ledger.uri, poolclass=sa.pool.NullPool).connect() as connection:
        return list(connection.scalars(sa.text("SELECT version FROM ntgate_ledger_versions")))


def test_a_ledger_carries_its_version_and_one_without_is_stamped_once_by_many_writers(ledger):
    mine = ledger.identity(create=True)
    assert versions(ledger) == [1]
    run(ledger, "DROP TABLE ntgate_ledger_versions")
    assert ledger.identity(create=False) == mine
    with ThreadPoolExecutor(6) as pool:
        opened = list(pool.map(lambda name: ledger.open(asked(name, horizon=9), prints(0, 100)), "abcdef"))
    assert sorted(granted.entry for granted in opened) == [1, 2, 3, 4, 5, 6]
    assert versions(ledger) == [1]
    assert ledger.identity(create=True) == mine


def test_the_ledger_of_a_later_ntgate_is_refused_in_one_sentence(ledger):
    granted = ledger.open(asked("a"), prints(0, 100))
    run(ledger, "INSERT INTO ntgate_ledger_versions (version) VALUES (2)")
    attempts = [
        lambda: ledger.open(asked("b"), prints(100, 200)),
        lambda: ledger.close(granted, "rejected"),
        lambda: ledger.preview(prints(0, 100), LedgerConfig(), model="reader", alpha=0.05, min_test_rows=30),
        lambda: ledger.identity(create=False),
        lambda: ledger.identity(create=True),
        ledger.entries,
    ]
    for attempt in attempts:
        with pytest.raises(RegistryError, match=r"expected tables of version 1, got version 2; install the ntgate that"):
            attempt()
