"""A small social site's Celery application: something real for the monitor to watch.

Start reading at `front`, the page with the Follow button, and follow the work out of the
request: `app` says where each task goes and why, `tasks`, `pictures` and `partner` what is
done, `workflows` how tasks are put together, `layout` which workers do it, `site` what they
work on. It runs against any broker and imports of the rest of the package only the stamp, as
any app may.
"""
