import base64
import struct
import zlib

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given, settings
from hypothesis import strategies as st

from _timing import Histogram

MINUTE = 60_000_000_000
GEOMETRIES = [(1, MINUTE, 3), (1, 3_600_000_000, 2), (1000, 10**12, 3), (1, 100_000, 5)]
PERCENTILES = [0.1, 25, 50, 90, 95, 99, 100]
recorded = st.lists(
    st.tuples(st.integers(0, 100_000), st.integers(1, 2**40)), min_size=1, max_size=40
)


def payload(
    cookie=0x1C849313, offset=0, figures=3, lowest=1, highest=MINUTE, ratio=1.0, counters=b""
):
    header = struct.pack(">IIIIqqd", cookie, len(counters), offset, figures, lowest, highest, ratio)
    return header + counters


def packed(content, cookie=0x1C849314):
    body = zlib.compress(content)
    return base64.b64encode(struct.pack(">II", cookie, len(body)) + body)


def recorded_in_both(geometry, values):
    ours, peer = Histogram(*geometry), HdrHistogram(*geometry)
    for value, count in values:
        ours.record(value, count)
        assert peer.record_value(value, count)
    return ours, peer


def assert_same_figures(ours, peer):
    assert ours.total_count == peer.get_total_count()
    assert [ours.counts[i] for i in range(ours.index_count)] == list(peer.counts)
    assert ours.mean() == pytest.approx(peer.get_mean_value(), rel=1e-9)
    assert ours.stddev() == pytest.approx(peer.get_stddev(), rel=1e-9, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(GEOMETRIES[:3]), recorded)
def test_hdrhistogram_reads_what_we_encode(geometry, values):
    ours, _ = recorded_in_both(geometry, values)
    read = HdrHistogram.decode(ours.encode())
    assert_same_figures(ours, read)
    assert (read.lowest_trackable_value, read.highest_trackable_value) == geometry[:2]
    assert read.significant_figures == geometry[2]


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(GEOMETRIES[:3]), recorded)
def test_we_read_what_hdrhistogram_encodes(geometry, values):
    ours, peer = recorded_in_both(geometry, values)
    read = Histogram.decode(peer.encode())
    assert_same_figures(read, peer)
    assert np.array_equal(read.counts, ours.counts)
    # HdrHistogram's extremes are those of the counters, as ours are after decoding.
    assert (read.min, read.max) == (
        peer.get_lowest_equivalent_value(min(value for value, _ in values)),
        peer.get_highest_equivalent_value(max(value for value, _ in values)),
    )


@settings(max_examples=20, deadline=None)
@given(recorded)
def test_percentiles_are_those_of_hdrhistogram_up_to_the_maximum(values):
    ours, peer = recorded_in_both(GEOMETRIES[0], [(value, 1) for value, _ in values])
    for p in PERCENTILES:
        # hdrhistogram rounds the rank to the nearest count; ask where both rules agree.
        if p * len(values) % 100 == 0:
            assert ours.value_at_percentile(p) == min(peer.get_value_at_percentile(p), ours.max)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(GEOMETRIES), recorded)
def test_our_own_form_comes_back_unchanged(geometry, values):
    histogram = Histogram(*geometry)
    for value, count in values:
        histogram.record(value, count)
    for form in (histogram.encode(), histogram.encode().decode()):
        read = Histogram.decode(form)
        assert np.array_equal(read.counts, histogram.counts)
        assert read.total_count == histogram.total_count
        assert (
            read.lowest_discernible_value,
            read.highest_trackable_value,
            read.significant_figures,
        ) == geometry


def test_the_counters_are_the_same_bytes_as_those_of_hdrhistogram():
    ours, peer = recorded_in_both(GEOMETRIES[0], [(0, 1), (2, 1), (3, 200), (10**6, 2**50)])
    our_payload, their_payload = (
        zlib.decompress(base64.b64decode(form)[8:]) for form in (ours.encode(), peer.encode())
    )
    assert our_payload[40:] == their_payload[40:]


