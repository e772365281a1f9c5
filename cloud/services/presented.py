"""What a person shows at a counter as a QR code, believed only when this cloud signed it for this counter."""

from cloud.domain.access import unix
from cloud.domain.errors import InvalidError
from cloud.services.ports import Act, Keys
from contract.codec import CodecError, Presented, Unknown, decode_presented, from_qr
from contract.envelope import EnvelopeRejectedError, verify
from contract.grants import Capability


def presented(act: Act, keys: Keys, counter_id: str, text: str) -> Presented:
    """Return the document in a scanned text; raises ``InvalidError`` with what to do about it.

    A recipient's capability is honoured for as long as the parcel is there, as at a locker; a courier's pass is not.
    """
    ring = {keys.signer.key_id: keys.signer.private_key.public_key()}
    try:
        record = decode_presented(verify(from_qr(text.strip()), ring).body)
    except (CodecError, EnvelopeRejectedError) as error:
        raise InvalidError("code", "this QR code is damaged or not ours; scan again") from error
    if isinstance(record, Unknown) or record.aud != counter_id:
        raise InvalidError("code", "this QR code is for another pick-up point")
    if not isinstance(record, Capability) and record.expires_at <= unix(act.now):
        raise InvalidError("code", "this QR code has expired")
    return record
