"""The audit log: who did what to which door and why, hash-chained so that a missing or altered line is found."""

import hashlib
import json

from cloud.services.ports import Act, From, UnitOfWork
from cloud.services.records_ops import AuditEntry

_PAGE = 1_000  # entries checked at a time


def note(uow: UnitOfWork, act: Act, action: str, subject: str, **why: str) -> None:
    """Append one line; ``why`` may carry ``reason`` and ``detail``."""
    sequence, previous = uow.reads.audit_head()
    unsealed = AuditEntry(
        sequence=sequence + 1,
        at=act.now,
        actor=str(act.actor),
        action=action,
        subject=subject,
        reason=why.get("reason", ""),
        detail=why.get("detail", ""),
        previous_hash=previous,
        hash=b"",
    )
    uow.add(_sealed(unsealed))


def check(uow: UnitOfWork) -> int | None:
    """Return the first sequence at which the chain breaks, None when it holds."""
    expected, previous = 1, b""
    while True:
        page = uow.find(AuditEntry, order="sequence", limit=_PAGE, sequence=From(expected))
        for entry in page:
            if entry.sequence != expected or entry.previous_hash != previous or entry.hash != _digest(entry):
                return expected
            expected, previous = expected + 1, entry.hash
        if len(page) < _PAGE:
            return None


def _sealed(entry: AuditEntry) -> AuditEntry:
    return AuditEntry(**{name: getattr(entry, name) for name in entry.__slots__} | {"hash": _digest(entry)})


def _digest(entry: AuditEntry) -> bytes:
    at_ms = round(entry.at.timestamp() * 1000)
    fields = [entry.sequence, at_ms, entry.actor, entry.action, entry.subject, entry.reason, entry.detail]
    return hashlib.sha256(entry.previous_hash + json.dumps(fields, ensure_ascii=False).encode()).digest()
