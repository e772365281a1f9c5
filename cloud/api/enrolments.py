"""A device joins: it shows the claim and proves its keys, and gets everything it needs to know, once.

No session and no key: the claim is the right. The shapes are the provisioning package's own, on both ends.
"""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from msgspec.json import Decoder

from cloud.api.calls import rim_of
from cloud.api.devices import described, read
from cloud.api.problems import problem
from cloud.domain.actors import Role, actor
from cloud.rim import Rim
from cloud.services.enrol_locker import Enrolled, EnrolmentRefused, enrol
from contract.ids import LockerId
from provisioning.bundle import Bundle, encode_bundle
from provisioning.claims import ClaimVerdict
from provisioning.device_keys import EnrolmentRequest, RequestProblem

router = APIRouter(tags=["enrolments"])
_REQUEST = Decoder(EnrolmentRequest)
_REFUSALS: dict[RequestProblem | ClaimVerdict, tuple[int, str]] = {
    RequestProblem.CLAIM_MALFORMED: (422, "this is no claim; it is the text beside the QR code in the console"),
    RequestProblem.CSR_REFUSED: (422, "the certificate request cannot be signed: a P-256 key in PEM is needed"),
    RequestProblem.SIGNING_KEY_MALFORMED: (422, "the signing key is no Ed25519 key"),
    RequestProblem.SIGNATURE_WRONG: (422, "the signature does not prove the keys for this claim"),
    ClaimVerdict.UNKNOWN: (404, "nobody made this claim; make one in the console"),
    ClaimVerdict.EXPIRED: (410, "the claim has expired; make a new one in the console"),
    ClaimVerdict.USED: (409, "another device has used this claim; both are refused until an operator makes a new one"),
}


@router.post(
    "/v1/enrolments",
    status_code=201,
    openapi_extra=described(EnrolmentRequest),
    responses={410: {"description": "The claim has expired"}},
)
async def post_enrolment(request: Request) -> Response:
    """Exchange a claim for a certificate and the locker's secrets; the same device may ask again for an hour lost."""
    rim = rim_of(request)
    asked = await read(request, _REQUEST)
    act = rim.act(actor(Role.LOCKER, "enrolling"))
    found = await rim.do(lambda uow: enrol(uow, act, rim.keys, asked, rim.network.issue_certificate))
    if isinstance(found, EnrolmentRefused):
        status, sentence = _REFUSALS[found.why]
        return problem(status, "enrolment-refused", sentence, {"reason": found.why})
    headers = {"Cache-Control": "no-store"}
    return Response(encode_bundle(bundle_of(rim, found)), 201, headers, media_type="application/json")


def bundle_of(rim: Rim, enrolled: Enrolled) -> Bundle:
    """Return what the device is told: its own secrets and the network's facts."""
    network = rim.network
    return Bundle(
        locker_id=LockerId(enrolled.locker_id),
        domain=network.domain,
        certificate_chain_pem=enrolled.chain_pem,
        ca_pem=network.ca_pem,
        broker_host=network.broker_host,
        broker_port=network.broker_port,
        cloud_keys=network.cloud_keys,
        root_of_trust=network.root_of_trust,
        k_locker=enrolled.secrets.key,
        salt_locker=enrolled.secrets.salt,
        layout=enrolled.layout,
        operators=enrolled.operators,
        certificate_from=_seconds(enrolled.issued_at),
        certificate_until=_seconds(enrolled.ends_at),
    )


def _seconds(moment: datetime | None) -> int:
    return 0 if moment is None else int(moment.timestamp())
