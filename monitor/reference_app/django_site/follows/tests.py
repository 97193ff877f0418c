"""The app's own tests: `python -m django test monitor.reference_app.django_site`."""

from django.core import mail
from django.core.checks import run_checks
from django.test import TestCase, override_settings

from monitor.reference_app.django_site.follows import tasks
from monitor.reference_app.django_site.follows.models import Person

ADA, BAO = "ada@mail.example", "bao@mail.example"


class FollowTests(TestCase):
    """Following somebody, as far as a request goes and beyond."""

    def test_a_follow_counts_once_and_mails_once_however_often_it_is_delivered(self) -> None:
        for _ in range(2):
            with self.captureOnCommitCallbacks(execute=True):
                tasks.record_follow.delay(BAO, ADA)
        ada, bao = Person.objects.get(address=ADA), Person.objects.get(address=BAO)
        self.assertEqual((ada.followers, bao.following), (1, 1))
        self.assertEqual([message.to for message in mail.outbox], [[ADA]])

    def test_the_view_follows_either_way(self) -> None:
        for mode, status in (("inline", 200), ("queued", 202)):
            with self.captureOnCommitCallbacks(execute=True):
                form = {"follower": f"{mode}@mail.example", "followed": ADA}
                answer = self.client.post(f"/follow?mode={mode}", form)
            self.assertEqual(answer.status_code, status)
        self.assertEqual(Person.objects.get(address=ADA).followers, 2)
        self.assertEqual(tasks.update_leader_board.delay().get(), [[ADA, 2]])

    def test_the_view_refuses_what_is_no_follow(self) -> None:
        self.assertEqual(self.client.post("/follow?mode=queued").status_code, 400)
        self.assertEqual(self.client.get("/follow?mode=queued").status_code, 405)


class WelcomeTests(TestCase):
    """The welcome mail."""

    def test_somebody_is_welcomed_once(self) -> None:
        for _ in range(2):
            tasks.send_welcome.delay(ADA)
        self.assertEqual([message.subject for message in mail.outbox], ["Welcome"])


class CheckTests(TestCase):
    """The check that warns of eager mode, in which these tests run."""

    def test_eager_mode_is_warned_of_where_nobody_debugs(self) -> None:
        self.assertEqual([warning.id for warning in run_checks()], ["follows.W001"])
        with override_settings(DEBUG=True):
            self.assertEqual(run_checks(), [])
