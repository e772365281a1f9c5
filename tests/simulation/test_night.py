"""A night adds up, names the command for what broke, and goes on where it was interrupted."""

from pathlib import Path

from firmware_sim.world.chronicle import Violation
from firmware_sim.world.night import Tally, night, plan_of
from firmware_sim.world.night_book import Lived, NightBook, digest_of
from firmware_sim.world.shrinking import command
from firmware_sim.world.world import Plan, Result

HOUR = Plan(seed=3, lockers=1, hours=0.5)


def lived(plan: Plan, *violations: Violation, cpu_s: float = 1.0) -> Lived:
    return Lived(Result(plan, 10, {"power cut": 2}, {"DoorOpened": 3}, violations, 20, "x"), cpu_s)


def test_a_night_adds_up_and_names_the_command_for_what_broke() -> None:
    plan = plan_of(seed=1, lockers=5, hours=48)
    tally = Tally()
    tally.add(lived(plan, cpu_s=2.0))
    tally.add(lived(plan, Violation(3, 1.0, "lost")))
    lines = "\n".join(tally.lines())

    assert (tally.worlds, tally.lockers, tally.locker_hours, tally.steps, tally.slowest_s) == (2, 10, 480, 20, 20)
    assert tally.rate == 160
    assert "power cut 4" in lines
    assert "violations                  1" in lines
    assert f"{command(plan)}: invariant 3, lost" in lines


def test_one_world_in_some_is_genuine() -> None:
    assert plan_of(seed=25, lockers=1, hours=1).genuine
    assert not plan_of(seed=1, lockers=5, hours=48).genuine


def test_what_was_lived_is_not_lived_again_and_counts(tmp_path: Path) -> None:
    book = NightBook(tmp_path / "night", "0123456789abcdef")
    broken = lived(plan_of(seed=1, lockers=5, hours=48), Violation(3, 1.0, "lost"))
    book.write(broken)
    first = night([broken.result.plan, HOUR], 1, book)
    again = night([broken.result.plan, HOUR], 1, book)

    assert (first.worlds, first.before) == (2, 1)
    assert (again.worlds, again.before, again.cpu_s) == (2, 2, first.cpu_s)
    assert again.broken == [broken.result]
    assert "2, 2 of them in earlier runs" in next(iter(again.lines()))


def test_a_line_that_a_power_cut_tore_is_lived_again_and_spoils_no_other(tmp_path: Path) -> None:
    book = NightBook(tmp_path, "0123456789abcdef")
    first, second = lived(Plan(1)), lived(Plan(2))
    book.write(first)
    torn = book.path.read_bytes()[:-9]
    book.path.write_bytes(torn)
    book.write(second)

    assert book.read() == {Plan(2): second}


def test_another_product_has_a_book_of_its_own(tmp_path: Path) -> None:
    source = tmp_path / "edge" / "agent.py"
    source.parent.mkdir()
    source.write_text("pulse_ms = 400")
    before = digest_of(tmp_path)
    source.write_text("pulse_ms = 500")

    assert digest_of(tmp_path) != before
    assert NightBook(tmp_path, before).path != NightBook(tmp_path, digest_of(tmp_path)).path
