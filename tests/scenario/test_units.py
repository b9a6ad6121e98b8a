from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stress.scenario import units
from stress.scenario.units import Misread
from tests.scenario.refusal import refusal


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1ns", 1),
        ("5us", 5_000),
        ("5µs", 5_000),
        ("5μs", 5_000),
        ("500ms", 500_000_000),
        ("1.5s", 1_500_000_000),
        (".5s", 500_000_000),
        ("2m", 120_000_000_000),
        ("1h", 3_600_000_000_000),
        ("1m30s", 90_000_000_000),
        ("1h2m3.25s", 3_723_250_000_000),
        ("0", 0),
        ("0s", 0),
        ("0.0", 0),
        ("007s", 7_000_000_000),
    ],
)
def test_a_duration_is_read_exactly(text: str, ns: int) -> None:
    assert units.duration_ns(text) == ns


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("5", "a duration needs its unit"),
        ("1.5", "a duration needs its unit"),
        ("-5s", "negative"),
        ("-5", "negative"),
        ("−5s", "negative"),
        ("", "empty"),
        *[
            (text, "not a duration")
            for text in (
                "nan", "inf", "infs", "-inf", "1e3s", "1_000s", "1,000s", "٣s", "５s", "5 s", " 5s",
                "5s ", "+5s", "5S", "5sec", "s", ".s", "5.s", "5s5", "--5s", "0x5s", "5s\n", "five",
            )
        ],
        ("30s1m", "its units do not fall from large to small"),
        ("1s1s", "its units do not fall from large to small"),
        ("9" * 50 + "s", "not a duration"),
    ],
)  # fmt: skip
def test_what_is_no_duration_is_said(text: str, what: str) -> None:
    with pytest.raises(Misread) as raised:
        units.duration_ns(text)
    assert raised.value.what == what
    assert raised.value.mend.startswith("write ")


def test_the_cure_for_a_missing_unit_is_the_number_with_units() -> None:
    with pytest.raises(Misread) as raised:
        units.duration_ns("5")
    assert raised.value.mend == "write 5s, 5m or 500ms"


def test_a_duration_may_be_bounded_from_both_sides() -> None:
    assert units.duration_s("0s") == 0.0
    assert units.duration_s("8760h") == units.MAX_DURATION_S
    for text, zero in (("0s", "no time"), ("-1s", "no time"), ("8761h", None), ("0.1ns", None)):
        with pytest.raises(Misread):
            units.duration_s(text, zero=zero)


@given(st.floats(min_value=0, max_value=units.MAX_DURATION_S).filter(lambda s: s == 0 or s >= 1e-9))
def test_a_printed_duration_is_read_back_unchanged(seconds: float) -> None:
    text = units.duration_text(seconds)
    if len(text) <= units.MAX_DIGITS:
        assert units.duration_s(text) == seconds


@given(st.integers(min_value=-(10**20), max_value=10**20))
def test_a_whole_number_is_read_or_refused_by_its_bounds(number: int) -> None:
    def read(text: str) -> int:
        return units.whole(text, 1, 256, "too few", "write 1 to 256")

    misread = refusal(read, str(number))
    if misread is None:
        assert 1 <= read(str(number)) == number <= 256
    else:
        assert not 1 <= number <= 256
        assert (misread.what == "too few") == (number < 1)


@pytest.mark.parametrize(
    "text",
    ["abc", "", " 4", "4 ", "4.0", "1e2", "0x4", "٤", "４", "²", "1_0", "1,0", "+4", "nan", "inf"],
)  # fmt: skip
def test_what_only_looks_like_a_whole_number_is_refused(text: str) -> None:
    with pytest.raises(Misread):
        units.whole(text, 0, 10**9, "too few", "write 4")


def test_a_number_of_thousands_of_digits_is_refused_without_reading_it() -> None:
    with pytest.raises(Misread) as raised:
        units.whole("9" * 100_000, 0, 256, "too few", "write 4")
    assert raised.value.what == "at most 256 are possible"


@pytest.mark.parametrize(
    ("text", "per_s"),
    [("100/s", 100), ("6000/min", 100), ("3600/h", 1), ("0.5/s", Fraction(1, 2))],
)
def test_a_rate_is_read_per_second(text: str, per_s: Fraction) -> None:
    assert units.rate_per_s(text) == per_s


@pytest.mark.parametrize("text", ["100", "/s", "100/", "100/x", "100 /s", "-1/s", "nan/s", "1e3/s"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(Misread):
        units.rate_per_s(text)


@pytest.mark.parametrize(
    ("text", "share"),
    [("90%", Fraction(9, 10)), ("0.9", Fraction(9, 10)), ("100%", 1), ("1", 1), ("0%", 0)],
)
def test_a_share_is_read_as_a_fraction(text: str, share: Fraction) -> None:
    assert units.share(text) == share


def test_a_share_above_the_whole_names_what_was_probably_meant() -> None:
    with pytest.raises(Misread) as raised:
        units.share("90")
    assert raised.value.mend == "write 90%"
    with pytest.raises(Misread):
        units.share("101%")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_but_never_fails_otherwise(text: str) -> None:
    for reader in (units.duration_ns, units.rate_per_s, units.share, units.duration_s):
        misread = refusal(reader, text)
        assert misread is None or (misread.what and misread.mend)
