"""Facts of the monitor itself."""

from monitor.facts.fact import Fact

MONITOR_FACTS: tuple[Fact, ...] = (
    Fact("monitor", "alerts", "queue_monitor_alerts", "gauge",
         "Alerts of the monitor's own engine, pending and firing.",
         lambda m: m.alerts, labels=("alertname", "severity", "state")),
    Fact("monitor", "notifications", "queue_monitor_notifications_total", "counter",
         "Notifications, by channel and outcome.",
         lambda m: m.notifications, labels=("channel", "outcome")),
    Fact("monitor", "channels", "queue_monitor_channels", "gauge",
         "Notification channels configured; 0 means that nobody is told.",
         lambda m: m.channels),
    Fact("monitor", "tick_duration", "queue_monitor_tick_duration_seconds", "histogram",
         "How long a tick took: books to snapshot, rules, deliveries decided.",
         lambda m: m.tick_duration, unit="seconds"),
    Fact("monitor", "config_reload_ok", "queue_monitor_config_last_reload_successful", "gauge",
         "Whether the last load of the settings was good.",
         lambda m: m.config_reload_ok, unit="boolean"),
    Fact("monitor", "state_ok", "queue_monitor_state_writable", "gauge",
         "Whether alert state is being saved (1), or kept in memory only (0).",
         lambda m: m.state_ok, unit="boolean"),
    Fact("monitor", "build_info", "queue_monitor_build_info", "info",
         "Version of the monitor; always 1.",
         lambda m: (m.version,), labels=("version",)),
)
