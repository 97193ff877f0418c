import asyncio

from monitor.channels.heartbeat import Heartbeat, HeartbeatSettings
from monitor.values.secret import Secret
from tests.unit.channels.conftest import Answer


def heartbeat(receiver, session, path="/uuid"):
    settings = HeartbeatSettings(ping_url=Secret(receiver.url + path), interval=60.0)
    return Heartbeat(settings, session)


async def beaten(heart, receiver, now, trouble=""):
    """Return path and body of what one beat sends; None: nothing."""
    before = len(receiver.requests)
    heart.beat(now, trouble)
    await asyncio.gather(*(switch._ping for switch in heart._switches))
    sent = receiver.requests[before:]
    return (sent[0][0], sent[0][2].decode()) if sent else None


async def test_it_is_sent_at_once_and_then_every_interval(receiver, session):
    heart = heartbeat(receiver, session)
    sent = [await beaten(heart, receiver, now) for now in (0.0, 59.0, 60.0, 100.0, 120.0)]
    assert sent == [("/uuid", ""), None, ("/uuid", ""), None, ("/uuid", "")]


async def test_sentry_gets_a_check_in_that_says_whether_every_broker_is_read(receiver, session):
    settings = HeartbeatSettings(sentry_cron_url=Secret(receiver.url + "/api/2/cron/monitor/key/"))
    heart = Heartbeat(settings, session)
    sent = [await beaten(heart, receiver, now, trouble) for now, trouble in ((0, ""), (5, "away"))]
    assert sent == [
        ("/api/2/cron/monitor/key/", '{"status": "ok"}'),
        ("/api/2/cron/monitor/key/", '{"status": "error"}'),
    ]
    assert receiver.queries == ["status=ok", "status=error"]
    assert {headers["Content-Type"] for _, headers, _ in receiver.requests} == {"application/json"}


async def test_each_switch_is_sent_its_own(receiver, session):
    url = Secret(receiver.url + "/one")
    settings = HeartbeatSettings(ping_url=url, sentry_cron_url=Secret(receiver.url + "/two/"))
    receiver.answers = [Answer(500)]
    heart = Heartbeat(settings, session)
    await beaten(heart, receiver, 0.0)
    await beaten(heart, receiver, 10.0)
    paths = sorted(path for path, _, _ in receiver.requests)
    # Only the one that did not get it gets it again before its time.
    assert len(paths) == 3
    assert set(paths) == {"/one", "/two/"}


async def test_a_broker_that_is_not_read_is_told_at_once_and_so_is_its_return(receiver, session):
    heart = heartbeat(receiver, session)
    assert await beaten(heart, receiver, 0.0) == ("/uuid", "")
    assert await beaten(heart, receiver, 5.0, "default: refused") == (
        "/uuid/fail",
        "default: refused",
    )
    assert await beaten(heart, receiver, 10.0, "default: refused") is None
    assert await beaten(heart, receiver, 15.0) == ("/uuid", "")


async def test_what_the_url_asks_for_is_asked_for_also_when_it_fails(receiver, session):
    heart = heartbeat(receiver, session, "/key/slug?create=1&rid=a%2Fb%26c")
    assert await beaten(heart, receiver, 0.0, "away") == ("/key/slug/fail", "away")
    await beaten(heart, receiver, 5.0)
    assert receiver.queries == ["create=1&rid=a/b%26c"] * 2


async def test_what_the_receiver_did_not_take_is_sent_again_soon(receiver, session):
    receiver.answers = [Answer(500)]
    heart = heartbeat(receiver, session)
    sent = [await beaten(heart, receiver, now) for now in (0.0, 5.0, 10.0, 20.0)]
    assert sent == [("/uuid", ""), None, ("/uuid", ""), None]


async def test_a_receiver_that_hangs_holds_up_nothing(receiver, session):
    receiver.hold = asyncio.Event()
    heart = heartbeat(receiver, session)
    heart.beat(0.0, "")
    await receiver.arrived.wait()
    heart.beat(600.0, "")
    await heart.close()
    assert len(receiver.requests) == 1


async def test_without_a_url_nothing_is_sent(session):
    heart = Heartbeat(HeartbeatSettings(), session)
    before = asyncio.all_tasks()
    heart.beat(0.0, "")
    assert asyncio.all_tasks() == before
