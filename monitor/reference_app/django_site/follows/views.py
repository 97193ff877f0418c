"""The view behind the Follow button."""

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.views.decorators.http import require_POST

from monitor.reference_app.django_site.follows import tasks
from monitor.reference_app.django_site.follows.models import Follow


# Without sessions there is nobody whose login a forged request could use.
@require_POST
def follow(request: HttpRequest) -> HttpResponse:
    """Let `follower` follow `followed` of the form, with `?mode=inline` or `?mode=queued`."""
    follower, followed = request.POST.get("follower"), request.POST.get("followed")
    mode = request.GET.get("mode")
    if mode not in ("inline", "queued") or not follower or not followed:
        return HttpResponseBadRequest("mode, follower or followed is missing\n")
    if mode == "queued":
        # Where the request is a transaction, a worker could be faster than its commit.
        tasks.record_follow.delay_on_commit(follower, followed)
        return HttpResponse("it will be done\n", status=202)
    if Follow.record(follower, followed):
        # A task that is called like a function is one.
        tasks.mail_followed(follower, followed)
    return HttpResponse("done\n")
