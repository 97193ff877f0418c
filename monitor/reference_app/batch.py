"""A poor man's queue: a flag in a table and a command that cron runs. See `run`.

It is enough while nobody waits for the mail, a run ends before the next begins, and one process
can do the work. It has no retries, no second worker, no priorities, and nobody sees how long
what waits. When any of that is missed, it is time for `tasks.send_welcome`, which does the same
at once. Both may be used side by side: the flag keeps either from mailing whom the other has.
"""

from collections.abc import Callable

from monitor.reference_app import mail
from monitor.reference_app.site import Site


def run(site: Site, limit: int, report: Callable[[str], None]) -> tuple[int, int]:
    """Mail up to `limit` people who have had no welcome; return how many had it, and who not.

    May run twice at once: each takes whom the other has not taken. One that cannot be mailed does
    not keep the others from it, and is tried again by the next run; `report` hears of it.
    """
    sent = failed = 0
    for address in site.unwelcomed(limit):
        try:
            with site.welcoming(address) as ours:
                if ours:
                    mail.send(address, "Welcome", "Good to have you.\n")
                    sent += 1
        except (OSError, ValueError) as error:
            failed += 1
            report(f"{address} has had no mail: {error}")
    return sent, failed
