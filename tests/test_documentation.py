"""What README and documentation show runs as printed, and the site is built without a dead link."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from ntgate.cli.app import cli
from ntgate.cli.app import run as command
from tests.conftest import write_project
from tests.test_described import properties

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def blocks(page: Path, language: str) -> list[tuple[str, str]]:
    """The title and the content of each block of code in a language."""
    found = re.findall(rf'^```{language}(?: title="(.*?)")?\n(.*?)^```', page.read_text(), re.MULTILINE | re.DOTALL)
    return [(title, text) for title, text in found]


def execute(page: Path, known: dict) -> None:
    """Run the page's Python in one namespace, from the working directory."""
    for number, (_, text) in enumerate(blocks(page, "python")):
        exec(compile(text, f"{page.name}, block {number}", "exec"), known)


@pytest.mark.parametrize("page", [pytest.param("how-to/own.md", marks=pytest.mark.slow), "reference/python.md"])
def test_the_python_of_a_page_runs(page, capsys, monkeypatch):
    module = ModuleType("mine")  # what the page's classes are found in again
    monkeypatch.setitem(sys.modules, "mine", module)
    execute(ROOT / "docs" / page, module.__dict__)
    if page.endswith("python.md"):
        assert capsys.readouterr().out.startswith("promoted (0.0")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_shown_exists(page):
    """With its options: the words after ``ntgate`` are parsed as the command line parses them."""
    text = page.read_text()
    shown = [line for _, text in blocks(page, "sh") for line in text.splitlines()]
    shown += re.findall(r"`(ntgate [a-z][^`]*)`", text)
    for line in shown:
        words = shlex.split(line.split("#")[0].split(";")[0])
        if len(words) > 1 and words[0] == "ntgate" and re.fullmatch(r"[a-z]+", words[1]):
            found = cli.get_command(None, words[1])
            assert found is not None, line
            known = {option for parameter in found.params for option in parameter.opts}
            known |= {option for below in getattr(found, "commands", {}).values() for p in below.params for option in p.opts}
            assert {word.split("=")[0] for word in words if word.startswith("--")} <= known | {"--help"}, line


def test_the_site_is_built_and_has_every_setting(tmp_path):
    config = ("--config-file", str(ROOT / "mkdocs.yml"))
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", *config, "--site-dir", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "true"},
    )
    assert done.returncode == 0, done.stderr
    from ntgate.config import RunConfig

    page = (tmp_path / "reference" / "config" / "index.html").read_text()
    for name, _ in properties(RunConfig.model_json_schema()):
        if not name.endswith(".kind"):
            assert f"<code>{name.rpartition('.')[2]}</code>" in page, name
    loaded = re.findall(r'<(?:link|script|img)[^>]*(?:href|src)="(https?:[^"]*)"', (tmp_path / "index.html").read_text())
    assert [address for address in loaded if "canonical" not in address] == []


def test_a_pretrained_model_is_brought_as_printed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    page = ROOT / "docs" / "how-to" / "pretrained.md"
    execute(page, {})
    [*_, (title, text)] = [block for block in blocks(page, "yaml") if block[0]]
    Path(title).write_text(text)
    assert command(["validate", title]) == 0
    told = capsys.readouterr().out
    printed = next(text for _, text in blocks(page, "text") if "come from body.pt" in text)
    assert printed in told


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tutorial", "tutorial-images", "tutorial-texts"])
def test_a_tutorial_runs_as_printed(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    page = ROOT / "docs" / f"{name}.md"
    execute(page, {})
    for title, text in blocks(page, "yaml"):
        Path(title).write_text(text)
    for line in "".join(text for _, text in blocks(page, "sh")).splitlines():
        run = next((file.parent for file in tmp_path.glob("runs/*/*/result.json")), Path("RUN"))
        assert command(shlex.split(line.replace("RUN", str(run)))[1:]) in (0, 3, 4), line
    told = capsys.readouterr().out
    assert "\nverdict   " in told  # as `explain` tells it
    assert "identical: " in told or "replay" not in page.read_text()


@pytest.mark.slow
def test_the_python_of_the_readme_runs_as_printed(tmp_path, digits, monkeypatch, capsys):
    write_project(tmp_path, *digits)
    monkeypatch.chdir(tmp_path)
    config = (tmp_path / "config.yaml").read_text().replace("name: reader", "name: digits-reader")
    (tmp_path / "config.yaml").write_text(config)
    assert command(["run", "config.yaml", "--inline"]) == 0
    (tmp_path / "target-test.npz").write_bytes((tmp_path / "target_test.npz").read_bytes())
    rng = np.random.default_rng(0)
    for name, rows in (("source", 300), ("target", 150)):
        x = rng.normal(size=(rows, 4))
        pd.DataFrame(x, columns=list("abcd")).assign(quality=np.where(x[:, 0] > 0, "good", "poor")).to_csv(
            f"{name}.csv", index=False
        )
    execute(ROOT / "README.md", {"source_rows": rng.normal(size=(200, 3)), "target_rows": rng.normal(size=(200, 3)) + 1})
    assert "The candidate beats training from scratch by 10.8 points" in capsys.readouterr().out
