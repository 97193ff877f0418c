"""`python -m grafana`: write the dashboards."""

from grafana.catalogue import write

write()
