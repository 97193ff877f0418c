"""Monitor: the daemon's own health, and what it costs."""

from grafana.frame import BROKERS, Dashboard
from grafana.panels import Panel, Query, Row, areas, lines, one_number
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
        lines(
            "Notifications",
            "By channel and outcome. One that failed is tried again.",
            "cps",
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
        lines(
            "Since the last good poll",
            "By broker. More than three intervals, and /health says 503.",
            "s",
            Query(
                f"time() - {gauge('celery_broker_last_poll_timestamp_seconds', 'broker', *BROKER)}",
                "{{broker}}",
            ),
        ),
    ),
)

SPEED = Row(
    "How fast it is",
    (
        lines(
            "Polls",
            "How long the polls of a broker took.",
            "s",
            *_percentiles("celery_broker_poll_duration_seconds", "broker", *BROKER),
        ),
        lines(
            "Ticks",
            "How long books, rules and deliveries took after a poll.",
            "s",
            *_percentiles("queue_monitor_tick_duration_seconds", "instance", *DAEMON),
        ),
        areas(
            "Events",
            "Events received a second, by type.",
            "cps",
            Query(
                rate("celery_events_received_total", "broker, type", *BROKER, by="type"), "{{type}}"
            ),
        ),
        lines(
            "Lag of events",
            "How much later than the quickest of its worker the latest heartbeat arrived.",
            "s",
            Query(gauge("celery_event_lag_seconds", "broker", *BROKER), "{{broker}}"),
        ),
    ),
)

COST = Row(
    "What it costs",
    (
        lines(
            "CPU",
            "Share of one core that the daemon takes.",
            "percentunit",
            Query(
                f"rate({select('process_cpu_seconds_total', *DAEMON)}[$__rate_interval])",
                "{{instance}}",
            ),
        ),
        lines(
            "Memory",
            "Resident memory of the daemon.",
            "bytes",
            _of_each("process_resident_memory_bytes"),
        ),
        lines(
            "Commands to the broker",
            "What the monitor itself sent within the last minute, most of it one LLEN "
            "a list. The sum of the daemons: each asks for itself.",
            "cpm",
            Query(
                f"sum by (broker) ({select('celery_broker_monitor_commands_per_minute', *BROKER)})",
                "{{broker}}",
            ),
        ),
        lines(
            "Samples of a scrape",
            "How many series the daemon exposes.",
            "short",
            _of_each("scrape_samples_scraped"),
        ),
        lines(
            "Memory of the broker",
            "Against its maxmemory, where there is one.",
            "bytes",
            Query(gauge("celery_broker_memory_used_bytes", "broker", *BROKER), "used"),
            Query(gauge("celery_broker_memory_max_bytes", "broker", *BROKER), "most"),
        ),
        lines(
            "Clients of the broker",
            "Connections to the server, of everybody.",
            "short",
            Query(gauge("celery_broker_connected_clients", "broker", *BROKER), "{{broker}}"),
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
