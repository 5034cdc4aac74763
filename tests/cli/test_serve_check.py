"""What a deployed model answers on the gate's test rows, asked of the scoring server that MLflow has, and of broken ones."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from ntgate.cli.app import run as command
from ntgate.endpoint import at
from ntgate.errors import ConfigError, EndpointError
from ntgate.ledger.ledger import Ledger
from ntgate.registry.adoption import adopt
from ntgate.registry.client import connect
from ntgate.registry.config import RegistryConfig


def written(path: Path, n: int, seed: int, move: float) -> None:
    """A table with numbers as people write them, dates, and cells that are missing."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 400, n), unit="D")
    table = pd.DataFrame({f"x{i}": (rng.normal(0, 1, n) + 0.45 * y + move).round(3) for i in range(12)})
    table = table.assign(
        share=[f"{value:.1f} %" for value in rng.normal(50, 9, n) + 4 * y],
        seen=day.strftime("%d.%m.%Y"),
        ward=np.where(rng.random(n) < 0.3 + 0.4 * y, "a", "b"),
        label=np.where(y == 1, "ill", "well"),
    )
    for name in ("x0", "share", "ward"):
        table.loc[rng.random(n) < 0.15, name] = None
    table.to_csv(path, index=False)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory) -> Path:
    """A project whose run was promoted: version 2, or 1, is the champion, and another one the baseline."""
    folder = tmp_path_factory.mktemp("clinic")
    for name, n, seed, move in (("source", 1200, 1, 0.0), ("target", 50, 2, 0.3), ("test", 500, 3, 0.3)):
        written(folder / f"{name}.csv", n, seed, move)
    parts = {"source": "source", "target": "target", "target_test": "test"}
    config = {
        "model": {"name": "clinic"},
        "data": {part: {"path": f"{file}.csv", "label": "label"} for part, file in parts.items()},
        "registry": {"uri": "sqlite:///mlflow.db"},
        "strategies": ["linear_pool"],
        "scratch": ["logistic"],
        "training": {"folds": 2},
        "gate": {"seeds": 1},
        "shift": {"permutations": 99, "evidently": False},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    assert command(["run", str(folder / "config.yaml"), "--quiet"]) == 0
    return folder


def uri_of(folder: Path) -> str:
    return f"sqlite:///{folder / 'mlflow.db'}"


@contextmanager
def served(folder: Path, alias: str, name: str = "clinic") -> Iterator[str]:
    """The address of MLflow's scoring server for the version with an alias."""
    import mlflow
    import uvicorn
    from mlflow.pyfunc.scoring_server import init

    client = connect(RegistryConfig(uri=uri_of(folder)), name).client
    place = client.get_model_version_download_uri(name, client.get_model_version_by_alias(name, alias).version)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("_MLFLOW_IS_IN_SERVING_ENVIRONMENT", "true")  # what `init` sets for good goes with this
        app = init(mlflow.pyfunc.load_model(place))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        assert time.monotonic() < deadline, "the scoring server did not start"
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(30)


@pytest.fixture(scope="module")
def champion(clinic) -> Iterator[str]:
    with served(clinic, "champion") as address:
        yield address


@pytest.fixture
def check(clinic, capsys):
    def check(endpoint: str, *more: str, code: int = 0, uri: str = "") -> str:
        capsys.readouterr()
        given = ["serve-check", "clinic", "--uri", uri or uri_of(clinic), "--endpoint", endpoint, *more]
        assert command(given) == code
        told = capsys.readouterr()
        assert (told.err if code in (0, 3) else told.out) == "" or "--json" in more
        return told.out if code in (0, 3) or "--json" in more else told.err

    return check


def openings(folder: Path) -> list:
    return Ledger(uri_of(folder)).entries("clinic")


def test_the_champion_serves_what_was_judged(clinic, champion, check):
    before = openings(clinic)
    told = check(champion)
    assert told.startswith(f"{champion}/invocations serves the judged scores of clinic version ")
    assert "on all 500 test rows; the largest difference is" in told
    assert "with their texts as the file has them, 8 of them once more alone without what is missing" in told
    asked = json.loads(check(f"{champion}/invocations/", "--json"))
    assert (asked["same"], asked["arm"], asked["judged"], asked["spelled"]) == (True, "candidate", True, True)
    assert (asked["rows"], asked["alone"], asked["changed"], asked["differing"], asked["first"]) == (500, 8, 0, 0, [])
    assert asked["largest"] <= 1e-4
    assert openings(clinic) == before  # no row is worn


def test_another_model_is_told_by_its_scores(clinic, check):
    with served(clinic, "baseline") as address:
        told = check(address, code=3)
        assert "does not serve the judged scores" in told
        assert "they are the scores of the baseline from scratch: another model is deployed there" in told
        assert len([line for line in told.splitlines() if line.startswith("  row ")]) == 5
        asked = json.loads(check(address, "--json", code=3))
        assert asked["differing"] > 400
        assert 0 < asked["changed"] < asked["differing"]
        version = (
            connect(RegistryConfig(uri=uri_of(clinic)), "clinic").client.get_model_version_by_alias("clinic", "baseline").version
        )
        assert "serves the judged scores" in check(address, "--version", str(version))


def test_rows_go_as_they_were_read_where_their_file_has_changed(clinic, champion, check):
    path, before = clinic / "test.csv", (clinic / "test.csv").read_text()
    for now in (before.replace("\n", "\n9", 3), "other,label\n1,ill\n", None):
        if now is None:
            path.unlink()
        else:
            path.write_text(now)
        try:
            told = check(champion)
        finally:
            path.write_text(before)
        assert "serves the judged scores" in told
        assert "the rows went as they were read" in told


def test_a_run_that_has_moved_is_named(clinic, champion, check, tmp_path):
    (made,) = (clinic / "runs" / "clinic").iterdir()
    moved = shutil.move(made, tmp_path / "elsewhere")
    try:
        said = check(champion, code=2)
        assert said.startswith(
            "error: --run: expected the folder of the run that made the version, with the test rows, got none at "
        )
        assert said.endswith(f"{made}; say where it is now, or run the check on the machine that has it.\n")
        assert "serves the judged scores" in check(champion, "--run", str(moved))
    finally:
        shutil.move(moved, made)


def test_versions_that_are_not_there_or_not_ours(clinic, champion, check, tmp_path):
    assert "version=77) not found; name a version that `ntgate status clinic` lists" in check(champion, "--version", "77", code=6)
    registry = connect(RegistryConfig(uri=f"sqlite:///{tmp_path / 'other.db'}"), "clinic")
    registry.client.create_registered_model("clinic")
    assert "champion of clinic: expected a version in production, got none" in check(champion, uri=registry.config.uri, code=6)
    run = registry.client.create_run(registry.experiment()).info.run_id
    version = registry.client.create_model_version("clinic", str(tmp_path), run).version
    adopt(registry, str(version), by="ann", reason="serves already")
    said = check(champion, uri=registry.config.uri, code=5)
    assert "expected a version that a run of ntgate made, got one made by other means" in said


class Broken(BaseHTTPRequestHandler):
    """A server that answers in the way that its address says."""

    asked: list[tuple[str | None, dict]] = []

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).asked.append((self.headers["Authorization"], content))
        kind, n = self.path.partition("?")[0].strip("/"), len(content["dataframe_split"]["data"])
        scores = [{"ill": 0.5, "well": 0.5}] * n
        status, body = {
            "refused": (400, json.dumps({"error_code": "BAD_REQUEST", "message": "no column   x0\nthere"})),
            "forbidden": (403, "who are you?"),
            "redirect": (307, ""),
            "fault": (500, "<html>oops</html>"),
            "text": (200, "fine"),
            "labels": (200, json.dumps({"predictions": ["ill"] * n})),
            "others": (200, json.dumps({"predictions": [{"cat": 1.0, "dog": 0.0}] * n})),
            "fewer": (200, json.dumps({"predictions": scores[1:]})),
            "words": (200, json.dumps({"predictions": [{"ill": "half", "well": 0.5}] * n})),
            "nothing": (200, json.dumps({"predictions": [{"ill": None, "well": None}] * n})),
            "alone": (200, json.dumps({"predictions": scores})),
        }[kind]
        self.send_response(status)
        if status == 307:
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def broken() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Broken)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("refused", "got HTTP 400, no column x0 there; look into the server's log."),
        ("forbidden", "got HTTP 403, who are you?; set NTGATE_ENDPOINT_TOKEN, or put user and password into the address."),
        ("redirect", "got HTTP 307; give the address that it leads to."),
        ("fault", "got HTTP 500, <html>oops</html>; look into the server's log."),
        ("text", "got no JSON; name the address at which MLflow's server takes rows."),
        (
            "labels",
            "expected scores of the classes 'ill', 'well' by name, as `mlflow models serve` answers, got {\"predictions\": ",
        ),
        ("others", "got a row of 'cat', 'dog'; deploy the version that is checked, or name another endpoint."),
        ("fewer", "expected scores of 256 rows, got of 255; look into the server's log."),
        ("words", "expected scores that are numbers, got could not convert string to float: 'half'"),
    ],
)
def test_what_an_endpoint_does_wrong_is_one_sentence(check, broken, how, said):
    told = check(f"{broken}/{how}", code=6)
    assert told.startswith(f"error: endpoint {broken}/{how}: expected ")
    assert said in told
    assert told.count("\n") == 1
    assert json.loads(check(f"{broken}/{how}", "--json", code=6))["exit_code"] == 6


