"""The task that asks somebody else's API, which is slow, has bad days, and limits who asks.

`partner_server` is that API. The three bounds belong together: how long to wait for an answer,
how often to ask, and how often to ask again.
"""

# Celery ships no types, so that mypy knows nothing of its decorator.
# mypy: disable-error-code="untyped-decorator"

import json
from urllib.parse import quote
from urllib.request import urlopen

from monitor.reference_app.app import app
from monitor.reference_app.settings import partner_url

ANSWER_SECONDS = 1.0
"""Without a timeout of its own, a call that hangs keeps a process until the task's time limit."""


# URLError, HTTPError and TimeoutError are OSErrors: all of them pass, some day. The pauses double
# and are drawn by lot, or all that failed together would come back together. The rate is that of
# each worker, not of all of them.
@app.task(
    acks_late=True,
    autoretry_for=(OSError,),
    retry_backoff=1,
    retry_jitter=True,
    max_retries=2,
    rate_limit="10/s",
    time_limit=10,
    ignore_result=False,
)
def look_up_city(address: str) -> str:
    """Return the city that somebody lives in, as the partner knows it."""
    url = f"{partner_url()}/city?person={quote(address)}"
    with urlopen(url, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - the partner's, by http
        return str(json.load(answer)["city"])
