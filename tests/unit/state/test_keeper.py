import threading

from monitor.state.keeper import Keeper
from monitor.state.saved import KnownQueue, Saved
from monitor.state.settings import StateSettings
from tests.unit.state.test_history import FIRED, TOLD


def keeper(path):
    opened = Keeper(StateSettings(file=str(path)), {})
    return opened, opened.open()


async def test_the_last_save_is_not_lost_to_one_that_is_under_way(tmp_path, monkeypatch):
    path = tmp_path / "state.db"
    first, _ = keeper(path)
    began, may_go_on = threading.Event(), threading.Event()
    save = first._store.save

    def slow(saved, entries):
        began.set()
        may_go_on.wait(10)
        save(saved, entries)

    monkeypatch.setattr(first._store, "save", slow)
    monkeypatch.setattr("monitor.state.keeper._SAVE_SECONDS", 0.01)
    # The disk takes longer than anybody waits.
    await first.save(Saved())
    assert began.is_set()
    monkeypatch.setattr("monitor.state.keeper._SAVE_SECONDS", 10)
    threading.Timer(0.05, may_go_on.set).start()
    last = Saved(queues=(KnownQueue("default", "high", 1.0),))
    await first.save_surely(last)
    await first.close()
    second, saved = keeper(path)
    await second.close()
    assert saved == last


async def test_the_history_is_written_with_the_next_save_and_only_once(tmp_path):
    kept, _ = keeper(tmp_path / "state.db")
    kept.record(FIRED)
    await kept.save(Saved())
    kept.record(TOLD)
    await kept.save(Saved())
    await kept.save(Saved())
    assert [entry["kind"] for entry in await kept.history(0.0, None, 10)] == ["notice", "alert"]
    await kept.close()


async def test_without_a_file_the_latest_of_the_history_is_in_memory(tmp_path):
    (tmp_path / "file").write_text("")
    kept = Keeper(StateSettings(), {"STATE_DIRECTORY": str(tmp_path / "file")})
    kept.open()
    kept.record(FIRED)
    kept.record(TOLD)
    assert [entry["at"] for entry in await kept.history(1001.0, None, 10)] == [TOLD.at]
    await kept.close()
