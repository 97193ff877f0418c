"""Facts of a notification channel."""

from monitor.facts.fact import Fact

CHANNEL_FACTS: tuple[Fact, ...] = (
    Fact("channel", "refused", "queue_monitor_channel_refused_groups", "gauge",
         "Groups of alerts whose latest notice the channel refused for good; absent until a notice "
         "was sent.",
         lambda c: c.refused),
    Fact("channel", "failing", "queue_monitor_channel_failing_seconds", "gauge",
         "Time since notices fail and none arrives, 0 while they arrive; absent until a notice "
         "was sent.",
         lambda c: c.failing_seconds, unit="seconds"),
)
