"""Brings a database file to the schema of this version; started at every start, it does nothing when all is well."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from cloud.store.database import open_writer

SCRIPTS = Path(__file__).parent / "migrations"


def migrate(path: Path) -> None:
    """Create or upgrade the database at ``path``."""
    engine = open_writer(path)
    try:
        migrate_engine(engine)
    finally:
        engine.dispose()


def migrate_engine(engine: Engine) -> None:
    """Upgrade through an open engine, all steps in one transaction."""
    configuration = Config()
    configuration.set_main_option("script_location", str(SCRIPTS))
    with engine.connect() as connection, connection.begin():
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
