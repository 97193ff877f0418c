"""The table of faults: what is done to a worker, the state that it is shown in, and how soon.

Each prints what was done, the states, their reasons and seconds, and the alerts (`pytest -s`).
"""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest
from celery import Celery

from monitor.demo import processes
from tests.broker.conftest import Watched
from tests.broker.faults import (
    START_SECONDS,
    Fault,
    Site,
    Worker,
    hold,
    nothing,
    proxy,
    signalling,
    site,
)

KILL, STOP = signalling(signal.SIGKILL), signalling(signal.SIGSTOP)
TERM, QUIT = signalling(signal.SIGTERM), signalling(signal.SIGQUIT)
HELLO_SECONDS = 40.0
"""A worker that has only said hello has half a minute to start."""
DEAD, HUNG = frozenset({"WorkerDead"}), frozenset({"WorkerHung"})

DEATHS = (
    Fault(
        worker=Worker(name="killed"),
        what="SIGKILL, prefork",
        do=KILL,
        states=(("dead", 15),),
        alerts=DEAD,
        watch_seconds=1,
    ),
    Fault(
        worker=Worker(name="ahead", clock_ahead_seconds=3600),
        what="its clock an hour ahead",
        do=nothing,
        watch_seconds=25,
    ),
    Fault(
        worker=Worker(name="behind", clock_ahead_seconds=-3600),
        what="its clock an hour behind",
        do=nothing,
        watch_seconds=25,
    ),
    Fault(
        worker=Worker(name="quiet", options=("--without-heartbeat",), holds_seconds=1),
        what="--without-heartbeat",
        do=nothing,
        watch_seconds=25,
    ),
    Fault(
        worker=Worker(name="deaf", remote_control=False),
        what="remote control off",
        do=nothing,
        watch_seconds=25,
    ),
)
HANGS = (
    Fault(
        worker=Worker(name="stopped"),
        what="SIGSTOP, prefork",
        do=STOP,
        states=(("hung", 20),),
        alerts=HUNG,
        watch_seconds=33,
    ),
    Fault(
        worker=Worker(name="threads", pool="threads"),
        what="SIGSTOP, threads",
        do=STOP,
        states=(("hung", 20),),
        alerts=HUNG,
        watch_seconds=33,
    ),
    Fault(
        worker=Worker(name="solo", pool="solo", holds_seconds=30),
        what="solo in a task of 30 s",
        do=nothing,
        states=(("busy", 20), ("online", 30)),
        watch_seconds=5,
    ),
    Fault(
        worker=Worker(name="green", pool="gevent", holds_seconds=30),
        what="gevent in a task of 30 s that does not give way",
        do=nothing,
        states=(("busy", 20), ("online", 30)),
        watch_seconds=5,
    ),
    Fault(
        worker=Worker(name="eventlet", pool="eventlet", holds_seconds=30),
        what="eventlet in a task of 30 s that does not give way",
        do=nothing,
        states=(("busy", 20), ("online", 30)),
        watch_seconds=5,
    ),
)
GOODBYES = (
    Fault(
        worker=Worker(name="term"),
        what="SIGTERM, idle",
        do=TERM,
        states=(("offline", 10),),
        watch_seconds=10,
    ),
    Fault(
        worker=Worker(name="drain", holds_seconds=10),
        what="SIGTERM in a task of 10 s",
        do=TERM,
        states=(("draining", 10), ("offline", 15)),
        watch_seconds=10,
    ),
    Fault(
        worker=Worker(name="quit", holds_seconds=20),
        what="SIGQUIT in a task",
        do=QUIT,
        states=(("offline", 15),),
        passing=frozenset({"online", "draining"}),
        watch_seconds=10,
    ),
)


async def held(folder: Path, faults: tuple[Fault, ...]) -> None:
    async with site(folder, [fault.worker for fault in faults]) as running:
        async with asyncio.TaskGroup() as group:
            for fault in faults:
                group.create_task(hold(running, fault, print))
        of_workers = {f"{fault.worker.name}@h" for fault in faults}
        assert set(running.raised) <= of_workers, running.raised