def test_scores_that_are_no_numbers_differ(check, broken):
    told = check(f"{broken}/nothing", code=3)
    assert "500 of 500 test rows have other scores, one is no number, and" in told
    assert "served no numbers" in told
    asked = json.loads(check(f"{broken}/nothing", "--json", code=3))
    assert (asked["largest"], asked["changed"], asked["first"][0]["served"]) == (None, 500, None)


def test_rows_that_differ_only_alone_are_told_as_such(clinic, champion, check, broken, monkeypatch):
    """A server that scores a batch well, and a lone row without its missing cells badly."""
    import ntgate.stages.serve_check as stage

    good, bad = at(champion), at(f"{broken}/alone")
    monkeypatch.setattr(stage, "_scores", lambda endpoint, content, classes, n: (bad if n == 1 else good).scores(content, classes))
    told = check(champion, code=3)
    assert "8 of 500 test rows have other scores" in told
    assert told.count("sent alone without its missing cells: judged") == 5


def test_labels_stay_here_and_credentials_are_sent_and_not_shown(check, broken, monkeypatch):
    Broken.asked.clear()
    check(f"{broken}/nothing", code=3)
    address = broken.replace("http://", "http://ann:se%20cret@")
    assert "se%20cret" not in check(f"{address}/nothing", code=3)
    assert "cret" not in check(f"{address}/forbidden", code=6)
    assert "SECRET" not in check(f"{broken}/nothing?code=SECRET", "--json", code=3) + check(f"{broken}/fault?code=SECRET", code=6)
    monkeypatch.setenv("NTGATE_ENDPOINT_TOKEN", "abc123\n")
    assert "abc123" not in check(f"{broken}/nothing", code=3)
    assert {who for who, _ in Broken.asked} == {None, "Basic YW5uOnNlIGNyZXQ=", "Bearer abc123"}
    sent = [content["dataframe_split"] for _, content in Broken.asked]
    assert not any("label" in one["columns"] or "ill" in str(one["data"]) for one in sent)
    assert {len(one["data"]) for one in sent} == {256, 244, 1}
    lone = [one for one in sent if len(one["data"]) == 1]
    assert any(len(one["columns"]) < 15 for one in lone)  # what is missing is left out


