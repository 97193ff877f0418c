"""One poll: a round trip for all counts, and one more for the oldest messages.

`broker/watch.py` calls it every interval. The counts (LLEN of every priority step, the
in-flight tables, INFO) are packed once and replayed until the set of queues changes. The
oldest messages are read by a read-only script that sends only the end of an envelope, and
nothing but "the same as before" while a message has not moved: the bodies stay where they
are. Commands: LLEN, HLEN, ZRANGE, INFO, LINDEX by EVAL_RO (EVAL before Redis 7).
"""

from collections.abc import Callable, Iterable, Sequence

from monitor.broker.connection import error_reply
from monitor.broker.info import read_info
from monitor.broker.keys import Keys
from monitor.broker.messages import read_head
from monitor.broker.wire import Reply, Wire, pack
from monitor.facts.readings import MessageHead, Poll, QueueReading

_TAIL_BYTES = 16_384
"""How far from the end of a message its headers are looked for. `argsrepr` and `kwargsrepr`
are up to 1,024 characters each, and JSON writes six bytes for one that is not ASCII."""

_HEADS_A_SCRIPT = 100
"""Lists one script call reads: the server does nothing else meanwhile."""

_HEADS_A_POLL = 2000
"""Lists whose oldest message one poll reads at the most: 32 MB at the very worst, 2 MB when
headers have their usual length."""

_SCRIPT = f"""
local heads = {{}}
for i, key in ipairs(KEYS) do
  local message = redis.call('LINDEX', key, -1)
  if message then
    local known = ARGV[i]
    if known ~= '' and string.find(string.sub(message, -256), known, 1, true) then
      heads[i] = 1
    else
      local tail = string.sub(message, -{_TAIL_BYTES})
      local start = string.find(tail, '"headers": {{', 1, true)
      heads[i] = start and string.sub(tail, start) or ''
    end
  else
    heads[i] = 0
  end
end
return heads
"""
_SAME = 1

_FIXED = 3
"""Replies before the lengths: INFO, HLEN, ZRANGE."""


class Poller:
    """Polls one broker; remembers what it packed and the oldest messages it knows."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._names: tuple[str, ...] = ()
        self._lists: list[bytes] = []
        self._packed = self._pack(())
        self._heads: dict[bytes, MessageHead] = {}
        self._eval = b"EVAL_RO"

    async def poll(self, wire: Wire, names: Sequence[str], clock: Callable[[], float]) -> Poll:
        """Ask once for `names`. Raises BrokerError when the broker cannot be read."""
        started_at = clock()
        if tuple(names) != self._names:
            self._names = tuple(names)
            self._packed = self._pack(self._names)
        replies = await wire.ask(self._packed, _FIXED + len(self._lists))
        lengths = _lengths(replies[_FIXED:])
        await self._read_heads(wire, lengths)
        at = clock()
        return Poll(
            at=at,
            duration_seconds=at - started_at,
            queues=self._queues(lengths),
            unacked=replies[1] if isinstance(replies[1], int) else None,
            oldest_unacked_at=_oldest_score(replies[2]),
            server=read_info(replies[0], at),
        )

    def _pack(self, names: Iterable[str]) -> bytes:
        keys = self._keys
        self._lists = [key for name in names for key in keys.queue(name)]
        return pack(
            [
                ("INFO",),
                ("HLEN", keys.unacked),
                ("ZRANGE", keys.unacked_index, 0, 0, "WITHSCORES"),
                *(("LLEN", key) for key in self._lists),
            ]
        )

    async def _read_heads(self, wire: Wire, lengths: Sequence[int]) -> None:
        waiting = [key for key, n in zip(self._lists, lengths, strict=True) if n]
        waiting = waiting[:_HEADS_A_POLL]
        known = self._heads
        self._heads = {}
        if not waiting:
            return
        chunks = [waiting[i : i + _HEADS_A_SCRIPT] for i in range(0, len(waiting), _HEADS_A_SCRIPT)]
        replies = await self._run_script(wire, chunks, known)
        for chunk, reply in zip(chunks, replies, strict=True):
            if not isinstance(reply, list):
                continue  # scripts are forbidden, or one key is no list: ages stay unknown
            for key, tail in zip(chunk, reply, strict=True):
                head = known.get(key) if tail == _SAME else _head(tail)
                if head is not None:
                    self._heads[key] = head

    async def _run_script(
        self, wire: Wire, chunks: list[list[bytes]], known: dict[bytes, MessageHead]
    ) -> list[Reply]:
        def packed() -> bytes:
            return pack(
                (self._eval, _SCRIPT, len(chunk), *chunk, *(_tag(known, key) for key in chunk))
                for chunk in chunks
            )

        replies = await wire.ask(packed(), len(chunks))
        if self._eval == b"EVAL_RO" and "unknown command" in str(replies[0]):
            self._eval = b"EVAL"
            replies = await wire.ask(packed(), len(chunks))
        return replies

    def _queues(self, lengths: list[int]) -> dict[str, QueueReading]:
        steps = len(self._keys.steps)
        empty = QueueReading(lengths=(0,) * steps, heads=(None,) * steps)
        queues = dict.fromkeys(self._names, empty)
        heads = self._heads
        for i, name in enumerate(self._names):
            counts = lengths[i * steps : (i + 1) * steps]
            if any(counts):
                keys = self._lists[i * steps : (i + 1) * steps]
                queues[name] = QueueReading(
                    lengths=tuple(counts), heads=tuple(heads.get(key) for key in keys)
                )
        return queues


def _lengths(replies: list[Reply]) -> list[int]:
    """Return the length of each list; 0 for a key of another type, which is no queue's list.

    A queue that the ACL hides is 0 too, and says so nowhere but in the ACL: it is another
    team's. Raises BrokerError when every queue is hidden, or for any other error.
    """
    lengths = [reply if type(reply) is int else 0 for reply in replies]
    errors = [error_reply(str(reply)) for reply in replies if isinstance(reply, Exception)]
    for error in errors:
        if error.reason != "permission" and not str(error).startswith("WRONGTYPE"):
            raise error
    hidden = [error for error in errors if error.reason == "permission"]
    if hidden and len(hidden) == len(replies):
        raise hidden[0]
    return lengths


def _oldest_score(reply: Reply) -> float | None:
    # Valkey may print the score in scientific notation; float() reads both.
    return float(reply[1]) if isinstance(reply, list) and len(reply) == 2 else None


def _tag(known: dict[bytes, MessageHead], key: bytes) -> str:
    head = known.get(key)
    return head.tag if head else ""


def _head(tail: Reply) -> MessageHead | None:
    return read_head(tail) if isinstance(tail, bytes) else None
