"""For gunicorn and other WSGI servers: `gunicorn wsgi:app`, settings from the environment."""

from quizsvc.app import create_app
from quizsvc.settings import environment, settings_from

app = create_app(settings_from(environment()))
