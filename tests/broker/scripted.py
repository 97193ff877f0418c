"""A queue on a real server whose every message is put and taken by the test: its own truth."""

import json
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import redis

from monitor.broker.settings import QueueSelection
from tests.broker.conftest import Watched, watching

POLL_SECONDS = 0.25


def envelope(tag: str, body: str = "W10=", **headers: Any) -> str:
    """Return a task message as kombu writes it."""
    properties: dict[str, Any] = {"correlation_id": tag}
    if headers.get("redelivered"):
        properties["delivery_info"] = {"redelivered": True}
    return json.dumps(
        {
            "body": body,
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"task": "app.add", "id": tag, "eta": None, **headers},
            "properties": {**properties, "body_encoding": "base64", "delivery_tag": tag},
        }
    )


class ScriptedQueue:
    """Messages of one list, oldest first, with when each was put there."""

    def __init__(self, client: "redis.Redis", name: str, *, stamped: bool = False) -> None:
        self._client = client
        self.name = name
        self._stamped = stamped
        self._numbers = count()
        self.waiting: deque[tuple[str, float]] = deque()
        self.taken: list[tuple[str, float]] = []

    def put(self, messages: int = 1, **headers: Any) -> None:
        for _ in range(messages):
            tag, at = f"{self.name}-{next(self._numbers):08}", time.time()
            stamp = {"x_enqueued_at": at} if self._stamped else {}
            self._client.lpush(self.name, envelope(tag, **stamp, **headers))
            self.waiting.append((tag, at))

    def take(self, messages: int = 1) -> None:
        for _ in range(min(messages, len(self.waiting))):
            assert self._client.rpop(self.name)
            self.taken.append(self.waiting.popleft())

    def give_back(self, messages: int) -> None:
        """Put the last ones taken back to where they came from, as kombu does."""
        for _ in range(messages):
            tag, at = self.taken.pop()
            self._client.rpush(self.name, envelope(tag, redelivered=True))
            self.waiting.appendleft((tag, at))

    @property
    def oldest_age_seconds(self) -> float:
        return time.time() - self.waiting[0][1] if self.waiting else 0.0


@asynccontextmanager
async def followed(
    url: str, queue: ScriptedQueue, interval: float = POLL_SECONDS
) -> AsyncIterator[Watched]:
    """Watch nothing but the queue, from when what is in it was counted."""
    names = QueueSelection(names=(queue.name,))
    async with watching(url, interval=interval, queues=names) as watched:
        await watched.until(lambda w: w.lengths() == {queue.name: len(queue.waiting)})
        yield watched
