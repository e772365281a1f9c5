"""A locker's real decisions and the real cloud's services, with paper between them that is carried when a test says so.

No broker, no sleep, one clock for both. ``up`` brings the journal to the cloud, ``down`` what the cloud has signed to
the locker; a courier's phone and a recipient's message go around the wire, as they do in the street.
"""

from datetime import UTC, datetime, timedelta

from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel
from cloud.services.capability import capability_qr
from cloud.services.courier_pass import courier_pass
from cloud.services.dispatch import claim_messages, mark_sent, resend_all
from cloud.services.expire_parcels import expire_parcels
from cloud.services.models import STANDARD
from cloud.services.promise import about_code, promise
from cloud.services.record_events import Recorded
from cloud.services.record_state import record_state
from cloud.services.records import SealedCode
from cloud.services.release_reservation import expire_reservations
from contract.codec import encode
from contract.codes import RANDOM_DIGITS, StretchedCode
from contract.events import Entry, EventBatch, chain, genesis_hash
from contract.ids import CompartmentLabel
from contract.state import LockerState
from edge.locker_controller.arrivals import NotBelieved, read_wire, scanned
from edge.locker_controller.decide import Decision
from edge.locker_controller.inputs import Answer, CodeEntered, Input, MessageReceived
from edge.locker_controller.screens import Refused, Screen
from tests.unit.cloud.small_cloud import COURIER, LINE, SmallCloud
from tests.unit.edge.locker_controller.builders import LOCKER, NOON_S, Scene, boot_id, releases

LAYOUT = next(one for one in STANDARD if one.model == LINE.model)
BATCH_MAX = 100  # as the outbox sends them
MESSAGES_MAX = 500


class Written(Scene):
    """A locker that keeps its journal as bytes, chained, as the store does."""

    def __init__(self) -> None:
        """Begin with an empty journal, closed doors and no wire."""
        self.raws: list[bytes] = []
        super().__init__(LAYOUT.compartments)

    def give(self, given: Input) -> Decision:
        decision = super().give(given)
        now = self.now()
        for event in decision.events:
            number = len(self.raws) + 1
            self.raws.append(encode(Entry(number, now.now_ms, now.quality, boot_id(self.boots), event, decision.cause)))
        return decision


