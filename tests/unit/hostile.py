"""What somebody may call a queue, a worker, a task, or put where words are expected."""

HOSTILE = {
    "markup": "<script>alert(1)</script>&amp;",
    "an attribute": '"><img src=x onerror=alert(1)>',
    "newlines": "two\nlines\r\t\x0b\x85\u2028",
    "performance data": "a|b=7;c 'd' \"e\"",
    "a label": 'x",evil="1"} 7\nevil_metric 1',
    "a field of the log": 'x" level=error msg="forged',
    "commands to a terminal": "\x1b[2J\x1b]0;owned\x07\x9b31m\x00",
    "styles of rich": "[red]a[/red][link=file:///]",
    "right to left": "right\u202eto left\u2066",
    "not UTF-8": "caf\udce9",
    "10 kB": "x" * 10_000,
    "nothing": "",
}
