"""The rules that hold without any configuration. A rule of the same name replaces one.

Two rules of one name differ in severity: the graver one comes on top of the other.
"""

from monitor.alerts.settings import RuleSettings

BUILTIN: tuple[RuleSettings, ...] = (
    RuleSettings(
        alert="BrokerDown",
        on="broker",
        when="not up",
        for_=30.0,
        severity="critical",
        summary="{broker} cannot be polled: {error}",
    ),
    RuleSettings(
        alert="BrokerRefusingWrites",
        on="broker",
        when="not writable",
        for_=60.0,
        severity="critical",
        summary="{broker} refuses writes: {obstacle}",
    ),
    RuleSettings(
        alert="MessagesLost",
        on="broker",
        when="messages_lost_lately > 0",
        severity="warning",
        summary="{broker}: at least {messages_lost_lately} messages are lost: {latest_reset}",
    ),
    RuleSettings(
        alert="BrokerMemoryHigh",
        on="broker",
        when="memory_used / memory_max > 0.85",
        for_=300.0,
        severity="warning",
        summary="{broker} uses {memory_used} of {memory_max}",
    ),
    RuleSettings(
        alert="BrokerMemoryHigh",
        on="broker",
        when="memory_used / memory_max >= 0.95",
        for_=300.0,
        severity="critical",
        summary="{broker} uses {memory_used} of {memory_max}",
    ),
    RuleSettings(
        alert="BrokerEvicting",
        on="broker",
        when="evicted_lately > 0 and evicts_queues",
        severity="warning",
        summary="{broker} evicted {evicted_lately} keys within 10 minutes; queues are not spared",
    ),
    RuleSettings(
        alert="BrokerEvicting",
        on="broker",
        when="evicted_lately > 0 and not evicts_queues",
        severity="info",
        summary="{broker} evicted {evicted_lately} keys within 10 minutes; queues are spared",
    ),
    RuleSettings(
        alert="WorkerDead",
        on="worker",
        when='state == "dead"',
        severity="warning",
        summary="{hostname} is dead: {reason}",
    ),
    RuleSettings(
        alert="WorkerHung",
        on="worker",
        when='state == "hung"',
        for_=30.0,
        severity="warning",
        summary="{hostname} hangs: {reason}",
    ),
    RuleSettings(
        alert="WorkerCrashLooping",
        on="worker",
        when="recent_crashes >= 3",
        severity="warning",
        summary="{hostname} was started again {recent_crashes} times in 15 minutes without "
        "having said goodbye",
    ),
    RuleSettings(
        alert="WorkersMissing",
        on="queue",
        when="workers < expected_workers",
        for_=120.0,
        severity="critical",
        summary="{queue_name}: {workers} live workers, {expected_workers} expected",
    ),
    RuleSettings(
        alert="QueueAbandoned",
        on="queue",
        when="length > 0 and workers == 0",
        for_=120.0,
        severity="critical",
        summary="{queue_name}: {length} waiting and no live worker consumes it",
    ),
    RuleSettings(
        alert="RedeliveryRisk",
        on="broker",
        # An ETA that lies ahead may be as far as it likes: that is not a task that takes long.
        when="oldest_due_unacked_age > 0.8 * visibility_timeout",
        for_=60.0,
        severity="warning",
        summary="{broker}: a message has been in flight for {oldest_due_unacked_age}; after "
        "{visibility_timeout} it is delivered again, and its task may run twice",
    ),
    RuleSettings(
        alert="QueueStalled",
        on="queue",
        when='verdict == "stalled"',
        for_=300.0,
        severity="critical",
        summary="{queue_name}: {length} waiting and none is taken, although {workers} live "
        "workers consume it and have a free process",
    ),
    RuleSettings(
        alert="QueueBacklogGrowing",
        on="queue",
        when='verdict == "growing" and drain > target_drain',
        for_=900.0,
        severity="warning",
        summary="{queue_name}: {length} waiting and not shrinking: {arrival_rate} come a second, "
        "{dispatch_rate} are taken",
    ),
    RuleSettings(
        alert="QueueTooOld",
        on="queue",
        when="oldest_age > max_age",
        for_=120.0,
        severity="warning",
        # An age that is not exact is a lower bound, so "at least" is true of both.
        summary="{queue_name}: the oldest of {length} waiting has waited at least {oldest_age}, "
        "more than {max_age}",
    ),
    RuleSettings(
        alert="QueueTooLong",
        on="queue",
        when="length > max_length",
        for_=120.0,
        severity="warning",
        summary="{queue_name}: {length} waiting, more than {max_length}",
    ),
    RuleSettings(
        alert="TaskFailureRatio",
        on="task",
        when="recently_finished >= 20 and failure_ratio > 0.25",
        severity="warning",
        summary="{name} on {queue_name}: {recently_failed} of {recently_finished} failed in the "
        "last 10 minutes",
    ),
    RuleSettings(
        alert="TaskStuck",
        on="task",
        when="stuck > 0",
        severity="warning",
        summary="{name} on {queue_name}: {stuck} running for longer than {max_runtime}, the "
        "longest for {longest_running} on {running_on}, id {running_id}",
    ),
    RuleSettings(
        alert="ScheduleMissed",
        on="schedule",
        when="missed",
        severity="warning",
        summary="{schedule}, due {due}, was missed: {reason}",
    ),
    RuleSettings(
        alert="EventsOff",
        on="broker",
        when="workers_without_events > 0",
        for_=600.0,
        severity="info",
        summary="{workers_without_events} workers process tasks and send no task events, so their "
        "tasks are not counted: start workers with -E, or run celery -A <app> control "
        "enable_events",
    ),
)
