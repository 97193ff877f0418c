"""The ordinary daemon as the demo runs it: its settings, and its process.

Used by `installation`.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from monitor.demo.processes import Process
from monitor.demo.workspace import Workspace

BACKLOG_RULE = {
    "alert": "HighQueueBacklog",
    "on": "queue",
    "where": {"queue_name": "high"},
    "when": "length > 100",
    "until": "length < 20",
    "for": "3s",
    "severity": "critical",
    "summary": "{queue_name}: {length} waiting, oldest {oldest_age}",
}

CANARY = "canary"
CANARY_SECONDS = 10.0
"""How often beat sends it here; by default it does so each minute."""

PARTNER_RULE = {
    "alert": "PartnerTooSlow",
    "on": "task",
    "where": {"name": "*.look_up_city"},
    "when": "recently_finished >= 5 and failure_ratio > 0.5",
    "severity": "warning",
    "summary": "{name}: {recently_failed} of {recently_finished} calls gave up lately",
}


def settings(
    workspace: Workspace,
    *,
    broker_url: str,
    webhook_url: str,
    front_url: str,
    page_port: int,
    alerting: bool,
) -> dict[str, Any]:
    """Return the daemon's settings, as its file has them.

    It looks more often and waits less than by default, so that there is something to see
    within a minute.
    """
    return {
        "brokers": [
            {"name": "demo", "url": broker_url, "queues": {"names": ["high", "normal", "low"]}}
        ],
        "poll": {"interval": "1s", "timeout": "900ms"},
        "alerts": {
            "builtin": alerting,
            "group_wait": "1s",
            "group_interval": "5s",
            "rules": [BACKLOG_RULE, PARTNER_RULE] if alerting else [],
        },
        "tasks": {"max_runtime": {"*.faults.hang": "5s"}},
        "schedules": [
            {
                "name": CANARY,
                "task": "monitor.reference_app.tasks.canary",
                "every": f"{CANARY_SECONDS:.0f}s",
                # Longer than a flooded queue needs, and than workers to find a broker again.
                "grace": "18s",
            }
        ],
        "log_watch": [
            {
                "name": "tasks",
                "path": f"{log_folder(workspace)}/*.log",
                "pattern": r"Task \S+ succeeded",
                "max_silence": "5m",
            }
        ],
        "channels": [{"type": "webhook", "name": "demo", "url": webhook_url}],
        "web": {
            "listen": f"127.0.0.1:{page_port}",
            "links": {"The site that is watched: click Follow": f"{front_url}/"},
        },
        "state": {"file": str(workspace.folder / "state.db")},
    }


def log_folder(workspace: Workspace) -> Path:
    """Return where the workers log what they do."""
    return workspace.folder / "logs"


def start(workspace: Workspace, settings: Mapping[str, Any], environ: Mapping[str, str]) -> Process:
    """Write the settings and start the daemon with them; from the main thread only."""
    file = workspace.folder / "config.yaml"
    file.write_text(yaml.safe_dump(dict(settings), sort_keys=False))
    command = [sys.executable, "-m", "monitor", "run", "--config", str(file)]
    return workspace.start("daemon", command, environ)
