import pytest

from monitor.alerts.scripted import Scripted, say
from monitor.facts.catalogue import FACTS

IN_RULES = [fact for fact in FACTS if fact.in_rules]


@pytest.mark.parametrize("fact", IN_RULES, ids=lambda fact: f"{fact.scope}-{fact.name}")
def test_every_fact_of_the_catalogue_can_be_scripted(fact):
    thing = Scripted()
    assert fact.read(thing) is None
    say(thing, fact, 5)
    assert fact.read(thing) == 5
