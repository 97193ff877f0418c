"""Tells systemd how the daemon is: the protocol of sd_notify(3), over a datagram socket.

Outside of systemd, where `NOTIFY_SOCKET` is not set, nothing is sent. Used by `daemon.py`.
"""

import contextlib
import os
import socket
from collections.abc import Mapping


class Systemd:
    """The service manager, as far as it wants to know."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self.watchdog_seconds = self._watchdog_seconds(environ)
        """Within which it wants a sign of life; None: it wants none."""
        self._status = ""
        self._ready = False

    @staticmethod
    def _watchdog_seconds(environ: Mapping[str, str]) -> float | None:
        microseconds, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
        if not microseconds.isdecimal() or (pid and pid != str(os.getpid())):
            return None
        return int(microseconds) / 1_000_000 or None

    def ticked(self, status: str, *, ready: bool) -> None:
        """Say that the loop has just ticked, and how things are, in one line.

        The first time that the daemon is `ready`, it is said to be started.
        """
        if ready and not self._ready:
            self._ready = True
            self._send("READY=1")
        if self.watchdog_seconds is not None:
            self._send("WATCHDOG=1")
        if status != self._status:
            self._status = status
            self._send(f"STATUS={status}")

    def reloading(self, monotonic_seconds: float) -> None:
        """Say that the settings are being read again; the next tick says that they were."""
        self._ready = False
        self._send(f"RELOADING=1\nMONOTONIC_USEC={int(monotonic_seconds * 1_000_000)}")

    def stopping(self) -> None:
        """Say that the daemon is about to end."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        # A leading @ stands for the null byte of an abstract socket.
        address = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        with (
            # Whether anybody listens must not matter to the monitoring.
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender,
        ):
            sender.setblocking(False)
            sender.sendto(message.encode(), address)
