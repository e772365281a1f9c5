from contract.events import chain, genesis_hash
from edge.store.chain import GAP_ROWS_MAX, ChainInspector, DamageKind, JournalRow, Mark, link, repaired
from tests.unit.edge.store.builders import LOCKER

GENESIS = Mark(0, genesis_hash(LOCKER))


def _rows(count: int) -> list[JournalRow]:
    head, rows = GENESIS.head, []
    for sequence in range(1, count + 1):
        raw = b"entry %d" % sequence
        head = link(head, raw)
        rows.append(JournalRow(sequence, raw, head))
    return rows


def _found(rows: list[JournalRow]) -> list[tuple[int, DamageKind]]:
    inspector = ChainInspector(GENESIS)
    inspector.feed(rows)
    inspector.finish()
    return [(damage.sequence, damage.kind) for damage in inspector.damages]


def _flipped(raw: bytes, bit: int) -> bytes:
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_a_whole_journal_shows_no_damage() -> None:
    assert _found(_rows(5)) == []


def test_every_flipped_bit_of_every_entry_is_found_and_named() -> None:
    rows = _rows(3)
    for place, row in enumerate(rows):
        for bit in range(len(row.raw) * 8):
            changed = [*rows[:place], row._replace(raw=_flipped(row.raw, bit)), *rows[place + 1 :]]
            assert _found(changed) == [(row.sequence, DamageKind.ALTERED)]


def test_a_flipped_bit_of_a_head_costs_no_entry_unless_it_is_the_last() -> None:
    rows = _rows(3)
    for place, row in enumerate(rows):
        changed = [*rows[:place], row._replace(head=_flipped(row.head, 7)), *rows[place + 1 :]]
        kind = DamageKind.ALTERED if place == 2 else DamageKind.HASH_ALTERED
        assert _found(changed) == [(row.sequence, kind)]


def test_two_damages_in_a_row_are_both_found() -> None:
    rows = _rows(4)
    rows[1], rows[2] = rows[1]._replace(raw=b"x"), rows[2]._replace(raw=b"y")
    assert _found(rows) == [(2, DamageKind.ALTERED), (3, DamageKind.ALTERED)]


def test_swapped_entries_are_found() -> None:
    rows = _rows(4)
    rows[1], rows[2] = rows[1]._replace(raw=rows[2].raw), rows[2]._replace(raw=rows[1].raw)
    assert [sequence for sequence, _ in _found(rows)] == [2, 3]


def test_a_row_whose_number_leaps_is_the_damage_and_not_the_gap() -> None:
    rows = _rows(4)
    rows[3] = rows[3]._replace(sequence=4 + GAP_ROWS_MAX + 1, head=b"z" * 32)
    assert _found(rows) == [(4 + GAP_ROWS_MAX + 1, DamageKind.MISPLACED)]


def test_what_is_repaired_is_gapless_and_chained() -> None:
    rows = _rows(6)
    broken = [rows[0], rows[1]._replace(raw=b"x"), rows[2], rows[4], rows[5]]
    inspector = ChainInspector(GENESIS)
    inspector.feed(broken)
    last = inspector.finish()
    whole = repaired(GENESIS, broken, inspector.damages, last.sequence)
    assert [row.sequence for row in whole] == [1, 2, 3, 4, 5, 6]
    assert whole[-1].head == chain(GENESIS.head, [row.raw for row in whole])
    assert [row.raw for row in whole if row.sequence in (1, 3, 5, 6)] == [rows[n - 1].raw for n in (1, 3, 5, 6)]
