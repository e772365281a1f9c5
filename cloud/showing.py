"""A code or QR code shown at a counter: stretched in a thread, compared in the writer, answered once it is counted.

Argon2id takes 50 ms on purpose; inside the one writer every other change would wait for it.
"""

import asyncio
from collections.abc import Callable

from cloud.domain.actors import Actor
from cloud.domain.errors import InvalidError
from cloud.rim import Rim
from cloud.services.counter_codes import Answer, check_capability, check_code, salt_of
from cloud.services.ports import Act, UnitOfWork
from contract.codec import QR_PREFIX
from contract.codes import CodeError, parse_code, stretch

Check = Callable[[UnitOfWork, Act], Answer]


async def shown(rim: Rim, who: Actor, counter_id: str, text: str) -> Answer:
    """Return what a typed or scanned text opens at this counter; raises what ``prepared`` and its check raise."""
    check, act = await prepared(rim, who, counter_id, text), rim.act(who)
    return await rim.do(lambda uow: check(uow, act))


async def prepared(rim: Rim, who: Actor, counter_id: str, text: str) -> Check:
    """Do the slow part of a check and return the rest, to be run in one transaction with the memory of its answer.

    Raises ``InvalidError`` for a slip, which is no attempt.
    """
    keys, asked, given = rim.keys, rim.act(who), text.strip("\r\n\t ")
    if given.startswith(QR_PREFIX):
        return lambda uow, act: check_capability(uow, act, keys, counter_id, given)
    try:
        code = parse_code(given)
    except CodeError as error:
        raise InvalidError("code", str(error)) from error
    salt = await rim.look(lambda uow: salt_of(uow, asked, keys, counter_id))
    stretched = None if salt is None else await asyncio.to_thread(stretch, code, salt)
    return lambda uow, act: check_code(uow, act, keys, counter_id, stretched)
