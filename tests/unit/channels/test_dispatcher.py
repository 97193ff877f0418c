import asyncio
from itertools import count

import pytest

from monitor.channels.base import Receipt, RefusedError, SendError
from monitor.channels.dispatcher import SENDS_AT_ONCE, Dispatcher
from monitor.facts.channel import ChannelFacts
from tests.unit.channels.notices import notice


class ScriptedChannel:
    """A channel that does what the test says."""

    def __init__(
        self, name, error=None, hold=None, own_errors=True, problem="", missing=frozenset()
    ):
        self.problem, self.missing = problem, missing
        self.name, self.error, self.hold, self.own_errors = name, error, hold, own_errors
        self.under_way = 0
        self.reported = []

    async def send(self, notice):
        self.under_way += 1
        if self.hold is not None:
            await self.hold.wait()
        self.under_way -= 1
        if self.error is not None:
            raise self.error
        return Receipt(said="ok", problem=self.problem, missing=self.missing)

    async def report(self, error):
        self.reported.append(error)
        if self.error is not None:
            raise self.error


def dispatcher(*channels):
    outcomes = asyncio.Queue()
    clock = count(100.0, 0.5)
    made = Dispatcher(channels, outcomes.put_nowait, lambda: next(clock))
    return made, outcomes


@pytest.mark.parametrize(
    ("error", "result", "reason", "retry_after_seconds"),
    [
        (None, "delivered", "", 0.0),
        (SendError("HTTP 429", 17.0), "failed", "HTTP 429", 17.0),
        (RefusedError("HTTP 400"), "refused", "HTTP 400", 0.0),
        (ZeroDivisionError("oops"), "failed", "defect: ZeroDivisionError", 0.0),
    ],
)
async def test_every_send_has_an_outcome_that_is_timed_and_counted(
    error, result, reason, retry_after_seconds
):
    made, outcomes = dispatcher(ScriptedChannel("a", error), ScriptedChannel("b"))
    made.send([notice(channel="a")])
    outcome = await outcomes.get()
    assert (outcome.result, outcome.reason) == (result, reason)
    assert outcome.retry_after_seconds == retry_after_seconds
    assert (outcome.at, outcome.duration_seconds) == (100.5, 0.5)
    assert outcome.notice == notice(channel="a")
    assert {key: number for key, number in made.counts.items() if number} == {("a", result): 1}
    assert len(made.counts) == 8


async def test_a_channel_is_failing_until_a_notice_arrives():
    channel = ScriptedChannel("a", RefusedError("HTTP 400"))
    made, outcomes = dispatcher(channel, ScriptedChannel("b"))
    made.send([notice(channel="a"), notice(channel="b")])
    await outcomes.get()
    await outcomes.get()
    assert made.failing == {"a": "HTTP 400"}
    assert made.facts(130.5, {"a": 1}) == (
        ChannelFacts(channel="a", refused=1, failing_seconds=30.0, problem="HTTP 400"),
        ChannelFacts(channel="b", refused=0, failing_seconds=0.0),
    )
    channel.error = None
    made.send([notice(channel="a")])
    await outcomes.get()
    assert made.failing == {}
    (healed, _) = made.facts(131.0, {})
    assert (healed.refused, healed.failing_seconds) == (0, 0.0)


async def test_a_channel_is_failing_while_some_of_its_receivers_cannot_be_reached():
    channel = ScriptedChannel("a", problem="x: later", missing=frozenset("x"))
    made, outcomes = dispatcher(channel)
    made.send([notice(channel="a")])
    outcome = await outcomes.get()
    assert (outcome.result, outcome.missing, outcome.arrived) == ("partly", {"x"}, True)
    assert made.failing == {"a": "x: later"}
    channel.missing = frozenset()
    made.send([notice(channel="a")])
    await outcomes.get()
    assert made.failing == {}


async def test_nothing_is_known_of_a_channel_that_was_sent_nothing():
    made, _ = dispatcher(ScriptedChannel("a"))
    assert made.facts(100.0, {}) == (ChannelFacts(channel="a"),)


async def test_a_slow_channel_delays_no_other():
    hold = asyncio.Event()
    made, outcomes = dispatcher(ScriptedChannel("slow", hold=hold), ScriptedChannel("quick"))
    made.send([notice(channel="slow")] * 20 + [notice(channel="quick")])
    assert (await outcomes.get()).notice.channel == "quick"
    hold.set()
    assert (await outcomes.get()).notice.channel == "slow"
    await made.close(1.0)


async def test_a_channel_is_sent_only_so_many_at_once():
    hold = asyncio.Event()
    slow = ScriptedChannel("slow", hold=hold)
    made, outcomes = dispatcher(slow, ScriptedChannel("quick"))
    made.send([notice(channel="slow")] * 20 + [notice(channel="quick")])
    await outcomes.get()
    assert slow.under_way == SENDS_AT_ONCE
    hold.set()
    for _ in range(20):
        await outcomes.get()


async def test_closing_waits_for_what_is_under_way_and_gives_up_the_rest():
    hold = asyncio.Event()
    made, outcomes = dispatcher(ScriptedChannel("stuck", hold=hold), ScriptedChannel("quick"))
    made.send([notice(channel="stuck"), notice(channel="quick")])
    await made.close(0.05)
    assert outcomes.qsize() == 1
    assert outcomes.get_nowait().notice.channel == "quick"


async def test_own_errors_go_to_the_channels_that_want_them():
    wanting, unwilling = ScriptedChannel("a"), ScriptedChannel("b", own_errors=False)
    broken = ScriptedChannel("c", SendError("down"))
    made, _ = dispatcher(wanting, unwilling, broken)
    error = ValueError("x")
    made.report(error)
    await made.close(1.0)
    assert (wanting.reported, unwilling.reported, broken.reported) == ([error], [], [error])


async def test_what_only_some_receivers_took_has_arrived_and_says_whom_it_missed():
    made, outcomes = dispatcher(ScriptedChannel("a", problem="refused for b@example.com: 550"))
    made.send([notice(channel="a")])
    outcome = await outcomes.get()
    assert (outcome.result, outcome.arrived) == ("partly", True)
    assert outcome.reason == "refused for b@example.com: 550"


async def test_other_channels_go_on_with_what_was_counted():
    made, outcomes = dispatcher(ScriptedChannel("a", SendError("down")), ScriptedChannel("b"))
    made.send([notice(channel="a"), notice(channel="b")])
    await outcomes.get()
    await outcomes.get()
    made.replace([ScriptedChannel("b"), ScriptedChannel("c")])
    assert made.failing == {}
    made.send([notice(channel="b"), notice(channel="c")])
    await outcomes.get()
    await outcomes.get()
    assert {key: n for key, n in made.counts.items() if n} == {
        ("a", "failed"): 1,
        ("b", "delivered"): 2,
        ("c", "delivered"): 1,
    }
