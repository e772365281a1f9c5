"""Numbers and amounts as people write them in their language: 1,234.5 or 1.234,5. Files for programs do not."""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from babel import numbers

from cloud.notify.money import CENTS, money_said, sign_of

MISSING = "\N{EN DASH}"
GRAMS_PER_KG, METRES_PER_KM = 1_000, 1_000


def written(value: object, language: str) -> object:
    """Return a number as it stands in a sentence of ``language``; anything else as it is."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return numbers.format_decimal(value, locale=language)
    return value


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is None shows as a dash: there is nothing to count. ``currency`` is the deployment's, ISO 4217."""

    language: str
    currency: str = "EUR"

    def number(self, value: float | None, digits: int = 0) -> str:
        """Return ``value`` with so many ``digits`` after the decimal sign, whatever that sign is."""
        if value is None:
            return MISSING
        decimals = f".{'0' * digits}" if digits else ""
        return numbers.format_decimal(value, f"#,##0{decimals}", locale=self.language)

    def money(self, cents: float | None) -> str:
        """Return an amount with its currency, where the language puts it: €3.50 or 3,50 €."""
        return MISSING if cents is None else money_said(cents, self.currency, self.language)

    def amount(self, cents: float) -> str:
        """Return an amount without its currency, as it is typed into a form that names it."""
        return self.number(cents / CENTS, 2)

    @property
    def sign(self) -> str:
        """Return the currency as the language writes it beside an amount."""
        return sign_of(self.currency, self.language)

    def km(self, metres: float | None, digits: int = 0) -> str:
        return self.number(None if metres is None else metres / METRES_PER_KM, digits)

    def kg(self, grams: float) -> str:
        return self.number(grams / GRAMS_PER_KG, 1)

    def share(self, value: float | None) -> str:
        """Return a share between 0 and 1 in percent."""
        return MISSING if value is None else numbers.format_percent(value, locale=self.language)

    def seconds_up(self, length: timedelta) -> int:
        """Return whole seconds, never too few: whoever waits that long need not wait again."""
        return ceil(length.total_seconds())

    def place(self, lat: float, lon: float) -> str:
        """Return a position as maps take it: programs read it, so it has points everywhere."""
        return f"{lat:.5f}, {lon:.5f}"
