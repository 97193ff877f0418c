"""Dashboards as code: `python -m grafana` writes dashboards/ and the Prometheus rules.

Each dashboard is a module that lists its panels; `panels` makes of them what Grafana reads.
"""
