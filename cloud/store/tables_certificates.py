"""Table of the certificates lockers were given."""

from sqlalchemy import ForeignKeyConstraint, Index, Table

from cloud.store.columns import at, name_of, text
from cloud.store.tables import metadata

locker_certificate = Table(
    "locker_certificate",
    metadata,
    name_of("id", key=True),
    name_of("locker_id"),
    name_of("key_id"),
    name_of("serial"),
    name_of("key_digest"),
    text("chain_pem"),
    at("issued_at"),
    at("ends_at"),
    ForeignKeyConstraint(["locker_id"], ["locker.id"]),
    ForeignKeyConstraint(["key_id"], ["locker_key.id"]),
    Index(None, "key_id", "issued_at"),
)
