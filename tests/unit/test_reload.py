from dataclasses import replace

from monitor.alerts.settings import AlertSettings
from monitor.broker.settings import PollSettings
from monitor.config.settings import Settings
from monitor.facts.settings import WorkerSettings
from monitor.journal import JournalSettings
from monitor.reload import in_force, wait_for_restart

OLD = Settings()
NEW = replace(
    OLD,
    alerts=AlertSettings(group_wait=99.0),
    log=JournalSettings(level="debug"),
    poll=PollSettings(interval=99.0),
    workers=WorkerSettings(patience=99.0),
)


def test_who_is_told_of_what_changes_at_once_and_the_books_do_not() -> None:
    settings = in_force(OLD, NEW)
    assert (settings.alerts, settings.log) == (NEW.alerts, NEW.log)
    assert (settings.poll, settings.workers) == (OLD.poll, OLD.workers)


def test_what_waits_for_a_restart_is_named_until_it_is_taken_back() -> None:
    settings = in_force(OLD, NEW)
    assert wait_for_restart(settings, NEW) == ("poll", "workers")
    assert wait_for_restart(settings, OLD) == ()
