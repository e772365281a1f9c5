"""What the cloud does by the clock: each job is one service in one unit of work, and finds what is due by itself."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

from cloud.domain.actors import SYSTEM
from cloud.jobs.schedule import Daily, Every, Job
from cloud.learning import learn_travel
from cloud.planning import plan_day, span_of
from cloud.rim import Rim
from cloud.scenarios import JOB as SCENARIO
from cloud.scenarios import answer_scenario
from cloud.services import idempotency, positions
from cloud.services.came_back import came_back
from cloud.services.certificates import to_shut_out, warn_of_ends
from cloud.services.dispatch import expire_messages, resend_unconfirmed
from cloud.services.expire_parcels import expire_parcels
from cloud.services.follow_offers import follow_offers
from cloud.services.held_drop_offs import promise_held
from cloud.services.offer_steps import time_out_offers
from cloud.services.operator_keys import pin_missing
from cloud.services.ports import Act, UnitOfWork
from cloud.services.prepare_codes import FreshCode, lockers_needing_codes, make_codes, store_codes
from cloud.services.record_state import mark_silent
from cloud.services.records import Plan
from cloud.services.release_reservation import expire_reservations
from cloud.services.remind import remind
from cloud.services.remote_open import expire_commands
from cloud.services.scenarios import Question, ask
from cloud.services.trip_places import coarsen_places
from cloud.services.webhooks import feed_carriers, forget_old

REPEAT_MAX = 100  # batches of 500 in one run; beyond 50,000 the next run goes on
CODES_AT_ONCE = 4  # made between two looks at the loop: 4 x 50 ms of one core
SHUT_OUT_S = 15  # so long a revoked locker's session may live on; its words are refused at once
GAP_MIN = timedelta(seconds=1)  # a demo's hurried day; oftener the jobs would only meet themselves
PLAN_AT = Daily(4, 30)  # before the depots open, after the night's deadlines have ended
TIDY_AT = Daily(3, 15)
COMPARE_AT = Daily(22, 30)  # the last van is home, and nobody waits for a plan before half past four
LEARN_AT = Daily(3, 45)  # yesterday's routes have ended, today's are not planned yet

PLAN_AGAIN = Every(timedelta(minutes=10))  # as long as a partner may take to answer: several refusals are one plan

Verb = Callable[[UnitOfWork, Act], int]

_log = logging.getLogger(__name__)


def all_jobs(rim: Rim) -> tuple[Job, ...]:
    """Return the timetable's jobs; how often each runs is how late it may be."""
    keys = rim.keys

    def job(name: str, gap: timedelta, verb: Verb) -> Job:
        when = Every(max(gap / rim.locality.pace, GAP_MIN))
        return Job(name, when, lambda: run_verb(rim, name, verb))

    return (
        job("expire_parcels", timedelta(minutes=5), lambda uow, act: expire_parcels(uow, act, keys)),
        job("remind", timedelta(minutes=5), remind),
        job("expire_reservations", timedelta(minutes=2), lambda uow, act: expire_reservations(uow, act, keys)),
        job("promise_held", timedelta(minutes=2), lambda uow, act: promise_held(uow, act, keys)),
        job("time_out_offers", timedelta(seconds=15), time_out_offers),
        job("follow_offers", timedelta(minutes=1), follow_offers),
        job("coarsen_places", timedelta(hours=1), coarsen_places),
        job("feed_carriers", timedelta(seconds=15), feed_carriers),
        job("expire_commands", timedelta(seconds=5), expire_commands),
        job("pin_operators", timedelta(hours=1), lambda uow, act: pin_missing(uow, act, keys)),
        job("warn_of_ends", timedelta(hours=1), warn_of_ends),
        Job("shut_out", Every(timedelta(seconds=SHUT_OUT_S)), lambda: shut_out(rim)),
        job("mark_silent", timedelta(seconds=30), mark_silent),
        job("resend_unconfirmed", timedelta(seconds=60), resend_unconfirmed),
        job("expire_messages", timedelta(seconds=30), expire_messages),
        Job("forget_positions", Every(timedelta(minutes=1)), lambda: forget_positions(rim)),
        Job("forget_answers", TIDY_AT, lambda: run_verb(rim, "forget_answers", idempotency.forget_old)),
        Job("forget_webhooks", TIDY_AT, lambda: run_verb(rim, "forget_webhooks", forget_old)),
        Job("prepare_codes", Every(timedelta(seconds=30)), lambda: prepare_codes(rim)),
        Job("learn_travel", LEARN_AT, lambda: learn_travel(rim)),
        Job("plan_day", PLAN_AT, lambda: plan_today(rim)),
        Job("plan_again", PLAN_AGAIN, lambda: plan_again(rim)),
        Job("compare_day", COMPARE_AT, lambda: compare_today(rim)),
    )


