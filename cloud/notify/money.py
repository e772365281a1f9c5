"""Amounts with their currency as a language writes them: €3.50, 3,50 zł. Mails and pages say them alike."""

from babel import numbers

CENTS = 100
NO_BREAK = "\N{NO-BREAK SPACE}"


def money_said(cents: float, currency: str, language: str) -> str:
    """Return hundredths of ``currency`` (ISO 4217) as an amount.

    CLDR keeps a currency of letters apart from its digits (UTS 35, "Currencies"); Babel does not yet.
    """
    text = str(numbers.format_currency(cents / CENTS, currency, locale=language))
    sign = sign_of(currency, language)
    touches = text.startswith(sign) and sign[-1].isalpha() and text[len(sign)].isdigit()
    return f"{sign}{NO_BREAK}{text[len(sign) :]}" if touches else text


def sign_of(currency: str, language: str) -> str:
    """Return the currency as the language writes it beside an amount."""
    return str(numbers.get_currency_symbol(currency, locale=language))
