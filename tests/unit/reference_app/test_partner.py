import asyncio
from urllib.error import HTTPError

import pytest
from aiohttp.test_utils import TestServer

from monitor.reference_app import partner, partner_server


async def test_the_partner_knows_where_people_live_and_is_busy_at_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(partner_server, "SLOW_SECONDS", 0.0)
    async with TestServer(partner_server.application()) as server:
        monkeypatch.setenv("REFERENCE_APP_PARTNER_URL", str(server.make_url("")).rstrip("/"))
        first = await asyncio.to_thread(partner.look_up_city, "ada@mail.example")
        assert first in partner_server.CITIES
        busy = 0
        for _ in range(2 * partner_server.BUSY_EVERY):
            try:
                assert await asyncio.to_thread(partner.look_up_city, "ada@mail.example") == first
            except HTTPError as error:
                assert error.code == 503
                busy += 1
        assert busy == 2
