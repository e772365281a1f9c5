"""Topics are built and parsed here and nowhere else, so that no other line of code knows a slash.

The table stands in the design's trust page; ``Branch`` is its first column.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from contract.ids import LOCKER_ID_MAX, IdError, LockerId, locker_id

ROOT = "lm/v1"
TOPIC_CHARACTERS_MAX = len(ROOT) + LOCKER_ID_MAX + 16  # the longest branch has 12 characters; more is not ours
TOPICS_KEPT = 16_384  # a worker hears four thousand lockers on four branches each, over and over


class Branch(StrEnum):
    """One kind of traffic of one locker."""

    STATE = "state"
    EVENTS = "up/events"
    REPORT = "up/report"
    TELEMETRY = "up/telemetry"
    ACK = "down/ack"
    COMMAND = "down/command"
    DESIRED = "down/desired"


UPWARD = (Branch.STATE, Branch.EVENTS, Branch.REPORT, Branch.TELEMETRY)
DOWNWARD = (Branch.ACK, Branch.COMMAND, Branch.DESIRED)


class TopicError(ValueError):
    """A topic that is none of ours."""

    def __init__(self, topic: str, why: str) -> None:
        """Keep the offending ``topic`` (shortened) and ``why`` it was refused."""
        super().__init__(f"topic {topic[:TOPIC_CHARACTERS_MAX]!r}: {why}")
        self.topic, self.why = topic, why


@dataclass(frozen=True, slots=True)
class Topic:
    locker: LockerId
    branch: Branch


@lru_cache(TOPICS_KEPT)
def build(locker: LockerId, branch: Branch) -> str:
    """Return the topic of one branch of one locker."""
    return f"{ROOT}/{locker}/{branch}"


@lru_cache(TOPICS_KEPT)
def parse(topic: str) -> Topic:
    """Read a topic back; raises ``TopicError`` for anything ``build`` would not have made."""
    if len(topic) > TOPIC_CHARACTERS_MAX:
        raise TopicError(topic, f"longer than {TOPIC_CHARACTERS_MAX} characters")
    prefix, _, rest = topic.partition(f"{ROOT}/")
    if prefix or not rest:
        raise TopicError(topic, f"does not begin with {ROOT}/")
    name, _, branch = rest.partition("/")
    try:
        return Topic(locker_id(name), Branch(branch))
    except IdError as error:
        raise TopicError(topic, str(error)) from error
    except ValueError as error:
        raise TopicError(topic, f"{branch!r} is no branch of a locker") from error


def device_filters(locker: LockerId) -> tuple[str, ...]:
    """Return what a locker subscribes to: its own down branches, nothing else."""
    return tuple(build(locker, branch) for branch in DOWNWARD)


def cloud_filters(share: str | None = None) -> tuple[str, ...]:
    """Return what an ingest worker subscribes to, as a shared subscription when ``share`` names the group."""
    prefix = f"$share/{share}/" if share else ""
    return tuple(f"{prefix}{ROOT}/+/{branch}" for branch in UPWARD)
