"""What all dashboards share: variables, annotations, links, and their place in the folder."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as models

from grafana.panels import DATASOURCE, Row, build
from grafana.queries import BROKER, DAEMON, PER_WORKER, QUEUE, gauge, select

TAG = "queue-monitor"
ALL = ".+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One drop-down: the values that label `label` has on `metric`."""

    name: str
    title: str
    metric: str
    label: str
    matchers: Sequence[str] = ()
    many: bool = True
    """Whether several, or all, can be chosen at once."""


BROKERS = Variable(
    name="broker",
    title="Broker",
    metric="celery_broker_up",
    label="broker",
    matchers=DAEMON,
)
QUEUES = Variable(
    name="queue",
    title="Queue",
    metric="celery_queue_length",
    label="queue_name",
    matchers=BROKER,
)
ONE_QUEUE = replace(QUEUES, many=False)
TASKS = Variable(
    name="task",
    title="Task",
    metric="celery_task_received_total",
    label="name",
    matchers=QUEUE,
)
_DAEMONS = (
    Variable(name="job", title="Job", metric="queue_monitor_build_info", label="job"),
    Variable(
        name="instance",
        title="Instance",
        metric="queue_monitor_build_info",
        label="instance",
        matchers=('job=~"$job"',),
    ),
)


_FIRING = gauge(
    "queue_monitor_alerts", "alertname, severity", *DAEMON, 'state="firing"', 'severity!="info"'
)
_RESTARTS = select("celery_worker_restarts_total", *DAEMON)
ANNOTATIONS: tuple[tuple[str, str, str], ...] = (
    ("Alerts", f"{_FIRING} > 0", "red"),
    (
        "Worker restarts",
        f"max by ({PER_WORKER}, clean) (changes({_RESTARTS}[$__rate_interval])) > 0",
        "blue",
    ),
    ("Broker away", f"{gauge('celery_broker_up', 'broker', *DAEMON)} == 0", "purple"),
)
"""Name, expression and colour of what is marked on every time axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """One dashboard; `name` is its file and, after the tag, its uid."""

    name: str
    title: str
    description: str
    rows: Sequence[Row]
    variables: Sequence[Variable] = ()


def url_of(name: str, *variables: str) -> str:
    """Return a link to the dashboard `name` that keeps the time, the data source and the job."""
    kept = "${__url_time_range}&${datasource:queryparam}&${job:queryparam}"
    return f"/d/{TAG}-{name}?{'&'.join((kept, *variables))}"


def to_json(page: Dashboard) -> str:
    """Return the dashboard as the file that Grafana imports."""
    built = (
        dashboard.Dashboard(f"Celery / {page.title}")
        .uid(f"{TAG}-{page.name}")
        .description(page.description)
        .tags([TAG, "celery"])
        .readonly()
        .timezone("browser")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .time("now-1h", "now")
        .refresh("30s")
        .link(
            dashboard.DashboardLink("Celery")
            .type(models.DashboardLinkType.DASHBOARDS)
            .tags([TAG])
            .include_vars(True)
            .keep_time(True)
        )
        .with_variable(
            dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus")
        )
    )
    for variable in (*_DAEMONS, *page.variables):
        built = built.with_variable(_variable(variable))
    for name, expr, color in ANNOTATIONS:
        built = built.annotation(_annotation(name, expr, color))
    for row in page.rows:
        built = built.with_row(dashboard.Row(row.title))
        for panel in row.panels:
            built = built.with_panel(build(panel))
    document = json.loads(json.dumps(built.build(), cls=JSONEncoder))
    _number(document["panels"])
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _variable(variable: Variable) -> Any:
    series = select(variable.metric, *variable.matchers) if variable.matchers else variable.metric
    built = (
        dashboard.QueryVariable(variable.name)
        .label(variable.title)
        .datasource(DATASOURCE)
        .query(f"label_values({series}, {variable.label})")
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
    )
    if not variable.many:
        return built
    everything = models.VariableOption(text="All", value="$__all", selected=True)
    return built.multi(True).include_all(True).all_value(ALL).current(everything)


def _annotation(name: str, expr: str, color: str) -> Any:
    return (
        dashboard.AnnotationQuery()
        .name(name)
        .datasource(DATASOURCE)
        .enable(True)
        .icon_color(color)
        .expr(expr)
    )


def _number(panels: list[dict[str, Any]]) -> None:
    """Give panels the ids that a link to one of them needs."""
    for number, panel in enumerate(panels, start=1):
        panel["id"] = number
