"""Sentences that services store or raise in English, said in the reader's language.

Alarms, cases, histories, plans and refusals carry plain English: the API hands it out, logs keep it, old rows have it.
The catalogue's ``said.`` family holds each such sentence with ``{fields}`` for what varies; a stored text is matched
against the English ones and said anew in the reader's words. What matches nothing is shown as it was written.
"""

import re
from collections.abc import Mapping
from functools import cache

from cloud.domain.actors import Role
from cloud.domain.errors import DomainError, InvalidError
from cloud.services.certificates import ENDING
from cloud.services.records_ops import Alarm
from cloud.web.dates import Dates
from cloud.web.words import Words, words_of

FAMILY = "said."
ENGLISH = "en"
CHARACTERS_MAX = 1_000  # of a text that is looked at; stored details are cut far below
_NUMBER = r"-?\d[\d.,]*"
_ISO = r"\d{4}-\d\d-\d\d\S*"
_SHAPES = {  # narrow, so that no free text of a person is taken for one of ours
    **dict.fromkeys(("begins", "ends", "since", "at", "day"), _ISO),
    **dict.fromkeys(("until",), rf"{_ISO}|\d\d:\d\d"),
    **dict.fromkeys(
        ("seconds", "misses", "minutes", "tries", "times", "days", "priority", "low", "high", "max"), _NUMBER
    ),
    **dict.fromkeys(("parcels", "promised", "lying", "opens", "messages", "trips", "doors", "opened"), _NUMBER),
    **dict.fromkeys(("kg", "litres", "grams", "rows", "line", "mb"), _NUMBER),
    **dict.fromkeys(("hours",), _NUMBER),
    **dict.fromkeys(("state",), "[a-z_]+"),
    **dict.fromkeys(("time",), r"\d\d:\d\d"),
    **dict.fromkeys(("locker", "size", "channel", "template", "courier", "parcel"), r"[\w/-]+"),
}
ID_SHOWN = 8  # characters of a long id: enough to tell two apart on one page
_NEED_A_SUBJECT = ("is ", "has ", "needs ", "does ", "between ", "in ")  # of which field, the field's name says
_ID = re.compile(r"\b[0-9a-f]{32}\b")
_PARCELS = re.compile(r"(\d{1,9}) parcels")  # stored of one parcel too, so English has to be said anew as well
_FIELD = re.compile(r"\{(\w+)\}")


def said(words: Words, text: str) -> str:
    """Return ``text`` in the language of ``words``, or as it is."""
    if counted := _PARCELS.fullmatch(text):
        return words.say("plan.parcels_count", count=int(counted[1]))
    if words.language == ENGLISH or not text or len(text) > CHARACTERS_MAX:
        return text
    for key, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found:
            return words.say(key, **{name: _field(words, name, value) for name, value in found.groupdict().items()})
    return text


def _field(words: Words, name: str, value: str) -> str:
    """Return what stood in a sentence's field: another sentence, roles and states by their names, or itself."""
    if name == "why":
        return said(words, value)
    if name == "state":
        return words.word("state" if words.knows(f"state.{value}") else "presence", value)
    return ", ".join(words.word("role", one) for one in value.split(" or ")) if name == "roles" else value


def refusal(words: Words, error: DomainError) -> str:
    """Return why something was refused; a field's own name stays only where its sentence needs a subject."""
    if not isinstance(error, InvalidError):
        return said(words, str(error))
    why = said(words, error.why)
    is_whole = words.language == ENGLISH and _is_known(why) and not why.startswith(_NEED_A_SUBJECT)
    return why if is_whole or why != error.why else str(error)


def _is_known(text: str) -> bool:
    return any(pattern.fullmatch(text) for _, pattern in _patterns())


def actor_said(words: Words, text: str, names: Mapping[str, str]) -> str:
    """Return who an actor's text ``role:id`` is: by name where there is an account, else by what they do."""
    role, _, name = text.partition(":")
    what = words.word("role", role)
    place, slash, person = name.rpartition("/")  # staff of a counter are named with it
    if person in names:
        return f"{names[person]} ({what})"
    return what if role in {Role.SYSTEM, ""} or not name else f"{what} {place}{slash}{_short(person)}"


def subject_said(words: Words, text: str, names: Mapping[str, str]) -> str:
    """Return what an audit line is about, ``kind:id`` or a locker's own name; long ids are cut."""
    kind, colon, name = text.partition(":")
    if not colon:
        return words.word("subject", text) if words.knows(f"subject.{text}") else text
    return f"{words.word('subject', kind)} {names.get(name) or _short(name)}"


def alarm_said(words: Words, dates: Dates, alarm: Alarm) -> tuple[str, str]:
    """Return what an alarm is about and its detail; an end that was to come may have come meanwhile."""
    if alarm.kind == ENDING and (ended := dates.first_in(alarm.detail)) and ended <= (alarm.cleared_at or dates.now):
        return words.say("alarm.certificate_ended", at=dates.moment(ended)), words.say("alarm.certificate_was_not")
    return words.word("alarm", alarm.kind), dates.readable(said(words, alarm.detail))


def named(text: str, names: Mapping[str, str]) -> str:
    """Return ``text`` with the names of those it speaks of by id; an id of nobody we know stays."""
    return _ID.sub(lambda found: names.get(found[0], found[0]), text)


def _short(name: str) -> str:
    is_long_id = len(name) > ID_SHOWN and re.fullmatch(r"[0-9a-f/]+", name)
    return f"{name[:ID_SHOWN]}…" if is_long_id else name


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return every English sentence as a pattern; those that say most by themselves are tried first."""
    phrases = {key: str(one) for key, one in words_of(ENGLISH).catalogue.items() if key.startswith(FAMILY)}
    ranked = sorted(phrases.items(), key=lambda item: -len(_FIELD.sub("", item[1])))
    return tuple((key, re.compile(_pattern(phrase))) for key, phrase in ranked)


def _pattern(phrase: str) -> str:
    parts = _FIELD.split(phrase)  # text, field, text, field, ..., text
    for place in range(0, len(parts), 2):
        parts[place] = re.escape(parts[place])
    for place in range(1, len(parts), 2):
        parts[place] = f"(?P<{parts[place]}>{_SHAPES.get(parts[place], '.+')})"
    return "".join(parts)
