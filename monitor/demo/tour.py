"""The scenario `tour`: what the monitor is for, fault by fault, unattended.

What can go wrong side by side does, so that it is over within two minutes; only the broker is
stopped for itself, for nothing can be seen of the rest while it is away.
"""

from asyncio import gather
from collections.abc import Sequence

from monitor.demo.fault import Outcome
from monitor.demo.faults import (
    broker_restart,
    flood,
    hang_worker,
    kill_worker,
    missed_schedule,
    poison,
    slow_api,
    stuck_task,
)
from monitor.demo.installation import TRAFFIC, Installation
from monitor.demo.playing import Say, judge


async def run(installation: Installation, say: Say) -> bool:
    """Return whether all went as it must. Raises DemoError, as `judge` does."""
    return await judge(installation, say, _script)


async def _script(installation: Installation, say: Say) -> Sequence[Outcome]:
    side_by_side = await gather(
        missed_schedule.play(installation, say),
        hang_worker.play(installation, say),
        _kill_one_more(installation, say),
        _keep_high_busy(installation, say),
    )
    missed, hung, killed, busy = side_by_side
    return [*busy, killed, hung, missed, await broker_restart.play(installation, say)]


async def _kill_one_more(installation: Installation, say: Say) -> Outcome:
    # Of two that fall silent at once nobody can tell which one is dead.
    await hang_worker.seen(installation)
    killed = await kill_worker.play(installation, say)
    # A schedule is missed for sure only where each worker is known to tell what it receives.
    installation.supervisor.start(TRAFFIC)
    return killed


async def _keep_high_busy(installation: Installation, say: Say) -> Sequence[Outcome]:
    """Play what needs workers on the queue whose worker neither hangs nor dies."""
    flooded = await flood.play(installation, say)
    # One of the two processes hangs in its task, and the other one does the rest.
    return [
        flooded,
        *await gather(
            stuck_task.play(installation, say),
            poison.play(installation, say),
            slow_api.play(installation, say),
        ),
    ]
