"""Ids as the cloud's database knows them: the wire's opaque bytes written as lower-case hex."""

from typing import NewType

from contract.ids import GrantId, GroupId, MessageId, ParcelRef

ParcelId = NewType("ParcelId", str)  # the hex of the wire's ParcelRef: one parcel, one name
CourierId = NewType("CourierId", str)  # the hex of the wire's CourierRef


def parcel_ref(parcel: str) -> ParcelRef:
    """Return the wire's name of a parcel."""
    return ParcelRef(bytes.fromhex(parcel))


def parcel_id(ref: bytes) -> ParcelId:
    """Return the database's name of a parcel seen on the wire."""
    return ParcelId(ref.hex())


def grant_id(text: str) -> GrantId:
    return GrantId(bytes.fromhex(text))


def group_id(text: str) -> GroupId:
    return GroupId(bytes.fromhex(text))


def message_id(text: str) -> MessageId:
    return MessageId(bytes.fromhex(text))
