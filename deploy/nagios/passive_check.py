#!/usr/bin/env python3
"""Turns notices into passive check results: one service for each alert name, on one host.

A program for a channel of type `exec`. It reads a notice on standard input and writes to Nagios'
command pipe, or with `--nsca` to standard output what send_nsca reads. It ends with 1, so that
the notice is tried again, when nobody reads the pipe.
"""

import argparse
import json
import os
import sys
import time

LEVELS = {"info": 0, "warning": 1, "critical": 2}
OUTPUT_BYTES = 2000


def results(notice: dict) -> dict[str, tuple[int, str]]:
    """Return level and text by alert name; what no longer fires is fine again."""
    found: dict[str, tuple[int, str]] = {}
    for alert in notice["alerts"]:
        labels = alert["labels"]
        firing = alert["status"] == "firing"
        level = LEVELS.get(labels["severity"], 0) if firing else 0
        said = alert["annotations"].get("summary", labels["alertname"])
        before = found.get(labels["alertname"], (-1, ""))
        found[labels["alertname"]] = max(before, (level, said if firing else f"resolved: {said}"))
    return found


def one_line(text: str) -> str:
    """Return `text` without what would end the command or begin performance data."""
    visible = "".join("/" if c == "|" else c if c.isprintable() else " " for c in text)
    return visible.encode("utf-8", "replace")[:OUTPUT_BYTES].decode("utf-8", "ignore")


def main() -> int:
    """Pass one notice on; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", required=True, help="as it is called in Nagios")
    parser.add_argument("--nsca", action="store_true", help="write for send_nsca instead")
    parser.add_argument("--pipe", default="/var/lib/nagios4/rw/nagios.cmd")
    args = parser.parse_args()
    found = results(json.load(sys.stdin))
    if args.nsca:
        for service, (level, said) in found.items():
            print(args.host, service, level, one_line(said), sep="\t")
        return 0
    now = int(time.time())
    try:
        pipe = os.open(args.pipe, os.O_WRONLY | os.O_NONBLOCK)
        for service, (level, said) in found.items():
            result = f"{args.host};{service};{level};{one_line(said)}"
            os.write(pipe, f"[{now}] PROCESS_SERVICE_CHECK_RESULT;{result}\n".encode())
    except OSError as error:
        print(f"{args.pipe}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
