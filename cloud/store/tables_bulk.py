"""Tables of opening in bulk: operators' keys, the offline root's lists of them, and orders."""

from sqlalchemy import ForeignKeyConstraint, Index, Table, UniqueConstraint

from cloud.store.columns import at, blob, name_of, number
from cloud.store.tables import metadata

operator_key = Table(
    "operator_key",
    metadata,
    name_of("id", key=True),
    name_of("account_id"),
    blob("public_key"),
    at("registered_at"),
    name_of("confirmed_by", null=True),
    at("confirmed_at", null=True),
    name_of("revoked_by", null=True),
    at("revoked_at", null=True),
    UniqueConstraint("public_key"),
    Index(None, "account_id"),
)

operator_list = Table(
    "operator_list",
    metadata,
    number("number", key=True),
    blob("statement"),
    at("expires_at"),
    name_of("brought_by"),
    at("brought_at"),
)

bulk_opening = Table(
    "bulk_opening",
    metadata,
    name_of("id", key=True),
    name_of("locker_id"),
    blob("order"),
    name_of("asked_by"),
    at("asked_at"),
    at("expires_at"),
    name_of("first_by", null=True),
    name_of("first_key", null=True),
    blob("first_signature", null=True),
    at("first_at", null=True),
    name_of("second_by", null=True),
    at("second_at", null=True),
    name_of("withdrawn_by", null=True),
    at("withdrawn_at", null=True),
    ForeignKeyConstraint(["locker_id"], ["locker.id"]),
    Index(None, "locker_id", "asked_at"),
)
