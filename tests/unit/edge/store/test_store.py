from pathlib import Path

import pytest

from contract.codec import decode_entry
from contract.events import AlarmRaised, Entry, chain, genesis_hash
from contract.ids import BootId
from edge.store.chain import DamageKind, Mark
from edge.store.errors import StoreError, StoreFact
from edge.store.opening import KeptTime
from edge.store.ports import Database, Statement
from edge.store.seal import SEAL_BYTES
from edge.store.statements import put_meta
from edge.store.store import AUDIT_ENTRIES_KEPT, PRUNE_SLACK, Acknowledged, Draft, Store
from tests.unit.edge.store.builders import (
    LOCKER,
    FailingDatabase,
    Kept,
    Open,
    all_entries,
    draft,
    drafts,
    mark_at,
    sequences,
    sync,
    tamper,
)


async def test_a_new_store_is_empty(database: Database) -> None:
    store = await Store.open(database, LOCKER)
    assert store.head == Mark(0, genesis_hash(LOCKER))
    assert await store.outbox(10, 1000) is None
    assert await store.records() == []


async def test_entries_are_numbered_gapless_and_chained(database: Database) -> None:
    store = await Store.open(database, LOCKER)
    await store.save([], drafts(3))
    await store.save([], drafts(2))
    entries = await all_entries(store)
    assert sequences(entries) == [1, 2, 3, 4, 5]
    assert store.head == Mark(5, chain(genesis_hash(LOCKER), entries))


async def test_records_and_journal_survive_a_restart(open_database: Open, tmp_path: Path) -> None:
    first = await Store.open(await open_database(tmp_path / "a.db"), LOCKER)
    await first.save([Kept("grant", "g1", b"one"), Kept("grant", "g2", b"two")], drafts(2))
    await first.save([Kept("grant", "g1", None), Kept("grant", "g2", b"zwei")], [])
    head = first.head
    await first.close()
    second = await Store.open(await open_database(tmp_path / "a.db"), LOCKER)
    assert await second.records() == [("grant", "g2", b"zwei")]
    assert second.head == head
    assert second.damages == ()
    await second.close()


async def test_a_failed_save_changes_nothing_and_reuses_no_number() -> None:
    database = FailingDatabase(await sync(Path(":memory:")))
    store = await Store.open(database, LOCKER)
    await store.save([], drafts(1))
    database.fact = StoreFact.DISK_FULL
    with pytest.raises(StoreError):
        await store.save([Kept("a", "b", b"c")], drafts(1))
    database.fact = None
    await store.save([], drafts(1))
    assert sequences(await all_entries(store)) == [1, 2]
    assert await store.records() == []


async def test_an_acknowledgement_shortens_the_outbox(database: Database) -> None:
    store = await Store.open(database, LOCKER)
    await store.save([], drafts(5))
    mark = await mark_at(store, 3)
    assert await store.acknowledge(mark) is Acknowledged.ADVANCED
    batch = await store.outbox(10, 1 << 20)
    assert batch is not None
    assert (batch.first_sequence, batch.previous_hash, batch.last_sequence) == (4, mark.head, 5)


async def test_what_is_acknowledged_goes_to_the_card_with_the_next_commit_that_holds(database: Database) -> None:
    failing = FailingDatabase(database)
    store = await Store.open(failing, LOCKER)
    await store.save([], drafts(5))
    mark = await mark_at(store, 3)
    await store.acknowledge(mark)
    assert (await Store.open(database, LOCKER)).acknowledged.sequence == 0
    failing.fact = StoreFact.DISK_FULL
    with pytest.raises(StoreError):
        await store.save([], drafts(1))
    assert store.acknowledged == mark
    failing.fact = None
    await store.save([], drafts(1))
    assert (await Store.open(database, LOCKER)).acknowledged == mark


async def test_an_acknowledgement_alone_wears_no_card(database: Database) -> None:
    failing = FailingDatabase(database)
    store = await Store.open(failing, LOCKER)
    await store.save([], drafts(2))
    failing.fact = StoreFact.READ_ONLY
    assert await store.acknowledge(store.head) is Acknowledged.ADVANCED


async def test_an_acknowledgement_twice_is_stale(database: Database) -> None:
    store = await Store.open(database, LOCKER)
    await store.save([], drafts(5))
    mark = await mark_at(store, 3)
    await store.acknowledge(mark)
    assert await store.acknowledge(mark) is Acknowledged.STALE


async def test_an_acknowledgement_of_another_head_is_a_fork(database: Database) -> None:
    store = await Store.open(database, LOCKER)
    await store.save([], drafts(5))
    assert await store.acknowledge(Mark(3, bytes(32))) is Acknowledged.FORKED
    assert store.acknowledged.sequence == 0


async def test_an_acknowledgement_of_what_never_was_is_ahead(database: Database) -> None:
    store = await Store.open(database, LOCKER)
    await store.save([], drafts(5))
    assert await store.acknowledge(Mark(6, bytes(32))) is Acknowledged.AHEAD


