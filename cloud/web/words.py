"""The sentences of every page in every language, read from one catalogue file for each language and area.

A phrase is a text with ``{fields}``, or a set of texts by CLDR plural category, chosen by the field ``count``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale
from babel.core import negotiate_locale

from cloud.web.numbers import written

LANGUAGES = ("en", "pl", "de")
NAMES = {"en": "English", "pl": "Polski", "de": "Deutsch"}
FOLDER = Path(__file__).parent / "words"
ACCEPT_CHARACTERS_MAX = 500  # of an Accept-Language header that is looked at

Phrase = str | Mapping[str, str]
Catalogue = Mapping[str, Phrase]


@dataclass(frozen=True, slots=True)
class Words:
    """One language's phrases."""

    language: str
    catalogue: Catalogue

    def say(self, key: str, **fields: object) -> str:
        """Return a phrase with its fields filled in; a key that is missing is a fault of ours and raises."""
        phrase = self.catalogue[key]
        if not isinstance(phrase, str):
            category = Locale.parse(self.language).plural_form(int(str(fields["count"])))
            phrase = phrase.get(category) or phrase["other"]
        return (
            phrase.format(**{name: written(one, self.language) for name, one in fields.items()}) if fields else phrase
        )

    def word(self, family: str, name: object, **fields: object) -> str:
        """Return the phrase of a word from an open set, which newer lockers and services may extend."""
        key = f"{family}.{name}"
        return self.say(key, **fields) if key in self.catalogue else str(name).replace("_", " ")

    def knows(self, key: str) -> bool:
        return key in self.catalogue


@cache
def words_of(language: str) -> Words:
    """Read a language's catalogue, all areas together."""
    catalogue: dict[str, Phrase] = {}
    for path in sorted(FOLDER.glob(f"*.{language}.json")):
        catalogue |= json.loads(path.read_text(encoding="utf-8"))
    return Words(language, catalogue)


def best_language(accepted: str) -> str:
    """Return our language that an Accept-Language header (RFC 9110, 12.5.4) likes best; English for none."""
    ranked = []
    for position, part in enumerate(accepted[:ACCEPT_CHARACTERS_MAX].split(",")):
        tag, _, quality = part.strip().partition(";q=")
        ranked.append((-_quality(quality), position, tag.replace("-", "_")))
    preferred = [tag for weight, _, tag in sorted(ranked) if weight < 0 and tag]
    return (negotiate_locale(preferred, LANGUAGES) or LANGUAGES[0]).split("_")[0]


def _quality(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
