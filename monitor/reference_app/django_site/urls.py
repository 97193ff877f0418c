"""Where the project's one view is."""

from django.urls import path

from monitor.reference_app.django_site.follows.views import follow

urlpatterns = [path("follow", follow)]