async def test_a_batch_respects_both_limits_but_always_carries_one(database: Database) -> None:
    store = await Store.open(database, LOCKER)
    await store.save([], drafts(5))
    by_count, by_size = await store.outbox(2, 1 << 20), await store.outbox(5, 1)
    assert by_count is not None
    assert by_size is not None
    assert (len(by_count.entries), len(by_size.entries)) == (2, 1)


async def test_the_audit_keeps_its_number_of_entries_and_the_chain_still_holds(tmp_path: Path) -> None:
    store = await Store.open(await sync(tmp_path / "a.db"), LOCKER)
    await store.save([], drafts(AUDIT_ENTRIES_KEPT + PRUNE_SLACK + 5))
    await store.acknowledge(store.head)
    await store.close()
    database = await sync(tmp_path / "a.db")
    again = await Store.open(database, LOCKER)
    assert again.damages == ()
    assert await database.fetch("SELECT count(*), min(sequence) FROM entry") == [(AUDIT_ENTRIES_KEPT, PRUNE_SLACK + 6)]
    await again.close()


async def test_time_is_kept_with_other_work_after_a_minute_and_alone_after_ten(database: Database) -> None:
    store = await Store.open(database, LOCKER)
    await store.save([], drafts(1), KeptTime(0, 59_000))
    assert store.time == KeptTime(0, 0)
    await store.save([], drafts(1), KeptTime(0, 61_000))
    assert store.time == KeptTime(0, 61_000)
    await store.save([], [], KeptTime(0, 600_000))
    assert store.time == KeptTime(0, 61_000)
    await store.save([], [], KeptTime(700_000, 600_000))
    assert (await Store.open(database, LOCKER)).time == KeptTime(700_000, 600_000)


async def test_a_file_of_a_later_version_is_not_touched(database: Database) -> None:
    await database.transact([Statement("PRAGMA user_version=99")])
    with pytest.raises(StoreError) as caught:
        await Store.open(database, LOCKER)
    assert caught.value.fact is StoreFact.TOO_NEW


