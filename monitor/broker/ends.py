"""Both ends of the lists that hold something: the oldest messages, and what entered.

`poll.py` packs these scripts into its second round trip. They only read, and what they send is
the end of the oldest message's envelope, nothing but "the same" while it has not moved, and
numbers: the bodies stay where they are. Where the oldest waits for an ETA those behind it are
read too, a few of them, for it says nothing of how long they wait. Commands: LINDEX, LRANGE,
LLEN by EVAL_RO (EVAL before Redis 7).

What entered since the last poll is counted by looking for the message that was the newest then.
The order of a list is that of entering, so its place is the number.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from monitor.broker.messages import read_head
from monitor.broker.wire import Reply
from monitor.facts.readings import Entered, MessageHead

_TAIL_BYTES = 16_384
"""How far from the end of a message its headers are looked for. `argsrepr` and `kwargsrepr`
are up to 1,024 characters each, and JSON writes six bytes for one that is not ASCII."""

_HEADS_A_LIST = 20
"""Messages at the old end that are read at the most, where all of them have an ETA."""

_LISTS_A_SCRIPT = 100
"""The server does nothing else while a script runs."""

_LISTS_A_POLL = 2000
"""Lists whose ends one poll reads at the most: 32 MB at the very worst, 2 MB when headers have
their usual length."""

_SEARCHED_A_LIST = 2000
"""Messages among which the newest of the last poll is looked for."""

_SEARCHED_BYTES_A_SCRIPT = 4_000_000
"""What these, and those behind an ETA, may have together; reading it takes the server a few
milliseconds."""

_GONE, _TOO_FAR = -1, -2

SCRIPT = f"""
local bytes_left = {_SEARCHED_BYTES_A_SCRIPT}

local function entered_since(key, newest_then, size)
  local slice = math.max(1, math.min(100, math.floor(65536 / size)))
  local start = 0
  while bytes_left > 0 and start < {_SEARCHED_A_LIST} do
    local messages = redis.call('LRANGE', key, start, start + slice - 1)
    for i, message in ipairs(messages) do
      if string.find(string.sub(message, -256), newest_then, 1, true) then
        return start + i - 1
      end
      bytes_left = bytes_left - #message
    end
    if #messages < slice then
      return {_GONE}
    end
    start = start + slice
  end
  return {_TOO_FAR}
end

local function headers_of(message)
  local tail = string.sub(message, -{_TAIL_BYTES})
  local start = string.find(tail, '"headers": {{', 1, true)
  return start and string.sub(tail, start) or ''
end

local function oldest_of(key, message)
  local found = {{}}
  while message do
    local headers = headers_of(message)
    found[#found + 1] = headers
    bytes_left = bytes_left - #message
    local on_time = not string.find(headers, '"eta": "', 1, true)
    if on_time or #found == {_HEADS_A_LIST} or bytes_left <= 0 then
      break
    end
    message = redis.call('LINDEX', key, -1 - #found)
  end
  return found
end

local ends = {{}}
for i, key in ipairs(KEYS) do
  local oldest = redis.call('LINDEX', key, -1)
  if oldest then
    local oldest_then, newest_then = ARGV[2 * i - 1], ARGV[2 * i]
    local length = redis.call('LLEN', key)
    local newest = length > 1 and redis.call('LINDEX', key, 0) or oldest
    local tag = string.match(string.sub(newest, -256), '"delivery_tag": "([^"]+)"') or ''
    local entered = {_TOO_FAR}
    if newest_then ~= '' then
      entered = newest_then == tag and 0 or entered_since(key, newest_then, #newest)
    end
    local heads = 1
    if oldest_then == '' or not string.find(string.sub(oldest, -256), oldest_then, 1, true) then
      heads = oldest_of(key, oldest)
    end
    ends[i] = {{heads, tag, length, entered}}
  else
    ends[i] = 0
  end
end
return ends
"""
_SAME = 1


class _Known(Struct, frozen=True, gc=False):
    """The ends of a list as the last poll saw them."""

    heads: tuple[MessageHead, ...]
    """The oldest messages, the oldest first."""
    newest: bytes
    """The delivery tag of its newest message; empty: not known."""

    @property
    def oldest(self) -> str:
        """The tag of the oldest message, as long as it stands for all that was read with it.

        Behind one that has an ETA, others may have come to be read since.
        """
        heads = self.heads
        if not heads or (heads[-1].eta_at is not None and len(heads) < _HEADS_A_LIST):
            return ""
        return heads[0].tag


class Ends:
    """Reads the ends of lists, and remembers what it saw there."""

    def __init__(self) -> None:
        self._chunks: list[list[bytes]] = []
        self._known: dict[bytes, _Known] = {}
        self._entered: dict[bytes, Entered] = {}
        self.cut: set[str] = set()
        """Which bounds the last poll hit, as in `POLL_BOUNDS`."""

    def commands(self, waiting: Sequence[bytes]) -> Iterator[tuple[bytes | str | int, ...]]:
        """Yield the arguments of an EVAL for each script that reads the lists `waiting`."""
        self.cut = {"lists"} if len(waiting) > _LISTS_A_POLL else set()
        read = list(waiting[:_LISTS_A_POLL])
        self._chunks = [read[i : i + _LISTS_A_SCRIPT] for i in range(0, len(read), _LISTS_A_SCRIPT)]
        for chunk in self._chunks:
            arguments = [argument for key in chunk for argument in self._then(key)]
            yield (SCRIPT, len(chunk), *chunk, *arguments)

    def take(self, replies: Sequence[Reply], most: int | None) -> None:
        """Take the replies to `commands`, in their order.

        `most` is how many messages can have entered since the last poll; None: no idea.
        """
        before, self._known, self._entered = self._known, {}, {}
        for chunk, reply in zip(self._chunks, replies, strict=True):
            if not isinstance(reply, list):
                continue  # scripts are forbidden, or one key is no list: ages stay unknown
            for key, ends in zip(chunk, reply, strict=True):
                if isinstance(ends, list):
                    self._note(key, ends, before.get(key), most)

    def heads(self, key: bytes) -> tuple[MessageHead, ...]:
        """Return the oldest messages of the list; none: empty, or they cannot be read."""
        known = self._known.get(key)
        return known.heads if known else ()

    def entered(self, key: bytes) -> Entered | None:
        """Return what entered the list since the last poll; None: it was empty or not read."""
        return self._entered.get(key)

    def _then(self, key: bytes) -> tuple[str, bytes]:
        known = self._known.get(key)
        if known is None:
            return "", b""
        return known.oldest, known.newest

    def _note(self, key: bytes, ends: list[Reply], before: _Known | None, most: int | None) -> None:
        texts, newest, length, entered = ends
        heads = before.heads if texts == _SAME and before else _read_heads(texts)
        self._known[key] = _Known(heads, newest)
        if entered == _TOO_FAR:
            searched = before is not None and before.newest != b""
            if searched:
                self.cut.add("entered")
            self._entered[key] = Entered(None, length, most if searched else None)
        else:
            # Where the newest of then is gone, all that is there has entered since.
            self._entered[key] = Entered(length if entered == _GONE else entered, length)


def _read_heads(texts: Sequence[bytes]) -> tuple[MessageHead, ...]:
    """Return what can be read up to the first message that cannot."""
    heads: list[MessageHead] = []
    for text in texts:
        head = read_head(text)
        if head is None:
            break
        heads.append(head)
    return tuple(heads)
