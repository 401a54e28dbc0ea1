"""How fast the hot calls are, against a bare Flask route in the same run: `python -m benchmarks`.

A rate in requests a second says more about the machine than about the code. So a ceiling is measured beside every
call, in the same minute and with the same gunicorn settings: a bare Flask route that parses and returns JSON. What
counts is the ratio of the two. The rest is real: durable PostgreSQL (then SQLite), a Valkey, HTTP over loopback.
"""
