"""Every sentence in every language, and no page that asks for one that does not exist."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import pytest

from cloud.domain.assignment import Obstacle
from cloud.domain.parcel import ParcelState
from cloud.routing.plan import UnplannedReason
from cloud.services.records import CommandState
from cloud.web import frame
from cloud.web.courier_view import REASONS
from cloud.web.tracking import TOLD
from cloud.web.tracking_view import _NOW
from cloud.web.words import FOLDER, LANGUAGES, best_language, words_of
from contract.commands import RefusalReason
from contract.events import Event

TEMPLATES = sorted((frame.HERE / "templates").glob("*.html"))
ASKED = re.compile(r"""\bt\(["']([a-z_.]+)["'](?! ~)""")
FIELD = re.compile(r"\{(\w+)\}")
CATEGORIES = {"en": {"one", "other"}, "de": {"one", "other"}, "pl": {"one", "few", "many", "other"}}


def texts(language: str, key: str) -> list[str]:
    phrase = words_of(language).catalogue[key]
    return [phrase] if isinstance(phrase, str) else list(phrase.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_exists_in_every_language(language: str) -> None:
    assert set(words_of(language).catalogue) == set(words_of("en").catalogue)
    assert len(words_of("en").catalogue) > 400


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_names_the_same_fields_and_its_own_plurals(language: str) -> None:
    for key, phrase in words_of(language).catalogue.items():
        fields = set(FIELD.findall(texts("en", key)[-1]))
        assert all(set(FIELD.findall(text)) == fields for text in texts(language, key)), key
        assert isinstance(phrase, str) or set(phrase) == CATEGORIES[language], key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_empty_or_stands_in_two_files(language: str) -> None:
    seen: dict[str, Path] = {}
    for path in FOLDER.glob(f"*.{language}.json"):
        for key in json.loads(path.read_text(encoding="utf-8")):
            assert seen.setdefault(key, path) == path
    assert all(text.strip() for key in seen for text in texts(language, key))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_sentence_a_page_asks_for_exists(template: Path) -> None:
    asked = set(ASKED.findall(template.read_text(encoding="utf-8")))

    assert asked - set(words_of("en").catalogue) == set()


def test_every_word_of_a_closed_set_has_a_sentence() -> None:
    wanted: dict[str, Iterable[object]] = {
        "state": ParcelState,
        "tracking.headline": ParcelState,
        "tracking.sub": ParcelState,
        "tracking.told": TOLD,
        "step": _NOW.values(),
        "obstacle": Obstacle,
        "attempt": REASONS,
        "unplanned": UnplannedReason,
        "command_state": CommandState,
        "event": [one.__name__ for one in get_args(Event)],
    }
    names = {f"{family}.{one}" for family, ones in wanted.items() for one in ones}

    assert names - set(words_of("en").catalogue) == set()


def test_every_refusal_of_a_remote_open_has_a_sentence() -> None:
    moves_no_lock = {RefusalReason.UNKNOWN_GROUP, RefusalReason.REVOKED, RefusalReason.SPENT}
    names = {f"refusal.{one}" for one in set(RefusalReason) - moves_no_lock}

    assert names - set(words_of("en").catalogue) == set()


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("pl-PL,pl;q=0.9,en;q=0.8", "pl"),
        ("fr-FR,de;q=0.4,pl;q=0.7", "pl"),
        ("de-AT", "de"),
        ("de;q=0,en;q=0.1", "en"),
        ("xx,*;q=nonsense", "en"),
    ],
)
def test_the_browser_s_favourite_language_that_we_speak_is_chosen(accepted: str, language: str) -> None:
    assert best_language(accepted) == language


@pytest.mark.parametrize(
    ("language", "count", "text"),
    [
        ("en", 1, "1 stop before you"),
        ("en", 2, "2 stops before you"),
        ("pl", 3, "3 przystanki przed Tobą"),
        ("pl", 5, "5 przystanków przed Tobą"),
        ("de", 1, "1 Stopp vor Ihnen"),
    ],
)
def test_counts_are_said_as_the_language_says_them(language: str, count: int, text: str) -> None:
    assert words_of(language).say("tracking.stops_before", count=count) == text


def test_a_word_of_a_newer_locker_is_still_readable() -> None:
    assert words_of("en").word("event", "door_took_wing") == "door took wing"
