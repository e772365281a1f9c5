"""``python -m demo`` and ``make demo`` start here."""

import sys

from demo.app import main

if __name__ == "__main__":
    sys.exit(main())
