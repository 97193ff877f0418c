"""SCENARIOS: what `queue-monitor demo --scenario NAME` can play, and the module that plays it.

To add a fault, write a module with a `play` in `faults`, and a line here. Modules are named and
not imported, because every start of the command line needs the names.
"""

from collections.abc import Callable, Coroutine, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from monitor.demo.installation import Installation

Scenario = Callable[["Installation", Callable[[str], None]], Coroutine[Any, Any, bool]]
"""Plays on a running installation, says what it does, returns whether all went as it must."""

_FAULTS = "monitor.demo.faults"

SCENARIOS: Mapping[str, str] = {
    "flood": f"{_FAULTS}.flood",
    "kill-worker": f"{_FAULTS}.kill_worker",
    "hang-worker": f"{_FAULTS}.hang_worker",
    "broker-restart": f"{_FAULTS}.broker_restart",
    "stuck-task": f"{_FAULTS}.stuck_task",
    "missed-schedule": f"{_FAULTS}.missed_schedule",
    "poison": f"{_FAULTS}.poison",
    "slow-api": f"{_FAULTS}.slow_api",
    "tour": "monitor.demo.tour",
}


def load(name: str) -> Scenario:
    """Return the scenario of that name. Raises KeyError."""
    module = import_module(SCENARIOS[name])
    if name == "tour":
        return cast(Scenario, module.run)
    from monitor.demo.playing import alone

    return alone(module.play)