async def forget_positions(rim: Rim) -> int:
    """Forget where those couriers are who have ended their route or fallen silent; found beside the writer."""
    now = rim.clock.now()
    ended = await rim.look(lambda uow: positions.over(uow, now))
    return await rim.do(lambda uow: positions.forget_all(uow, ended)) if ended else 0


async def shut_out(rim: Rim) -> int:
    """Have the broker refuse what was revoked; it is told again and again, so nothing need be remembered."""
    now, gate = rim.clock.now(), rim.network.gate
    if gate is None:
        return 0
    wanted = await rim.look(lambda uow: to_shut_out(uow, now))
    return await gate.shut_out(wanted.serials, wanted.lockers, now)


async def run_verb(rim: Rim, name: str, verb: Verb) -> int:
    """Run a verb until it finds nothing more to do; return how much it did."""
    done = 0
    for _ in range(REPEAT_MAX):
        count = await _once(rim, verb)
        if not count:
            break
        done += count
    if done:
        _log.info("job.done", extra={"job": name, "count": done})
    return done


async def _once(rim: Rim, verb: Verb) -> int:
    act = rim.act(SYSTEM)
    return await rim.do(lambda uow: verb(uow, act))


async def prepare_codes(rim: Rim) -> int:
    """Make pick-up codes ahead of need, outside the writer: each costs 50 ms on purpose."""
    made = 0
    low = await rim.look(lambda uow: lockers_needing_codes(uow, rim.keys))
    for locker_id, salt, wanted in low:
        for start in range(0, wanted, CODES_AT_ONCE):
            count = min(wanted - start, CODES_AT_ONCE)
            codes = await asyncio.to_thread(make_codes, count, salt, rim.ids)
            await _store(rim, locker_id, codes)
            made += count
    return made


async def _store(rim: Rim, locker_id: str, codes: tuple[FreshCode, ...]) -> None:
    act = rim.act(SYSTEM)
    await rim.do(lambda uow: store_codes(uow, act, rim.keys, locker_id, codes))


async def plan_today(rim: Rim) -> None:
    """Plan the day that begins, with a record of how it went."""
    day = rim.clock.now().astimezone(rim.locality.zone).date()
    run = rim.background.begun("plan", rim.ids.new())

    await rim.do(lambda uow: uow.add(run))
    rim.background.enqueue(run, lambda progress: plan_day(rim, day, SYSTEM, progress))


async def plan_again(rim: Rim) -> None:
    """Plan the rest of today again when parcels came back that others were asked to bring."""
    act, span = rim.act(SYSTEM), span_of(rim, rim.clock.now().astimezone(rim.locality.zone).date())
    if await rim.look(lambda uow: came_back(uow, act, span)):
        await plan_today(rim)


async def compare_today(rim: Rim) -> None:
    """Work out what the lockers saved on the day that ends; without a plan there is nothing to compare."""
    day = rim.clock.now().astimezone(rim.locality.zone).date()
    if not await rim.look(lambda uow: uow.find(Plan, limit=1, day=day.isoformat(), current=True)):
        return
    question, act = Question(day), rim.act(SYSTEM)
    run = rim.background.begun(SCENARIO, rim.ids.new())

    def unit(uow: UnitOfWork) -> None:
        ask(uow, act, run.id, question)
        uow.add(run)

    await rim.do(unit)
    rim.background.enqueue(run, lambda progress: answer_scenario(rim, run.id, question, SYSTEM, progress))