class PaperWire:
    """One locker, one cloud, one courier."""

    def __init__(self) -> None:
        """Begin with an enrolled locker the cloud takes for online."""
        self.cloud, self.box = SmallCloud(quick=True), Written()
        self.carried = 0
        self._keep_time()
        self.cloud.locker()
        self.cloud.courier()
        self.keys = {self.cloud.keys.signer.key_id: self.cloud.keys.signer.private_key.public_key()}
        self.next_code = 10_000_001

    # ------------------------------------------------------------------ time and paper

    def later(self, **span: float) -> None:
        """Let time pass on both sides."""
        self.box.ticks(after_s=timedelta(**span).total_seconds())
        self._keep_time()

    def _keep_time(self) -> None:
        self.cloud.now = datetime.fromtimestamp(NOON_S, UTC) + timedelta(milliseconds=self.box.ms)

    def online(self, *, is_online: bool) -> None:
        """Let the cloud believe that the locker is there, or that it is not."""
        at = self.cloud.now if is_online else None
        self.cloud.do(lambda uow: uow.change(Locker, {"id": LOCKER}, online=is_online, reported_at=at))

    def up(self) -> list[Recorded]:
        """Carry what the journal has and the cloud has not."""
        answers = []
        while self.carried < len(self.box.raws):
            raws = tuple(self.box.raws[self.carried : self.carried + BATCH_MAX])
            before = chain(genesis_hash(LOCKER), self.box.raws[: self.carried])
            answers += self.cloud.record(EventBatch(LOCKER, self.carried + 1, before, raws))
            self.carried += len(raws)
        return answers

    def down(self) -> int:
        """Carry everything that was signed for the locker and is not confirmed; return how many messages."""
        act = self.cloud.act()
        self.cloud.do(lambda uow: resend_all(uow, act, LOCKER))
        due = self.cloud.do(lambda uow: claim_messages(uow, act, MESSAGES_MAX))
        for one in due:
            message = read_wire(one.payload, self.keys, LOCKER)
            assert not isinstance(message, NotBelieved), message
            self.box.give(MessageReceived(message))
        self.cloud.do(lambda uow: mark_sent(uow, act, [one.id for one in due]))
        return len(due)

    def meet(self) -> None:
        """Connect the two for as long as they have something to say; a job may look before the journal has come."""
        boot = self.box.state.boot
        assert boot is not None
        at_ms = int(self.cloud.now.timestamp() * 1000)
        birth = LockerState(LOCKER, True, boot, 1, "1.0", at_ms, "synced")  # noqa: FBT003 - the contract's order
        self.cloud.do(lambda uow: record_state(uow, self.cloud.act(), birth))
        self.jobs()
        self.up()
        self.online(is_online=True)
        for _ in range(3):
            self.up()
            self.jobs()
            self.down()
        self.up()

    def jobs(self) -> None:
        """Run what the cloud runs every few minutes."""
        self.cloud.do(lambda uow: expire_reservations(uow, self.cloud.act(), self.cloud.keys))
        self.cloud.do(lambda uow: expire_parcels(uow, self.cloud.act(), self.cloud.keys))

    # ------------------------------------------------------------------ people

    def promised(self, barcode: str) -> Parcel:
        """Announce a parcel in the courier's van and promise it a compartment here."""
        self.stock()
        parcel = self.cloud.parcel(barcode, custodian=f"courier:{COURIER}")
        home = self.cloud.the(Locker)
        self.cloud.do(lambda uow: promise(uow, self.cloud.act(), self.cloud.keys, parcel, home))
        return parcel

    def stock(self) -> None:
        """Keep a code ready that costs no Argon2id."""
        self.cloud.codes(LOCKER, self.next_code)
        self.next_code += 1

    def passes(self) -> tuple[str, ...]:
        """Load the courier's page."""
        return self.cloud.do(lambda uow: courier_pass(uow, self.cloud.act(), self.cloud.keys, COURIER, LOCKER))

    def capability(self, parcel: Parcel) -> str:
        return self.cloud.do(lambda uow: capability_qr(uow, self.cloud.act(), self.cloud.keys, parcel.id))

    def code_of(self, parcel: Parcel) -> str | None:
        """Read the code as the message to the recipient does; nothing once it has been forgotten."""
        sealed = self.cloud.of(SealedCode, parcel_id=parcel.id)
        if not sealed:
            return None
        return self.cloud.box.unseal(sealed[0].code_sealed, about_code(sealed[0].group_id)).decode()

    def shows(self, text: str) -> Decision:
        """Hold a text under the locker's scanner."""
        given, _ = scanned(text, self.keys, LOCKER)
        return self.box.give(given)

    def types(self, code: str) -> Decision:
        return self.box.give(CodeEntered(StretchedCode(int(code[:RANDOM_DIGITS]).to_bytes(32))))

    def drop_off(self, parcel: Parcel, passes: tuple[str, ...]) -> Screen | None:
        """Sign in, scan, put in, confirm, sign out; return the refusal if there is one."""
        for text in passes:
            self.shows(text)
        said = self._refusal()
        if said is None and self._through(self.shows(parcel.barcode)) is None:
            said = self._refusal()
        else:
            self.box.taps(Answer.DONE)
        self.box.taps(Answer.SIGN_OUT)
        return said

    def pick_up(self, *tries: str) -> Screen | None:
        """Try what the message said, one after the other (digits are typed, all else is shown); return the refusal."""
        said: Screen | None = None
        for one in tries:
            decision = self.types(one) if one.isdigit() else self.shows(one)
            if self._through(decision) is not None:
                self.box.taps(Answer.DONE)
                return None
            said = self.box.screen()
        return said

    def collect(self, passes: tuple[str, ...], label: CompartmentLabel) -> bool:
        """Sign in and take one parcel out; return whether its door opened."""
        for text in passes:
            self.shows(text)
        opened = self._through(self.box.taps(Answer.COLLECT, label))
        self.box.taps(Answer.DONE)
        self.box.taps(Answer.SIGN_OUT)
        return opened is not None

    def _through(self, decision: Decision) -> CompartmentLabel | None:
        """Let a door that was released swing open and shut."""
        for label in releases(decision):
            self.box.swings(label)
            return label
        return None

    def _refusal(self) -> Refused | None:
        shown = self.box.screen()
        return shown if isinstance(shown, Refused) else None
