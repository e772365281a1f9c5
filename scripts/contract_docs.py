"""Write docs/contract/ anew from the contract's records; ``tests/contract/test_documents.py`` holds them together."""

import json
import sys
from pathlib import Path

from contract import asyncapi

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "contract"


def pretty(document: object) -> str:
    """Return the text that is committed for a document."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write both documents."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "asyncapi.json").write_text(pretty(asyncapi.document()), encoding="utf-8")
    (FOLDER / "schemas.json").write_text(pretty(asyncapi.schemas()), encoding="utf-8")
    sys.stdout.write(f"wrote {FOLDER}\n")


if __name__ == "__main__":
    main()
