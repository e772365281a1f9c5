"""``python -m demo``: sets everything up, lives a day, sums up in one line of JSON, and leaves nothing running."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack

from rich.console import Console

from demo.cloud_client import CloudClient, CloudError
from demo.counters import account_of
from demo.crowd_courier import met
from demo.day import Days, Others
from demo.partner_fleet import joined
from demo.scene import Scene
from demo.setting_up import Stage, set_the_scene
from demo.settings import Settings, read_settings
from demo.state import LOOPBACK, DemoError, State, opened
from demo.summary import Summary
from demo.verdict import Verdict, judge
from provisioning.broker import BrokerError

EXIT_FAILED = 1


async def run(settings: Settings, state: State, summary: Summary) -> Verdict:
    """Set up, live, judge, and take everything down again."""
    async with AsyncExitStack() as stack:
        stage = Stage(settings, state, stack, summary.say)
        scene = await set_the_scene(stage)
        stack.callback(state.save)
        _end_when_told(scene)
        phones = [await _phone(stage, one.login, one.password) for one in scene.couriers]
        others = Others(await joined(stack, scene.operator), await met(stack, scene))
        _find_addresses(stage, scene, others)
        days = Days(stage, scene, phones, others, asyncio.Event())
        living = asyncio.create_task(days.live())
        try:
            await _until_setting_off(days, living)
            async with summary.shown(scene):
                await living
        finally:
            living.cancel()
            await asyncio.gather(living, return_exceptions=True)
        summary.say("The time is over: comparing what lies behind the doors with what the cloud believes")
        verdict = await judge(scene)
        for problem in scene.tally.problems:
            summary.say(f"noted: {problem}")
        for violation in verdict.violations:
            summary.say(f"VIOLATION: {violation}")
        return verdict


async def _until_setting_off(days: Days, living: "asyncio.Task[None]") -> None:
    setting_off = asyncio.create_task(days.set_off.wait())
    await asyncio.wait((setting_off, living), return_when=asyncio.FIRST_COMPLETED)
    setting_off.cancel()


async def _phone(stage: Stage, login: str, password: str) -> CloudClient:
    """Let a courier sign in on their phone."""
    phone = await stage.stack.enter_async_context(CloudClient(stage.cloud_url))
    await phone.sign_in(login, password)
    return phone


def _end_when_told(scene: Scene) -> None:
    """End the day in order at the first signal; before the day, ``main`` ends the set-up."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, scene.over.set)


def _find_addresses(stage: Stage, scene: Scene, others: Others) -> None:
    """Have one address and account for everybody a reader may want to be."""
    ports, secrets = stage.state.ports, stage.state.secrets
    courier, passer_by = scene.couriers[0], others.passer_by.facts
    scene.addresses |= {
        "operator": f"{stage.cloud_url}/console  ({secrets['operator_login']} / {secrets['operator_password']})",
        "courier": f"{stage.cloud_url}/courier  ({courier.login} / {courier.password})",
        "crowd courier": f"{stage.cloud_url}/courier/trips  ({passer_by.login} / {passer_by.password})",
        "mails": f"http://{LOOPBACK}:{ports['mails']}/",
        "lockers": f"{scene.simulator.url}/",
    }
    for shop in list(scene.counters)[:1]:
        login, password = account_of(shop)
        scene.addresses["counter staff"] = f"{stage.cloud_url}/counter  ({login} / {password})"


async def _main(settings: Settings, state: State, summary: Summary) -> Verdict:
    """Run as a task that a signal cancels as long as there is no day to end."""
    running = asyncio.create_task(run(settings, state, summary))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, running.cancel)
    return await running


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when at least one parcel went the whole way and nothing forbidden happened.

    The counts are the last line only of a day that was judged: zeros would look like a day on which nothing happened.
    """
    settings = read_settings(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(level=logging.ERROR)
    os.umask(0o077)
    summary = Summary(Console())
    verdict: Verdict | None = None
    try:
        with opened(settings.state, settings.port_base) as state:
            verdict = asyncio.run(_main(settings, state, summary))
    except* (DemoError, CloudError, BrokerError, OSError) as errors:
        for error in _leaves(errors):
            summary.say(f"The demo cannot go on: {str(error) or type(error).__name__}")
    except* asyncio.CancelledError:
        summary.say("Ended before the day began")
    if verdict is None:
        return EXIT_FAILED
    sys.stdout.write(f"{verdict.as_json()}\n")
    sys.stdout.flush()
    return 0 if verdict.is_good else EXIT_FAILED


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield what really went wrong, out of groups of groups."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error
