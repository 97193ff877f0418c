import pytest
from msgspec.structs import replace

from monitor.state import history
from monitor.state.history import KEPT_SECONDS, AlertEntry, NoticeEntry
from monitor.state.saved import Saved
from monitor.state.store import Store

FIRED = AlertEntry(
    at=1000.0,
    state="firing",
    labels={"alertname": "A", "queue_name": "bad\udcff"},
    fingerprint="f",
    summary="bad\udcff: 7 waiting",
)
TOLD = NoticeEntry(
    at=1003.0, channel="one", group_key="{}:{}", result="delivered", firing=1, resolved=0
)


@pytest.fixture
def store(tmp_path):
    opened = Store.open(tmp_path / "state.db")
    opened.load()
    yield opened
    opened.close()


def test_what_happened_comes_back_the_latest_first(store):
    store.save(Saved(), [FIRED])
    store.save(Saved(), [TOLD])
    told, fired = store.history(0.0, None, 10)
    assert (told["kind"], told["channel"], told["result"]) == ("notice", "one", "delivered")
    assert (fired["kind"], fired["summary"]) == ("alert", FIRED.summary)
    assert store.history(1001.0, None, 10) == [told]


def test_it_can_be_read_page_by_page(store):
    store.save(Saved(), [replace(TOLD, firing=n) for n in range(5)])
    first = store.history(0.0, None, 2)
    second = store.history(0.0, first[-1]["id"], 2)
    assert [entry["firing"] for entry in (*first, *second)] == [4, 3, 2, 1]


def test_it_is_bounded_in_age_and_number(store, monkeypatch):
    store.save(Saved(), [FIRED, TOLD])
    store.save(Saved(), [replace(TOLD, at=FIRED.at + KEPT_SECONDS + 1)])
    assert [entry["at"] for entry in store.history(0.0, None, 10)] == [
        FIRED.at + KEPT_SECONDS + 1,
        TOLD.at,
    ]
    monkeypatch.setattr(history, "MAX_ROWS", 3)
    store.save(Saved(), [replace(TOLD, at=9e9, firing=n) for n in range(5)])
    assert [entry["firing"] for entry in store.history(0.0, None, 10)] == [4, 3, 2]
