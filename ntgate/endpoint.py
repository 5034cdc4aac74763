"""A scoring server that takes requests as MLflow's do: raw rows to its ``/invocations``, class scores back."""

from __future__ import annotations

import base64
import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import numpy as np
import numpy.typing as npt

from ntgate.credentials import without_credentials
from ntgate.errors import ConfigError, EndpointError
from ntgate.json_text import parsed
from ntgate.shift.arguments import listed

TOKEN = "NTGATE_ENDPOINT_TOKEN"  # noqa: S105  the name of the variable that holds it
PATH = "/invocations"
_SECONDS = 60.0  # a server that was scaled to nothing has to start first
_SAID = 300  # characters of what a server says about a refusal


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Rows and credentials go to the address that was given, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True)
class Endpoint:
    """A scoring server.

    Attributes:
        address: where rows are sent, without user and password.
        authorization: the header of that name; None: nobody is asked who we are.

    >>> at("http://ann:secret@models:8080").address, at("https://models/serving-endpoints/a/invocations").address
    ('http://models:8080/invocations', 'https://models/serving-endpoints/a/invocations')
    """

    address: str
    authorization: str | None = None

    @property
    def shown(self) -> str:
        """The address for people and logs: what stands behind a question mark may be a key."""
        return self.address.partition("?")[0]

    def __repr__(self) -> str:
        return f"Endpoint({self.shown!r})"

    def scores(self, rows: Mapping[str, Any], classes: Sequence[str]) -> npt.NDArray[np.float64]:
        """Scores ``(n, c)``, a column for each of ``classes``, of rows in one of MLflow's forms, such as ``{"inputs": [...]}``.

        Raises:
            EndpointError: when the server does not answer, refuses the rows, or answers with anything else.
        """
        return _read(self._asked(rows), classes, self.shown)

    def _asked(self, rows: Mapping[str, Any]) -> Any:
        headers = {"Content-Type": "application/json"}
        if self.authorization is not None:
            headers["Authorization"] = self.authorization
        request = urllib.request.Request(self.address, json.dumps(rows).encode(), headers)  # noqa: S310  checked in `at`
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=_SECONDS) as answer:
                told = answer.read()
        except urllib.error.HTTPError as error:
            raise self._fault(f"HTTP {error.code}{_said(error)}", _remedy(error.code)) from error
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            got = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
            raise self._fault(got, "start it, or correct the address") from error
        try:
            return parsed(told)
        except ValueError as error:
            raise self._fault("no JSON", "name the address at which MLflow's server takes rows") from error

    def _fault(self, got: str, fix: str) -> EndpointError:
        return EndpointError(f"endpoint {self.shown}", expected="class scores of the rows", got=got, fix=fix)


def at(address: str) -> Endpoint:
    """The server at an address; without a path rows go to ``/invocations``.

    Who asks is told by user and password in the address, or by the token in the variable ``NTGATE_ENDPOINT_TOKEN``.

    Raises:
        ConfigError: when it is no http(s):// address, or the token is none that a header takes.
    """
    shown = "one with an @, which may hold a password" if "@" in address else repr(address.partition("?")[0])
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
        if host and ":" not in host:
            host = host.encode("idna").decode("ascii")  # a label that is empty or too long is none
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise ConfigError("--endpoint", expected="an http:// or https:// address", got=shown, fix="correct it")
    place = f"[{host}]" if ":" in host else host
    bare = urlunsplit(
        (
            parts.scheme,
            place if port is None else f"{place}:{port}",
            quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~") or PATH,
            parts.query,
            "",
        )
    )
    token = os.environ.get(TOKEN, "").strip()  # mounted secrets end in a newline
    if not token.isascii() or not token.isprintable():
        raise ConfigError(TOKEN, expected="a token in plain letters", got="other characters", fix="set it again")
    if parts.username is not None:
        known = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        return Endpoint(bare, "Basic " + base64.b64encode(known.encode()).decode())
    return Endpoint(bare, f"Bearer {token}" if token else None)


def _read(told: Any, classes: Sequence[str], address: str) -> npt.NDArray[np.float64]:
    rows = told.get("predictions") if isinstance(told, dict) else told
    where, deploy = f"endpoint {address}", "deploy the version that is checked, or name another endpoint"
    if not isinstance(rows, list) or not all(isinstance(row, dict) and set(row) == set(classes) for row in rows):
        other = next((row for row in rows if isinstance(row, dict)), None) if isinstance(rows, list) else None
        raise EndpointError(
            where,
            expected=f"scores of the classes {listed(classes)} by name, as `mlflow models serve` answers",
            got=json.dumps(told)[:_SAID] if other is None else f"a row of {listed(list(other))}",
            fix=deploy,
        )
    try:
        return np.array([[row[name] for name in classes] for row in rows], dtype=np.float64).reshape(len(rows), len(classes))
    except (TypeError, ValueError) as error:
        raise EndpointError(where, expected="scores that are numbers", got=str(error)[:_SAID], fix=deploy) from error


def _said(error: urllib.error.HTTPError) -> str:
    """What a server says about its refusal: MLflow's has it in JSON."""
    text = error.read(100_000).decode("utf-8", "replace").strip()
    with suppress(ValueError, KeyError, AttributeError):
        told = parsed(text)
        text = str(told.get("message") or told["detail"])
    text = " ".join(without_credentials(text).split())[:_SAID].rstrip(".")
    return f", {text}" if text else ""


def _remedy(status: int) -> str:
    if status in (401, 403):
        return f"set {TOKEN}, or put user and password into the address"
    if status in (301, 302, 303, 307, 308):
        return "give the address that it leads to"
    if status in (404, 405):
        return "name the address at which it takes rows, such as http://HOST:PORT/invocations"
    return "look into the server's log"
