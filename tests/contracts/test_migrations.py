"""The migrations build exactly the models' tables, on both databases, and take everything away again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Engine, create_engine, inspect, text
from sqlalchemy.types import NullType

from quizsvc.kit import migrate
from quizsvc.kit.db import prepare_engine
from quizsvc.tables import metadata
from tests import servers


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine on a database that nothing was done to."""
    if request.param == "sqlite":
        engine = create_engine(f"sqlite:///{tmp_path / 'empty.db'}")
        prepare_engine(engine)
        yield engine
        engine.dispose()
    else:
        with servers.postgres() as url:
            engine = create_engine(url)
            yield engine
            engine.dispose()


def test_upgrade_equals_the_models_and_downgrade_leaves_nothing(engine: Engine) -> None:
    before, after = migrate.upgrade(engine)
    assert before is None
    assert after == migrate.newest_revision()
    assert migrate.upgrade(engine) == (after, after)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":  # the connection that migrated goes on working, with its promises kept
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "target_metadata": metadata}
        )
        assert compare_metadata(context, metadata) == []
    assert _checks(engine) == {
        f"{table.name}.{check.name}"
        for table in metadata.tables.values()
        for check in table.constraints
        if isinstance(check, CheckConstraint)
    }
    migrate.downgrade(engine)
    with engine.connect() as connection:
        left = set(inspect(connection).get_table_names()) - {"alembic_version"}
        assert left == set()
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 0


def _checks(engine: Engine) -> set[str]:
    """Alembic does not compare check constraints; the promises stand in them, so this does, by name."""
    found = inspect(engine)
    return {
        f"{table}.{check['name']}" for table in found.get_table_names() for check in found.get_check_constraints(table)
    }


def test_questions_that_stood_before_they_had_states_are_reviewed_ones(engine: Engine) -> None:
    command.upgrade(migrate.alembic_config(engine), "0003")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO questions (code, version) VALUES ('loan-001', 3)"))
    migrate.upgrade(engine)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT code, version, state, waiting, changed_by FROM questions")).all()
    assert [tuple(row) for row in found] == [("loan-001", 3, "reviewed", None, "system")]


def test_there_is_one_head_and_names_follow_the_form() -> None:
    scripts = ScriptDirectory.from_config(migrate.alembic_config(create_engine("sqlite://")))
    assert len(scripts.get_heads()) == 1
    for script in scripts.walk_revisions():
        name = Path(script.path).stem
        day, minute, *words = name.split("_")
        assert (len(day), len(minute)) == (8, 4), name
        assert len(words) >= 3, name


def test_every_column_has_its_type_when_it_is_declared() -> None:
    """A foreign key without a type gets one only when the other table is known: too late for statements built once."""
    for table in metadata.tables.values():
        for column in table.columns:
            assert not isinstance(column.type, NullType), column
    models = Path(__file__).resolve().parents[2] / "quizsvc"
    untyped = [path for path in models.glob("*/models.py") if "mapped_column(ForeignKey" in path.read_text()]
    assert untyped == []
