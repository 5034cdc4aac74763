"""Two tables in parquet and three worker processes on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

ROWS = 90_000


def write(folder: Path, rows: np.ndarray, parts: list[int], groups: int) -> Path:
    """The rows in one file for each of ``parts``, which says how many it takes; the last takes all others."""
    folder.mkdir()
    for number, part in enumerate(np.split(rows, np.cumsum(parts))):
        table = pa.table({f"x{i}": column for i, column in enumerate(part.T)})
        pq.write_table(table, folder / f"part-{number:05}.parquet", row_group_size=groups)
    return folder


@pytest.fixture(scope="session")
def samples() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(ROWS, 4)), rng.normal(size=(ROWS // 2 + 1, 4))
    y[:, 0] += 0.05
    return x.astype(np.float32), y.astype(np.float32)


@pytest.fixture(scope="session")
def tables(samples, tmp_path_factory) -> tuple[Path, Path]:
    """Files and row groups of sizes that fit neither each other nor the blocks that are summed; one file has no rows."""
    folder = tmp_path_factory.mktemp("tables")
    return (write(folder / "x", samples[0], [1, 20_000, 0, 33_333], 7_777), write(folder / "y", samples[1], [12_345], 10_000))


@pytest.fixture(scope="package")  # its workers are not idle while nothing is asked of them
def cluster() -> Iterator[LocalCluster]:
    from distributed import LocalCluster

    with LocalCluster(n_workers=3, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0") as cluster:
        yield cluster


@pytest.fixture
def client(cluster: LocalCluster) -> Iterator[Client]:
    from distributed import Client

    with Client(cluster) as client:
        client.wait_for_workers(3, timeout=60)
        yield client
