"""A book of workers, a clock, and workers that beat: for the tests of what becomes of them."""

from collections import Counter

from monitor.facts.readings import Event, Headcount, RosterEntry, WorkerReply
from monitor.facts.settings import WorkerSettings
from monitor.facts.workers.book import WorkerBook

START = 1000.0
FREQ = 2.0


class Bench:
    """A book, a clock, and workers that beat until they are told otherwise."""

    def __init__(
        self, *, now: float = START, roster: tuple[RosterEntry, ...] = (), listening: bool = True
    ) -> None:
        self.now = now
        self.book = WorkerBook("default", WorkerSettings(), now, roster)
        self.beating: dict[tuple[str, int], int] = {}
        self.answering: set[tuple[str, int]] = set()
        self.hanging: set[tuple[str, int]] = set()
        self.pools: dict[str, str] = {}
        self.strangers = 0
        self.queues: dict[str, tuple[str, ...]] = {}
        self.registered = True
        if listening:
            self.book.feed(True, now)

    def start(self, hostname: str, pid: int = 1, *queues: str) -> None:
        self.queues[hostname] = queues or ("normal",)
        self.beating[hostname, pid] = 0
        self.answering.add((hostname, pid))
        self.send("worker-online", hostname, pid)

    def kill(self, hostname: str, pid: int = 1) -> None:
        self.beating.pop((hostname, pid), None)
        self.answering.discard((hostname, pid))
        self.hanging.discard((hostname, pid))

    def hang(self, hostname: str, pid: int = 1) -> None:
        self.kill(hostname, pid)
        self.hanging.add((hostname, pid))

    def resume(self, hostname: str, pid: int = 1) -> None:
        self.hanging.discard((hostname, pid))
        self.beating[hostname, pid] = 0
        self.answering.add((hostname, pid))

    def stop(self, hostname: str, pid: int = 1) -> None:
        self.kill(hostname, pid)
        self.send("worker-offline", hostname, pid)

    def send(self, kind: str, hostname: str, pid: int = 1, **fields: object) -> None:
        event = {"freq": FREQ, "active": 0, "processed": 0, "timestamp": self.now} | fields
        self.book.event(Event(type=kind, hostname=hostname, pid=pid, **event), self.now)

    def wait(self, seconds: float) -> None:
        """Let time pass as the daemon does: beats, steps, questions and answers."""
        for _ in range(round(seconds * 2)):
            self.now += 0.5
            if self.now % FREQ == 0:
                for hostname, pid in self.beating:
                    self.send("worker-heartbeat", hostname, pid)
            self.book.step(self.now)
            wanted = self.book.wanted(self.now)
            if wanted.listen:
                self.book.listened(self.headcount().listeners)
            if wanted:
                self.answer(None if wanted.census else wanted.ping | wanted.introduce)
                registered = dict.fromkeys(wanted.ping, self.registered)
                self.book.asked(wanted, self.now, registered, self.headcount())

    def headcount(self) -> Headcount:
        present = Counter(hostname for hostname, _ in self.answering)
        return Headcount(len(self.answering) + len(self.hanging) + self.strangers, present)

    def answer(self, hostnames: set[str] | None) -> None:
        for hostname, pid in self.answering:
            if hostnames is None or hostname in hostnames:
                self.book.reply(
                    WorkerReply(
                        self.now,
                        hostname,
                        pid=pid,
                        concurrency=2,
                        pool=self.pools.get(hostname, "prefork"),
                    )
                )
                self.book.reply(WorkerReply(self.now, hostname, queues=self.queues[hostname]))

    def states(self) -> dict[str, str | None]:
        return {row.hostname: row.state for row in self.book.facts(self.now)}

    def seconds_until(self, hostname: str, state: str, most: float = 60.0) -> float:
        began = self.now
        while self.states().get(hostname) != state:
            assert self.now - began < most, self.states()
            self.wait(0.5)
        return self.now - began

    def after_restart(self, *, stopped: bool = True) -> "Bench":
        """Return the bench of a monitor that is started soon after this one was stopped, or else
        killed; nobody beats in it yet."""
        return Bench(roster=self.book.roster(last=stopped), now=self.now + 4)
