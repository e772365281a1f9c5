"""Where the house rules are not kept, and why. These lists only shrink: see shrinking.py."""

from tests.house.shrinking import Exceptions

LONG_FUNCTIONS = Exceptions(0, {})

LONG_FILES = Exceptions(0, {})

MANY_PARAMETERS = Exceptions(0, {})

BROAD_EXCEPTS = Exceptions(
    9,
    {
        "cloud/background.py::Background._attempt": "one job's fault must not keep those behind it waiting",
        "cloud/downlink/ingest.py::Ingest._attempt": "one message that breaks us must not stop every other locker",
        "cloud/routing/vroom_planner.py::serve": "VROOM raises a class it does not export; the worker lives on",
        "cloud/store/writer.py::ThreadWriter._write": "a group that cannot commit fails all its callers",
        "cloud/store/writer.py::_run_one": "each unit's failure goes to its own caller and must not sink the others",
        "contract/healing_link.py::HealingLink._attempt": "the link's loop: a broken birth or will must not end it",
        "contract/healing_link.py::HealingLink._become": "an observer's fault is not the link's, and is logged",
        "contract/mqtt.py::_Connection._fenced.fence": "an exception in a callback kills paho's loop without a word",
        "edge/drivers/pulse_thread.py::_attempt": "whatever a pin library throws, the coil must still be dropped",
    },
)

IMPURE = Exceptions(0, {})

CLOCK_READERS = Exceptions(
    2,
    {
        "cloud/routing/joint/worker.py::time.monotonic": "the worker keeps to its time budget; it decides nothing",
        "cloud/routing/vroom_planner.py::time.monotonic": "the worker keeps to its time budget; it decides nothing",
    },
)

FORBIDDEN_WORDS = Exceptions(0, {})

SECRETS_IN_LOGS = Exceptions(0, {})

TEST_HABITS = Exceptions(0, {})

MODULES_WITHOUT_A_SENTENCE = Exceptions(0, {})

UNREASONED_IGNORES = Exceptions(0, {})
