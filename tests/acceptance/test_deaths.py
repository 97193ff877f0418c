"""A worker is killed: the monitor says which one, soon, and says it of no other."""

import signal
import socket
import time
from collections.abc import Callable

import pytest
import redis

from monitor.demo import processes
from monitor.demo.broker import EmbeddedBroker
from monitor.demo.metrics import Metrics
from tests.acceptance.monitor_process import Monitor
from tests.acceptance.receiver import Receiver

CLASSIC = (
    ("-Q", "high", "--concurrency=2"),
    ("-Q", "normal", "--concurrency=1"),
    ("-Q", "low,normal", "--concurrency=1"),
)
NAMES = ("high@web1", "normal@web1", "low@web1")
LAYOUTS = {
    "named": tuple(("-n", name, *options) for name, options in zip(NAMES, CLASSIC, strict=True)),
    # Verbatim: all three call themselves celery@ this host.
    "classic": CLASSIC,
}
WITHIN_SECONDS = 15.0


def ups(metrics: Metrics) -> dict[str, float]:
    return {labels["hostname"]: up for labels, up in metrics.where("celery_worker_up")}


class Site:
    """Three workers, a monitor that knows them, and somebody who is told."""

    def __init__(
        self,
        layout: str,
        broker: EmbeddedBroker,
        receiver: Receiver,
        worker: Callable[..., processes.Process],
        monitor: Callable[..., Monitor],
    ) -> None:
        self.workers = [worker(*options) for options in LAYOUTS[layout]]
        self.receiver = receiver
        self.monitor = monitor(
            {
                "brokers": [{"url": broker.url}],
                "alerts": {"group_wait": "0s"},
                "channels": [receiver.channel],
            }
        )
        host = socket.gethostname()
        shared = [f"celery@{host}#{process.pid}" for process in self.workers]
        self.names = shared if layout == "classic" else list(NAMES)

    def settle(self) -> None:
        """Start the monitor and return once it has heard each beside the others."""
        self.receiver.listen()
        self.monitor.start()
        self.monitor.until(lambda m: ups(m) == dict.fromkeys(self.names, 1.0))
        # Until then one that starts under the name of another may be its successor.
        seen_at = time.time()
        last_seen = "celery_worker_last_seen_timestamp_seconds"
        self.monitor.until(lambda m: all(at > seen_at for _, at in m.where(last_seen)))

    def expect_no_death(self) -> None:
        """Hold the monitor to telling nobody, for as long as a death may take."""
        began = time.monotonic()

        def over(metrics: Metrics) -> bool:
            assert 0 not in ups(metrics).values()
            return time.monotonic() - began > WITHIN_SECONDS

        self.monitor.until(over, 2 * WITHIN_SECONDS)
        assert self.receiver.alerts() == []

    def expect_death_of(self, victim: int) -> None:
        """Hold the monitor to what it has to say, and when."""
        began = time.monotonic()
        dead = self.names[victim]
        living = [name for name in self.names if name != dead]

        def shown(metrics: Metrics) -> bool:
            assert all(ups(metrics).get(name) != 0 for name in living)
            return ups(metrics).get(dead) == 0

        self.monitor.until(shown, WITHIN_SECONDS)
        left_seconds = began + WITHIN_SECONDS - time.monotonic()
        (told,) = self.receiver.until(1, left_seconds, alertname="WorkerDead")
        assert (told["status"], told["labels"]["hostname"]) == ("firing", dead)
        assert dead in told["annotations"]["summary"]
        self.monitor.until(lambda m: ups(m) == {dead: 0.0, **dict.fromkeys(living, 1.0)})
        self.monitor.tick()
        assert len(self.receiver.alerts()) == 1


@pytest.fixture
def site(
    layout: str,
    broker: EmbeddedBroker,
    client: "redis.Redis",
    receiver: Receiver,
    worker: Callable[..., processes.Process],
    monitor: Callable[..., Monitor],
) -> Site:
    return Site(layout, broker, receiver, worker, monitor)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_killed_worker_is_told_and_the_others_live(site: Site) -> None:
    site.settle()
    processes.kill(site.workers[1])
    site.expect_death_of(1)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_worker_killed_while_the_monitor_was_stopped_is_told_after_its_start(
    site: Site,
) -> None:
    site.settle()
    assert site.monitor.stop() == 0
    processes.kill(site.workers[1])
    site.monitor.start()
    site.expect_death_of(1)


@pytest.mark.soak
@pytest.mark.parametrize("victim", [0, 1, 2])
@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_whichever_of_the_three_is_killed(site: Site, victim: int, stopped: bool) -> None:
    site.settle()
    if stopped:
        assert site.monitor.stop() == 0
    processes.kill(site.workers[victim])
    if stopped:
        site.monitor.start()
    site.expect_death_of(victim)


@pytest.mark.soak
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_worker_that_left_while_the_monitor_was_stopped_is_no_death(site: Site) -> None:
    site.settle()
    assert site.monitor.stop() == 0
    site.workers[1].terminate()
    site.workers[1].wait(20)
    site.monitor.start()
    site.expect_no_death()


@pytest.mark.soak
@pytest.mark.parametrize("paused_seconds", [4, 12, 30])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_monitor_that_was_paused_takes_nobody_for_dead(site: Site, paused_seconds: int) -> None:
    site.settle()
    process = site.monitor.process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    time.sleep(paused_seconds)
    process.send_signal(signal.SIGCONT)
    site.expect_no_death()
