"""A locker asks for its next certificate.

No session and no key: the present certificate's key and the device's signing key, shown by their signatures, are the
right. Server-side TLS is enough, so this stands on the port that everything else stands on.
"""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from msgspec.json import Decoder, encode

from cloud.api.calls import rim_of
from cloud.api.devices import described, read
from cloud.api.problems import problem
from cloud.domain.actors import Role, actor
from cloud.services.renew_certificate import Renewing, renew
from provisioning.renewal import RenewalAnswer, RenewalRequest
from provisioning.revocation import Renewal

router = APIRouter(tags=["enrolments"])
_REQUEST = Decoder(RenewalRequest)
_REFUSALS: dict[Renewal, tuple[int, str]] = {
    Renewal.BAD_REQUEST: (422, "this cannot be read: a certificate and a request for a P-256 key in PEM are needed"),
    Renewal.NOT_OURS: (403, "this network did not issue the certificate"),
    Renewal.NOT_PROVEN: (403, "the signatures do not prove the certificate's key and the device's signing key"),
    Renewal.REVOKED: (403, "the certificate was revoked, or another device is this locker now; a new claim is needed"),
    Renewal.TOO_LATE: (410, "the certificate ended too long ago; a new claim is needed"),
    Renewal.TOO_EARLY: (409, "the certificate has not reached half of its life"),
    Renewal.SAME_KEY: (409, "a new certificate needs a new key"),
    Renewal.TOO_MANY: (409, "this locker had several certificates today; try again tomorrow"),
}


@router.post(
    "/v1/renewals",
    status_code=201,
    openapi_extra=described(RenewalRequest),
    responses={410: {"description": "The certificate ended too long ago"}},
)
async def post_renewal(request: Request) -> Response:
    """Give a locker its next certificate, from half of the present one's life until ninety days after its end."""
    rim = rim_of(request)
    asked = await read(request, _REQUEST)
    act = rim.act(actor(Role.LOCKER, "renewing"))
    means = Renewing(rim.network.may_renew, rim.network.issue_certificate)
    made = await rim.do(lambda uow: renew(uow, act, asked, means))
    if isinstance(made, Renewal):
        status, sentence = _REFUSALS[made]
        return problem(status, "renewal-refused", sentence, {"reason": made})
    answer = RenewalAnswer(
        certificate_chain_pem=made.chain_pem, issued_at=_seconds(made.issued_at), ends_at=_seconds(made.ends_at)
    )
    return Response(encode(answer), 201, {"Cache-Control": "no-store"}, media_type="application/json")


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
