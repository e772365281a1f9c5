"""No sequence of anything breaks a promise: Hypothesis plays the street, the oracle watches every decision.

A restart may come between any two inputs, and then only what was written is left.
"""

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from contract.events import GrantsAccepted, MessageRefused, ReleaseIntended
from contract.ids import CompartmentLabel, CourierRef, LockerId, MessageId
from contract.sizes import SizeClass
from contract.state import DoorLevel
from edge.locker_controller.inputs import (
    Answer,
    CapabilityShown,
    LinkChanged,
    MessageReceived,
    MessageRejected,
    PassShown,
    PresentationRefused,
)
from tests.unit.edge.locker_controller.builders import (
    A01,
    A02,
    A03,
    A04,
    CLOSED,
    DAY,
    NOON_S,
    OPEN,
    UNKNOWN,
    boot_id,
    bundle,
    capability,
    collect,
    courier_pass,
    drop_off,
    name,
    parcel,
    pick_up,
    remote_open,
    revoke,
    set_deadline,
    set_service,
)
from tests.unit.edge.locker_controller.oracle import Witness

if TYPE_CHECKING:
    from contract.codec import Downward
    from edge.locker_controller.effects import Decision

NEVER_S = NOON_S + 3650 * DAY
PARCELS = tuple("PQRSTUVWXYZ")
SIZES = dict(zip(PARCELS, (SizeClass.S, SizeClass.M, SizeClass.M, SizeClass.L) * 3, strict=False))

HARMS_ON_THE_WIRE = ("replay", "late", "other boot", "old counter", "forged")
HARMS_AT_THE_DOOR = ("elsewhere", "old pass", "twin")

of = st.sampled_from(PARCELS)
some = st.sets(of, min_size=1)
labels = st.sampled_from((A01, A02, A03, A04))
levels = st.sampled_from((OPEN, CLOSED, CLOSED, UNKNOWN))
answers = st.sampled_from(Answer)


def no_release(decision: "Decision") -> None:
    assert not any(isinstance(event, ReleaseIntended) for event in decision.events)