@pytest.mark.timeout(300)
async def test_each_kind_of_fault_is_told_for_what_it_is(tmp_path: Path) -> None:
    async with asyncio.TaskGroup() as group:
        for number, faults in enumerate((DEATHS, HANGS, GOODBYES)):
            folder = tmp_path / str(number)
            folder.mkdir()
            group.create_task(held(folder, faults))


@pytest.mark.soak
@pytest.mark.timeout(200)
@pytest.mark.parametrize(
    "worker",
    [
        Worker(name="working", holds_seconds=25),
        Worker(name="threads", pool="threads"),
        Worker(name="threading", pool="threads", holds_seconds=25),
        Worker(name="solo", pool="solo"),
        Worker(name="soloing", pool="solo", holds_seconds=60),
        Worker(name="green", pool="gevent"),
        Worker(name="greening", pool="gevent", holds_seconds=60),
        Worker(name="eventlet", pool="eventlet"),
        Worker(name="eventing", pool="eventlet", holds_seconds=60),
        Worker(name="scaling", options=("--autoscale=3,1",), holds_seconds=25),
        Worker(name="deaf", remote_control=False),
        Worker(name="ahead", clock_ahead_seconds=3600),
        Worker(name="behind", clock_ahead_seconds=-3600),
    ],
    ids=lambda worker: worker.name,
)
async def test_whoever_is_killed_is_dead_soon(tmp_path: Path, worker: Worker) -> None:
    fault = Fault(
        worker=worker,
        what=f"SIGKILL, {worker.pool}, in a task of {worker.holds_seconds} s",
        do=KILL,
        states=(("dead", 15),),
        alerts=DEAD,
        watch_seconds=1,
    )
    beside = Fault(worker=Worker(name="beside"), what="beside it", do=nothing, watch_seconds=10)
    await held(tmp_path, (fault, beside))


@pytest.mark.soak
@pytest.mark.timeout(300)
async def test_a_worker_without_heartbeats_is_dead_within_two_minutes(tmp_path: Path) -> None:
    quiet = Worker(name="quiet", options=("--without-heartbeat",), holds_seconds=1)

    async def kill_once_answered(running: Site, process: processes.Process) -> None:
        # Of one that neither beats nor ever answered, silence says nothing.
        await running.watched.until(lambda _: (row := running.row("quiet")) and row.pool, 60)
        processes.kill(process)

    fault = Fault(
        worker=quiet,
        what="SIGKILL, --without-heartbeat",
        do=kill_once_answered,
        states=(("dead", 120),),
        alerts=DEAD,
        watch_seconds=1,
    )
    await held(tmp_path, (fault,))


@pytest.mark.soak
@pytest.mark.timeout(300)
async def test_whoever_is_stopped_hangs_until_it_goes_on(tmp_path: Path) -> None:
    stopped = [
        Worker(name="working", holds_seconds=40),
        Worker(name="threading", pool="threads", holds_seconds=40),
        Worker(name="solo", pool="solo"),
        Worker(name="green", pool="gevent"),
        Worker(name="eventlet", pool="eventlet"),
        Worker(name="scaling", options=("--autoscale=3,1",)),
    ]
    faults = [
        Fault(
            worker=worker,
            what=f"SIGSTOP, {worker.name}",
            do=STOP,
            states=(("hung", 20),),
            alerts=HUNG,
            watch_seconds=33,
        )
        for worker in stopped
    ]
    async with site(tmp_path, stopped) as running:
        async with asyncio.TaskGroup() as group:
            for fault in faults:
                group.create_task(hold(running, fault, print))
        for worker in stopped:
            os.kill(running.process(worker.name).pid, signal.SIGCONT)
        for worker in stopped:
            await running.reaches(worker.name, "online", 20)
        print(f"SIGCONT: {sorted(running.seen.items())}, alerts {running.raised}")


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("number", "states", "within_seconds", "starting"),
    # One that has only said hello may be starting yet, and whether it listens says little.
    [(signal.SIGSTOP, {"hung"}, 20, {"hung", "dead"}), (signal.SIGKILL, {"dead"}, 15, {"dead"})],
    ids=["stopped", "killed"],
)
async def test_whoever_ends_in_its_first_seconds_is_known_for_it(
    tmp_path: Path,
    number: signal.Signals,
    states: set[str],
    within_seconds: float,
    starting: set[str],
) -> None:
    young = [
        (Worker(name=f"{pool}{lived_seconds}", pool=pool), lived_seconds)
        for pool in ("prefork", "threads")
        for lived_seconds in (0, 1, 3)
    ]
    async with site(tmp_path, [Worker(name="beside")]) as running:
        for worker, lived_seconds in young:
            process = running.start(worker)
            await running.reaches(worker.name, "online", START_SECONDS)
            await asyncio.sleep(lived_seconds)
            has_told = bool((row := running.row(worker.name)) and row.pool)
            os.kill(process.pid, number)
            began = time.monotonic()
            if has_told:
                await running.reaches(worker.name, states, within_seconds)
            else:
                await running.reaches(worker.name, starting, HELLO_SECONDS)
            row = running.row(worker.name)
            print(
                f"{number.name} {lived_seconds} s after its first sign of life: "
                f"{row.state if row else ''} after {time.monotonic() - began:.1f} s "
                f"({row.reason if row else ''})"
            )
        assert running.seen["beside@h"] <= {"online", "late"}, running.seen


