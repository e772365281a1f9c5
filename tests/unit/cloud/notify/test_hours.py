"""Opening hours are kept as OpenStreetMap writes them and read in the reader's language."""

import pytest

from cloud.notify.hours import hours_said

KEPT = "Mo-Sa 08:00-20:00; PH off; 2026 Nov 23 off"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Mon–Sat 08:00–20:00; public holidays closed; Mon, 23 Nov 2026 closed"),  # noqa: RUF001 - as printed
        ("de", "Mo.–Sa. 08:00–20:00; Feiertage geschlossen; Mo., 23. Nov. 2026 geschlossen"),  # noqa: RUF001 - as printed
        ("pl", "pon.–sob. 08:00–20:00; święta zamknięte; pon., 23 lis 2026 zamknięte"),  # noqa: RUF001 - as printed
        ("xx", "Mon–Sat 08:00–20:00; public holidays closed; Mon, 23 Nov 2026 closed"),  # noqa: RUF001 - as printed
    ],
)
def test_hours_are_read_in_the_language_of_the_reader(language: str, said: str) -> None:
    assert hours_said(KEPT, language) == said


def test_a_day_that_no_calendar_has_stays_as_it_was_written() -> None:
    assert hours_said("2026 Jun 31 off", "en") == "2026 Jun 31 closed"


def test_day_and_night_is_said_in_words() -> None:
    assert [hours_said("24/7", language) for language in ("en", "de")] == ["day and night", "rund um die Uhr"]
