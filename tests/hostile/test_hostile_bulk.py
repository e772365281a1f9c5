"""A taken-over cloud and the order to open many doors: without two operators' own keys it opens nothing.

Not even where a technician stands in maintenance mode; and what two operators did sign opens once.
"""

import msgspec

from contract.bulk import MAINTENANCE_S, PinOperators, write_order
from contract.commands import REMOTE_OPEN_GAP_S
from contract.events import BulkEnded, CommandAccepted, CommandRefused, OperatorsPinned
from tests.contract.bulk_papers import key_of
from tests.hostile.bulk import MANY, maintained, open_many, order, statement
from tests.hostile.messages import now_s
from tests.hostile.victim import ANNA, BEN, CLOUD, DOORS, LOCKER, Victim, play
from tests.survives import survived

ROW = "A cloud in the wrong hands"
SHOWN_BY = "tests/hostile/test_hostile_cloud.py"
MALLORY, TRUDY = key_of(14), key_of(15)


async def shuts_doors(victim: Victim, for_s: int = 60) -> None:
    for _ in range(0, for_s, REMOTE_OPEN_GAP_S):
        await victim.shut()
        await victim.pass_time(REMOTE_OPEN_GAP_S)


def test_two_operators_and_a_technician_open_doors_once_and_no_replay_opens_them_again() -> None:
    async def scenario(victim: Victim) -> None:
        assert len(victim.told(OperatorsPinned)) == 1
        await maintained(victim)
        command = open_many(victim, order(victim), ANNA, BEN)
        await victim.obeys(command)
        assert victim.board.released == [MANY[0]], "one door at a time"
        await shuts_doors(victim)
        assert victim.board.released == list(MANY)
        assert [one.reason for one in victim.told(BulkEnded)] == ["done"]

        again = msgspec.structs.replace(command, expires_at=command.expires_at + 86_400)
        for _ in range(2):
            await victim.obeys(again)
            await victim.reboot()
            await maintained(victim)
        await victim.obeys(msgspec.structs.replace(again, id=victim.fresh_id()))
        await shuts_doors(victim)
        assert victim.board.released == list(MANY)
        survived(ROW, "an order played again", tried=3, broken=0, shown_by=SHOWN_BY)

    play(scenario)


def test_a_taken_over_cloud_opens_nothing_in_bulk_even_where_somebody_maintains_the_locker() -> None:
    async def scenario(victim: Victim) -> None:
        await maintained(victim)
        theirs = statement(victim, 99, CLOUD.private_key, MALLORY, TRUDY)
        begun = now_s(victim)
        await victim.obeys(PinOperators(LOCKER, victim.fresh_id(), begun, begun + 86_400, theirs))
        genuine = open_many(victim, order(victim), ANNA, BEN)
        altered = msgspec.structs.replace(order(victim), order=genuine.id.hex(), compartments=tuple(DOORS[3:]))
        forged = [
            open_many(victim, order(victim), MALLORY, TRUDY),
            open_many(victim, order(victim), CLOUD.private_key, CLOUD.private_key),
            open_many(victim, order(victim)),
            open_many(victim, order(victim), ANNA, MALLORY),
            open_many(victim, order(victim), ANNA, ANNA),
            msgspec.structs.replace(genuine, order=write_order(altered)),
        ]
        for command in forged:
            await victim.obeys(command)
            await shuts_doors(victim, REMOTE_OPEN_GAP_S)
        assert victim.board.released == []
        assert victim.told(CommandAccepted) == []
        assert {one.reason for one in victim.told(CommandRefused)} == {
            "not_by_root",
            "unknown_operator",
            "undersigned",
            "same_operator",
            "bad_signature",
        }
        survived(ROW, "opening in bulk", tried=len(forged) + 1, broken=0, shown_by=SHOWN_BY)

    play(scenario)


def test_an_order_kept_back_until_nobody_stands_there_opens_nothing() -> None:
    async def scenario(victim: Victim) -> None:
        await maintained(victim)
        kept = msgspec.structs.replace(open_many(victim, order(victim), ANNA, BEN), expires_at=now_s(victim) + 86_400)
        await victim.pass_time(MAINTENANCE_S)
        await victim.obeys(kept)
        await maintained(victim)
        late = msgspec.structs.replace(kept, id=victim.fresh_id())
        await victim.obeys(late)
        await shuts_doors(victim)
        assert victim.board.released == []
        survived(ROW, "an order kept back", tried=2, broken=0, shown_by=SHOWN_BY)

    play(scenario)


def test_power_that_goes_in_the_midst_leaves_the_rest_shut() -> None:
    async def scenario(victim: Victim) -> None:
        await maintained(victim)
        await victim.obeys(open_many(victim, order(victim), ANNA, BEN))
        await victim.reboot()
        await victim.shut()
        await maintained(victim)
        await shuts_doors(victim)
        assert victim.board.released == [MANY[0]]
        (ended,) = victim.told(BulkEnded)
        assert (ended.reason, ended.left) == ("restarted", tuple(MANY[1:]))

    play(scenario)
