"""What the shell is told when it completes a line, by the process that a user has."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def asked(line: str, how: str = "bash_complete") -> subprocess.CompletedProcess[str]:
    told = {"_NTGATE_COMPLETE": how, "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    command = [sys.executable, "-m", "ntgate"]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **told})


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("ntgate a", ["plain,adopt", "plain,approve", "plain,ask"]),
        ("ntgate run --qu", ["plain,--quick", "plain,--quiet"]),
        ("ntgate explain ru", ["file,ru"]),
    ],
)
def test_commands_options_and_paths_are_offered(line, offered):
    done = asked(line)
    assert (done.returncode, done.stderr, done.stdout.split()) == (0, "", offered)


def test_the_script_of_a_shell_is_printed_for_eval():
    done = asked("", "zsh_source")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("#compdef ntgate")
