from dataclasses import replace
from pathlib import Path

import pytest

from provisioning.broker_config import BrokerSettings, acl_text, mosquitto_conf

HOME = Path("/srv/broker")
SETTINGS = BrokerSettings(
    port=8883,
    trust=HOME / "trust.crt",
    certificate=HOME / "broker.crt",
    key=HOME / "broker.key",
    revoked=HOME / "revoked.crl",
    acl=HOME / "acl",
    store=HOME / "store",
)


def settings(wanted: BrokerSettings = SETTINGS) -> dict[str, str]:
    lines = (line for line in mosquitto_conf(wanted).splitlines() if line and not line.startswith("#"))
    return dict(line.split(" ", 1) for line in lines)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("listener", "8883 127.0.0.1"),
        ("require_certificate", "true"),
        ("use_identity_as_username", "true"),
        ("use_username_as_clientid", "true"),
        ("allow_anonymous", "false"),
        ("set_tcp_nodelay", "true"),
        ("max_queued_messages", "1000000"),
        ("max_inflight_messages", "20"),
        ("persistence", "true"),
        ("autosave_interval", "1"),
        ("autosave_on_changes", "false"),
        ("persistent_client_expiration", "7d"),
        ("message_size_limit", str(256 * 1024)),
        ("max_keepalive", "120"),
        ("crlfile", "/srv/broker/revoked.crl"),
        ("persistence_location", "/srv/broker/store/"),
    ],
)
def test_what_the_design_asks_for_is_set(name: str, value: str) -> None:
    assert settings()[name] == value


def test_a_broker_of_people_who_send_only_once_may_save_every_change_instead() -> None:
    by_change = settings(replace(SETTINGS, saves_every_change=True))

    assert (by_change["autosave_interval"], by_change["autosave_on_changes"]) == ("1", "true")


def test_every_setting_has_its_reason_on_the_line_above() -> None:
    lines = mosquitto_conf(SETTINGS).splitlines()

    assert all(
        lines[number - 1].startswith("# ") for number, line in enumerate(lines) if line and not line.startswith("#")
    )


def test_a_locker_writes_up_and_reads_down_in_its_own_branch_only() -> None:
    patterns = [line for line in acl_text(("cloud",)).splitlines() if line.startswith("pattern")]

    assert patterns == [
        "pattern readwrite lm/v1/%u/state",
        "pattern write lm/v1/%u/up/#",
        "pattern read lm/v1/%u/down/#",
    ]


def test_every_service_has_rules_of_its_own() -> None:
    text = acl_text(("cloud", "cloud-2"))

    assert text.count("topic write lm/v1/+/down/#") == 2
    assert "user cloud-2" in text.splitlines()
