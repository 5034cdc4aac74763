"""Messages: a verdict told to people where they are, a chat or a command of theirs; never the reason for a failed run."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from ntgate.base import Frozen
from ntgate.credentials import without_credentials

_LOG = logging.getLogger(__name__)
_VARIABLE = "[A-Za-z_][A-Za-z0-9_]*"
_SECONDS = 15  # that a run waits for anybody
Outcome = Literal["promoted", "rejected", "inconclusive", "approval_wanted"]


class NotifyConfig(Frozen):
    """Who is told of a verdict: once for each decision, after the alias was moved or was not; a dry run tells nobody.

    Attributes:
        webhook: name of the environment variable that holds the address of a webhook as Slack, Mattermost and Teams take them:
            the address is a secret, and is read where the message is sent.
        command: program and arguments that get the message as JSON on standard input.
        outcomes: which verdicts are told.
    """

    webhook: str | None = Field(None, json_schema_extra={"pattern": f"^{_VARIABLE}$"})
    command: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ("promoted", "rejected", "inconclusive", "approval_wanted")

    @field_validator("webhook")
    @classmethod
    def _a_name(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(_VARIABLE, value):
            # What came is not said: an address of a webhook is a secret as a whole, with its scheme or without.
            got = "an address" if re.search("[/.:]", value) else "no name of one"
            expected = "the name of an environment variable that holds the address, which is a secret"
            fix = "export the address as a variable, and give the variable's name"
            raise PydanticCustomError("no_name", "expected {expected}, got {got}", {"expected": expected, "got": got, "fix": fix})
        return value


def message(model: str, answer: Mapping[str, Any], *, in_a_row: int = 0) -> dict[str, Any]:
    """What is told: a sentence for people, and the facts behind it.

    Args:
        model: the registered model.
        answer: what ``ntgate run --json`` says.
        in_a_row: of a verdict that stays open, how many have in a row, this one among them; 0: not known.

    >>> message("reader", {"outcome": "rejected", "sentence": "rejected: no gain", "gain": -0.02})["text"]
    'reader: rejected: no gain'
    """
    keys = ("outcome", "sentence", "alarms", "gain", "gain_interval", "decision_id", "directory", "registry")
    text = f"{model}: {answer['sentence']}"
    if in_a_row > 1:
        text = f"{text} The last {in_a_row} decisions have all been left open."
    facts = {key: answer[key] for key in keys if key in answer}
    return {"text": text, "model": model, **facts, **({"inconclusive_in_a_row": in_a_row} if in_a_row else {})}


def send(config: NotifyConfig, told: Mapping[str, Any]) -> None:
    """Tell all that the config names; who cannot be told is named in the log, and nothing else comes of it.

    Args:
        config: who.
        told: the message.
    """
    if config.webhook:
        _attempt(f"the webhook in {config.webhook}", lambda: _post(str(config.webhook), {"text": told["text"]}))
    if config.command:
        _attempt(config.command[0], lambda: _run(config.command, told))


def _attempt(whom: str, tell: Any) -> None:
    try:
        tell()
    except Exception as error:  # noqa: BLE001  whatever it is, the verdict stands
        _LOG.warning("%s was not told of the verdict: %s", whom, without_credentials(str(error))[:200])


def _post(variable: str, content: Mapping[str, Any]) -> None:
    address = os.environ.get(variable)
    if not address:
        raise LookupError(f"the environment has no {variable}")
    if not address.startswith(("http://", "https://")):
        raise ValueError(f"{variable} holds no http(s):// address")
    request = urllib.request.Request(  # noqa: S310  checked above
        address, json.dumps(content).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS):  # noqa: S310
            pass
    except (OSError, ValueError, HTTPException) as error:
        raise OSError(str(error).replace(address, f"${variable}")) from None


def _run(command: tuple[str, ...], told: Mapping[str, Any]) -> None:
    done = subprocess.run(command, input=json.dumps(told), text=True, capture_output=True, timeout=_SECONDS, check=False)
    if done.returncode:
        raise OSError(f"exit status {done.returncode}: {done.stderr.strip()[-150:]}")
