"""What the monitor shows over HTTP: metrics, health, the API and the page."""
