"""Prometheus' own checker, promtool."""

import subprocess

from tests.tools import require_tool


def promtool(*words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run promtool; return its exit status and what it says."""
    command = [require_tool("promtool"), *words]
    return subprocess.run(command, input=stdin, capture_output=True, encoding="utf-8", check=False)


def check_metrics(metrics: bytes) -> tuple[int, str]:
    """Return the exit status of `promtool check metrics`, and what it complains about."""
    found = promtool("check", "metrics", stdin=metrics.decode())
    return found.returncode, found.stdout + found.stderr
