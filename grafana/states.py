"""State sets, of which one state holds at a time: their colours, and the panels that show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grafana.panels import CRITICAL, OK, QUIET, WARNING, Panel, Query
from grafana.queries import BROKER, PER_QUEUE, PER_WORKER, QUEUE, gauge, total


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSet:
    """A metric with a 0/1 sample for every state, which its label `label` names."""

    metric: str
    label: str
    per: str
    matchers: Sequence[str]
    colors: Mapping[str, str]
    """Colour of each state; in a timeline the place here is the number that stands for it."""


WORKER_STATE = StateSet(
    metric="celery_worker_state",
    label="state",
    per=PER_WORKER,
    matchers=BROKER,
    # Green is up, yellow will not stay, red is lost; grey has left, or was never heard.
    colors={
        "online": OK,
        "late": "yellow",
        "busy": "dark-green",
        "draining": "dark-yellow",
        "hung": CRITICAL,
        "dead": "dark-red",
        "offline": "gray",
        "unknown": "lightgray",
    },
)
QUEUE_VERDICT = StateSet(
    metric="celery_queue_verdict",
    label="verdict",
    per=PER_QUEUE,
    matchers=QUEUE,
    colors={
        "ok": OK,
        "draining": QUIET,
        "growing": WARNING,
        "saturated": WARNING,
        "stalled": CRITICAL,
        "abandoned": CRITICAL,
    },
)


def over_time(states: StateSet, title: str, description: str, legend: str, height: int) -> Panel:
    """Return a band for each object, in the colour of the state that holds."""
    numbered = [(float(number), each) for number, each in enumerate(states.colors.items())]
    expr = " or ".join(
        f"{number:g} * ({_of_each(states, state)} == 1)" for number, (state, _) in numbered
    )
    return Panel(
        title=title,
        description=description,
        unit="short",
        kind="timeline",
        width=24,
        height=height,
        mappings=dict(numbered),
        queries=(Query(expr, legend),),
    )


def counted(states: StateSet, title: str, description: str) -> Panel:
    """Return how many objects are in each state."""
    per = f"{states.per}, {states.label}"
    return Panel(
        title=title,
        description=description,
        unit="short",
        kind="stacked",
        colors=states.colors,
        queries=(
            Query(
                total(states.metric, per, *states.matchers, by=states.label),
                f"{{{{{states.label}}}}}",
            ),
        ),
    )


def _of_each(states: StateSet, state: str) -> str:
    return gauge(states.metric, states.per, *states.matchers, f'{states.label}="{state}"')
