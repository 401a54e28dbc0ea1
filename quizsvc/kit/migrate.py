"""Alembic, driven from inside the service; the scripts are the repository's `migrations/`."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from quizsvc.kit.files import shipped


def alembic_config(engine: Engine) -> Config:
    """The configuration that env.py finds its engine in."""
    config = Config(attributes={"engine": engine})
    config.set_main_option("script_location", str(shipped("migrations")))
    return config


def upgrade(engine: Engine) -> tuple[str | None, str | None]:
    """Bring the database to the newest migration. Returns the revisions before and after."""
    before = current_revision(engine)
    command.upgrade(alembic_config(engine), "head")
    return before, current_revision(engine)


def downgrade(engine: Engine) -> None:
    """Take everything away."""
    command.downgrade(alembic_config(engine), "base")


def current_revision(engine: Engine) -> str | None:
    """The database's revision; None before the first migration."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    """The revision that this code wants."""
    config = Config()
    config.set_main_option("script_location", str(shipped("migrations")))
    return ScriptDirectory.from_config(config).get_current_head()
