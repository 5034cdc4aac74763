"""What an earlier version has left, as a project to work in.

Each archive is what runs of that version left: configs, rows, run folders, answer, registry with its ledger as SQL, and MLflow's
artifacts, ``{project}`` standing for the folder in which they ran. A test module names its archive in ``LEFT``.
"""

from __future__ import annotations

import sqlite3
import zipfile
from pathlib import Path

import pytest


@pytest.fixture
def project(tmp_path, monkeypatch, request) -> Path:
    """The project, with its registry, as the working directory."""
    with zipfile.ZipFile(Path(__file__).parent / request.module.LEFT) as archive:
        archive.extractall(tmp_path)
    for file in (path for pattern in ("*.json", "*.sql", "*.html", "MLmodel") for path in tmp_path.rglob(pattern)):
        file.write_text(file.read_text().replace("{project}", str(tmp_path)))
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        database.executescript((tmp_path / "registry.sql").read_text())
    database.close()
    monkeypatch.chdir(tmp_path)
    return tmp_path
