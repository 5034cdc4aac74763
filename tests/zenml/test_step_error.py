"""What becomes of a step's end in its container."""

from __future__ import annotations

from docker.errors import ContainerError

from ntgate.zenml.step_error import container_error


def ended(said: bytes) -> ContainerError:
    """As docker raises it for what ZenML's orchestrator local_docker starts."""
    return ContainerError(None, 1, ["--snapshot_id", "1", "--step_name", "ingest"], "ntgate:0.2.0", said)


def test_a_container_that_no_step_began_in_is_told_by_its_last_words():
    error = container_error(ended("╭─ Traceback ─╮\n╰─╯\nPermissionError: [Errno 13] Permission denied: '/state'\n\n".encode()))
    assert error is not None
    assert error.subject == "the container of step ingest"
    assert error.got == "exit code 1: PermissionError: [Errno 13] Permission denied: '/state'"


def test_a_container_that_said_nothing():
    assert "exit code 1: no words" in str(container_error(ended(b"")))


def test_other_errors_are_left_alone():
    assert container_error(RuntimeError("no")) is None
