"""Which boot a locker is in: an old signed document is as well signed as a new one, so it is known by its boot.

The order of boots is that of the journal, in which every boot begins with ``AgentStarted`` and which no broker can
rearrange. A boot never heard of is a new one; one heard of before is over, unless the journal says that it began after
the present one. No counter on the card could do this: a card put back from a copy counts anew.

A locker also signs how long it has been running. From its newest word follows how long that is at least by now, and
with it the last moment at which a command may be obeyed on a clock that nobody can set.
"""

from collections.abc import Iterable
from datetime import timedelta

from cloud.domain.locker import Locker
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_ops import LockerBoot

KEPT_MAX = 1_000  # of each locker; a year of three starts a day, and a loop of crashes ends by itself or by a person
UNTOLD_MAX = timedelta(hours=1)  # a journal brings a boot's start within seconds; later than this, its card was lost
_MS = timedelta(milliseconds=1)


def is_over(uow: UnitOfWork, act: Act, locker: Locker, boot: str) -> bool:
    """Whether a locker has left this boot behind, so that what was signed in it is old."""
    current = uow.get(LockerBoot, locker.id, locker.boot_nonce or "")
    known = None if boot == locker.boot_nonce else uow.get(LockerBoot, locker.id, boot)
    if known is None or current is None:
        return False
    if current.sequence is None:
        return act.now - current.heard_at < UNTOLD_MAX
    return known.sequence is None or known.sequence < current.sequence


def hear(uow: UnitOfWork, act: Act, locker_id: str, said: tuple[str, int]) -> None:
    """Take a word of this boot, with the uptime it says (ms)."""
    boot, uptime_ms = said
    known = uow.get(LockerBoot, locker_id, boot)
    if known is None:
        _add(uow, act, (locker_id, boot), None, uptime_ms)
    elif uptime_ms > known.uptime_ms:
        uow.change(LockerBoot, {"locker_id": locker_id, "boot": boot}, uptime_ms=uptime_ms, uptime_at=act.now)


def started(uow: UnitOfWork, act: Act, starts: Iterable[tuple[str, str, int]]) -> None:
    """Take from journals which boots began: locker, boot and sequence."""
    for locker_id, boot, sequence in starts:
        if not uow.change(LockerBoot, {"locker_id": locker_id, "boot": boot}, sequence=sequence):
            _add(uow, act, (locker_id, boot), sequence, 0)


def until_uptime_ms(uow: UnitOfWork, act: Act, locker: Locker, life: timedelta) -> int:
    """Return the uptime at which a command of ``life`` ends for this boot, or 0 when the locker never said its own.

    It has been running for at least as long as it said, and the time since we heard that: a word that was held back on
    its way to us makes a command's life shorter and never longer.
    """
    known = uow.get(LockerBoot, locker.id, locker.boot_nonce or "")
    if known is None or not known.uptime_ms:
        return 0
    return known.uptime_ms + (act.now - known.uptime_at + life) // _MS


def forget(uow: UnitOfWork, locker_id: str) -> None:
    """Forget all boots: another device takes the locker's place."""
    uow.remove(LockerBoot, locker_id=locker_id)


def _add(uow: UnitOfWork, act: Act, name: tuple[str, str], sequence: int | None, uptime_ms: int) -> None:
    locker_id, boot = name
    if uow.count(LockerBoot, locker_id=locker_id) >= KEPT_MAX:
        for oldest in uow.find(LockerBoot, order="heard_at boot", limit=1, locker_id=locker_id):
            uow.remove(LockerBoot, locker_id=locker_id, boot=oldest.boot)
    row = LockerBoot(
        locker_id=locker_id, boot=boot, heard_at=act.now, sequence=sequence, uptime_ms=uptime_ms, uptime_at=act.now
    )
    uow.add(row)