@pytest.mark.soak
@pytest.mark.timeout(200)
async def test_a_short_stop_tells_nobody(tmp_path: Path) -> None:
    stopped = [Worker(name="short"), Worker(name="solo", pool="solo")]
    async with site(tmp_path, stopped) as running:
        for worker in stopped:
            os.kill(running.process(worker.name).pid, signal.SIGSTOP)
        await asyncio.sleep(25)
        for worker in stopped:
            os.kill(running.process(worker.name).pid, signal.SIGCONT)
        await quiet_until_online(running, "stopped for 25 s", 20)


SITE = (Worker(name="one"), Worker(name="two"), Worker(name="three", pool="threads"))


async def quiet_until_online(running: Site, what: str, seconds: float) -> None:
    """Wait until all beat again, and hold the monitor to having raised nothing meanwhile."""
    began, at = time.monotonic(), time.time()
    rows = running.watched.part
    await running.watched.until(
        lambda _: all(w.state == "online" and (w.last_seen_at or 0) > at for w in rows().workers),
        seconds,
    )
    print(f"{what}: all online after {time.monotonic() - began:.1f} s, seen {running.seen}")
    await asyncio.sleep(10)
    assert running.raised == {}, running.raised


@pytest.mark.soak
@pytest.mark.timeout(240)
async def test_a_broker_restart_is_no_fault_of_a_worker(tmp_path: Path) -> None:
    async with site(tmp_path, SITE) as running:
        running.broker.stop()
        await asyncio.sleep(10)
        running.broker.start()
        await quiet_until_online(running, "broker down for 10 s", 60)


@pytest.mark.soak
@pytest.mark.timeout(240)
async def test_a_broker_restart_in_the_middle_of_a_task_is_no_fault_of_a_worker(
    tmp_path: Path,
) -> None:
    busy = [Worker(name=pool, pool=pool) for pool in ("prefork", "solo", "gevent", "eventlet")]
    async with site(tmp_path, busy, config=("--appendonly", "yes")) as running:
        for worker in busy:
            running.send(worker.name, 45)
        await asyncio.sleep(5)
        running.broker.stop()
        running.broker.start()
        await quiet_until_online(running, "broker restarted in tasks of 45 s", 90)


@pytest.mark.soak
@pytest.mark.timeout(240)
async def test_a_paused_broker_is_no_fault_of_a_worker(tmp_path: Path) -> None:
    async with site(tmp_path, SITE) as running:
        running.broker.pause()
        await asyncio.sleep(20)
        running.broker.resume()
        await quiet_until_online(running, "broker paused for 20 s", 60)


@pytest.mark.soak
@pytest.mark.timeout(240)
async def test_a_network_that_drops_everything_for_a_while_is_no_death(tmp_path: Path) -> None:
    async with proxy() as cut, site(tmp_path, SITE, behind=cut) as running:
        cut.drop()
        await running.reaches("one", "hung", 20)
        await asyncio.sleep(8)
        cut.heal()
        await quiet_until_online(running, "network cut for 20 s", 60)
        assert all("dead" not in seen for seen in running.seen.values()), running.seen


