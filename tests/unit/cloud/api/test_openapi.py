"""The API's description: committed, complete, and true for whatever a fuzzer makes of it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi import checks

from cloud.api.application import described
from scripts.api_docs import FILE
from scripts.contract_docs import pretty
from tests.unit.cloud.api.office import Office, open_office

DOCUMENT = described().openapi()
ENDLESS = {"/v1/live"}  # an answer that never ends cannot be judged
OPERATIONS = [
    (path, method) for path, methods in DOCUMENT["paths"].items() for method in methods if path not in ENDLESS
]
TRUE_OF_ANSWERS = [  # not asked: whether we take all that a schema allows, since our rules go beyond what one can say
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
EXAMPLES = 12  # an operation; a long run found nothing more, and this one is for every day


def test_the_committed_description_is_todays() -> None:
    assert FILE.read_text(encoding="utf-8") == pretty(described().openapi()), "run: python -m scripts.api_docs"


def test_every_operation_says_in_a_sentence_what_it_does() -> None:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            assert operation["description"].endswith("."), (method, path)
            assert operation["tags"], (method, path)


def test_every_change_but_signing_in_and_enrolling_takes_an_idempotency_key() -> None:
    without = set()
    for path, methods in DOCUMENT["paths"].items():
        for operation in (one for method, one in methods.items() if method == "post"):
            names = {parameter["name"] for parameter in operation.get("parameters", [])}
            if "Idempotency-Key" not in names:
                without.add(path)
    a_webhook_has_its_own_id = "/v1/partners/{partner_id}/webhook"
    asked_by_lockers = {"/v1/enrolments", "/v1/renewals"}  # what they sign says itself whether it came before
    assert without == {"/v1/sessions", *asked_by_lockers, a_webhook_has_its_own_id}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Keep an office open in a loop of its own, because a fuzzer calls from outside of any."""
    loop, opened, done = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    kept: list[Office] = []

    async def keep() -> None:
        async with open_office(tmp_path_factory.mktemp("office")) as found:
            await found.lockers()
            await found.parcels(3)
            kept.append(found)
            opened.set()
            await done.wait()

    with ExitStack() as stack:
        thread = threading.Thread(target=loop.run_until_complete, args=(keep(),))
        thread.start()
        stack.callback(loop.close)
        stack.callback(thread.join)
        stack.callback(loop.call_soon_threadsafe, done.set)
        assert opened.wait(120)
        yield kept[0]


@pytest.fixture(scope="module")
def schema(office: Office) -> Any:
    """Read the office's description once, not once an operation."""
    return schemathesis.openapi.from_asgi("/v1/openapi.json", office.app)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_nothing_a_fuzzer_sends_breaks_us_and_every_answer_is_as_described(
    office: Office, schema: Any, path: str, method: str
) -> None:
    headers = {"Authorization": f"Bearer {office.keys['script']}"}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    @given(case=schema[path][method].as_strategy())
    def fuzz(case: Any) -> None:
        answer = case.call(headers=headers)
        assert answer.status_code < 500, answer.text
        case.validate_response(answer, checks=TRUE_OF_ANSWERS)

    fuzz()
