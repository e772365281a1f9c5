"""The committed documents say what the records say; ``python -m scripts.contract_docs`` writes them anew."""

import json
from pathlib import Path

from contract import asyncapi
from contract.topics import Branch
from scripts.contract_docs import FOLDER, pretty


def committed(name: str) -> str:
    """Return a document as it stands in the tree."""
    return Path(FOLDER, name).read_text(encoding="utf-8")


def test_the_committed_documents_are_those_of_the_records() -> None:
    assert committed("asyncapi.json") == pretty(asyncapi.document())
    assert committed("schemas.json") == pretty(asyncapi.schemas())


def test_every_branch_has_a_channel_and_every_message_a_schema() -> None:
    document = asyncapi.document()

    assert set(document["channels"]) == {branch.name.lower() for branch in Branch}
    for channel in document["channels"].values():
        for message in channel["messages"].values():
            assert message["payload"]["$ref"].rsplit("/", 1)[1] in document["components"]["schemas"]


def test_the_cloud_receives_what_goes_up_and_sends_what_goes_down() -> None:
    operations = json.loads(committed("asyncapi.json"))["operations"]

    assert {name for name, one in operations.items() if one["action"] == "send"} == {"ack", "command", "desired"}
