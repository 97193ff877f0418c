"""The stamp that makes ages exact, on a real Celery application and an in-memory broker."""

import time
from collections.abc import Iterator

import pytest
from celery import Celery

import monitor.stamp  # noqa: F401 - importing it is all there is to do


@pytest.fixture
def app() -> Iterator[Celery]:
    app = Celery(broker="memory://")
    yield app
    app.close()


def sent_headers(app: Celery, **options: object) -> dict[str, object]:
    app.send_task("app.add", queue="high", **options)
    with app.connection_for_read() as connection:
        message = connection.SimpleQueue("high").get(timeout=1)
        message.ack()
        return dict(message.headers)


def test_a_message_carries_when_it_was_sent(app: Celery) -> None:
    before = time.time()
    stamped_at = sent_headers(app)["x_enqueued_at"]
    assert isinstance(stamped_at, float)
    assert before <= stamped_at <= time.time()


def test_a_retry_keeps_the_first_stamp(app: Celery) -> None:
    # Celery sends a retry with the headers that the message had.
    assert sent_headers(app, headers={"x_enqueued_at": 5.0})["x_enqueued_at"] == 5.0


def test_an_app_of_the_first_protocol_is_stamped_too(app: Celery) -> None:
    app.conf.task_protocol = 1
    assert "x_enqueued_at" in sent_headers(app)