class Street(RuleBasedStateMachine):
    """People, couriers, support, a broker that cannot be trusted, and the power."""

    @initialize()
    def enrol(self) -> None:
        self.witness = Witness()
        self.sent: list[Downward] = []
        self.counter = 0
        self.a_courier_signs_in({"P", "Q", "R"}, "Ola", collecting=False)
        self.a_parcel_is_put_in("P", Answer.DONE)

    # ---------------------------------------------------------------- the machine and its doors

    @rule(seconds=st.sampled_from((0.2, 1, 3, 3, 15, 31, 61, 301, 3700)))
    def time_passes(self, seconds: float) -> None:
        self.witness.ticks(after_s=seconds)

    @rule(label=labels, level=levels)
    def a_door_moves(self, label: CompartmentLabel, level: DoorLevel) -> None:
        self.witness.senses(label, level)

    @rule(label=labels, level=levels)
    def a_door_moves_unnoticed(self, label: CompartmentLabel, level: DoorLevel) -> None:
        self.witness.levels[label] = level

    @rule(failure=st.sampled_from((None, None, None, "board lost")))
    def the_driver_answers(self, failure: str | None) -> None:
        self.witness.lock_answers(failure)

    @rule(seconds=st.sampled_from((0.1, 5, 170, 400)))
    def the_power_goes(self, seconds: float) -> None:
        self.witness.restarts(after_s=seconds)

    def all_goes_well(self, *, closes: bool = True) -> None:
        """Let a release that is under way succeed, so that deep states are reached often."""
        task = self.witness.state.task
        if task is not None and self.witness.state.pulse is not None:
            self.witness.lock_answers()
            self.witness.door_opens(task.label)
            if closes:
                self.witness.door_closes(task.label)

    @rule(closes=st.booleans())
    def the_door_pops(self, *, closes: bool) -> None:
        self.all_goes_well(closes=closes)

    @rule(what=of)
    def a_door_is_faster_than_the_driver(self, what: str) -> None:
        """Open and close a door before its driver has answered, and let the next person come at once."""
        task = self.witness.state.task
        if task is not None and self.witness.state.pulse is not None:
            self.witness.door_opens(task.label)
            self.witness.door_closes(task.label)
            self.witness.scans(what)
            self.witness.taps(Answer.OPEN_AGAIN)

    @rule(closes=st.booleans())
    def the_open_door_is_closed(self, *, closes: bool) -> None:
        task = self.witness.state.task
        if task is not None:
            self.witness.senses(task.label, CLOSED if closes else OPEN)

    @rule(seconds=st.sampled_from((0.1, 5, 170, 400)), waits=st.booleans())
    def the_power_goes_mid_pulse(self, seconds: float, *, waits: bool) -> None:
        here = self.inside()
        if here:
            self.witness.types(here[0])
            if waits and self.witness.state.pulse is not None:
                self.witness.lock_answers()
            no_release(self.witness.restarts(after_s=seconds))
            no_release(self.witness.ticks(after_s=4))

    @rule()
    def the_lock_is_jammed(self) -> None:
        if self.witness.state.pulse is not None:
            self.witness.stays_shut()

    # ---------------------------------------------------------------- people

    @rule(what=some, courier=st.sampled_from(("Ola", "Jan")), collecting=st.booleans())
    def a_courier_signs_in(self, what: set[str], courier: str, *, collecting: bool) -> None:
        grants = [
            grant
            for one in sorted(what)
            for grant in ((collect(one),) if collecting else (drop_off(one, SIZES[one]), pick_up(one)))
        ]
        until_s = NOON_S + self.witness.ms // 1000 + 900
        self.witness.give(PassShown(courier_pass(*grants, courier=courier, until_s=until_s)))

    @rule(what=of)
    def a_label_is_scanned(self, what: str) -> None:
        self.witness.scans(what)

    @rule(what=of, answer=st.sampled_from((Answer.DONE, Answer.DONE, Answer.CANCEL, Answer.TOO_BIG, Answer.OCCUPIED)))
    def a_parcel_is_put_in(self, what: str, answer: Answer) -> None:
        self.a_courier_signs_in({what}, "Ola", collecting=False)
        self.witness.scans(what)
        self.all_goes_well()
        self.witness.taps(answer)

    @rule(pick=st.integers(0, 3), by_code=st.booleans(), closes=st.booleans())
    def a_recipient_comes(self, pick: int, *, by_code: bool, closes: bool) -> None:
        here = self.inside()
        if here:
            what = here[pick % len(here)]
            self.witness.types(what) if by_code else self.witness.shows(what)
            self.all_goes_well(closes=closes)

    @rule(times=st.integers(1, 3))
    def somebody_keeps_asking_for_the_door(self, times: int) -> None:
        for _ in range(times):
            self.witness.taps(Answer.OPEN_AGAIN)
            self.all_goes_well()

    @rule(answer=st.sampled_from((Answer.OPEN_AGAIN, Answer.OPEN_AGAIN, Answer.EMPTY, Answer.DONE, Answer.CANCEL)))
    def the_person_at_the_door_answers(self, answer: Answer) -> None:
        if self.witness.state.task is not None or self.witness.state.visit is not None:
            self.witness.taps(answer)
            self.all_goes_well()

    @rule(pick=st.integers(0, 3), answer=st.sampled_from((None, None, Answer.EMPTY, Answer.SKIP)))
    def a_parcel_is_collected(self, pick: int, answer: Answer | None) -> None:
        here = list(self.witness.inside())
        if here:
            label = here[pick % len(here)]
            what = self.witness.inside()[label].rstrip(b".").decode()
            self.a_courier_signs_in({what}, "Jan", collecting=True)
            self.witness.taps(Answer.COLLECT, label)
            self.all_goes_well(closes=answer is None)
            if answer is not None:
                self.witness.taps(answer)
                self.witness.door_closes(label)

    @rule(typed=st.sampled_from((*PARCELS, "wrong")))
    def a_code_is_typed(self, typed: str) -> None:
        decision = self.witness.types(typed)
        if typed == "wrong":
            no_release(decision)

    @rule(times=st.integers(1, 9), patient=st.booleans())
    def somebody_guesses(self, times: int, *, patient: bool) -> None:
        """Try wrong codes, waiting for the end of every pause or not at all."""
        for _ in range(times):
            no_release(self.witness.types("wrong"))
            if patient:
                pause_ms = self.witness.oracle.locked_until_ms - self.witness.ms
                self.witness.ticks(after_s=max(0, pause_ms / 1000))

    @rule(what=of)
    def a_spent_or_early_capability_is_shown(self, what: str) -> None:
        self.witness.shows(what)

    @rule(answer=answers, label=st.none() | labels)
    def something_is_tapped(self, answer: Answer, label: CompartmentLabel | None) -> None:
        self.witness.taps(answer, label)

    # ---------------------------------------------------------------- the cloud

    def hear(self, message: "Downward") -> "Decision":
        self.sent.append(message)
        return self.witness.give(MessageReceived(message))

    def fresh(self) -> MessageId:
        self.counter += 1
        return MessageId(name(f"message {self.counter}"))

    @rule(what=some)
    def grants_arrive(self, what: set[str]) -> None:
        grants = [grant for one in sorted(what) for grant in (drop_off(one, SIZES[one]), pick_up(one), collect(one))]
        decision = self.hear(bundle(*grants, id=self.fresh()))
        assert all(isinstance(event, GrantsAccepted | MessageRefused) for event in decision.events)

    @rule(what=of)
    def a_group_is_revoked(self, what: str) -> None:
        self.hear(revoke(what, id=self.fresh(), expires_at=NEVER_S))
        self.witness.oracle.dead.add(parcel(what))

    @rule()
    def what_is_inside_is_revoked(self) -> None:
        for what in self.inside()[:1]:
            self.a_group_is_revoked(what)
            no_release(self.witness.types(what))
            no_release(self.witness.shows(what))

    @rule(what=of, days=st.integers(0, 9))
    def a_deadline_moves(self, what: str, days: int) -> None:
        self.hear(set_deadline(what, NOON_S + days * DAY, str(self.fresh())))

    @rule(label=labels, in_service=st.booleans())
    def service_changes(self, label: CompartmentLabel, *, in_service: bool) -> None:
        self.hear(set_service(label, in_service=in_service, id=self.fresh(), expires_at=NEVER_S))

    @rule(label=labels)
    def support_opens_a_door(self, label: CompartmentLabel) -> None:
        until_s = NOON_S + self.witness.ms // 1000 + 60
        nonce = boot_id(self.witness.boots)
        self.counter += 1
        self.hear(remote_open(label, self.counter, boot_nonce=nonce, expires_at=until_s))

    @rule(online=st.booleans())
    def the_link_changes(self, *, online: bool) -> None:
        self.witness.give(LinkChanged(online))

    # ---------------------------------------------------------------- whoever means harm

    @rule(harm=st.sampled_from(HARMS_ON_THE_WIRE), label=labels, data=st.data())
    def harm_comes_by_wire(self, harm: str, label: CompartmentLabel, data: st.DataObject) -> None:
        match harm:
            case "replay":
                no_release(self.witness.give(MessageReceived(data.draw(st.sampled_from(self.sent or [revoke("Z")])))))
            case "forged":
                no_release(self.witness.give(MessageRejected("bad_signature", self.fresh())))
            case _:
                self.a_command_is_wrong(label, harm)

    @rule(harm=st.sampled_from(HARMS_AT_THE_DOOR), what=of, label=labels)
    def harm_comes_to_the_door(self, harm: str, what: str, label: CompartmentLabel) -> None:
        no_release(self.witness.give(PresentationRefused("bad_signature")))
        match harm:
            case "elsewhere":
                self.a_message_is_astray(what, label)
            case "twin":
                self.a_parcel_has_a_twin(what)
            case _:
                old = courier_pass(drop_off(what), until_s=NOON_S - 1, courier="Old")
                no_release(self.witness.give(PassShown(old)))
                session = self.witness.state.session
                assert session is None or session.courier != CourierRef(name("Old"))

    def a_command_is_wrong(self, label: CompartmentLabel, harm: str) -> None:
        self.counter += 1
        now_s = NOON_S + self.witness.ms // 1000
        until_s = now_s - 1 if harm == "late" else NEVER_S
        boot = self.witness.boots - (harm == "other boot")
        counter = self.witness.state.remote.counter if harm == "old counter" else self.counter
        command = remote_open(label, counter, boot_nonce=boot_id(boot), expires_at=until_s, id=self.fresh())
        no_release(self.hear(command))

    def a_message_is_astray(self, what: str, label: CompartmentLabel) -> None:
        self.counter += 1
        nonce, astray = boot_id(self.witness.boots), LockerId("WAW-02")
        here = self.inside()
        shown = capability(here[0] if here else what, aud=astray)
        no_release(self.hear(remote_open(label, self.counter, aud=astray, boot_nonce=nonce, expires_at=NEVER_S)))
        no_release(self.witness.give(CapabilityShown(shown)))
        no_release(self.witness.give(PassShown(courier_pass(drop_off(what), aud=astray, until_s=NEVER_S))))

    def a_parcel_has_a_twin(self, what: str) -> None:
        """Grant a parcel anew, under another group and label; if it is inside, nothing opens for its twin."""
        here = self.inside()
        what = here[0] if here else what
        twin = drop_off(f"{what} twin", SIZES[what], parcel=parcel(what), until_s=NEVER_S)
        self.a_courier_signs_in({what}, "Ola", collecting=False)
        self.hear(bundle(twin, id=self.fresh(), expires_at=NEVER_S))
        decision = self.witness.scans(f"{what} twin")
        if here:
            no_release(decision)

    def inside(self) -> list[str]:
        """Return the names of the parcels inside."""
        return [what.rstrip(b".").decode() for what in self.witness.inside().values()]


def played(streets: int) -> settings:
    return settings(
        max_examples=streets,
        stateful_step_count=50,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )


def test_no_street_breaks_a_promise() -> None:
    run_state_machine_as_test(Street, settings=played(streets=40))  # three thousand decisions, even while traced
