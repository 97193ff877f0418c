"""A broker as it is given to a check."""

import pytest

from monitor.broker.settings import TlsSettings
from monitor.checks.question import QuestionError
from monitor.checks.target import broker_settings


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("[]", "not a JSON object"),
        ('{"sepp": ":"}', "unknown transport option 'sepp'"),
        ('{"sentinel_kwargs": {"password": 5}}', "expected a text"),
        ('{"sep": ""}', "--transport-options: sep must not be empty"),
        ('{"priority_steps": []}', "--transport-options: priority_steps must start with 0"),
        ('{"priority_steps": [3, 6]}', "--transport-options: priority_steps must start with 0"),
        ('{"priority_steps": [0, 6, 3]}', "and ascend, as in Celery: [0, 3, 6, 9]"),
    ],
)
def test_transport_options_that_cannot_be_are_refused(options: str, says: str) -> None:
    with pytest.raises(QuestionError) as refused:
        broker_settings(
            "redis://localhost/0", user=None, password=None, tls=TlsSettings(), options=options
        )
    assert says in str(refused.value)
