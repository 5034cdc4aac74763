"""Chromium without a window, through its own protocol."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_SECONDS = 120  # for a page, on a machine that does much else


class Browser:
    """One tab of a browser of its own.

    Args:
        width: of the window, in CSS pixels.
        height: likewise.
    """

    def __init__(self, width: int = 1400, height: int = 1000) -> None:
        self.folder = tempfile.mkdtemp(prefix="chromium-")
        assert CHROMIUM is not None
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
        self.process = subprocess.Popen(
            [CHROMIUM, *options, "--remote-debugging-port=0", f"--user-data-dir={self.folder}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self.folder},
        )
        self.numbers = itertools.count(1)
        try:
            self.socket = self._connected()
            self.resize(width, height)
        except BaseException:
            self.close()
            raise

    def _connected(self) -> Any:
        import websocket

        port, deadline = Path(self.folder) / "DevToolsActivePort", time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, IndexError, StopIteration):
                address = f"http://127.0.0.1:{port.read_text().splitlines()[0]}/json"
                tabs = json.load(urllib.request.urlopen(address, timeout=5))
                tab = next(tab for tab in tabs if tab["type"] == "page")
                return websocket.create_connection(tab["webSocketDebuggerUrl"], suppress_origin=True, timeout=_SECONDS)
            time.sleep(0.1)
        raise TimeoutError("Chromium did not start")

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __call__(self, method: str, **parameters: Any) -> Any:
        """Ask the tab."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == number:
                return answer["result"]

    def resize(self, width: int, height: int) -> None:
        self("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def value(self, script: str) -> Any:
        """What JavaScript answers."""
        return self("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)["result"].get("value")

    def open(self, address: str) -> None:
        self("Page.navigate", url=address)

    @property
    def text(self) -> str:
        """All that the page says."""
        return str(self.value("document.body ? document.body.innerText : ''") or "")

    def wait_for(self, words: str) -> str:
        """The page's text once these words are in it."""
        deadline = time.monotonic() + _SECONDS
        while words not in (text := self.text):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{words!r} is not on the page: {text[:2000]}")
            time.sleep(0.2)
        return text

    def click(self, words: str, kind: str = "a, button, [role=button]", seconds: float = 20) -> bool:
        """Click the first link or button that says these words, as soon as it is there; False where it does not come."""
        script = "(() => {{ const e = [...document.querySelectorAll({kind})].find(e => e.innerText.trim().includes({words})); "
        script += (
            "if (!e) return false; (e.tagName == 'DIV' ? [...e.querySelectorAll('*')].pop() || e : e).click(); return true }})()"
        )
        wanted, deadline = script.format(kind=json.dumps(kind), words=json.dumps(words)), time.monotonic() + seconds
        while not (clicked := bool(self.value(wanted))) and time.monotonic() < deadline:
            time.sleep(0.2)
        return clicked

    def picture(self, path: Path) -> None:
        """Keep what the window shows."""
        path.write_bytes(base64.b64decode(self("Page.captureScreenshot", format="png")["data"]))

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
