"""The MMD test by several worker processes, against the same test by one process: equal to the last bit."""

from __future__ import annotations

import os
import signal
import time

import numpy as np
import pytest

pytest.importorskip("distributed", reason="dask is not installed: pip install 'ntgate[dask]'")

from distributed import Client, LocalCluster

from ntgate.distributed import DaskEngine, workers
from ntgate.errors import ConfigError, DataError
from ntgate.shift import mmd_test
from ntgate.shift.kernel import random_features
from ntgate.shift.streamed.engine import Here
from tests.distributed.conftest import write

SETTINGS = {"method": "random_features", "permutations": 99, "frequencies": 32, "seed": 3}


@pytest.fixture(autouse=True)
def many_small_stretches(monkeypatch):
    monkeypatch.setattr(random_features, "_STRETCH", 2)


def answer(result) -> dict:
    return result.model_dump(exclude={"seconds"})


@pytest.fixture(scope="module")
def alone(samples) -> dict:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(random_features, "_STRETCH", 2)
        return answer(mmd_test(*samples, **SETTINGS))


def test_partitioned_parquet_gives_the_result_of_the_array(tables, alone):
    assert answer(mmd_test(*tables, **SETTINGS)) == alone
    assert answer(mmd_test(*tables, **SETTINGS, engine=Here())) == alone


def test_workers_give_the_result_of_one_process(tables, alone, client):
    assert answer(mmd_test(*tables, **SETTINGS, engine=DaskEngine(client))) == alone
    assert alone["p_value"] == 0.01


def test_every_worker_did_some_of_the_work(tables, client):
    def spent() -> dict[str, float]:
        return {name: sum(times.values()) for name, times in client.run(_times).items()}

    before = spent()
    mmd_test(*tables, **SETTINGS, engine=DaskEngine(client))
    assert all(now > before[name] for name, now in spent().items())


def _times(dask_worker) -> dict[str, float]:
    return dask_worker.state.task_counter.cumulative_elapsed()


def test_a_worker_is_killed_on_the_way(tables, alone, cluster, client):
    """Killed while it holds results that nobody fetched and has a task in its hands."""
    pids = client.run(os.getpid)
    taken: list[int] = []

    class Killing(DaskEngine):
        def map(self, work, tasks):
            for number, result in enumerate(super().map(work, tasks)):
                if number == 1 and not taken:
                    victim = next(iter(client.processing()))
                    taken.append(pids[victim])
                    os.kill(pids[victim], signal.SIGKILL)
                yield result

    assert answer(mmd_test(*tables, **SETTINGS, engine=Killing(client))) == alone
    assert len(taken) == 1
    deadline = time.monotonic() + 30
    while taken[0] in client.run(os.getpid).values() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert taken[0] not in client.run(os.getpid).values()


def test_all_workers_are_gone_and_none_comes_back(tables):
    with (
        LocalCluster(n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster) as client,
    ):
        cluster.scale(0)
        deadline = time.monotonic() + 30
        while client.nthreads():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        with pytest.raises(DataError, match="expected workers that live, got none; start some"):
            mmd_test(*tables, **SETTINGS, engine=DaskEngine(client, patience=1))


def end_the_process(task: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return task


def test_a_task_that_ends_every_worker_is_given_up(client):
    with pytest.raises(DataError, match="got one task that ended 4 of them"):
        list(DaskEngine(client).map(end_the_process, [1]))


def test_rows_that_are_not_finite_are_named_by_the_worker(samples, tables, tmp_path, client):
    rows = samples[1].copy()
    rows[40_000, 2] = np.nan
    spoiled = write(tmp_path / "spoiled", rows, [12_345], 10_000)
    with pytest.raises(DataError, match=r"y: expected at least two finite rows of numbers.*NaN or infinity in 1 rows"):
        mmd_test(tables[0], spoiled, **SETTINGS, engine=DaskEngine(client))


def test_a_file_that_vanishes_meanwhile(samples, tmp_path, tables, client):
    lost = write(tmp_path / "lost", samples[1], [12_345, 20_000], 10_000)

    class Losing(DaskEngine):
        def map(self, work, tasks):
            (lost / "part-00002.parquet").unlink(missing_ok=True)
            return super().map(work, tasks)

    with pytest.raises(DataError, match=r"part-00002.parquet"):
        mmd_test(tables[0], lost, **SETTINGS, engine=Losing(client))


@pytest.mark.slow
def test_on_s3(tables, alone, s3):
    """A cluster of its own: its processes inherit the way to the storage."""
    uris = [s3.put(folder, f"deep/er/{folder.name}") for folder in tables]
    assert answer(mmd_test(*uris, **SETTINGS)) == alone
    with workers("2") as engine:
        assert answer(mmd_test(*uris, **SETTINGS, engine=engine)) == alone
        patterns = [f"{uri}/part-*.parquet" for uri in uris]
        assert answer(mmd_test(*patterns, **SETTINGS, engine=engine)) == alone
        s3.files.rm(f"{uris[1]}/part-00001.parquet")
        with pytest.raises(DataError, match="no-such-place"):
            mmd_test(uris[0], f"{uris[1]}/no-such-place", **SETTINGS, engine=engine)


def test_an_engine_that_could_do_nothing_is_refused(samples, tables):
    with pytest.raises(DataError, match="y: expected parquet files, which workers can read by themselves"):
        mmd_test(tables[0], samples[1], **SETTINGS, engine=Here())
    with pytest.raises(DataError, match="method: expected random_features with an engine, got 'exact'"):
        mmd_test(*tables, method="exact", permutations=99, engine=Here())


@pytest.mark.parametrize("wanted", ["0", "tcp://127.0.0.1:1", "somewhere", ""])
def test_workers_that_cannot_be_had(wanted, monkeypatch):
    monkeypatch.setattr("ntgate.distributed.dask_engine._ANSWER", 1)
    with pytest.raises(ConfigError, match="workers: expected"), workers(wanted):
        pass


def test_the_processes_listen_on_loopback_alone_and_end(tables):
    import psutil

    with workers("1") as engine:
        pids = list(engine.client.run(os.getpid).values())
        listening = [
            connection.laddr.ip
            for pid in [os.getpid(), *pids]
            for connection in psutil.Process(pid).net_connections()
            if connection.status == psutil.CONN_LISTEN
        ]
        assert len(listening) >= 2
        assert set(listening) == {"127.0.0.1"}
    assert not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids)
