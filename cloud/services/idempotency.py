"""The same POST twice does the work once: the first answer is kept and given again."""

from dataclasses import dataclass
from datetime import timedelta

from cloud.domain.errors import ConflictError, InvalidError
from cloud.services.ports import Act, Before, UnitOfWork
from cloud.services.records_ops import IdempotencyKey

KEEP = timedelta(days=1)  # a client that retries longer than that has forgotten why
KEY_CHARACTERS_MAX = 255


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


def recall(uow: UnitOfWork, owner: str, key: str, request_digest: str) -> Answer | None:
    """Return the answer given before; raises ``ConflictError`` when the key was used for another request."""
    if not 0 < len(key) <= KEY_CHARACTERS_MAX:
        raise InvalidError("Idempotency-Key", f"needs 1 to {KEY_CHARACTERS_MAX} characters")
    known = uow.get(IdempotencyKey, owner, key)
    if known is None:
        return None
    if known.request_digest != request_digest:
        raise ConflictError("this Idempotency-Key was used for another request")
    return Answer(known.status, known.body)


def remember(uow: UnitOfWork, act: Act, asked: tuple[str, str, str], answer: Answer) -> None:
    """Keep the answer to (owner, key, request digest) in the transaction of the work itself."""
    owner, key, digest = asked
    uow.add(
        IdempotencyKey(
            owner=owner,
            key=key,
            request_digest=digest,
            status=answer.status,
            body=answer.body,
            created_at=act.now,
        )
    )


def forget_old(uow: UnitOfWork, act: Act) -> int:
    """Drop answers nobody asks for any more (a job), and return how many."""
    return uow.remove(IdempotencyKey, created_at=Before(act.now - KEEP))
