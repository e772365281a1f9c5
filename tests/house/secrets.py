"""Finding secrets where none may be: in what was logged, and in the calls that log.

``leaks`` is for any test that has a process's output in its hands. It looks for a secret as it is and in the shapes
a careless line gives it: in groups, as hex, as base64, percent-encoded, as a Python or JSON literal.
"""

import ast
import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from tests.house.sources import Finding, Source, dotted

SECRET_LETTERS_MIN = 6  # shorter strings stand in any log by chance
LOG_VERBS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
LOGGERS = re.compile(r"(?:.*\.)?_?(?:log|logger|logging)")
# Words that name a secret or a person when they end an identifier; `code` alone is an exit code or a reason code.
SECRET_NAMES = re.compile(
    r"(?:.*_)?(?:pick_up_code|typed_code|digits|secret|private_key|signing_key|k_locker|master_key|api_key|password|"
    r"passphrase|claim_token|capability|verifier|phone|email|recipient_name|courier_name|address_line)"
)


def shapes(secret: str | bytes) -> set[str]:
    """Every way a secret could be written into a line of text."""
    raw = secret if isinstance(secret, bytes) else secret.encode()
    seen = {raw.hex(), base64.b64encode(raw).decode().rstrip("="), base64.urlsafe_b64encode(raw).decode().rstrip("=")}
    if isinstance(secret, bytes):
        return seen | {repr(raw)[2:-1]}
    groups = [secret[at : at + 3] for at in range(0, len(secret), 3)]
    seen |= {secret, quote(secret), quote_plus(secret), json.dumps(secret)[1:-1]}
    return seen | ({" ".join(groups), "-".join(groups), ".".join(groups)} if secret.isdecimal() else set())


def leaks(text: str, secrets: Iterable[str | bytes]) -> list[str]:
    """Find the shapes of ``secrets`` in ``text``; a secret too short to be told from chance is a ValueError."""
    found: list[str] = []
    lowered = text.lower()
    for secret in secrets:
        if len(secret) < SECRET_LETTERS_MIN:
            message = f"a secret of {len(secret)} letters cannot be told from chance"
            raise ValueError(message)
        found += sorted(shape for shape in shapes(secret) if shape.lower() in lowered)
    return found


def secrets_logged(source: Source) -> Iterator[Finding]:
    """Log calls that hand on something whose name says it is a secret or a person."""
    for node in ast.walk(source.tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr not in LOG_VERBS or not LOGGERS.fullmatch(dotted(node.func.value).lower()):
            continue
        for name in sorted(set(_names_handed_on(node))):
            if SECRET_NAMES.fullmatch(name.lower()):
                yield Finding(f"{source.path}::{name}", f"is logged in line {node.lineno}")


def _names_handed_on(call: ast.Call) -> Iterator[str]:
    for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
        for node in ast.walk(argument):
            if isinstance(node, ast.Name):
                yield node.id
            elif isinstance(node, ast.Attribute):
                yield node.attr
    yield from (keyword.arg for keyword in call.keywords if keyword.arg)
