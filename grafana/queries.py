"""PromQL for the panels: every selector and every way to aggregate is written here once.

Two daemons may watch one broker. A gauge is therefore the maximum over those that expose it, and
a counter's rate is that before it is summed up: nothing is counted twice.
"""

DAEMON = ('job=~"$job"', 'instance=~"$instance"')
BROKER = (*DAEMON, 'broker=~"$broker"')
QUEUE = (*BROKER, 'queue_name=~"$queue"')
TASK = (*QUEUE, 'name=~"$task"')

PER_QUEUE = "broker, queue_name"
PER_WORKER = "broker, hostname"
PER_TASK = "broker, name, queue_name"


def select(metric: str, *matchers: str) -> str:
    """Return the series of `metric` that have these labels."""
    return f"{metric}{{{', '.join(matchers)}}}"


def gauge(metric: str, per: str, *matchers: str) -> str:
    """Return a value for each object that the labels `per` identify."""
    return f"max by ({per}) ({select(metric, *matchers)})"


def total(metric: str, per: str, *matchers: str, by: str = "") -> str:
    """Return the sum of a gauge over the objects that `per` identifies."""
    return _sum(gauge(metric, per, *matchers), by)


def rate(metric: str, per: str, *matchers: str, by: str = "") -> str:
    """Return how fast a counter grows a second, summed up over the objects of `per`."""
    return _sum(_growth("rate", metric, per, *matchers), by)


def increase(metric: str, per: str, *matchers: str, by: str = "") -> str:
    """Return how much a counter grew within one step of the panel, summed up like `rate`."""
    return _sum(_growth("increase", metric, per, *matchers), by)


def quantile(q: float, histogram: str, per: str, *matchers: str, by: str = "") -> str:
    """Return a quantile of a histogram, over all objects or one for each `by`."""
    wanted = f"{by}, le" if by else "le"
    buckets = rate(f"{histogram}_bucket", f"{per}, le", *matchers, by=wanted)
    return f"histogram_quantile({q}, {buckets})"


def _growth(function: str, metric: str, per: str, *matchers: str) -> str:
    return f"max by ({per}) ({function}({select(metric, *matchers)}[$__rate_interval]))"


def _sum(expr: str, by: str) -> str:
    return f"sum{f' by ({by})' if by else ''} ({expr})"