@pytest.mark.soak
@pytest.mark.timeout(300)
async def test_a_redeploy_of_ten_workers_is_no_storm(tmp_path: Path) -> None:
    old = [Worker(name=f"old{letter}", pool="solo", queue="q") for letter in "abcdefghij"]
    new = [Worker(name=f"new{letter}", pool="solo", queue="q") for letter in "abcdefghij"]
    async with site(tmp_path, old) as running:
        await asyncio.sleep(5)
        for before, after in zip(old, new, strict=True):
            running.start(after)
            running.process(before.name).terminate()
            await asyncio.sleep(1)
        await running.introduced(new)
        for worker in old:
            await running.reaches(worker.name, "offline", 10)
        await asyncio.sleep(20)
        print(f"redeploy of ten: seen {running.seen}, alerts {running.raised}")
        assert running.raised == {}, running.raised


@pytest.mark.soak
@pytest.mark.timeout(240)
async def test_a_redeploy_while_the_broker_is_restarted_is_no_death(tmp_path: Path) -> None:
    old = [Worker(name=f"old{letter}", queue="q") for letter in "ab"]
    new = [Worker(name=f"new{letter}", queue="q") for letter in "ab"]
    async with site(tmp_path, old) as running:
        running.broker.stop()
        for worker in old:  # none of them can say goodbye
            processes.kill(running.process(worker.name))
        for worker in new:
            running.start(worker)
        running.broker.start()
        await running.introduced(new)
        await running.watched.until(lambda w: w.states().keys() == {"newa@h", "newb@h"}, 60)
        print(f"redeploy without a broker: seen {running.seen}, {running.watched.part().gone}")
        assert running.raised == {}, running.raised


@pytest.mark.soak
@pytest.mark.timeout(240)
async def test_a_death_beside_a_restart_is_told_until_somebody_takes_its_place(
    tmp_path: Path,
) -> None:
    killed, restarted = Worker(name="killed", queue="q"), Worker(name="restarted", queue="q")
    async with site(tmp_path, (killed, restarted)) as running:
        processes.kill(running.process("killed"))
        running.process("restarted").terminate()
        running.process("restarted").wait(20)
        running.start(restarted)
        await running.reaches("killed", "dead", 15)
        running.start(Worker(name="successor", queue="q"))
        await running.watched.until(lambda w: "killed@h" not in w.states(), 60)
        print(f"killed beside a restart: seen {running.seen}, {running.watched.part().gone}")
        assert running.raised == {"killed@h": {"WorkerDead"}}


@pytest.mark.soak
@pytest.mark.timeout(240)
async def test_a_queue_that_a_worker_is_told_to_consume_is_not_abandoned(tmp_path: Path) -> None:
    async with site(tmp_path, (Worker(name="one"),)) as running:
        with Celery(broker=running.broker.url, set_as_current=False) as app:
            app.control.add_consumer("other", destination=["one@h"])
            for _ in range(10):  # more than it takes at once, and it is busy for long
                app.send_task("hold", (120,), queue="other")

        def consumed(watched: Watched) -> bool:
            rows = {queue.queue_name: queue for queue in watched.part().queues}
            return "other" in rows and rows["other"].workers == 1

        seconds = await running.watched.until(consumed, 100)
        print(f"its consumer was known after {seconds:.0f} s")


@pytest.mark.soak
@pytest.mark.timeout(240)
async def test_a_worker_that_dies_again_and_again_is_crash_looping(tmp_path: Path) -> None:
    worker = Worker(name="looping")
    async with site(tmp_path, (worker,)) as running:
        for _ in range(3):
            pid = running.process("looping").pid
            await running.watched.until(
                lambda _, pid=pid: (row := running.row("looping")) and row.pid == pid and row.pool,
                30,
            )
            processes.kill(running.process("looping"))
            running.start(worker)
        await running.watched.until(
            lambda _: "WorkerCrashLooping" in running.raised.get("looping@h", ()), 30
        )
        print(f"three crashes: seen {running.seen}, alerts {running.raised}")
        # Where starting takes longer than a death may, it was dead in between.
        assert running.raised["looping@h"] <= {"WorkerCrashLooping", "WorkerDead"}
