"""Credentials have no place in messages."""

from __future__ import annotations

import json
import os
import re
from urllib.parse import quote, quote_plus, unquote

_SECRETS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
    "NTGATE_ENDPOINT_TOKEN",
)
_REFERENCE = r"\$(?:\{\w+\}|\[\w+\])"  # what refers to a variable is no secret
# A path that was made of an address has one slash; three are a file of SQLite's.
_BEGIN, _USER = r"(:/{1,2})(?![/@])", r"[^/@\s:]*:"
_PORT = r"""\d{1,5}(?=[/?\#\s,;.)\]"'}:]|$)"""
# user:password@host and token@host. A password may hold anything, so that it reaches to the last @: over spaces too, but for
# what begins as the port of a host, since prose may follow that.
_IN_ADDRESS = re.compile(
    rf"""(?x) {_BEGIN} (?: (?! [\["'] ) {_USER} (?!{_REFERENCE}@) (?!{_PORT}) (?: (?!://) [\s\S] ){{0,400}} @
        | {_USER} (?!{_REFERENCE}@) \S* @ )
    | (://) (?! (?:{_USER})? {_REFERENCE}@ ) [^/\s]* @"""
)
_NAMES = r"""(?<![\w-]) [\w-]* (?: password | passwd | pwd | passphrase | token | secret | secret[_-]?key | credential
        | signature | api[_-]?key | access[_-]?key (?: [_-]?id )? | account[_-]?key ) | (?<=[?&]) (?: key | sig | auth )"""
# password=..., as in a query string, a connection string or a header.
_NAMED = re.compile(rf"""(?ix) ( {_NAMES} ) ( \s*=\s* | ["']\s*:\s*["'] ) (?! \$[\[{{] | \*\*\* ) [^&;\s"'<>,)\]}}]+""")
_IN_QUERY = re.compile(rf"(?ix) (?: {_NAMES} ) = ([^&]+)")

_known: set[str] = set()  # secrets that this process was given, in every spelling in which a library may quote them
_SHORTEST = 4
_WORD = re.compile("[a-z]{1,8}")  # what a sentence may have of its own, such as mlflow: masked in addresses alone


def remember(secret: str, *, whole: bool = False) -> None:
    """Have a secret masked wherever it stands from now on, and unless ``whole`` each part that a library may take for a host."""
    for text in (secret, unquote(secret), *(() if whole else re.split(r"[/@:?#\s]+", secret))):
        _known.update(one for one in _spelled(text) if len(one) >= _SHORTEST and not _WORD.fullmatch(one))


def _spelled(secret: str) -> tuple[str, ...]:
    """A secret in every spelling in which a library may quote it."""
    quoted = (quote(secret), quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1], json.dumps(secret)[1:-1])
    return (secret, secret.strip(), " ".join(secret.split()), *quoted)


def remember_address(address: str) -> None:
    """Have user's password, token and secrets in the query of an address masked wherever they stand from now on."""
    scheme, sign, rest = re.sub(_REFERENCE, "", address).partition("://")
    if not sign:
        return
    for end in {rest.find("@"), rest.partition("?")[0].rfind("@"), rest.rfind("@")} - {-1}:
        user, colon, password = rest[:end].partition(":")
        if colon:
            remember(password, whole=re.match(_PORT, password) is not None)
        elif "/" not in user and not re.search(r"(postgresql|mysql|mssql)(\+\w+)?$", scheme):  # where it is the name of somebody
            remember(user)
    for found in _IN_QUERY.finditer(rest):
        remember(found[1])


def without_credentials(text: str) -> str:
    """The text with every secret masked: of addresses in it, in a query, of the environment, and what this process was given.

    >>> without_credentials("http://ann:secret@tracking:5000"), without_credentials("s3://key:secret@bucket/rows.npz")
    ('http://***@tracking:5000', 's3://***@bucket/rows.npz')
    >>> without_credentials("http://ann:my secret@home@tracking:5000"), without_credentials("https:/ann:secret@host/w.pt")
    ('http://***@tracking:5000', 'https:/***@host/w.pt')
    >>> without_credentials("postgresql://db/mlflow?user=ann&password=secret&sslmode=require")
    'postgresql://db/mlflow?user=ann&password=***&sslmode=require'
    """
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, "***")
    text = _NAMED.sub(r"\1\2***", _IN_ADDRESS.sub(lambda found: f"{found[1] or found[2]}***@", text))
    for name in _SECRETS:
        for secret in sorted(_spelled(os.environ.get(name, "")), key=len, reverse=True):
            if secret:
                text = text.replace(secret, "***")
    return text
