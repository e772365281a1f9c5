"""Lists of exceptions that may only get shorter.

A finding that is not listed fails the test. A listed exception that is no longer found fails it too, so a list cannot
keep a place warm for the next offender; and its length is written down, so it cannot grow unnoticed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.house.sources import Finding


@dataclass(frozen=True, slots=True)
class Exceptions:
    """``reasons`` by the finding's key. ``at_most`` is lowered with every entry removed and raised by nobody."""

    at_most: int
    reasons: Mapping[str, str]


REASON_WORDS_MIN = 3  # fewer words than that cannot be a reason


def complaints(findings: Iterable[Finding], allowed: Exceptions) -> list[str]:
    """Everything that is wrong between what was found and what is allowed, as sentences. Empty means fine."""
    found = list(findings)
    keys = {finding.key for finding in found}
    said = [str(finding) for finding in found if finding.key not in allowed.reasons]
    said += [f"{key}: listed as an exception, but not found; remove it" for key in allowed.reasons.keys() - keys]
    said += [
        f"{key}: an exception needs a reason, not {reason!r}"
        for key, reason in allowed.reasons.items()
        if len(reason.split()) < REASON_WORDS_MIN
    ]
    if len(allowed.reasons) != allowed.at_most:
        said.append(f"{len(allowed.reasons)} exceptions are listed, but at_most says {allowed.at_most}")
    return sorted(said)


def law_holds(findings: Iterable[Finding], allowed: Exceptions) -> None:
    """Fail with every complaint on a line of its own, so that one run names everything there is to mend."""
    said = complaints(findings, allowed)
    if said:
        raise AssertionError("\n" + "\n".join(said))
