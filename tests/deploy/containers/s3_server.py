"""An S3 server (moto) that starts as versitygw does: its port and its health's path by variables, a bucket for each folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from moto.backends import get_backend
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple


def main(folder: Path) -> None:
    """Serve until the process is ended."""
    for bucket in folder.iterdir():
        get_backend("s3")["123456789012"]["aws"].create_bucket(bucket.name, "us-east-1")
    moto = DomainDispatcherApplication(create_backend_app)

    def answer(environment: dict, start):  # type: ignore[no-untyped-def]
        if environment["PATH_INFO"] == os.environ["VGW_HEALTH"]:
            start("200 OK", [])
            return [b"healthy"]
        return moto(environment, start)

    run_simple("0.0.0.0", int(os.environ["VGW_PORT"].lstrip(":")), answer, threaded=True)


if __name__ == "__main__":
    kind, data = sys.argv[1:]
    assert kind == "posix", kind
    main(Path(data))
