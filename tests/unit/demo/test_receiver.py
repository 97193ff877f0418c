import aiohttp

from monitor.demo.receiver import Receiver

PAYLOAD = {
    "version": "4",
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "WorkerDead", "hostname": "low@a"},
            "annotations": {"summary": "low@a is dead"},
        },
        {
            "status": "resolved",
            "labels": {"alertname": "WorkerDead", "hostname": "high@a"},
            "annotations": {},
        },
    ],
}


async def test_each_alert_of_a_notification_is_kept_and_found_by_status_and_labels() -> None:
    receiver = Receiver()
    await receiver.start()
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.post(receiver.url, json=PAYLOAD) as response,
        ):
            assert response.status == 200
    finally:
        await receiver.stop()
    assert [told.status for told in receiver.told] == ["firing", "resolved"]
    found = receiver.find("firing", {"alertname": "WorkerDead"}, since=0.0)
    assert found is not None
    assert (found.labels["hostname"], found.summary) == ("low@a", "low@a is dead")
    assert receiver.find("firing", {"hostname": "high@a"}, since=0.0) is None
    assert receiver.find("firing", {}, since=found.arrived_at + 1.0) is None
