"""What a connection has delivered and nobody has taken yet.

asyncio's `StreamReader` copies every byte twice more before anyone may look at it. At 100,000
events a second that is felt, so `wire.py` puts this in its place once redis-py has connected.
"""

import asyncio

_WAITING_MOST_BYTES = 1 << 20
"""What may wait; beyond it the server has to, as it does for any slow subscriber."""


class Inbox(asyncio.Protocol):
    """The bytes as the transport read them, in pieces of any size."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._pieces: list[bytes] = []
        self._bytes = 0
        self._arrival: asyncio.Future[None] | None = None
        self._lost: Exception | None = None
        transport.set_protocol(self)

    async def take(self) -> list[bytes]:
        """Wait until something has arrived, and return all of it.

        Raises OSError once the connection is lost and everything that came before was taken.
        """
        while not self._pieces:
            if self._lost is not None:
                raise self._lost
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival
        pieces, self._pieces, self._bytes = self._pieces, [], 0
        self._transport.resume_reading()
        return pieces

    # -- what asyncio calls ------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Take bytes of the transport."""
        self._pieces.append(data)
        self._bytes += len(data)
        if self._bytes > _WAITING_MOST_BYTES:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Note that the server has closed its end; the transport closes ours."""
        self._lost = ConnectionResetError("the server closed the connection")
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        """Note that nothing more will come."""
        if self._lost is None:
            reason = f"the connection broke: {error}" if error else "the connection was closed"
            self._lost = ConnectionResetError(reason)
        self._wake()

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)
