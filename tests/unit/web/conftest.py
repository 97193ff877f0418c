"""The HTTP face of a daemon that stands still, and somebody who asks it."""

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from monitor.web.app import make_app
from tests.unit.web.example import ALERTS, SNAPSHOT, FixedSource

Client = TestClient[Request, Application]


@pytest.fixture
def source() -> FixedSource:
    return FixedSource(SNAPSHOT, ALERTS)


@pytest.fixture
async def client(source: FixedSource) -> AsyncIterator[Client]:
    async with TestClient(TestServer(make_app(source))) as client:
        yield client
