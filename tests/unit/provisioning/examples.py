"""Builders for papers: an authority, a device, a bundle that fits both."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.ids import CompartmentLabel, KeyId, LockerId
from contract.layout import CompartmentPlan, Layout
from contract.sizes import SizeClass
from provisioning.authority import Authority, Issued, create_authority
from provisioning.bundle import Bundle, CloudKey
from provisioning.device_keys import EnrolmentRequest

NOW = datetime(2030, 5, 17, 12, 0, tzinfo=UTC)
DOMAIN = "lockers.example"
LOCKER = LockerId("WAW-01")


@dataclass(frozen=True)
class Office:
    """The cloud's side of an enrolment, as far as provisioning goes."""

    authority: Authority

    def issue(self, request: EnrolmentRequest, locker: LockerId = LOCKER, when: datetime = NOW) -> Issued:
        return self.authority.issue_locker(request.csr_pem.encode(), locker, when)

    def bundle(self, request: EnrolmentRequest, locker: LockerId = LOCKER, broker_port: int = 8883) -> Bundle:
        return Bundle(
            locker_id=locker,
            domain=self.authority.domain,
            certificate_chain_pem=self.issue(request, locker).chain_pem,
            ca_pem=self.authority.root_pem,
            broker_host="localhost",
            broker_port=broker_port,
            cloud_keys=(cloud_key("current"), cloud_key("next")),
            root_of_trust=bytes(32),
            k_locker=b"k" * 32,
            salt_locker=b"s" * 16,
            layout=Layout("M20", (CompartmentPlan(CompartmentLabel("A01"), SizeClass.M, low=True),)),
        )


def office(directory: Path) -> Office:
    return Office(create_authority(directory, DOMAIN, NOW))


def cloud_key(name: str) -> CloudKey:
    return CloudKey(key_id=KeyId(name), public_key=Ed25519PrivateKey.generate().public_key().public_bytes_raw())
