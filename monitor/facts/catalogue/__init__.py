"""FACTS: one row a fact, a table a scope.

From a row come its sample on `/metrics`, its name in rule expressions, its field in the API
and on the page, its line in `docs/metrics.md` and the PromQL that stands for it. To add a
metric, add a row here and the arithmetic behind it in the books, nothing else.
"""

from collections.abc import Mapping

from monitor.facts.catalogue.broker import BROKER_FACTS
from monitor.facts.catalogue.channel import CHANNEL_FACTS
from monitor.facts.catalogue.log import LOG_FACTS
from monitor.facts.catalogue.monitor import MONITOR_FACTS
from monitor.facts.catalogue.queue import QUEUE_FACTS
from monitor.facts.catalogue.schedule import SCHEDULE_FACTS
from monitor.facts.catalogue.task import TASK_FACTS
from monitor.facts.catalogue.worker import WORKER_FACTS
from monitor.facts.fact import Fact

FACTS: tuple[Fact, ...] = (
    *BROKER_FACTS,
    *QUEUE_FACTS,
    *WORKER_FACTS,
    *TASK_FACTS,
    *SCHEDULE_FACTS,
    *LOG_FACTS,
    *CHANNEL_FACTS,
    *MONITOR_FACTS,
)


def facts_of(scope: str) -> Mapping[str, Fact]:
    """Return the rows of `scope` by their names."""
    return {fact.name: fact for fact in FACTS if fact.scope == scope}
