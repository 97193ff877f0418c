"""The real programs that tests run: Prometheus, Alertmanager, redis-server and their like."""

import os
import shutil
from typing import NoReturn

import pytest


def require_tool(name: str) -> str:
    """Return the path of the program `name`, or end the test as `lacking` does."""
    return shutil.which(name) or lacking(f"{name} is not installed")


def lacking(what: str) -> NoReturn:
    """End a test that cannot run on this machine.

    It is skipped, for a machine without some tool should run the other tests; where
    QUEUE_MONITOR_REQUIRE_TOOLS=1 promises that nothing is missing, as in CI, it fails.
    """
    if os.environ.get("QUEUE_MONITOR_REQUIRE_TOOLS") == "1":
        pytest.fail(f"{what}, and QUEUE_MONITOR_REQUIRE_TOOLS=1 promises it")
    # Nothing else can be done here without it, and it is named in the summary of the run.
    pytest.skip(what)
