"""Old words of a locker prove nothing, however well signed; how long it has been running bounds a command's life."""

from datetime import timedelta
from typing import Any

import pytest

from cloud.domain.locker import Locker
from cloud.services import boots
from cloud.services.record_report import record_report
from cloud.services.record_state import record_state
from cloud.services.records_ops import LockerBoot, OutboxMessage
from cloud.services.remote_open import OpenWish, remote_open
from contract import codec, envelope
from contract.commands import RemoteOpen
from contract.events import AgentStarted
from contract.ids import BootId, LockerId
from contract.state import Snapshot, snapshot_digest
from tests.unit.cloud.small_cloud import OPERATOR, Journal, SmallCloud

FIRST, SECOND, THIRD = (BootId(name.ljust(16, b".")) for name in (b"first", b"second", b"third"))
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=[False, True], ids=["sql", "memory"])
def cloud(request: pytest.FixtureRequest) -> SmallCloud:
    return SmallCloud(quick=request.param)


@pytest.fixture
def locker(cloud: SmallCloud) -> Journal:
    return cloud.locker()


def says(cloud: SmallCloud, boot: BootId, **more: Any) -> BootId:
    """Let the locker say that it is there in this boot; return which one the cloud believes in."""
    cloud.do(lambda uow: record_state(uow, cloud.act(), cloud.state_of("WAW-01", online=True, boot=boot, **more)))
    return believed(cloud)


def pictures(cloud: SmallCloud, boot: BootId, uptime_ms: int = 0, late_s: int = 0) -> BootId:
    at_ms = int(cloud.now.timestamp() - late_s) * 1000
    snapshot = Snapshot(LockerId("WAW-01"), boot, at_ms, 0, 0, (), snapshot_digest(()), uptime_ms=uptime_ms)
    cloud.do(lambda uow: record_report(uow, cloud.act(), snapshot))
    return believed(cloud)


def believed(cloud: SmallCloud) -> BootId:
    return BootId(bytes.fromhex(cloud.the(Locker).boot_nonce or ""))


def opens(cloud: SmallCloud) -> RemoteOpen:
    """Return the command as it goes out."""
    cloud.do(lambda uow: remote_open(uow, cloud.act(OPERATOR), cloud.keys, OpenWish("WAW-01", "A01", "door is stuck")))
    sent = cloud.of(OutboxMessage, kind="remote_open")[-1]
    keys = {cloud.keys.signer.key_id: cloud.keys.signer.private_key.public_key()}
    command = codec.decode_downward(envelope.verify(sent.payload, keys).body)
    assert isinstance(command, RemoteOpen)
    return command


def test_a_boot_never_heard_of_is_a_new_one(cloud: SmallCloud, locker: Journal) -> None:
    del locker
    assert [says(cloud, boot) for boot in (FIRST, SECOND)] == [FIRST, SECOND]


def test_a_boot_heard_of_before_is_over(cloud: SmallCloud, locker: Journal) -> None:
    del locker
    says(cloud, FIRST)
    says(cloud, SECOND)
    assert says(cloud, FIRST, session=9) == SECOND
    cloud.later(seconds=1)
    assert pictures(cloud, FIRST) == SECOND


def test_it_stays_over_when_the_journal_has_told_of_both(cloud: SmallCloud, locker: Journal) -> None:
    says(cloud, FIRST)
    locker.say(AgentStarted(FIRST, "1.0"))
    says(cloud, SECOND)
    locker.say(AgentStarted(SECOND, "1.0"))
    assert says(cloud, FIRST) == SECOND


def test_and_between_the_two_words_of_the_journal(cloud: SmallCloud, locker: Journal) -> None:
    says(cloud, FIRST)
    says(cloud, SECOND)
    locker.say(AgentStarted(FIRST, "1.0"))
    assert says(cloud, FIRST) == SECOND


def test_a_boot_whose_birth_was_lost_is_believed_once_the_journal_has_told_of_it(
    cloud: SmallCloud, locker: Journal
) -> None:
    says(cloud, FIRST)
    locker.say(AgentStarted(FIRST, "1.0"))
    locker.say(AgentStarted(SECOND, "1.0"))
    cloud.do(lambda uow: uow.change(Locker, {"id": "WAW-01"}, online=False))
    cloud.later(seconds=1)
    assert pictures(cloud, SECOND) == SECOND


def test_an_old_state_kept_from_us_is_found_out_by_the_journal(cloud: SmallCloud, locker: Journal) -> None:
    """The broker withholds both birth and journal, and plays the old birth after the new one."""
    says(cloud, SECOND)
    assert says(cloud, FIRST) == FIRST
    locker.say(AgentStarted(FIRST, "1.0"), AgentStarted(SECOND, "1.0"))
    assert says(cloud, SECOND) == SECOND
    assert says(cloud, FIRST) == SECOND


def test_a_boot_whose_start_was_lost_with_its_card_gives_way_after_an_hour(cloud: SmallCloud, locker: Journal) -> None:
    says(cloud, FIRST)
    locker.say(AgentStarted(SECOND, "1.0"))
    assert says(cloud, SECOND) == FIRST
    cloud.later(hours=1)
    assert says(cloud, SECOND) == SECOND


def test_a_picture_that_was_long_under_way_makes_no_boot_known(cloud: SmallCloud, locker: Journal) -> None:
    del locker
    says(cloud, FIRST)
    assert pictures(cloud, SECOND, late_s=40) == FIRST
    assert says(cloud, SECOND) == SECOND


def test_a_crash_loop_s_boots_are_not_all_kept(cloud: SmallCloud, locker: Journal) -> None:
    del locker
    cloud.do(
        lambda uow: uow.add(
            *(
                LockerBoot(
                    locker_id="WAW-01",
                    boot=f"{number:032x}",
                    heard_at=cloud.now + timedelta(seconds=number),
                    sequence=number + 1,
                    uptime_ms=0,
                    uptime_at=cloud.now,
                )
                for number in range(boots.KEPT_MAX)
            )
        )
    )
    assert says(cloud, FIRST) == FIRST
    assert cloud.do(lambda uow: uow.count(LockerBoot)) == boots.KEPT_MAX
    assert cloud.do(lambda uow: uow.get(LockerBoot, "WAW-01", f"{0:032x}")) is None


def test_a_command_lives_a_minute_from_what_the_locker_has_surely_been_running(
    cloud: SmallCloud, locker: Journal
) -> None:
    del locker
    says(cloud, FIRST, uptime_ms=40_000)
    cloud.later(seconds=100)
    assert opens(cloud).until_uptime_ms == 200_000


def test_a_later_word_of_the_same_boot_counts_and_an_earlier_one_does_not(cloud: SmallCloud, locker: Journal) -> None:
    del locker
    says(cloud, FIRST, uptime_ms=40_000)
    cloud.later(seconds=900)
    pictures(cloud, FIRST, uptime_ms=940_050)
    says(cloud, FIRST, session=3, uptime_ms=40_000)
    assert opens(cloud).until_uptime_ms == 1_000_050


def test_a_locker_that_does_not_say_how_long_it_runs_is_asked_for_nothing(cloud: SmallCloud, locker: Journal) -> None:
    del locker
    assert opens(cloud).until_uptime_ms == 0
    says(cloud, FIRST)
    cloud.later(seconds=10)
    assert opens(cloud).until_uptime_ms == 0


def test_another_device_in_the_locker_s_place_begins_with_no_boots(cloud: SmallCloud, locker: Journal) -> None:
    del locker
    says(cloud, FIRST)
    cloud.do(lambda uow: boots.forget(uow, "WAW-01"))
    assert cloud.of(LockerBoot) == []
