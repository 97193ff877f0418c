"""A small social site's Celery application: something real for the monitor to watch.

It shows how work leaves the request: `app` says where each task goes, `tasks` what is done,
`layout` which workers do it, `site` what the tasks work on. It runs against any broker and
imports of the rest of the package only the stamp, as any app may.
"""
