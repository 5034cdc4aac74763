"""Every place that tells of one run: the console, the answer, the page with the drift inside, MLflow, explain and status."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from ntgate.stages.result import RunResult
from tests.report.conftest import Page


def plain(text: str) -> str:
    """Text with single blanks of one kind, none between thousands, no colours and no entities."""
    import html

    told = re.sub(r"(?<=\d)\u202f(?=\d{3})", "", html.unescape(click.unstyle(text)))
    return re.sub(r"\s+", " ", told).strip()


class Said(Page):
    """A page, each fact of it (``dt`` and ``dd``) where it stands, and its headings with what follows."""

    def __init__(self, text: str) -> None:
        self.said: list[tuple[str, str]] = []
        self.bold: list[str] = []
        super().__init__(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        super().handle_starttag(tag, attrs)
        if tag == "dt":
            self.said.append(("", ""))
        if tag == "h1":
            self.bold.append("")
        if tag == "small" and self.said:
            self.said[-1] = (self.said[-1][0], self.said[-1][1] + " | ")

    def handle_data(self, data: str) -> None:
        super().handle_data(data)
        if "dt" in self.open:
            self.said[-1] = (self.said[-1][0] + data, "")
        elif "dd" in self.open:
            self.said[-1] = (self.said[-1][0], self.said[-1][1] + data)
        if "h1" in self.open:
            self.bold[-1] += data

    def first(self, name: str) -> str:
        """What the first fact of this name is; empty where there is none."""
        return next((plain(value) for called, value in self.said if called == name), "")


@dataclass
class Places:
    """What each place says of a run.

    Attributes:
        answer: what ``--json`` prints.
        console: what is printed for people.
        explain: what ``ntgate explain`` prints; None: the command was not asked, or refused.
        page: the report, the drift part in it.
        run: the MLflow run; None where nothing was recorded.
        children: the runs of its arms by strategy.
        version: the version that the run made; None where it made none.
        status: what ``ntgate status NAME`` prints; ``fleet``: without a name.
        champion: the version that carries the alias now.
        files: names of the run's artifacts in MLflow, with the text of those that are text.
    """

    answer: dict[str, Any]
    console: str
    page: Said
    explain: str | None = None
    run: Any = None
    children: dict[str, Any] = field(default_factory=dict)
    version: Any = None
    status: str = ""
    fleet: str = ""
    champion: str | None = None
    files: dict[str, str] = field(default_factory=dict)

    @property
    def note(self) -> str:
        return "" if self.run is None else str(self.run.data.tags.get("mlflow.note.content", ""))

    @property
    def texts(self) -> dict[str, str]:
        """Everything that people read, by place."""
        told = {
            "console": self.console,
            "page": self.page.text,
            "explain": self.explain or "",
            "MLflow note": self.note,
            "MLflow version": "" if self.version is None else str(self.version.description),
        }
        return {place: plain(text) for place, text in told.items() if text}


def asked(*arguments: str) -> str:
    """What a command prints, whatever it exits with."""
    from click.testing import CliRunner

    from ntgate.cli.app import cli

    done = CliRunner().invoke(cli, list(arguments), catch_exceptions=False)
    return click.unstyle(done.stdout)


def places_of(result: RunResult, uri: str) -> Places:
    """Gather them, as the commands print and the registry keeps them."""
    from ntgate.cli.console import printable
    from ntgate.cli.run import summary

    answer, name = result.as_json(), result.registry["name"]
    page = Path(result.reports["report"].path)
    found = Places(answer, click.unstyle(printable(summary(result))), Said(page.read_text(encoding="utf-8")))
    found.explain = asked("explain", result.directory)
    if result.registry["run_id"] is None:
        return found
    from mlflow import MlflowClient

    client, run_id = MlflowClient(uri), result.registry["run_id"]
    found.run = client.get_run(run_id)
    children = client.search_runs([found.run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{run_id}'")
    found.children = {one.data.tags["ntgate.strategy"]: one for one in children}
    found.status, found.fleet = asked("status", name, "--uri", uri), asked("status", "--uri", uri)
    made = [one for one in client.search_model_versions(f"name = '{name}'") if one.tags.get("ntgate.run_id") == run_id]
    found.version = made[0] if made else None
    aliases = client.get_registered_model(name).aliases if client.search_model_versions(f"name = '{name}'") else {}
    found.champion = str(aliases["champion"]) if "champion" in aliases else None
    for file in client.list_artifacts(run_id):
        if file.path.endswith((".json", ".html")) and file.path != "confusion.json":
            found.files[file.path] = Path(client.download_artifacts(run_id, file.path)).read_text(encoding="utf-8")
        else:
            found.files[file.path] = ""
    return found
