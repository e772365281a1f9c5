"""Where the house rules are not kept, and why. These lists only shrink: see shrinking.py."""

from tests.house.shrinking import Exceptions

LONG_FUNCTIONS = Exceptions(0, {})

LONG_FILES = Exceptions(0, {})

MANY_PARAMETERS = Exceptions(0, {})

BROAD_EXCEPTS = Exceptions(0, {})

IMPURE = Exceptions(0, {})

CLOCK_READERS = Exceptions(0, {})

FORBIDDEN_WORDS = Exceptions(0, {})

SECRETS_IN_LOGS = Exceptions(0, {})

TEST_HABITS = Exceptions(0, {})

MODULES_WITHOUT_A_SENTENCE = Exceptions(0, {})

UNREASONED_IGNORES = Exceptions(0, {})
