"""``ntgate init``: a new project from the scaffold in the wheel."""

from __future__ import annotations

from pathlib import Path

import click

from ntgate.cli import console
from ntgate.cli.options import with_json
from ntgate.errors import ConfigError, MachineError
from ntgate.machine import out_of_room

_SHOWN = 120  # characters of a path


@click.command(short_help="Create a project.")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Change nothing; list the files that are missing or differ (exit 3).")
@with_json
def init(directory: Path, check: bool, as_json: bool) -> int:
    """Create a project: pipelines, steps, deployment files, a CI workflow, a smoke test and a starter config.

    Existing files are never overwritten.
    """
    try:
        return _init(directory, check=check, as_json=as_json)
    except OSError as error:  # shutil names the file that is copied, and that is ours
        shown = str(directory) if len(str(directory)) <= _SHOWN else f"{str(directory)[:_SHOWN]}..."
        got = error.strerror or str(error)
        if out_of_room(error):
            raise MachineError(shown, expected="room for a project", got=got, fix="make room there, and run again") from error
        raise ConfigError(shown, expected="a folder that can be made", got=got.lower(), fix="name another folder") from error


def _init(directory: Path, *, check: bool, as_json: bool) -> int:
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
