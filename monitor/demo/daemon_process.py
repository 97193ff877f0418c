"""The ordinary daemon as the demo runs it: its settings, and its process.

Used by `installation`.
"""

import sys
from collections.abc import Mapping
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


def settings(
    workspace: Workspace, *, broker_url: str, webhook_url: str, page_port: int, alerting: bool
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
            "rules": [BACKLOG_RULE] if alerting else [],
        },
        "channels": [{"type": "webhook", "name": "demo", "url": webhook_url}],
        "web": {"listen": f"127.0.0.1:{page_port}"},
        "state": {"file": str(workspace.folder / "state.db")},
    }


def start(workspace: Workspace, settings: Mapping[str, Any], environ: Mapping[str, str]) -> Process:
    """Write the settings and start the daemon with them; from the main thread only."""
    file = workspace.folder / "config.yaml"
    file.write_text(yaml.safe_dump(dict(settings), sort_keys=False))
    command = [sys.executable, "-m", "monitor", "run", "--config", str(file)]
    return workspace.start("daemon", command, environ)
