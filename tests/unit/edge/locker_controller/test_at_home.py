"""What may be tapped when no door is being served, and what the quiet screen says."""

from contract.events import ProblemReported
from contract.ids import CompartmentLabel
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import CodeWrong, Idle, ProblemThanks, Refused, Why
from tests.unit.edge.locker_controller.builders import A02, A03, A04, Scene, kinds, set_service


def test_a_quiet_locker_is_idle() -> None:
    assert Scene().screen() == Idle(online=False, full=False)


def test_a_locker_that_can_take_nothing_says_that_it_is_full() -> None:
    scene = Scene()
    for number, label in enumerate(scene.state.compartments):
        scene.hears(set_service(label, in_service=False, named=f"out {number}"))
    assert scene.screen() == Idle(online=False, full=True)


def test_a_problem_anybody_reports_takes_nothing_out_of_use() -> None:
    scene = Scene()
    assert scene.taps(Answer.PROBLEM, A03).events == (ProblemReported("reported", A03),)
    assert scene.withdrawn() == {}
    assert scene.screen() == ProblemThanks(A03)


def test_a_problem_with_a_door_nobody_has_is_a_problem_with_the_locker() -> None:
    assert Scene().taps(Answer.PROBLEM, CompartmentLabel("Z99")).events == (ProblemReported("reported"),)


def test_a_child_tapping_problem_does_not_fill_the_journal() -> None:
    scene = Scene()
    scene.taps(Answer.PROBLEM)
    assert scene.taps(Answer.PROBLEM).events == ()
    scene.ms += 10_000
    assert kinds(scene.taps(Answer.PROBLEM)) == [ProblemReported]


def test_any_tap_takes_a_sentence_off_the_screen() -> None:
    scene = Scene()
    scene.knows_somebody()
    scene.types("wrong")
    assert scene.screen() == CodeWrong(4)
    scene.taps(Answer.DONE)
    assert isinstance(scene.screen(), Idle)


def test_a_sentence_goes_away_by_itself() -> None:
    scene = Scene()
    scene.types("wrong")
    scene.ms += 6_000
    assert isinstance(scene.screen(), Idle)


def test_a_couriers_answers_mean_nothing_without_a_courier() -> None:
    scene = Scene()
    assert scene.taps(Answer.SKIP, A04).events == ()
    assert scene.taps(Answer.SIGN_OUT).events == ()
    scene.taps(Answer.COLLECT, A02)
    assert scene.screen() == Refused(Why.SIGN_IN)


def test_a_courier_can_put_off_only_a_compartment() -> None:
    scene = Scene()
    scene.signs_in()
    assert scene.taps(Answer.SKIP).events == ()
    assert scene.taps(Answer.PROBLEM).events == (ProblemReported("reported"),)
