"""The real programs that tests run: Prometheus, Alertmanager, redis-server and their like."""

import os
import shutil

import pytest


def require_tool(name: str) -> str:
    """Return the path of the program `name`.

    Without it the test is skipped with the program's name, or fails where
    QUEUE_MONITOR_REQUIRE_TOOLS=1 promises that every tool is there.
    """
    path = shutil.which(name)
    if path is not None:
        return path
    if os.environ.get("QUEUE_MONITOR_REQUIRE_TOOLS") == "1":
        pytest.fail(f"{name} is not installed, and QUEUE_MONITOR_REQUIRE_TOOLS=1 promises it")
    pytest.skip(f"{name} is not installed")
