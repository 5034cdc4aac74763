"""Who is named is told once: of each verdict, of how many stayed open, and that the test rows are spent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from ntgate.cli.app import run as command


@pytest.mark.slow
def test_each_thing_is_told_once(project: Path, capsys):
    told = project / "told.jsonl"
    config = yaml.safe_load((project / "config.yaml").read_text())
    config |= {"strategies": ["linear_pool"], "scratch": ["logistic"], "gate": {"seeds": 1}}
    config["training"] |= {"steps": 20, "source_steps": 20}
    config["notify"] = {"command": ["sh", "-c", f"cat >> {told}; echo >> {told}"]}
    (project / "config.yaml").write_text(yaml.safe_dump(config))

    def run(*more: str) -> int:
        return command(["run", str(project / "config.yaml"), "--quiet", *more])

    def messages() -> list[dict]:
        return [json.loads(line) for line in told.read_text().splitlines() if line]

    def texts() -> list[str]:
        return [one["text"] for one in messages()]

    assert run() == 0
    assert run() == 0  # the same run again
    assert [one["outcome"] for one in messages()] == ["promoted"]

    assert run("--set", "seed=1", "--dry-run") == 4
    assert len(messages()) == 1
    for _ in range(2):
        assert run("--set", "seed=1") == 4
    assert len(messages()) == 2
    assert texts()[1].startswith("reader: test rows: expected test rows on which a new model can be judged, got worn ones.")
    assert messages()[1]["outcome"] == "inconclusive"

    for number, seed in enumerate((1, 1, 2), start=1):
        capsys.readouterr()
        assert run("--set", f"seed={seed}", "--force") == 4
        assert len(messages()) == (3 if number < 3 else 4)
    assert "have all been left open" not in texts()[2]
    assert messages()[2]["inconclusive_in_a_row"] == 1
    assert texts()[3].endswith(" The last 2 decisions have all been left open.")
    assert messages()[3]["inconclusive_in_a_row"] == 2
