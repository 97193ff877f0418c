import os
import subprocess
import sys

import pytest

from monitor.reference_app import settings


@pytest.mark.parametrize(
    ("value", "eager"), [(None, False), ("0", False), ("", False), ("1", True), ("True", True)]
)
def test_eager_mode_is_asked_for_and_warned_of(
    value: str | None, eager: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CELERY_TASK_ALWAYS_EAGER", raising=False)
    if value is not None:
        monkeypatch.setenv("CELERY_TASK_ALWAYS_EAGER", value)
    assert settings.eager() is eager
    assert len(settings.warnings()) == eager


def test_in_eager_mode_tasks_run_where_they_are_sent_and_the_check_warns(folder: object) -> None:
    environ = os.environ | {"CELERY_TASK_ALWAYS_EAGER": "1", "CELERY_BROKER_URL": "redis://nowhere"}
    app = [sys.executable, "-m", "monitor", "reference-app"]
    sent = subprocess.run(
        [*app, "send", "send_welcome"], env=environ, capture_output=True, text=True, check=False
    )
    # A mistyped address is part of the made-up ones, and fails here as a function would.
    assert sent.returncode == 0 or "not a mail address" in sent.stderr
    check = subprocess.run(
        [*app, "check"], env=environ, capture_output=True, text=True, check=False
    )
    assert check.returncode == 1
    assert "Switch it off in production" in check.stderr
