"""DASHBOARDS: all of them, in the order in which a reader opens them."""

from pathlib import Path

from grafana import operator
from grafana.frame import Dashboard, to_json
from grafana.monitor import MONITOR
from grafana.overview import OVERVIEW
from grafana.queue import QUEUE_IN_DEPTH
from grafana.tasks import TASKS_DASHBOARD
from grafana.workers import WORKERS

DASHBOARDS: tuple[Dashboard, ...] = (OVERVIEW, QUEUE_IN_DEPTH, WORKERS, TASKS_DASHBOARD, MONITOR)
FOLDER = Path(__file__).parent / "dashboards"


def write() -> None:
    """Write every dashboard to its file, and the rules for Kubernetes."""
    for dashboard in DASHBOARDS:
        (FOLDER / f"{dashboard.name}.json").write_text(to_json(dashboard))
    operator.FILE.write_text(operator.manifest())
