"""Credentials have no place in messages."""

from __future__ import annotations

import os
import re

_SECRETS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def without_credentials(text: str) -> str:
    """The text with user and password of every address in it, and every AWS credential of the environment, masked.

    >>> without_credentials("http://ann:secret@tracking:5000"), without_credentials("s3://key:secret@bucket/rows.npz")
    ('http://***@tracking:5000', 's3://***@bucket/rows.npz')
    """
    text = re.sub(r"://([^/@\s]*:[^@\s]*|[^/\s]*)@", "://***@", text)  # a secret key may hold a slash
    for name in _SECRETS:
        if os.environ.get(name):
            text = text.replace(os.environ[name], "***")
    return text
