"""A proxy that asks for a name and a password, in front of a server that does not."""

from __future__ import annotations

import base64
import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@contextmanager
def guarded(address: str, name: str, password: str) -> Iterator[tuple[str, list[int]]]:
    """The proxy's address, and the status of each answer so far."""
    wanted = "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
    answers: list[int] = []
    behind = urlsplit(address)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Authorization") != wanted:
                self.answer(401, [("WWW-Authenticate", 'Basic realm="mlflow"')], b"not authenticated")
                return
            there = http.client.HTTPConnection(behind.hostname or "", behind.port or 80, timeout=60)
            headers = {key: value for key, value in self.headers.items() if key.lower() not in {"host", "authorization"}}
            there.request(self.command, self.path, body, {**headers, "Host": behind.netloc})
            found = there.getresponse()
            self.answer(found.status, [("Content-Type", found.headers.get("Content-Type") or "text/plain")], found.read())
            there.close()

        def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            answers.append(status)
            self.send_response(status)
            for key, value in [*headers, ("Content-Length", str(len(body)))]:
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815  as the library calls them

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.server_port}", answers
        proxy.shutdown()
