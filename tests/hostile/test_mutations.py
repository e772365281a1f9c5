"""A hundred thousand mutations of true messages against a real agent: nothing opens, changes, grows or dies of them."""

import gc
import random
import tracemalloc

import pytest

from contract.events import AlarmRaised
from edge.uplink.inbox import REFUSALS_PER_HOUR_MAX, REPEATS_PER_HOUR_MAX
from tests.hostile.bulk import maintained
from tests.hostile.messages import EVERY_KIND, put_in, remote_open
from tests.hostile.mutations import MUTATIONS
from tests.hostile.victim import Victim, play, signed
from tests.survives import survived

ROW = "Altered, forged, replayed, re-targeted and garbage messages"
MUTANTS = 100_000
SHARES = 4
AN_HOUR_EVERY = 5_000  # so that the hourly budgets are tried at their fullest, again and again
GROWTH_BYTES_MAX = 200_000  # over the last tenth, when every bounded table is full: room for the journal's caches
PER_HOUR_MAX = REFUSALS_PER_HOUR_MAX + REPEATS_PER_HOUR_MAX


@pytest.mark.long
@pytest.mark.parametrize("share", range(SHARES))
def test_no_mutation_of_a_true_message_opens_changes_grows_or_kills(share: int) -> None:
    async def scenario(victim: Victim) -> None:
        await put_in(victim, 101, 102)
        await maintained(victim)
        corpus = await true_messages(victim)
        before, released, journal = durable(victim), len(victim.board.released), len(victim.events())
        counter = victim.controller.state.remote.counter
        memory = await bombard(victim, corpus, random.Random(share))
        hours = MUTANTS // SHARES // AN_HOUR_EVERY
        assert len(victim.board.released) == released
        assert durable(victim) == before
        assert victim.controller.state.remote.counter == counter
        assert (
            victim.inbox.refused > MUTANTS // SHARES // 2
        )  # others are the same bytes as one before, or repeat a true one
        assert len(victim.events()) - journal <= (hours + 1) * (PER_HOUR_MAX + 1)
        assert "many_refusals" in {one.alarm for one in victim.told(AlarmRaised)}
        assert memory < GROWTH_BYTES_MAX
        await victim.obeys(remote_open(victim))
        assert len(victim.board.released) == released + 1

    play(scenario)
    survived(ROW, f"mutations {share}", tried=MUTANTS // SHARES, broken=0, shown_by="tests/hostile/*.py")


async def bombard(victim: Victim, corpus: list[bytes], chance: random.Random) -> int:
    """Deliver this share's mutants; return by how much memory grew during the last tenth of them."""
    share = MUTANTS // SHARES
    grown = 0
    try:
        for number in range(share):
            mutate = MUTATIONS[number % len(MUTATIONS)]
            await victim.hears_at_once(mutate(chance.choice(corpus), chance, corpus))
            if number % AN_HOUR_EVERY == AN_HOUR_EVERY - 1:
                await victim.pass_days(1 / 24)
                await maintained(victim)  # between a bent order and the doors stand the signatures alone
            if number == share * 9 // 10:
                gc.collect()
                tracemalloc.start()
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    return grown


def durable(victim: Victim) -> dict[tuple[str, object], bytes]:
    """Return what is kept, but for what is forgotten by itself after an hour."""
    return {name: value for name, value in victim.records().items() if name[0] not in ("inbox", "remote")}


async def true_messages(victim: Victim) -> list[bytes]:
    """Have every kind of message obeyed once; a mutant that means the same is then a repetition."""
    corpus = []
    for make in EVERY_KIND.values():
        document = make(victim)
        corpus.append(signed(document))
        await victim.obeys(document)
        await victim.shut()
        await victim.pass_time(10)  # an order to open doors ends a moment after its last one is shut
    return corpus