@pytest.mark.parametrize(
    "address", ["127.0.0.1:8080", "ftp://models", "http://", "http://[::1", "file:///etc/passwd", "http://m:x"]
)
def test_what_is_no_address(address):
    with pytest.raises(ConfigError, match="an http:// or https:// address"):
        at(address)


def test_what_is_no_address_is_not_shown_where_it_may_hold_a_password(monkeypatch):
    with pytest.raises(ConfigError, match="got one with an @, which may hold a password"):
        at("ann:secret@models:8080")
    monkeypatch.setenv("NTGATE_ENDPOINT_TOKEN", "abc\u20ac")
    with pytest.raises(ConfigError, match="NTGATE_ENDPOINT_TOKEN: expected a token in plain letters"):
        at("http://models:8080")


def test_nobody_there():
    with pytest.raises(EndpointError, match="got Connection refused; start it, or correct the address"):
        at("http://127.0.0.1:9").scores({"inputs": [[1]]}, ["a"])
    assert at("https://[::1]:8080/a?b=c").address == "https://[::1]:8080/a?b=c"


@pytest.mark.slow
@pytest.mark.parametrize("folds", [None, 3], ids=["test rows", "cross-fitted"])
def test_rows_of_arrays_and_of_folds(project, capsys, folds):
    settings = ["--set", "strategies=[{kind: linear_pool}]", "--set", "scratch=[logistic]", "--set", "gate.seeds=1"]
    if folds is not None:
        with np.load(project / "target.npz") as few, np.load(project / "target_test.npz") as more:
            x, y = (np.concatenate([few[name], more[name][:300]]) for name in ("x", "y"))
        np.savez(project / "target.npz", x=x, y=y)
        settings += ["--set", "data.target_test=null", "--set", f"gate.cross_fitting={{folds: {folds}}}"]
    code = command(["run", str(project / "config.yaml"), "--quiet", *settings])
    alias = "champion" if code == 0 else "baseline"  # folds of so few rows may leave it open: then scratch is asked for
    version = connect(RegistryConfig(uri=uri_of(project)), "reader").client.get_model_version_by_alias("reader", alias).version
    with served(project, alias, "reader") as address:
        capsys.readouterr()
        given = ["serve-check", "reader", "--uri", uri_of(project), "--endpoint", address, "--version", version]
        assert command(given) == 0
        told = capsys.readouterr().out
        assert ("the judged scores" if folds is None else "the scores of the exported model") in told
        assert "the rows went as they were read, 8 of them once more alone" in told
