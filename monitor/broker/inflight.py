"""Messages in flight, entry by entry while they are few, a random sample of them beyond.

`poll.py` packs this script into its second round trip. Sizes are asked first, and what leaves
the server of an entry is where it came from, its ETA and whether it was given back: some sixty
bytes. Commands: HLEN, HKEYS or HRANDFIELD, HSTRLEN, HGET, ZRANGE by EVAL_RO (EVAL before Redis 7).

An entry of the hash is `[envelope, exchange, routing key]` (kombu `transport/redis.py`,
`QoS.append`), so all that is wanted stands at its end.
"""

from collections.abc import Callable

import msgspec

from monitor.broker.keys import Keys
from monitor.broker.messages import UNREADABLE
from monitor.broker.wire import Reply
from monitor.facts.readings import InFlight, InFlightEntry
from monitor.facts.times import parse_time

READ_MOST = 500
"""Up to so many entries all are read; of more, as many at random."""

_OLDEST_MOST = 500
"""Entries of the index that are read at the most, to find the oldest that waits for no ETA."""

_ENTRY_MOST_BYTES = 1 << 20
_BYTES_A_POLL = 8_000_000
"""What the server may copy to look at entries, a few milliseconds' work; half for the oldest."""

SCRIPT = f"""
local bytes_left, cut = {_BYTES_A_POLL // 2}, 0

local function ending(tag)
  local size = redis.call('HSTRLEN', KEYS[1], tag)
  if size > {_ENTRY_MOST_BYTES} or size > bytes_left then
    cut = 1
    return ''
  end
  bytes_left = bytes_left - size
  return size > 0 and string.sub(redis.call('HGET', KEYS[1], tag), -20000) or ''
end

local function eta_in(text)
  local headers = string.find(text, '"headers": {{', 1, true)
  return headers and string.match(text, '"eta": "([^"]+)"', headers) or ''
end

local oldest, delivered = {{}}, {{}}
local index = redis.call('ZRANGE', KEYS[2], 0, {_OLDEST_MOST - 1}, 'WITHSCORES')
for i = 1, #index, 2 do
  delivered[index[i]] = index[i + 1]
end
for i = 1, #index, 2 do
  local text = ending(index[i])
  if text ~= '' then
    local eta = eta_in(text)
    oldest[#oldest + 1] = {{index[i + 1], eta}}
    if eta == '' then
      break
    end
  end
end

bytes_left = bytes_left + {_BYTES_A_POLL // 2}
local total = redis.call('HLEN', KEYS[1])
local tags
if total <= {READ_MOST} then
  tags = redis.call('HKEYS', KEYS[1])
else
  tags = redis.call('HRANDFIELD', KEYS[1], {READ_MOST})
end
local entries = {{}}
for _, tag in ipairs(tags) do
  local text = ending(tag)
  local origin = string.match(string.sub(text, -1024), '^.*}}, (".*")%]$')
  if origin then
    local back = string.find(text, '"redelivered": true', 1, true) and 1 or 0
    entries[#entries + 1] = {{origin, eta_in(text), back, delivered[tag] or ''}}
  end
end
return {{total, #tags, entries, oldest, cut}}
"""

Route = Callable[[str, str], str | None]
"""Takes an exchange and a routing key; returns the only queue that is bound to them, if one is."""


def command(keys: Keys) -> tuple[bytes | str | int, ...]:
    """Return the arguments of the EVAL that reads what is in flight."""
    return (SCRIPT, 2, keys.unacked, keys.unacked_index)


def read_in_flight(reply: Reply, route: Route) -> InFlight | None:
    """Return what the script said; None where it is forbidden, or the tables are no tables."""
    if not isinstance(reply, list):
        return None
    total, looked_at, rows, oldest, cut = reply
    entries = tuple(
        InFlightEntry(
            _queue(origin, route),
            parse_time(eta.decode("ascii", "replace")),
            back == 1,
            float(score) if score else None,
        )
        for origin, eta, back, score in rows
    )
    return InFlight(
        total=total,
        entries=entries,
        complete=len(entries) == looked_at == total,
        oldest=tuple(
            (float(score), parse_time(eta.decode("ascii", "replace"))) for score, eta in oldest
        ),
        oldest_complete=len(oldest) == total,
        cut=cut == 1,
    )


def _queue(origin: bytes, route: Route) -> str | None:
    """Return the queue of an entry from its exchange and routing key."""
    try:
        exchange, routing_key = msgspec.json.decode(b"[" + origin + b"]", type=tuple[str, str])
    except UNREADABLE:
        return None
    # The anonymous exchange delivers to the queue of that name.
    return route(exchange, routing_key) if exchange else routing_key
