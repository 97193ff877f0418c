"""The table of brokers: those that cannot be read first."""

from monitor.facts.snapshot import BrokerFacts, Snapshot
from monitor.values.units import format_size
from monitor.web.page.markup import Markup, element, joined
from monitor.web.page.objects import alert_badges, mark, row_key
from monitor.web.page.table import Column, Table
from monitor.web.page.view import View
from monitor.web.page.words import UNKNOWN, ago, badge, count, name, sentence


def brokers_section(view: View, snapshot: Snapshot) -> Markup:
    """Return the brokers, those that cannot be read first."""
    rows = sorted(snapshot.brokers, key=lambda b: (view.health[b.broker].ok, b.broker))
    columns = (
        Column[BrokerFacts]("Broker", lambda b: name(b.broker), "name"),
        Column[BrokerFacts]("Status", lambda b: _broker_status(view, b)),
        Column[BrokerFacts]("Last good poll", lambda b: ago(b.last_poll_at, view.now), "number"),
        Column[BrokerFacts]("In flight", _delivered, "number"),
        Column[BrokerFacts]("Memory", _memory, "number"),
        Column[BrokerFacts]("Events", _events),
        Column[BrokerFacts]("Server", _server, "number"),
    )
    table = Table(
        "Brokers", columns, lambda b: mark(view, "broker", b), row_key, "No broker is configured."
    )
    return table.section(rows, view.choice)


def _broker_status(view: View, broker: BrokerFacts) -> Markup:
    alerts = alert_badges(view, "broker", broker)
    if broker.up is None:
        return joined((badge("first poll", "blind"), alerts))
    if view.health[broker.broker].ok:
        return joined((badge("up", "good"), alerts))
    why = element("small", sentence(broker.error or "its data is too old"))
    return joined((badge("blind", "critical"), alerts, why))


def _server(broker: BrokerFacts) -> Markup:
    return name(broker.version) if broker.version else UNKNOWN


def _memory(broker: BrokerFacts) -> Markup:
    if broker.memory_used_bytes is None:
        return UNKNOWN
    used = format_size(broker.memory_used_bytes)
    most = broker.memory_max_bytes
    return Markup(f"{used} of {format_size(most)}" if most else used)


def _delivered(broker: BrokerFacts) -> Markup:
    many = broker.stranded
    why = element("small", f"{many:,} held by no live worker") if many else Markup("")
    return joined((count(broker.unacked), why))


def _events(broker: BrokerFacts) -> Markup:
    if broker.events_connected is None:
        return UNKNOWN
    if not broker.events_connected:
        return badge("lost", "critical")
    # So worded that each reads right with one, too.
    findings = (
        ("workers without task events", broker.workers_without_events),
        ("registered workers never heard", broker.workers_unheard),
        ("node names of several workers", broker.shared_node_names),
    )
    said = [element("small", f"{what}: {many:,}") for what, many in findings if many]
    return joined((badge("connected", "good"), *said))
