"""What the app takes from its environment, and what is wrong with it."""

import os
from pathlib import Path

DEFAULT_BROKER_URL = "redis://127.0.0.1:6379/0"


def data_folder() -> Path:
    """Return $REFERENCE_APP_FOLDER, else a folder of its own in the XDG data folder."""
    chosen = os.environ.get("REFERENCE_APP_FOLDER")
    if chosen:
        return Path(chosen)
    data_home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data_home) / "queue-monitor-reference-app"


def mail_seconds() -> float:
    """Return how long the mail server takes for a mail: $REFERENCE_APP_MAIL_SECONDS, or 0.4."""
    return float(os.environ.get("REFERENCE_APP_MAIL_SECONDS") or 0.4)


def canary_seconds() -> float:
    """Return how often beat sends the canary: $REFERENCE_APP_CANARY_SECONDS, or each minute."""
    return float(os.environ.get("REFERENCE_APP_CANARY_SECONDS") or 60.0)


def partner_url() -> str:
    """Return where the partner's API is: $REFERENCE_APP_PARTNER_URL, or the local one."""
    return os.environ.get("REFERENCE_APP_PARTNER_URL") or "http://127.0.0.1:8001"


def eager() -> bool:
    """Return whether $CELERY_TASK_ALWAYS_EAGER asks for tasks to run where they are sent."""
    return os.environ.get("CELERY_TASK_ALWAYS_EAGER", "").lower() in ("1", "true", "yes", "on")


def warnings() -> list[str]:
    """Say what must not be so in production."""
    if not eager():
        return []
    return [
        "CELERY_TASK_ALWAYS_EAGER is on: every task runs in the request that sends it, workers get"
        " nothing, and retries and time limits do not count. Switch it off in production."
    ]
