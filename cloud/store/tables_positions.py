"""The table of where vans are now: one row for a courier, written over, and empty at night."""

from sqlalchemy import ForeignKeyConstraint, Table

from cloud.store.columns import at, name_of, number, real
from cloud.store.tables import metadata

courier_position = Table(
    "courier_position",
    metadata,
    name_of("courier_id", key=True),
    real("lon"),
    real("lat"),
    number("accuracy_m"),
    at("at"),
    ForeignKeyConstraint(["courier_id"], ["courier.id"]),
)
