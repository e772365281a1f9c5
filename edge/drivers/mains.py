"""When the mains is lost: a UPS contact, looked at now and then, because a few seconds more or less do not count."""

import asyncio
from itertools import count

from edge.drivers.ports import MainsSignal

LOOK_S = 1.0
AWAY_LOOKS = 5  # a flicker is no power cut, and the smallest UPS lasts minutes


async def mains_lost(mains: MainsSignal | None, look_s: float = LOOK_S) -> None:
    """Return once the mains was there and has been away for ``AWAY_LOOKS`` looks; never where nothing shows it.

    A contact that never closed is a cut cable or a UPS that is not there: a locker must not stop serving for that.
    """
    if mains is None:
        await asyncio.get_running_loop().create_future()
        return
    seen, away = False, 0
    for _ in count():
        if mains.present():
            seen, away = True, 0
        else:
            away += 1
        if seen and away >= AWAY_LOOKS:
            return
        await asyncio.sleep(look_s)
