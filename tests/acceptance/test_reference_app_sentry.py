"""What the reference app's worker tells Sentry of a task that failed."""

import gzip
import json
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker
from tests.acceptance.monitor_process import clean_environ
from tests.waiting import eventually

ADDRESS = "nobody-at-mail.example"


class Ingest:
    """Takes envelopes as Sentry's ingestion does: lines of JSON, gzipped."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.raw = b""
        ingest = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                ingest.take(body)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_message: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.dsn = f"http://public@127.0.0.1:{self._server.server_port}/42"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, body: bytes) -> None:
        self.raw += body
        lines = body.split(b"\n")
        for header, payload in zip(lines[1::2], lines[2::2], strict=False):
            if header and json.loads(header).get("type") == "event":
                self.events.append(json.loads(payload))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def ingest() -> Iterator[Ingest]:
    started = Ingest()
    yield started
    started.close()


def test_a_failing_task_reaches_sentry_once_with_its_name_and_queue_and_no_arguments(
    ingest: Ingest, broker: EmbeddedBroker, tmp_path: Path
) -> None:
    environ = clean_environ(tmp_path) | {
        "CELERY_BROKER_URL": broker.url,
        "REFERENCE_APP_FOLDER": str(tmp_path / "site"),
        "SENTRY_DSN": ingest.dsn,
    }
    log_file = tmp_path / "worker.log"
    command = [sys.executable, "-m", "celery", "-A", "monitor.reference_app.app", "worker"]
    worker = processes.start(
        [*command, "-Q", "normal", "--concurrency=1", "--loglevel=INFO"],
        log_file=log_file,
        environ=environ,
    )
    try:
        send(broker.url, ADDRESS)
        assert eventually(lambda: len(ingest.events) == 1, 30.0), log_file.read_text()
        # One that goes well says nothing, and whatever else there is to say is said by then.
        send(broker.url, "ada@mail.example")
        assert eventually(lambda: "succeeded" in log_file.read_text(), 20.0)
        time.sleep(0.5)
    finally:
        processes.stop(worker)
    (event,) = ingest.events
    assert event["tags"]["task"] == "monitor.reference_app.tasks.send_welcome"
    assert event["tags"]["queue"] == "normal"
    (exception,) = event["exception"]["values"]
    assert exception["type"] == "ValueError"
    assert ADDRESS.encode() not in ingest.raw


def send(url: str, address: str) -> None:
    from celery import Celery

    with Celery(broker=url) as app:
        app.send_task("monitor.reference_app.tasks.send_welcome", (address, "Ada"), queue="normal")
