"""The addresses that a command connects or sends to, as the kernel sees them, where there is nothing but a loopback."""

from __future__ import annotations

import ctypes
import fcntl
import re
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_NAMESPACES = {"net": 0x40000000, "uts": 0x04000000}
_SIOCSIFFLAGS, _UP = 0x8914, 0x1 | 0x40
# A UNIX socket and netlink stay on the machine.
_FAMILY, _HERE = re.compile(r"sa_family=(\w+)"), {"AF_UNIX", "AF_NETLINK", "AF_UNSPEC"}
_ADDRESS = re.compile(r'sin6?_port=htons\((\d+)\).*?(?:inet_addr\("|inet_pton\(AF_INET6, ")([^"]+)"')
_PROXY = re.compile("(http|https|ftp|all|no)_proxy", re.IGNORECASE)


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        code: its exit code.
        out, err: what it printed.
        addresses: ``host:port`` of everything that it, or a process that it started, connected or sent to, whether or not
            anybody answered; in order, each once.
    """

    code: int
    out: str
    err: str
    addresses: tuple[str, ...]


def traced(words: list[str], folder: Path, environment: Mapping[str, str]) -> Ended:
    """Run a command in ``folder`` to its end under strace."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace, which .ci/run installs")
    trace = folder / "trace"
    calls = "trace=connect,sendto,sendmsg,sendmmsg"
    done = subprocess.run(
        ["strace", "-f", "-qq", "--seccomp-bpf", "-e", calls, "-o", str(trace), *words],
        cwd=folder,
        # Whoever names a proxy wants it asked.
        env={name: value for name, value in environment.items() if not _PROXY.fullmatch(name)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr, addresses(trace.read_text(errors="replace")))


def addresses(trace: str) -> tuple[str, ...]:
    """Those in strace's lines; a line that names a network and cannot be read is told whole.

    >>> addresses('7 connect(3, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("10.0.0.2")}, 16) = 0')
    ('10.0.0.2:53',)
    >>> addresses('7 connect(3, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = -1 ENOENT')
    ()
    >>> addresses("7 connect(3, {sa_family=AF_VSOCK, svm_cid=0x2}, 16) = 0")
    ('7 connect(3, {sa_family=AF_VSOCK, svm_cid=0x2}, 16) = 0',)
    """
    found = []
    for line in trace.splitlines():
        if set(_FAMILY.findall(line)) - _HERE:
            found += [f"{host}:{port}" for port, host in _ADDRESS.findall(line)] or [line]
    return tuple(dict.fromkeys(found))


@contextmanager
def alone() -> Iterator[bool]:
    """Be in a network that has a loopback and no way out, by a name that no file knows, with everything that is started here.

    Only this thread is, and what it starts. False where the system does not allow it: network and name are then the machine's.
    """
    kernel = ctypes.CDLL(None, use_errno=True)
    with ExitStack() as kept:
        before = {kind: kept.enter_context(open(f"/proc/thread-self/ns/{kind}")) for kind in _NAMESPACES}
        allowed = kernel.unshare(sum(_NAMESPACES.values())) == 0
        try:
            if allowed:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as some:
                    fcntl.ioctl(some, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", _UP))
                socket.sethostname("nowhere-in-hosts")
            yield allowed
        finally:
            for kind, file in before.items() if allowed else ():
                if kernel.setns(file.fileno(), _NAMESPACES[kind]) != 0:
                    raise OSError(ctypes.get_errno(), f"cannot go back to what the machine has as {kind}")
