"""Alembic's way in: it runs on the connection that ``cloud.store.migrate`` hands over, never on one of its own."""

from alembic import context

from cloud.store.database import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes columns by copying the table
    compare_type=True,
)
context.run_migrations()
