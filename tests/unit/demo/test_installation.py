import pytest

from monitor.demo.installation import environ
from monitor.demo.workspace import Workspace


def test_what_the_demo_starts_knows_of_no_other_monitor_broker_site_or_sentry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    others = {
        *("QUEUE_MONITOR_POLL__INTERVAL", "CELERY_BROKER_URL"),
        *("REFERENCE_APP_FOLDER", "SENTRY_DSN"),
    }
    for name in others | {"KEPT"}:
        monkeypatch.setenv(name, "x")
    with Workspace() as workspace:
        found = environ(workspace)
        assert found["TMPDIR"] == str(workspace.folder)
    assert found["KEPT"] == "x"
    assert found.keys() & others == set()
