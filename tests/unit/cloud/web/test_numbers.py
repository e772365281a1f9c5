"""Numbers as a language writes them, on every page and never by a page's own hand."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from cloud.web import frame
from cloud.web.numbers import MISSING, Numbers
from cloud.web.words import words_of

TEMPLATES = sorted((frame.HERE / "templates").glob("*.html"))
BY_HAND = re.compile(r"\| *(format|round|int|float)\b|% *\(|/ *100\b")
THIN = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("language", "number", "money", "share"),
    [
        ("en", "12,345.7", "€1,234.50", "26%"),
        ("de", "12.345,7", f"1.234,50{THIN}€", f"26{THIN}%"),
        ("pl", f"12{THIN}345,7", f"1{THIN}234,50{THIN}€", "26%"),
    ],
)
def test_numbers_are_written_as_the_language_writes_them(language: str, number: str, money: str, share: str) -> None:
    numbers = Numbers(language)

    assert numbers.number(12_345.67, 1) == number
    assert numbers.money(123_450) == money
    assert numbers.share(0.257) == share


@pytest.mark.parametrize(
    ("currency", "in_english", "in_polish"),
    [
        ("PLN", f"PLN{THIN}1,234.50", f"1{THIN}234,50{THIN}zł"),
        ("GBP", "£1,234.50", f"1{THIN}234,50{THIN}GBP"),
        ("JPY", "¥1,234", f"1{THIN}234{THIN}JPY"),
    ],
)
def test_amounts_name_the_currency_of_this_cloud(currency: str, in_english: str, in_polish: str) -> None:
    assert Numbers("en", currency).money(123_450) == in_english
    assert Numbers("pl", currency).money(123_450) == in_polish


def test_an_amount_in_a_form_is_typed_without_the_currency_its_label_names() -> None:
    numbers = Numbers("pl", "PLN")

    assert (numbers.amount(350), numbers.sign) == ("3,50", "zł")


def test_weights_and_ways_are_kilograms_and_kilometres() -> None:
    numbers = Numbers("de")

    assert (numbers.kg(2_350), numbers.km(48_200), numbers.km(48_200, 1)) == ("2,4", "48", "48,2")


def test_what_is_not_known_is_a_dash_and_places_stay_as_maps_take_them() -> None:
    numbers = Numbers("de")

    assert {numbers.number(None), numbers.money(None), numbers.km(None), numbers.share(None)} == {MISSING}
    assert numbers.place(52.2297, 21.0122) == "52.22970, 21.01220"


def test_a_wait_is_never_told_too_short() -> None:
    assert Numbers("en").seconds_up(timedelta(seconds=30.2)) == 31


def test_numbers_inside_a_sentence_follow_its_language() -> None:
    said = words_of("de").say("choose.walk", metres=1_240, count=16)

    assert said.startswith("1.240 m")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_page_writes_numbers_by_hand(template: Path) -> None:
    assert BY_HAND.findall(template.read_text(encoding="utf-8")) == []
