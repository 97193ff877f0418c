"""Monitor: the daemon's own health, and what it costs."""

from grafana.frame import BROKERS, Dashboard
from grafana.panels import Panel, Query, Row, one_number
from grafana.queries import BROKER, DAEMON, gauge, quantile, rate, select


def _of_each(metric: str) -> Query:
    return Query(select(metric, *DAEMON), "{{instance}}")


def _good(title: str, description: str, metric: str, *matchers: str, good: str) -> Panel:
    return one_number(
        title,
        description,
        "short",
        f"min({select(metric, *matchers)})",
        width=6,
        mappings={0.0: ("no", "red"), 1.0: (good, "green")},
    )


def _percentiles(histogram: str, per: str, *matchers: str) -> tuple[Query, ...]:
    return tuple(
        Query(quantile(q, histogram, per, *matchers, by=per), f"{{{{{per}}}}} p{q * 100:.0f}")
        for q in (0.5, 0.99)
    )


HEALTH = Row(
    "Is it well?",
    (
        _good(
            "Scraped",
            "Whether Prometheus reaches every instance. What is not scraped cannot say that it "
            "is ill.",
            "up",
            *DAEMON,
            good="yes",
        ),
        _good(
            "Events",
            "Whether it is subscribed to the events of every broker. Without it nothing is known "
            "of workers and tasks.",
            "celery_events_connected",
            *BROKER,
            good="connected",
        ),
        _good(
            "State is saved",
            "Whether alerts would be known after a restart.",
            "queue_monitor_state_writable",
            *DAEMON,
            good="yes",
        ),
        _good(
            "Settings",
            "Whether the last load of the settings was good.",
            "queue_monitor_config_last_reload_successful",
            *DAEMON,
            good="good",
        ),
        Panel(
            title="Notifications",
            description="By channel and outcome. One that failed is tried again.",
            unit="cps",
            queries=(
                Query(
                    rate(
                        "queue_monitor_notifications_total",
                        "instance, channel, outcome",
                        *DAEMON,
                        by="channel, outcome",
                    ),
                    "{{channel}}: {{outcome}}",
                ),
            ),
        ),
        Panel(
            title="Since the last good poll",
            description="By broker. More than three intervals, and /health says 503.",
            unit="s",
            queries=(
                Query(
                    "time() - "
                    f"{gauge('celery_broker_last_poll_timestamp_seconds', 'broker', *BROKER)}",
                    "{{broker}}",
                ),
            ),
        ),
    ),
)

SPEED = Row(
    "How fast it is",
    (
        Panel(
            title="Polls",
            description="How long the polls of a broker took.",
            unit="s",
            queries=_percentiles("celery_broker_poll_duration_seconds", "broker", *BROKER),
        ),
        Panel(
            title="Ticks",
            description="How long books, rules and deliveries took after a poll.",
            unit="s",
            queries=_percentiles("queue_monitor_tick_duration_seconds", "instance", *DAEMON),
        ),
        Panel(
            title="Events",
            description="Events received a second, by type.",
            unit="cps",
            kind="stacked",
            queries=(
                Query(
                    rate("celery_events_received_total", "broker, type", *BROKER, by="type"),
                    "{{type}}",
                ),
            ),
        ),
        Panel(
            title="Lag of events",
            description="How much later than the quickest of its worker the latest heartbeat "
            "arrived.",
            unit="s",
            queries=(Query(gauge("celery_event_lag_seconds", "broker", *BROKER), "{{broker}}"),),
        ),
    ),
)

COST = Row(
    "What it costs",
    (
        Panel(
            title="CPU",
            description="Share of one core that the daemon takes.",
            unit="percentunit",
            queries=(
                Query(
                    f"rate({select('process_cpu_seconds_total', *DAEMON)}[$__rate_interval])",
                    "{{instance}}",
                ),
            ),
        ),
        Panel(
            title="Memory",
            description="Resident memory of the daemon.",
            unit="bytes",
            queries=(_of_each("process_resident_memory_bytes"),),
        ),
        Panel(
            title="Commands to the broker",
            description="What the monitor itself sent within the last minute, most of it one LLEN "
            "a list. The sum of the daemons: each asks for itself.",
            unit="cpm",
            queries=(
                Query(
                    "sum by (broker) "
                    f"({select('celery_broker_monitor_commands_per_minute', *BROKER)})",
                    "{{broker}}",
                ),
            ),
        ),
        Panel(
            title="Samples of a scrape",
            description="How many series the daemon exposes.",
            unit="short",
            queries=(_of_each("scrape_samples_scraped"),),
        ),
        Panel(
            title="Memory of the broker",
            description="Against its maxmemory, where there is one.",
            unit="bytes",
            queries=(
                Query(gauge("celery_broker_memory_used_bytes", "broker", *BROKER), "used"),
                Query(gauge("celery_broker_memory_max_bytes", "broker", *BROKER), "most"),
            ),
        ),
        Panel(
            title="Clients of the broker",
            description="Connections to the server, of everybody.",
            unit="short",
            queries=(
                Query(gauge("celery_broker_connected_clients", "broker", *BROKER), "{{broker}}"),
            ),
        ),
    ),
)

MONITOR = Dashboard(
    name="monitor",
    title="Monitor",
    description="The health of the monitor itself, and what it costs.",
    variables=(BROKERS,),
    rows=(HEALTH, SPEED, COST),
)
