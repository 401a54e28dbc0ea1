"""gunicorn, started from Python, so that an application can be served that no environment describes."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """Serves what `make_app` builds; each worker builds its own, so that no pool or socket crosses a fork."""

    def __init__(self, make_app: Callable[[], Flask], options: dict[str, Any]) -> None:
        self.make_app = make_app
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self.make_app()


def serve(make_app: Callable[[], Flask], *, bind: str, workers: int, **options: Any) -> None:
    """Serve until told to stop; returns (by SystemExit) when every worker has finished its requests."""
    defaults: dict[str, Any] = {
        "bind": bind,
        "workers": workers,
        "worker_class": "gthread",
        "threads": 8,
        "graceful_timeout": 20,
        "timeout": 60,
        "keepalive": 15,
        "max_requests": 0,
        "accesslog": None,
        "loglevel": "warning",
    }
    Server(make_app, defaults | options).run()
