"""The status page, drawn by the server: HTML and one style sheet, no script."""
