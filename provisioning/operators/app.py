"""``latchmile-operators``: sign, with the offline root's key, the list of operators who may open lockers in bulk."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.bulk import BulkError
from provisioning.files import PUBLIC, write_atomically
from provisioning.operators.lists import fingerprint, read_registered, sign_list


def main(arguments: list[str] | None = None) -> int:
    """Show the keys; with ``--root`` and ``--yes`` sign them. Exit code 0 when done, 1 when something is wrong."""
    options = _parser().parse_args(arguments)
    try:
        keys = read_registered(options.keys.read_bytes()).keys
        for key in keys:
            sys.stdout.write(f"{fingerprint(key.public_key)}  {key.name}\n")
        if not options.yes:
            sys.stdout.write("Compare every line with its operator, by voice. Then sign: --root KEY --out FILE --yes\n")
            return 0
        if options.root is None or options.out is None:
            raise BulkError("to sign, say --root KEY and --out FILE")  # noqa: TRY301 - told like every other fault
        write_atomically(options.out, sign_list(_root(options.root), keys, int(datetime.now(UTC).timestamp())), PUBLIC)
    except (BulkError, OSError, ValueError) as error:
        sys.stderr.write(f"latchmile-operators: {error}\n")
        return 1
    sys.stdout.write(f"signed: {options.out}; hand it to the console (Signing keys)\n")
    return 0


def _root(path: Path) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise BulkError(f"{path} holds a key of another kind")
    return key


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="latchmile-operators", description="Sign the list of operators who may open many doors of a locker."
    )
    parser.add_argument("keys", type=Path, help="the file of registered keys from the console")
    parser.add_argument("--root", type=Path, help="the offline root's key, root-of-trust.key")
    parser.add_argument("--out", type=Path, help="where to write the signed list")
    parser.add_argument("--yes", action="store_true", help="every fingerprint was compared with its operator")
    return parser


if __name__ == "__main__":
    sys.exit(main())
