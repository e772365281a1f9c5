"""Whatever the controller can show has a sentence in every language, and every language says as much as the others."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from contract.events import Purpose
from contract.sizes import SizeClass
from contract.state import Configuration
from edge.kiosk.pages import FOLDER
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import Screen, Why

LANGUAGES = Configuration().languages
PLURALS = {"en": {"one", "other"}, "de": {"one", "other"}, "pl": {"one", "few", "many", "other"}}  # CLDR 46
KINDS: list[str] = [kind.__struct_config__.tag for kind in get_args(Screen)]
SAID_BY_THE_CODE_SCREEN = {"idle": "home", "code_wrong": "code", "refused": "why", "no_compartment": "why"}
WITH_VARIANTS_ONLY = {"courier_home": "courier_home.drop_off"}
SCRIPTS = {path.name: path.read_text() for path in FOLDER.glob("*.js")}


def words(language: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / "words" / f"{language}.json").read_text())
    return loaded


def sentences(entry: str | dict[str, str]) -> list[str]:
    return [entry] if isinstance(entry, str) else list(entry.values())


def used_keys() -> set[str]:
    """Return every key that a script names in full."""
    return {key for script in SCRIPTS.values() for key in re.findall(r'\bsay\("([a-z_.]+)"', script)}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_screen_has_a_title_and_a_sentence(language: str, kind: str) -> None:
    key = SAID_BY_THE_CODE_SCREEN.get(kind, WITH_VARIANTS_ONLY.get(kind, kind))

    assert words(language)[f"{key}.title"]
    assert words(language)[f"{key}.text"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("why", Why)
def test_every_reason_has_a_title_and_a_sentence_of_its_own(language: str, why: Why) -> None:
    spoken = words(language)

    assert spoken[f"why.{why}.title"] != spoken["why.title"]
    assert spoken[f"why.{why}.text"] != spoken["why.text"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_the_scripts_ask_for_is_there(language: str) -> None:
    assert used_keys() - words(language).keys() == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_size_and_every_choice_has_a_word(language: str) -> None:
    spoken = words(language)
    choices = set(re.findall(r'(?:choice|main)\("([a-z_]+)", "', SCRIPTS["scenes.js"]))

    assert {f"size.{size}" for size in SizeClass} <= spoken.keys()
    assert {f"answer.{name}" for name in choices} <= spoken.keys()
    assert choices


def test_the_page_can_show_every_screen_of_the_controller() -> None:
    handled = set(re.findall(r"^  ([a-z_]+): \(", SCRIPTS["scenes.js"] + SCRIPTS["scenes_people.js"], re.MULTILINE))

    assert set(KINDS) - handled == {"idle", "code_wrong", "locked_out"}
    assert 'screen.kind === "locked_out"' in SCRIPTS["scenes.js"]
    assert '["idle", "code_wrong"]' in SCRIPTS["scenes.js"]


def test_the_page_only_gives_answers_that_the_controller_knows() -> None:
    given = set(re.findall(r'(?:choice|main)\("[a-z_]+", "([a-z_]+)"', SCRIPTS["scenes.js"]))
    given |= set(re.findall(r'answer: "([a-z_]+)"', "".join(SCRIPTS.values())))

    assert given <= set(Answer)
    assert {Answer.DONE, Answer.TOO_BIG, Answer.COLLECT, Answer.SIGN_OUT} <= given


def test_the_variants_that_scenes_name_are_purposes() -> None:
    spoken = words("en")
    variants = {key.split(".")[1] for key in spoken if key.startswith(("opening.", "take_parcel."))} - {"title", "text"}

    assert variants <= set(Purpose)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_the_same_keys_and_placeholders_as_english(language: str) -> None:
    mine, english = words(language), words("en")

    def places(entry: str | dict[str, str]) -> set[str]:
        return {name for text in sentences(entry) for name in re.findall(r"\{(\w+)\}", text)}

    assert mine.keys() == english.keys()
    assert {key: places(entry) for key, entry in mine.items()} == {key: places(entry) for key, entry in english.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_counted_sentences_have_every_plural_of_the_language(language: str) -> None:
    counted = [entry for entry in words(language).values() if isinstance(entry, dict)]

    assert counted
    assert all(set(entry) == PLURALS[language] for entry in counted)


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_short_enough_to_be_read_standing(language: str) -> None:
    long = [text for entry in words(language).values() for text in sentences(entry) if len(text) > 130]

    assert long == []


def test_the_page_loads_nothing_from_elsewhere() -> None:
    pages = [path for path in Path(FOLDER).rglob("*") if path.suffix in {".html", ".css", ".js"}]
    foreign = [path.name for path in pages if re.search(r"https?://(?!www\.w3\.org/2000/svg)", path.read_text())]

    assert pages
    assert foreign == []
