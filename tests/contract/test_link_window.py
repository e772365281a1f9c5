import asyncio

import pytest

from contract.link import LinkDownError, LinkError
from contract.mqtt_window import SendWindow


async def test_a_place_is_free_again_once_it_is_answered() -> None:
    window = SendWindow(1)
    await window.enter()
    answer = window.sent(7)
    second = asyncio.create_task(window.enter())
    await asyncio.sleep(0)
    assert not second.done()

    window.settle(7, None)

    await second
    assert answer.result() is None


async def test_a_place_that_was_not_used_is_given_back() -> None:
    window = SendWindow(1)
    await window.enter()
    window.leave()

    await window.enter()


async def test_a_refusal_reaches_the_one_who_asked() -> None:
    window = SendWindow(2)
    await window.enter()
    answer = window.sent(7)

    window.settle(7, LinkError("no"))

    with pytest.raises(LinkError, match="no"):
        await answer


async def test_an_answer_to_an_unknown_packet_or_to_one_given_up_is_ignored() -> None:
    window = SendWindow(1)
    await window.enter()
    window.sent(7).cancel()

    window.settle(7, None)
    window.settle(99, None)

    await window.enter()


async def test_closing_fails_everyone_who_waits_now_and_later() -> None:
    window = SendWindow(1)
    await window.enter()
    answer = window.sent(7)
    waiting = [asyncio.create_task(window.enter()) for _ in range(3)]
    await asyncio.sleep(0)

    window.close("the wire broke")

    results = await asyncio.gather(answer, *waiting, window.enter(), return_exceptions=True)
    assert {type(result) for result in results} == {LinkDownError}
