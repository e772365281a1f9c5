"""Ids, sizes, layouts and topics: what may be a name, and that a topic reads back as it was built."""

from string import ascii_uppercase, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import topics
from contract.ids import IdError, compartment_label, label_digest, locker_id, normal_barcode
from contract.layout import CompartmentPlan, Layout
from contract.sizes import SizeClass
from contract.topics import Branch, TopicError

ENDS = st.sampled_from(ascii_uppercase + digits)
# Not from a regular expression: for one, Hypothesis first sorts all of Unicode: two seconds of CPU in a fresh clone.
LOCKER_IDS = ENDS | st.tuples(ENDS, st.text(ascii_uppercase + digits + "-", max_size=30), ENDS).map("".join)


@given(LOCKER_IDS, st.sampled_from(Branch))
def test_a_topic_reads_back_as_it_was_built(name: str, branch: Branch) -> None:
    parsed = topics.parse(topics.build(locker_id(name), branch))

    assert (parsed.locker, parsed.branch) == (name, branch)


@pytest.mark.parametrize(
    ("topic", "why"),
    [
        ("", "begin"),
        ("lm/v2/WAW-01/state", "begin"),
        ("x/lm/v1/WAW-01/state", "begin"),
        ("lm/v1/", "begin"),
        ("lm/v1/waw/state", "locker id"),
        ("lm/v1/+/state", "locker id"),
        ("lm/v1/WAW-01/up/secrets", "no branch"),
        ("lm/v1/WAW-01", "no branch"),
        ("lm/v1/" + "A" * 99 + "/state", "longer"),
    ],
)
def test_a_topic_that_is_none_of_ours_is_refused(topic: str, why: str) -> None:
    with pytest.raises(TopicError, match=why):
        topics.parse(topic)


def test_a_locker_hears_its_own_down_branches_only() -> None:
    assert topics.device_filters(locker_id("WAW-01")) == (
        "lm/v1/WAW-01/down/ack",
        "lm/v1/WAW-01/down/command",
        "lm/v1/WAW-01/down/desired",
    )


def test_ingest_workers_share_a_subscription_by_name() -> None:
    assert topics.cloud_filters()[0] == "lm/v1/+/state"
    assert topics.cloud_filters("ingest")[1] == "$share/ingest/lm/v1/+/up/events"


@pytest.mark.parametrize("name", ["", "-A", "A-", "a", "A/B", "A" * 33, "#", "WAW 01"])
def test_a_bad_locker_id_is_refused_with_the_rule(name: str) -> None:
    with pytest.raises(IdError, match="locker id") as caught:
        locker_id(name)
    assert caught.value.given == name


def test_a_compartment_is_labelled_as_painted() -> None:
    assert compartment_label("A07") == "A07"
    for wrong in ("a07", "A", "07", "ABC1", "A1234"):
        with pytest.raises(IdError, match="compartment label"):
            compartment_label(wrong)


def test_a_barcode_is_digested_as_it_was_meant_not_as_it_was_scanned() -> None:
    assert normal_barcode(" jd01 4600\r\n") == "JD014600"
    assert label_digest("JD014600") == label_digest(" jd01 4600\r\n") != label_digest("JD014601")
    assert len(label_digest("JD014600")) == 16


def test_sizes_are_ordered_from_xs_to_xl() -> None:
    assert [size.rank for size in SizeClass] == [0, 1, 2, 3, 4]
    assert SizeClass.L.at_least(SizeClass.M)
    assert SizeClass.M.at_least(SizeClass.M)
    assert not SizeClass.S.at_least(SizeClass.M)


def test_a_layout_knows_its_sizes() -> None:
    layout = Layout("test", (CompartmentPlan(compartment_label("A01"), SizeClass.S, low=True),))
    assert layout.sizes() == {"A01": SizeClass.S}
