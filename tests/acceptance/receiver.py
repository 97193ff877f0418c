"""A webhook receiver of the tests' own, which knows nothing of the monitor."""

import json
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, Self


class Receiver:
    """Has a loopback port from the start, and refuses connections until `listen`."""

    def __init__(self) -> None:
        self.notices: list[dict[str, Any]] = []
        """The bodies of the requests, in the order of their arrival."""
        self.status = 200
        """What every request is answered with."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.notices.append(json.loads(body))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self._server.server_bind()
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def channel(self) -> dict[str, str]:
        """The channel of the monitor's settings that tells this receiver."""
        return {"type": "webhook", "url": f"http://127.0.0.1:{self._server.server_port}/"}

    def listen(self) -> None:
        """Be there from now on."""
        self._server.server_activate()
        self._thread.start()

    def alerts(self, **labels: str) -> list[dict[str, Any]]:
        """Return the alerts with at least these labels, of all notices in order."""
        return [
            alert
            for notice in self.notices
            for alert in notice["alerts"]
            if labels.items() <= alert["labels"].items()
        ]

    def until(self, count: int, seconds: float = 20.0, **labels: str) -> list[dict[str, Any]]:
        """Return the alerts with these labels once there are `count` of them."""
        deadline = time.monotonic() + seconds
        while len(found := self.alerts(**labels)) < count:
            assert time.monotonic() < deadline, f"{labels}: not {count}, but {self.notices}"
            time.sleep(0.02)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
