"""``latchmile-enrol``: on the device, exchange a one-time claim for a bundle. Stopped anywhere, it can be run again."""

import argparse
import sys
from enum import IntEnum
from pathlib import Path

import msgspec

from provisioning.bundle import (
    Bundle,
    BundleError,
    check_bundle,
    decode_bundle,
    has_bundle,
    load_bundle,
    save_bundle,
    tls_files,
)
from provisioning.cloud_place import CloudPlace, keep_place
from provisioning.cloud_post import AuthorityFileError, CloudPlaceError, exchange, said
from provisioning.device_keys import DeviceKeyError, EnrolmentRequest, load_or_make_keys
from provisioning.files import sweep

__all__ = ["CloudPlace", "EnrolmentError", "Exit", "enrol", "main"]

PATH = "/v1/enrolments"
CREATED = (200, 201)


class Exit(IntEnum):
    """Exit codes of ``latchmile-enrol``; 2 is argparse's own for bad usage."""

    ENROLLED = 0
    REFUSED = 3
    UNREACHABLE = 4
    BAD_ANSWER = 5
    UNUSABLE_FILES = 6


class EnrolmentError(Exception):
    """Enrolment did not happen; ``code`` says in which way."""

    def __init__(self, code: Exit, message: str) -> None:
        """Give the exit ``code`` and a sentence for the fitter."""
        super().__init__(message)
        self.code = code


def enrol(place: CloudPlace, claim: str, directory: Path) -> Bundle:
    """Enrol the device whose keys are, or will be, in ``directory``; raises ``EnrolmentError``.

    An enrolled device is left as it is, but for the address it will ask for its next certificate. A repeated call
    sends the same request, so a lost answer costs nothing.
    """
    try:
        sweep(directory)
        if not has_bundle(directory):
            save_bundle(directory, _asked(place, claim, directory))
        bundle = load_bundle(directory)
        keep_place(directory, place)
        tls_files(directory, bundle)
    except (DeviceKeyError, BundleError) as error:
        raise EnrolmentError(Exit.UNUSABLE_FILES, str(error)) from error
    except OSError as error:
        raise EnrolmentError(Exit.UNUSABLE_FILES, f"{directory} cannot be used: {error}") from error
    return bundle


def main(arguments: list[str] | None = None) -> int:
    """Enrol from the command line; returns one of ``Exit``."""
    options = _parser().parse_args(arguments)
    claim = sys.stdin.readline().strip() if options.claim == "-" else options.claim
    try:
        bundle = enrol(CloudPlace(url=options.cloud, ca=options.ca), claim, options.out)
    except EnrolmentError as error:
        sys.stderr.write(f"latchmile-enrol: {error}\n")
        return error.code
    sys.stdout.write(f"Enrolled as locker {bundle.locker_id}; the bundle is in {options.out}.\n")
    return Exit.ENROLLED


def _asked(place: CloudPlace, claim: str, directory: Path) -> Bundle:
    answer = _post(place, load_or_make_keys(directory).request(claim))
    try:
        bundle = decode_bundle(answer)
        check_bundle(bundle, directory)
    except BundleError as error:
        raise EnrolmentError(Exit.BAD_ANSWER, f"the cloud's answer cannot be used: {error}; run this again") from error
    return bundle


def _post(place: CloudPlace, request: EnrolmentRequest) -> bytes:
    try:
        answer = exchange(place, PATH, msgspec.json.encode(request))
    except AuthorityFileError as error:
        raise EnrolmentError(Exit.UNUSABLE_FILES, str(error)) from error
    except CloudPlaceError as error:
        raise EnrolmentError(Exit.UNREACHABLE, str(error)) from error
    if answer.status not in CREATED:
        raise EnrolmentError(Exit.REFUSED, f"the cloud refused ({answer.status}): {said(answer.body)}")
    return answer.body


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="latchmile-enrol",
        description="Make this device's keys and exchange a one-time claim for its bundle.",
        epilog="exit codes: 0 enrolled (also if it was before), 2 bad usage, 3 refused by the cloud, "
        "4 cloud not reachable, 5 answer cannot be used, 6 key or certificate files cannot be used",
    )
    parser.add_argument("--cloud", required=True, help="address of the cloud, e.g. https://lockers.example")
    parser.add_argument("--claim", required=True, help="the claim from the console; - reads it from standard input")
    parser.add_argument("--out", type=Path, required=True, help="directory for keys and bundle; made if missing")
    parser.add_argument("--ca", type=Path, help="PEM file of the authority that signed the cloud's certificate")
    return parser


if __name__ == "__main__":
    sys.exit(main())
