"""The API of a partner, as `queue-monitor reference-app partner` runs it: slow, sometimes busy."""

import asyncio
import itertools
import zlib

from aiohttp import web

SLOW_SECONDS = 0.1
BUSY_EVERY = 10
"""Each tenth request is turned away, as by a service that has more to do than it can."""

CITIES = ("Accra", "Bergen", "Cusco", "Dhaka", "Essen", "Fukuoka")


def application() -> web.Application:
    """Return the server: `GET /city?person=ADDRESS`."""
    numbers = itertools.count(1)

    async def city(request: web.Request) -> web.Response:
        await asyncio.sleep(SLOW_SECONDS)
        if next(numbers) % BUSY_EVERY == 0:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "1"})
        person = request.query.get("person", "")
        return web.json_response({"city": CITIES[zlib.crc32(person.encode()) % len(CITIES)]})

    app = web.Application()
    app.router.add_get("/city", city)
    return app
