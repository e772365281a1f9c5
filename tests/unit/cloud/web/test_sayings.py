"""What services wrote in English is said in the reader's language, and nothing a person wrote is touched."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import cloud
from cloud.chance import SeededIds
from cloud.domain.actors import SYSTEM
from cloud.domain.errors import ConflictError, InvalidError, LimitReachedError
from cloud.routing.explain import _SENTENCES
from cloud.routing.plan import UnplannedReason
from cloud.services.attention import alarm
from cloud.services.certificates import ENDING
from cloud.services.ports import Act
from cloud.web.dates import Dates
from cloud.web.sayings import actor_said, alarm_said, named, refusal, said, subject_said
from cloud.web.words import words_of
from edge.locker_controller.state import Withdrawal

DE, PL, EN = words_of("de"), words_of("pl"), words_of("en")
SERVICES = Path(cloud.__file__).parent / "services"
NAMES = {"1f": "Olga"}
SECONDS = timedelta(seconds=4)


def sentence(node: ast.expr) -> str | None:
    """Return a literal, or an f-string with 7 for whatever varies."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    return None


def details() -> Iterator[str]:
    """Yield the sentences that are written straight into alarms and cases."""
    for path in SERVICES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in {
                "alarm",
                "case",
            }:
                texts = [found for one in node.args if (found := sentence(one))]
                yield from (one for one in texts if " " in one)


@pytest.mark.parametrize("text", sorted(set(details())))
def test_every_sentence_of_an_alarm_or_a_case_can_be_said_in_other_languages(text: str) -> None:
    samples = (text, text.replace("says 7", "says open"), text.replace("it 77", "it dirty"))

    assert any(said(DE, one) != one for one in samples), f"{text!r} is missing in words/said.*.json"


@pytest.mark.parametrize("reason", sorted(_SENTENCES))
def test_every_reason_to_leave_a_stop_out_can_be_said_in_other_languages(reason: UnplannedReason) -> None:
    text = _SENTENCES[reason].format(skills="cold", count=3, kg=41.5, litres=900, priority=0)

    assert said(PL, text) != text
    assert said(EN, text) == text


@pytest.mark.parametrize(
    ("text", "german"),
    [
        ("open for 300 s", "seit 300 s offen"),
        ("L at WAW-CEN until 2026-11-24T08:00:00+00:00", "L in WAW-CEN bis 2026-11-24T08:00:00+00:00"),
        ("left with the neighbour; back to the wall", "left with the neighbour; back to the wall"),
        ("until noon: 3 to 4", "until noon: 3 to 4"),
        ("", ""),
        ("x" * 2_000, "x" * 2_000),
    ],
)
def test_what_varies_is_kept_and_free_words_are_left_alone(text: str, german: str) -> None:
    assert said(DE, text) == german


def test_a_reason_inside_a_sentence_is_said_too() -> None:
    outer = "no compartment could take it: the file is empty"

    assert said(DE, outer) == "kein Fach konnte es aufnehmen: die Datei ist leer"


def test_refusals_are_sentences_and_keep_a_field_where_nothing_else_says_what_is_meant() -> None:
    assert refusal(DE, InvalidError("price", "write a price such as 3.50")) == "schreiben Sie einen Preis wie 3,50"
    assert refusal(EN, InvalidError("price", "is too high")) == "price: is too high"
    assert refusal(EN, InvalidError("price", "write a price such as 3.50")) == "write a price such as 3.50"
    assert refusal(EN, InvalidError("parcels", "is between 1 and 40")) == "parcels: is between 1 and 40"
    assert refusal(DE, ConflictError("the parcel is picked_up already")) == "das Paket ist schon so weit: Abgeholt"
    assert refusal(DE, ConflictError("nobody has taken this alarm yet")).startswith("noch hat niemand")
    assert "in 4 s" in refusal(DE, LimitReachedError("one door at a time", SECONDS))


def test_a_certificate_that_ended_meanwhile_ends_no_more_soon() -> None:
    ends = datetime(2026, 11, 30, 8, tzinfo=UTC)
    detail = f"the locker's certificate ends {ends.isoformat(timespec='seconds')} and was not renewed"
    about = alarm(Act(SYSTEM, ends - timedelta(days=9), SeededIds(1)), ("WAW-CEN", None), (ENDING, "warning"), detail)
    before, after = (Dates("en", UTC, ends + timedelta(days=days)) for days in (-1, 1))

    assert alarm_said(EN, before, about)[0] == "Certificate ends soon"
    assert alarm_said(EN, after, about) == ("Certificate ended Mon 30 Nov, 08:00", "it was not renewed in time")
    renewed = replace(about, cleared_at=ends - timedelta(days=2))
    assert alarm_said(EN, after, renewed)[0] == "Certificate ends soon"


def test_what_the_pages_themselves_refuse_is_said_in_every_language() -> None:
    pages = Path(cloud.__file__).parent / "web"
    raised = [node for path in sorted(pages.glob("*.py")) for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    calls = [one for one in raised if isinstance(one, ast.Call) and getattr(one.func, "id", "") == "InvalidError"]
    sentences = {sentence(one.args[1]) for one in calls}

    assert len(sentences) > 10
    assert [one for one in sentences for words in (DE, PL) if one and said(words, one) == one] == []


def test_people_are_named_where_there_is_an_account() -> None:
    assert actor_said(EN, "operator:1f", NAMES) == "Olga (operator)"
    assert actor_said(DE, "system:cloud", NAMES) == "automatisch"
    assert actor_said(EN, "courier:c0c0c0c0c0c0c0c0", NAMES) == "courier c0c0c0c0…"
    assert actor_said(EN, "staff:WAW-BOOKS/1f", NAMES) == "Olga (counter staff)"
    assert actor_said(EN, "staff:WAW-BOOKS/c0c0c0c0c0c0", NAMES) == "counter staff WAW-BOOKS/c0c0c0c0…"


def test_people_are_named_inside_a_sentence_and_ids_of_nobody_stay() -> None:
    known, unknown = "c0" * 16, "c1" * 16
    text = f"courier {known} is out (a broken axle); order {unknown}"
    assert named(text, {known: "Ewa Lis"}) == f"courier Ewa Lis is out (a broken axle); order {unknown}"


def test_whom_a_page_is_for_is_said_in_the_reader_s_language() -> None:
    text = said(words_of("pl"), "this page is for operator or courier")
    assert text == "ta strona jest dla: operator, kurier"


def test_an_audit_line_names_what_it_is_about() -> None:
    assert subject_said(PL, "account:1f", NAMES) == "konto Olga"
    assert subject_said(EN, "WAW-CEN/A05", NAMES) == "WAW-CEN/A05"
    assert subject_said(DE, "cloud", NAMES) == "Cloud"


@pytest.mark.parametrize("why", [*Withdrawal, "not_opened", "staff_needed"])
def test_why_a_compartment_is_out_of_service_and_what_people_report_is_said_in_words(why: str) -> None:
    for words in (EN, PL, DE):
        assert words.knows(f"fault.{why}")
        assert words.knows(f"value.{why}")


def test_a_count_of_parcels_agrees_with_its_number_in_every_language() -> None:
    assert [said(EN, "1 parcels"), said(EN, "2 parcels")] == ["1 parcel", "2 parcels"]
    assert [said(DE, "1 parcels"), said(PL, "5 parcels")] == ["1 Paket", "5 paczek"]