async def test_a_file_of_before_the_seals_gets_them(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = await Store.open(await sync(path), LOCKER)
    await store.save([Kept("grant", b"g1", b"one"), Kept("task", "", b"two")], drafts(3), KeptTime(5, 700_000))
    await store.acknowledge(await mark_at(store, 2))
    await store.save([], [], KeptTime(5, 1_400_000))
    before = (store.head, store.acknowledged, store.time)
    await store.close()
    tamper(path, "UPDATE record SET value = substr(value, 1, length(value) - ?)", SEAL_BYTES)
    tamper(path, "UPDATE meta SET value = substr(value, 1, length(value) - ?)", SEAL_BYTES)
    tamper(path, "PRAGMA user_version=1")
    for _ in range(2):
        store = await Store.open(await sync(path), LOCKER)
        assert sorted(await store.records(), key=str) == [("grant", b"g1", b"one"), ("task", "", b"two")]
        assert (store.head, store.acknowledged, store.time, store.broken) == (*before, ())
        await store.close()


@pytest.mark.parametrize(
    ("sql", "broken"),
    [
        ("UPDATE record SET value = x'00' WHERE key = 'k1'", ("grant", "k1")),
        ("UPDATE record SET key = 'k3' WHERE key = 'k1'", ("grant", "k3")),
        ("UPDATE record SET key = 7 WHERE key = 'k1'", ("grant", "7")),
        ("UPDATE record SET kind = CAST(x'67ff' AS TEXT) WHERE key = 'k1'", ("g\ufffd", "k1")),
    ],
)
async def test_a_record_that_is_not_what_was_written_is_named_and_the_others_are_kept(
    open_database: Open, tmp_path: Path, sql: str, broken: tuple[str, str]
) -> None:
    first = await Store.open(await open_database(tmp_path / "a.db"), LOCKER)
    await first.save([Kept("grant", "k1", b"one"), Kept("grant", "k2", b"two")], [])
    await first.close()
    tamper(tmp_path / "a.db", sql)
    store = await Store.open(await open_database(tmp_path / "a.db"), LOCKER)
    assert await store.records() == [("grant", "k2", b"two")]
    assert store.broken == (broken,)
    await store.close()


async def test_a_mark_shorter_than_marks_are_is_damage_too(tmp_path: Path) -> None:
    database = await sync(tmp_path / "a.db")
    await Store.open(database, LOCKER)
    await database.transact([put_meta("acknowledged", b"short")])
    with pytest.raises(StoreError) as caught:
        await Store.open(database, LOCKER)
    assert caught.value.fact is StoreFact.CORRUPT
    await database.close()


@pytest.mark.parametrize("sql", ["DROP TABLE meta", "CREATE TABLE more (x)"])
async def test_tables_that_are_not_ours_are_damage(tmp_path: Path, sql: str) -> None:
    with pytest.raises(StoreError) as caught:
        await _damaged(tmp_path / "a.db", sql)
    assert caught.value.fact is StoreFact.CORRUPT


async def _damaged(path: Path, sql: str, *params: object) -> Store:
    store = await Store.open(await sync(path), LOCKER)
    await store.save([], drafts(9))
    await store.acknowledge(await mark_at(store, 3))
    await store.save([], [], KeptTime(0, 600_000))
    await store.close()
    tamper(path, sql, *params)
    return await Store.open(await sync(path), LOCKER)


async def _assert_whole(store: Store) -> list[bytes]:
    """Check that the outbox is gapless, chains from the acknowledged head, and stays so after another save."""
    await store.save([], drafts(1))
    entries = await all_entries(store)
    assert sequences(entries) == list(range(store.acknowledged.sequence + 1, store.head.sequence + 1))
    assert chain(store.acknowledged.head, entries) == store.head.head
    return entries


@pytest.mark.parametrize(
    ("sql", "params", "kind", "sequence"),
    [
        ("UPDATE entry SET bytes = zeroblob(40) WHERE sequence = 6", (), DamageKind.ALTERED, 6),
        ("UPDATE entry SET bytes = zeroblob(40) WHERE sequence = 9", (), DamageKind.ALTERED, 9),
        ("UPDATE entry SET hash = zeroblob(32) WHERE sequence = 6", (), DamageKind.HASH_ALTERED, 6),
        ("DELETE FROM entry WHERE sequence = 6", (), DamageKind.MISSING, 6),
        ("UPDATE entry SET sequence = 5000000 WHERE sequence = 9", (), DamageKind.MISPLACED, 5_000_000),
    ],
)
async def test_damage_is_found_and_owned_up_to(
    tmp_path: Path, sql: str, params: tuple[object, ...], kind: DamageKind, sequence: int
) -> None:
    store = await _damaged(tmp_path / "a.db", sql, *params)
    assert [(damage.kind, damage.sequence) for damage in store.damages] == [(kind, sequence)]
    entries = await _assert_whole(store)
    replaced = [decode_entry(raw) for raw in entries]
    alarms = [entry for entry in replaced if isinstance(entry, Entry) and isinstance(entry.event, AlarmRaised)]
    assert bool(alarms) is (kind in {DamageKind.ALTERED, DamageKind.MISSING})
    await store.close()
    again = await Store.open(await sync(tmp_path / "a.db"), LOCKER)
    assert again.damages == ()
    await again.close()


async def test_damage_in_the_acknowledged_part_only_shortens_the_audit(tmp_path: Path) -> None:
    store = await _damaged(tmp_path / "a.db", "UPDATE entry SET bytes = zeroblob(9) WHERE sequence = 2")
    assert [damage.sequence for damage in store.damages] == [2]
    assert store.acknowledged.sequence == 3
    assert store.head.sequence == 9
    await _assert_whole(store)
    await store.close()


async def test_a_journal_shorter_than_its_acknowledgement_goes_on_after_it(tmp_path: Path) -> None:
    store = await _damaged(tmp_path / "a.db", "DELETE FROM entry WHERE sequence > 1")
    assert store.head == store.acknowledged
    assert store.head.sequence == 3
    await _assert_whole(store)
    await store.close()


async def test_a_damaged_mark_is_said_and_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        await _damaged(tmp_path / "a.db", "UPDATE meta SET value = x'00' WHERE name = 'acknowledged'")
    assert caught.value.fact is StoreFact.CORRUPT


async def test_a_restored_disk_goes_on_after_what_the_cloud_holds(database: Database) -> None:
    store = await Store.open(database, LOCKER)
    await store.save([], drafts(4))
    fresh_boot = BootId(b"n" * 16)
    await store.save([], [draft(7, fresh_boot), draft(8, fresh_boot)])
    cloud = Mark(50, b"c" * 32)
    await store.rebase(cloud, fresh_boot, "journal_ahead")
    entries = await all_entries(store)
    assert sequences(entries) == [51, 52]
    assert chain(cloud.head, entries) == store.head.head
    assert (await Store.open(database, LOCKER)).head == store.head


async def test_rebasing_with_nothing_new_leaves_an_empty_outbox(database: Database) -> None:
    store = await Store.open(database, LOCKER)
    await store.save([], drafts(4))
    await store.rebase(Mark(50, b"c" * 32), BootId(b"n" * 16), "journal_ahead")
    assert store.head == store.acknowledged == Mark(50, b"c" * 32)
    assert await all_entries(store) == []


async def test_what_a_moved_journal_means_is_doubted_until_it_is_journalled_whatever_the_power_does(
    database: Database,
) -> None:
    store = await Store.open(database, LOCKER)
    await store.rebase(Mark(50, b"c" * 32), BootId(b"n" * 16), "journal_ahead")
    await store.save([], drafts(1))
    assert store.doubted == (await Store.open(database, LOCKER)).doubted == "journal_ahead"
    await store.save([], [Draft(1, "synced", BootId(b"n" * 16), AlarmRaised("journal_ahead", "taken in"))])
    assert store.doubted == (await Store.open(database, LOCKER)).doubted == ""
