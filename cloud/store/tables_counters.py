"""What is kept of partners' counters beside what every pick-up point has in ``tables.py``."""

from sqlalchemy import ForeignKeyConstraint, Table

from cloud.store.columns import at, name_of, number
from cloud.store.tables import metadata

counter_lockout = Table(
    "counter_lockout",
    metadata,
    name_of("locker_id", key=True),
    number("misses"),
    number("day_misses"),
    at("day_ends", null=True),
    at("paused_until", null=True),
    ForeignKeyConstraint(["locker_id"], ["locker.id"]),
)
