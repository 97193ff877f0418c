"""SCENARIOS: what `queue-monitor demo --scenario NAME` can play, and the module that plays it.

To add one, write a module with a `Scenario` called `run`, and a line here. Modules are named
and not imported, because every start of the command line needs the names.
"""

from collections.abc import Callable, Coroutine, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from monitor.demo.installation import Installation

Scenario = Callable[["Installation", Callable[[str], None]], Coroutine[Any, Any, bool]]
"""Plays on a running installation, says what it does, returns whether all went as it must."""

SCENARIOS: Mapping[str, str] = {
    "tour": "monitor.demo.tour",
}


def load(name: str) -> Scenario:
    """Return the scenario of that name. Raises KeyError."""
    return cast(Scenario, import_module(SCENARIOS[name]).run)