@pytest.mark.parametrize("count", [1, 63, 64, 8191, 2**35, 2**56 - 1, 2**56, 2**62, 2**63 - 1])
def test_counts_of_every_length_come_back(count):
    histogram = Histogram()
    histogram.record(1000, count)
    assert Histogram.decode(histogram.encode()).counts[1000] == count


def test_an_empty_histogram_comes_back_empty():
    assert Histogram.decode(Histogram().encode()).total_count == 0


def test_a_negative_counter_is_not_encoded():
    histogram = Histogram()
    histogram.record(10)
    histogram.counts[5] = -1
    with pytest.raises(ValueError, match="counter 5 is negative"):
        histogram.encode()


ZEROS_AND_A_ONE = b"\x83\x80\x80\x02\x02"  # a run of 2**21 + 2 zeros, then 1
LONGEST_NUMBER = b"\xfe" + b"\xff" * 8  # 2**63 - 1

DAMAGED = {
    "empty": (b"", "too short"),
    "no base64": (b"%%%%", "base64"),
    "not ASCII": ("héé", "base64"),
    "too short": (base64.b64encode(b"abc"), "too short"),
    "another cookie": (packed(payload(), cookie=0x1C849304), "cookie"),
    "another payload": (packed(payload(cookie=0x1C849301)), "cookie"),
    "cut in base64": (packed(payload())[:-8], "cut short"),
    "something behind": (
        base64.b64encode(base64.b64decode(packed(payload())) + b"x"),
        "something behind",
    ),
    "no zlib": (base64.b64encode(struct.pack(">II", 0x1C849314, 4) + b"abcd"), "damaged"),
    "half a header": (packed(payload()[:20]), "complete header"),
    "counters missing": (packed(payload(counters=b"\x02\x02")[:-1]), "cut short"),
    "half a number": (packed(payload(counters=b"\x80")), "within a number"),
    "more zeros than counters": (packed(payload(counters=ZEROS_AND_A_ONE)), "more counters"),
    "a run of 2**63 zeros": (packed(payload(counters=b"\xff" * 9)), "more counters"),
    "more counters than the range": (packed(payload(counters=b"\x02" * 27_649)), "more counters"),
    "far more counters": (packed(payload(counters=b"\x02" * 10**6)), "more counters"),
    "a total beyond 64 bits": (packed(payload(counters=LONGEST_NUMBER * 2)), "total"),
    "no figures": (packed(payload(figures=0)), "figures"),
    "many figures": (packed(payload(figures=2**32 - 1)), "figures"),
    "no lowest value": (packed(payload(lowest=0)), "lowest"),
    "highest below lowest": (packed(payload(lowest=10, highest=5)), "highest"),
    "shifted": (packed(payload(offset=3)), "shifted"),
    "scaled": (packed(payload(ratio=2.0)), "scaled"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_form_is_refused_with_its_reason(name):
    data, reason = DAMAGED[name]
    with pytest.raises(ValueError, match=reason):
        Histogram.decode(data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_counters_are_read_or_refused(counters):
    try:
        histogram = Histogram.decode(packed(payload(highest=5000, counters=counters)))
    except ValueError:
        return
    assert histogram.total_count == sum(histogram.counts.tolist())


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 255))
def test_a_changed_byte_is_read_or_refused(place, byte):
    histogram = Histogram(1, 5000, 2)
    histogram.record_many(np.arange(0, 5000, 7))
    data = bytearray(base64.b64decode(histogram.encode()))
    data[place % len(data)] = byte
    try:
        read = Histogram.decode(base64.b64encode(data))
    except ValueError:
        return
    assert read.total_count == sum(read.counts.tolist())


@pytest.mark.parametrize("data", [None, 3, ["a"]])
def test_what_is_no_text_is_refused(data):
    with pytest.raises(ValueError, match="base64"):
        Histogram.decode(data)
