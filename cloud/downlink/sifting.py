"""From a raw message to a record that may be believed: topic, size, signature, and that locker and topic agree."""

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contract import codec, topics
from contract.codec import CodecError, Unknown, Upward
from contract.envelope import EnvelopeRejectedError, verify
from contract.ids import KeyId, LockerId
from contract.link import Incoming
from contract.topics import Branch, TopicError


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that is not acted upon; ``locker`` is whose name it used, if any."""

    locker: LockerId | None
    reason: str


def locker_of(message: Incoming) -> LockerId | None:
    """Return the locker a message's topic names, ``None`` when it is none of our topics."""
    try:
        return topics.parse(message.topic).locker
    except TopicError:
        return None


def sift(message: Incoming, keys: Mapping[LockerId, Ed25519PublicKey]) -> Upward | Refused | Unknown:
    """Return what a locker said once its signature holds.

    A device signs under its own locker's name, so a batch of one locker on another's topic fails twice: the pinned key
    is looked up by the topic, and the record must name the same locker again.
    """
    try:
        topic = topics.parse(message.topic)
    except TopicError as error:
        return Refused(None, error.why)
    if topic.branch is Branch.STATE and not message.payload:
        return Unknown("cleared state")
    key = keys.get(topic.locker)
    if key is None:
        return Refused(topic.locker, "no key is known for this locker")
    return _believed(message.payload, topic.locker, key)


def _believed(payload: bytes, locker: LockerId, key: Ed25519PublicKey) -> Upward | Refused | Unknown:
    try:
        record = codec.decode_upward(verify(payload, {KeyId(locker): key}).body)
    except EnvelopeRejectedError as error:
        return Refused(locker, str(error.reason))
    except CodecError as error:
        return Refused(locker, f"malformed: {error}")
    if not isinstance(record, Unknown) and record.locker != locker:
        return Refused(locker, f"signed for {record.locker}")
    return record
