"""``ntgate init``: a new project from the scaffold in the wheel."""

from __future__ import annotations

from pathlib import Path

import click

from ntgate.cli import console
from ntgate.cli.options import with_json
from ntgate.errors import ConfigError


@click.command(short_help="Create a project.")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Change nothing; list the files that are missing or differ (exit 3).")
@with_json
def init(directory: Path, check: bool, as_json: bool) -> int:
    """Create a project: pipelines, steps, deployment files, a CI workflow, a smoke test and a starter config.

    Existing files are never overwritten.
    """
    from ntgate import requirements, template

    if check:
        differing = template.differences(directory)
        if as_json:
            console.answer({"schema": 1, "differing": differing})
        else:
            console.answer("\n".join(differing) if differing else f"{directory} is up to date")
        return 3 if differing else 0
    if directory.is_file():
        raise ConfigError(str(directory), expected="a folder or nothing", got="a file", fix="name another folder")
    written, kept = template.create(directory)
    named = requirements.named(directory / template.REQUIREMENTS)
    if as_json:
        answer = {"directory": str(directory.resolve()), "written": written, "kept": kept, "installs": named}
        console.answer({"schema": 1, **answer})
        return 0
    lines = [f"created {len(written)} files in {directory}" + (f", kept {len(kept)} that were there" if kept else "")]
    lines += ["", "next:", f"  edit {directory / 'retrain.yaml'}", f"  ntgate validate {directory / 'retrain.yaml'}"]
    lines.append(f"  ntgate run {directory / 'retrain.yaml'}")
    if named is None:
        unsaid = f"{directory / template.REQUIREMENTS} does not say yet where the workflow installs ntgate from"
        lines += ["", f"{unsaid}: {requirements.UNKNOWN}."]
    console.answer("\n".join(lines))
    return 0
