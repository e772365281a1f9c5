"""Every text in every language is whole, and codes stand only where they may."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cloud.notify.hours import hours_said
from cloud.notify.mail import compose
from cloud.notify.rendering import (
    LANGUAGES,
    QR_NAME,
    TEMPLATES,
    TO_COURIERS,
    Facts,
    Secrets,
    UnknownTemplateError,
    render,
)

SENT = datetime(2026, 11, 23, 16, 5, tzinfo=UTC)
FACTS = Facts(
    barcode="JD014600003",
    carrier="Swift",
    locker="Centrum",
    address="Marszałkowska 1, Warszawa",
    hours="24/7",
    deadline=datetime(2026, 11, 25, 17, 0, tzinfo=UTC),
    begins=datetime(2026, 11, 25, 13, 5, tzinfo=UTC),
    ends=datetime(2026, 11, 25, 13, 40, tzinfo=UTC),
    zone="Europe/Warsaw",
    link="https://latchmile.example/t/abc",
)
SECRETS = Secrets("123 456 789", "LM1:ABC")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_text_is_whole_in_every_language(template: str, language: str) -> None:
    message = render(template, language, FACTS, Secrets())

    assert message.subject
    for text in (message.subject, message.text, message.html):
        assert "{" not in text.replace("{{", "")
        assert "None" not in text
    assert "JD014600003" in message.text
    assert FACTS.link in message.text
    assert f'lang="{language}"' in message.html


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", [one for one in TEMPLATES if one not in ("said_inside", "door_left_open")])
def test_no_text_about_a_counter_speaks_of_a_machine(template: str, language: str) -> None:
    shop = replace(FACTS, locker="Inwino", hours="Mo-Sa 11:00-21:00", at_counter=True)
    message = render(template, language, shop, SECRETS)

    assert "JD014600003" in message.text
    said = f"{message.subject} {message.text} {message.html}".lower()
    machines = ("compartment", "scanner", "skrytk", "fach ", "automacie", "automatu {", "paketstation inwino")
    assert [one for one in machines if one in said] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_stands_in_the_body_and_never_in_the_subject(language: str) -> None:
    message = render("ready_for_pickup", language, FACTS, SECRETS)

    assert "123 456 789" in message.text
    assert "123 456 789" in message.html
    assert "123 456 789" not in message.subject
    assert message.qr_png is not None
    assert message.qr_png.startswith(b"\x89PNG")
    assert QR_NAME in message.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_picture_is_spoken_of_where_there_is_none(language: str) -> None:
    text = render("ready_for_pickup", language, FACTS, Secrets(code="123 456 789")).text

    assert QR_NAME not in text
    assert "QR" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_delay_is_told_as_two_times_where_the_parcel_is(language: str) -> None:
    text = render("running_late", language, FACTS, Secrets()).text
    assert text.index("14:05") < text.index("14:40")


def test_a_deadline_is_told_in_the_lockers_time_and_the_readers_words() -> None:
    assert "środa, 25 listopada, 18:00" in render("ready_for_pickup", "pl", FACTS, SECRETS).text
    assert "Mittwoch, 25. November, 18:00" in render("ready_for_pickup", "de", FACTS, SECRETS).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_more_time_is_told_with_the_time_though_no_code_is_sent(language: str) -> None:
    for place in (FACTS, replace(FACTS, at_counter=True)):
        message = render("deadline_extended", language, place, Secrets())
        assert "25" in message.text
        assert "18:00" in message.text


def test_two_lockers_of_one_name_and_address_are_told_apart() -> None:
    facts = Facts(locker="Mokotowska 71, Warszawa", locker_id="WAW04A", address="Mokotowska 71, Warszawa")

    assert "Mokotowska 71, Warszawa (WAW04A)\n" in render("ready_for_pickup", "en", facts, SECRETS).text


def test_an_unknown_language_reads_english() -> None:
    assert render("reminder", "fr", FACTS, SECRETS).subject == "Your parcel is still waiting at Centrum"


def test_an_unknown_template_is_refused_by_name() -> None:
    with pytest.raises(UnknownTemplateError, match="hello"):
        render("hello", "en", FACTS, SECRETS)


def test_what_a_carrier_wrote_is_not_markup() -> None:
    html = render("reminder", "en", Facts(barcode="<script>", locker="A & B"), SECRETS).html

    assert "<script>" not in html
    assert "A &amp; B" in html


def test_a_mail_carries_text_html_and_the_qr_code_inside_the_html() -> None:
    reminder = render("reminder", "en", FACTS, SECRETS)
    mail = compose("Latchmile <hello@latchmile.example>", "ewa@example.com", reminder, "n1", SENT)

    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
    assert mail["Message-ID"] == "<n1@latchmile.example>"
    assert mail["Date"] == "Mon, 23 Nov 2026 16:05:00 +0000"
    assert "123" not in str(mail["Subject"])


def test_a_mail_without_a_code_has_no_picture() -> None:
    mail = compose("hello@latchmile.example", "ewa@example.com", render("picked_up", "en", FACTS, Secrets()), "", SENT)

    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reminder_says_until_when_even_if_its_code_is_not_ours_to_tell(language: str) -> None:
    message = render("reminder", language, FACTS, Secrets())

    for text in (message.text, message.html):
        assert "18:00" in text
        assert hours_said("24/7", language) in text
        assert FACTS.address in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", TO_COURIERS)
def test_a_crowd_courier_reads_what_is_paid_until_when_and_where_to_answer(template: str, language: str) -> None:
    message = render(template, language, replace(FACTS, price="3.50", currency="PLN"), Secrets())

    price = {"en": "PLN 3.50", "pl": "3,50 zł", "de": "3,50 PLN"}[language].replace(" ", "\N{NO-BREAK SPACE}")
    assert price in message.subject
    for told in (price, "14:40", FACTS.link):
        assert told in message.text
    assert "JD014600003" not in message.text
