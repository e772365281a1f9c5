"""A process of its own for every solver: what it says, how it ends, what it held."""

from bench.child import held, own_peak_mb, run


def test_a_module_that_is_not_there_says_so() -> None:
    ended = run("bench.nothing_of_that_name", {}, 60)
    assert ended.said == ()
    assert "No module named" in ended.error


def test_words_that_are_no_lines_of_json_are_passed_over() -> None:
    ended = run("this", {}, 60)
    assert (ended.said, ended.error) == ((), "")


def test_who_does_not_come_back_in_time_is_ended() -> None:
    assert run("this", {}, 0.0).error == "ended after 0 s"


def test_this_process_holds_something() -> None:
    import os  # noqa: PLC0415 - only here

    assert held(os.getpid()) > 1024
    assert own_peak_mb() > 1
    assert held(2**22 + 1) == 0
