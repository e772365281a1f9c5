from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from cloud.store.database import create_schema, metadata, open_writer
from cloud.store.mapping import TABLE_OF
from cloud.store.migrate import migrate


def test_a_migrated_database_is_what_the_metadata_says(tmp_path: Path) -> None:
    migrate(tmp_path / "cloud.db")

    with open_writer(tmp_path / "cloud.db").connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_migrated_database_has_the_same_indexes_and_tables_without_row_ids(tmp_path: Path) -> None:
    migrate(tmp_path / "migrated.db")
    create_schema(open_writer(tmp_path / "created.db"))

    assert _statements(tmp_path / "migrated.db") == _statements(tmp_path / "created.db")


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    migrate(tmp_path / "cloud.db")
    before = _statements(tmp_path / "cloud.db")
    migrate(tmp_path / "cloud.db")

    assert _statements(tmp_path / "cloud.db") == before


@pytest.mark.parametrize("kind", sorted(TABLE_OF, key=repr))
def test_every_record_has_its_table_s_columns(kind: type[Any]) -> None:
    assert [field.name for field in fields(kind)] == [column.name for column in TABLE_OF[kind].columns]


def test_every_table_but_the_event_log_has_its_record() -> None:
    assert set(metadata.tables) - {table.name for table in TABLE_OF.values()} == {"event"}


def _statements(path: Path) -> dict[str, Any]:
    engine = open_writer(path)
    looked = inspect(engine)
    names = sorted(set(looked.get_table_names()) - {"alembic_version"})
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql > ''")
        indexes = {name: " ".join(text.split()) for name, text in rows}
        row = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'event'").scalar_one()
    return {"tables": names, "indexes": indexes, "event": "WITHOUT ROWID" in row}
