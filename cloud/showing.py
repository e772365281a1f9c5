"""A code or QR code shown at a counter: stretched in a thread, compared in the writer, answered once it is counted.

Argon2id takes 50 ms on purpose; inside the one writer every other change would wait for it.
"""

import asyncio

from cloud.domain.actors import Actor
from cloud.domain.errors import InvalidError
from cloud.rim import Rim
from cloud.services.counter_codes import Answer, check_capability, check_code, salt_of
from contract.codec import QR_PREFIX
from contract.codes import CodeError, parse_code, stretch


async def shown(rim: Rim, who: Actor, counter_id: str, text: str) -> Answer:
    """Return what a typed or scanned text opens at this counter.

    Raises ``InvalidError`` for a slip, which is no attempt, and for a QR code that is not for this counter.
    """
    keys, act, given = rim.keys, rim.act(who), text.strip("\r\n\t ")
    if given.startswith(QR_PREFIX):
        return await rim.look(lambda uow: check_capability(uow, act, keys, counter_id, given))
    try:
        code = parse_code(given)
    except CodeError as error:
        raise InvalidError("code", str(error)) from error
    salt = await rim.look(lambda uow: salt_of(uow, act, keys, counter_id))
    stretched = None if salt is None else await asyncio.to_thread(stretch, code, salt)
    return await rim.do(lambda uow: check_code(uow, act, keys, counter_id, stretched))
