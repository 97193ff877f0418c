"""`make bench`: prints each figure and whether its bound holds; exit status 1 if one does not.

Ratios of one run, but where a person waits: machines are shared and noisy.
"""

import sys
from collections.abc import Iterator

from bench import check, daemon, events, exposition, page, poll
from bench.result import Result


def _results() -> Iterator[Result]:
    yield from events.run()
    yield poll.run()
    yield exposition.run()
    yield from daemon.run()
    yield from check.run()
    yield from page.run()


def main() -> int:
    """Run all benchmarks; return the exit status."""
    good = True
    for result in _results():
        good = good and result.holds
        verdict = "holds" if result.holds else "DOES NOT HOLD"
        print(f"{result}; bound {result.bound:g}: {verdict}", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
