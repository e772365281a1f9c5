"""The contract as documents: AsyncAPI 3 for the channels, JSON Schema 2020-12 for the records, both from the records.

Nothing is described twice: schemas come from the msgspec Structs, channels from ``topics.Branch``. The wire is
MessagePack, so ``contentEncoding: base64`` reads as MessagePack's own ``bin`` type.
"""

from typing import Any

import msgspec

from contract.codec import Downward, Presented, Upward
from contract.commands import Command
from contract.envelope import Envelope
from contract.events import Entry, EventBatch
from contract.grants import GrantBundle
from contract.state import Acknowledgement, Desired, LockerState, Snapshot, Telemetry
from contract.topics import ROOT, Branch

CONTENT_TYPE = "application/msgpack"

_BODIES: dict[Branch, tuple[Any, ...]] = {
    Branch.STATE: (LockerState,),
    Branch.EVENTS: (EventBatch,),
    Branch.REPORT: (Snapshot,),
    Branch.TELEMETRY: (Telemetry,),
    Branch.ACK: (Acknowledgement,),
    Branch.COMMAND: (GrantBundle, *Command.__args__),
    Branch.DESIRED: (Desired,),
}
_SAID: dict[Branch, str] = {
    Branch.STATE: "Retained presence document and will. QoS 1.",
    Branch.EVENTS: "Journal entries, signed by the device, sent again until acknowledged. QoS 1.",
    Branch.REPORT: "Snapshot of all compartments with its digest. QoS 1.",
    Branch.TELEMETRY: "Metrics, lossy by contract. QoS 0.",
    Branch.ACK: "What the cloud has committed: an entry leaves the outbox for this and nothing else. QoS 1.",
    Branch.COMMAND: "Signed grants and commands. QoS 1, never retained, with message expiry.",
    Branch.DESIRED: "Signed configuration. QoS 1.",
}


def schemas() -> dict[str, Any]:
    """Return the JSON Schema of every record by its name."""
    roots = [Envelope, Entry, *Downward.__args__, *Presented.__args__, *Upward.__args__]
    _, components = msgspec.json.schema_components(roots, ref_template="#/components/schemas/{name}")
    return dict(sorted(components.items()))


def document() -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document of the wire between a locker and the cloud."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Latchmile locker wire",
            "version": "1",
            "description": (
                "Every payload is an Envelope [key_id, body, signature]; the message schemas describe the body. "
                "signature = Ed25519(PAE('lm/v1', body))."
            ),
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {branch.name.lower(): _channel(branch) for branch in Branch},
        "operations": {branch.name.lower(): _operation(branch) for branch in Branch},
        "components": {"schemas": schemas()},
    }


def _channel(branch: Branch) -> dict[str, Any]:
    return {
        "address": f"{ROOT}/{{locker}}/{branch}",
        "description": _SAID[branch],
        "parameters": {"locker": {"description": "The locker's id, which is also its certificate's common name."}},
        "messages": {body.__name__: _message(body) for body in _BODIES[branch]},
    }


def _message(body: Any) -> dict[str, Any]:
    return {
        "name": body.__name__,
        "contentType": CONTENT_TYPE,
        "payload": {"$ref": f"#/components/schemas/{body.__name__}"},
    }


def _operation(branch: Branch) -> dict[str, Any]:
    """Say the direction as the cloud sees it: it receives what goes up and sends what goes down."""
    action = "send" if branch.startswith("down/") else "receive"
    return {"action": action, "channel": {"$ref": f"#/channels/{branch.name.lower()}"}}
