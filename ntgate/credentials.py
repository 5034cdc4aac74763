"""Credentials have no place in messages."""

from __future__ import annotations

import os
import re

_SECRETS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
    "NTGATE_ENDPOINT_TOKEN",
)
# user:password@host and token@host; a secret key may hold a slash.
_IN_ADDRESS = re.compile(r"://([^/@\s]*:[^@\s]*|[^/\s]*)@")
# password=..., as in a query string, a connection string or a header; what refers to a variable is no secret.
_NAMED = re.compile(
    r"""(?ix) ( (?<![\w-]) [\w-]* (?: password | passwd | pwd | passphrase | token | secret | secret[_-]?key | credential
        | signature | api[_-]?key | access[_-]?key (?: [_-]?id )? | account[_-]?key ) | (?<=[?&]) (?: key | sig | auth ) )
        ( \s*=\s* | ["']\s*:\s*["'] ) (?! \$[\[{] | \*\*\* ) [^&;\s"'<>,)\]}]+"""
)


def without_credentials(text: str) -> str:
    """The text with user and password of every address in it, and every credential in a query or of the environment, masked.

    >>> without_credentials("http://ann:secret@tracking:5000"), without_credentials("s3://key:secret@bucket/rows.npz")
    ('http://***@tracking:5000', 's3://***@bucket/rows.npz')
    >>> without_credentials("postgresql://db/mlflow?user=ann&password=secret&sslmode=require")
    'postgresql://db/mlflow?user=ann&password=***&sslmode=require'
    """
    text = _NAMED.sub(r"\1\2***", _IN_ADDRESS.sub("://***@", text))
    for name in _SECRETS:
        if os.environ.get(name):
            text = text.replace(os.environ[name], "***")
    return text
