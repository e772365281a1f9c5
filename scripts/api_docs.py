"""Write docs/api/openapi.json anew from the API; ``tests/unit/cloud/api/test_openapi.py`` holds them together."""

import sys
from pathlib import Path

from cloud.api.application import described
from scripts.contract_docs import pretty

FILE = Path(__file__).resolve().parents[1] / "docs" / "api" / "openapi.json"


def main() -> None:
    """Write the document."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(pretty(described().openapi()), encoding="utf-8")
    sys.stdout.write(f"wrote {FILE}\n")


if __name__ == "__main__":
    main()
