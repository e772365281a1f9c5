"""README's table of what the system survives comes from what tests wrote down, and says so when something broke."""

import pytest

from scripts.survives import BEGIN, END, Row, rewritten, rows, showing, table


def fact(row: str, tried: int, broken: int = 0) -> dict[str, object]:
    return {"row": row, "piece": "any", "tried": tried, "broken": broken, "shown_by": "tests/power"}


def test_pieces_of_one_trouble_are_added_up() -> None:
    found = rows([fact("power cut", 3), fact("bad wire", 1), fact("power cut", 4, 1)])

    assert found == [Row("bad wire", 1, 0, "tests/power"), Row("power cut", 7, 1, "tests/power")]


def test_the_table_has_a_line_for_each_trouble() -> None:
    text = table([Row("power cut", 12_345, 0, "tests/power")])

    assert text.splitlines()[-1] == "| power cut | 12,345 | 0 | `tests/power` |"


def test_only_what_stands_between_the_marks_is_written_anew() -> None:
    assert rewritten(f"a\n{BEGIN}\nold\n{END}\nz\n", "new") == f"a\n{BEGIN}\nnew\n{END}\nz\n"


@pytest.mark.parametrize("readme", ["nothing", f"{BEGIN} only", f"only {END}"])
def test_a_readme_without_both_marks_is_refused(readme: str) -> None:
    with pytest.raises(ValueError, match="README"):
        rewritten(readme, "new")


def test_only_tests_that_write_something_down_are_run() -> None:
    found = showing()

    assert found
    assert "tests/unit/test_survives.py" not in found
