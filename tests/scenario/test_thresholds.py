from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stress.errors import UsageError
from stress.scenario import thresholds
from stress.scenario.metrics import CHECK_IDS, METRICS, OUTCOMES, PHASES
from stress.scenario.thresholds import OPERATORS, merge, only_isolation, parse
from tests.scenario.refusal import refusal


@pytest.mark.parametrize(
    ("text", "metric", "labels", "aggregation", "percentile", "op", "value", "unit"),
    [
        ("resolve{outcome:hit}:p(9)<1ms", "resolve", {"outcome": "hit"}, "p", "9", "<", 1e6, "ns"),
        ("resolve{phase:cold}:avg<5ms", "resolve", {"phase": "cold"}, "avg", None, "<", 5e6, "ns"),
        ("resolve:p(99.99)<=1.5s", "resolve", {}, "p", "99.99", "<=", 1.5e9, "ns"),
        ("resolve:med<1us", "resolve", {}, "med", None, "<", 1e3, "ns"),
        ("resolve:count>=1000", "resolve", {}, "count", None, ">=", 1000, "count"),
        ("hit_rate:value>90%", "hit_rate", {}, "value", None, ">", 0.9, "fraction"),
        ("hit_rate:value>0.9", "hit_rate", {}, "value", None, ">", 0.9, "fraction"),
        ("throughput:rate>100/s", "throughput", {}, "rate", None, ">", 100, "1/s"),
        ("untorn_violations:count==0", "untorn_violations", {}, "count", None, "==", 0, "count"),
        ("cache_speedup:value>20", "cache_speedup", {}, "value", None, ">", 20, "ratio"),
        ("failed:rate<1%", "failed", {}, "rate", None, "<", 0.01, "fraction"),
        ("failed:count!=1", "failed", {}, "count", None, "!=", 1, "count"),
        ("query:max<1m30s", "query", {}, "max", None, "<", 9e10, "ns"),
        ("lag:p(50)<1ms", "lag", {}, "p", "50", "<", 1e6, "ns"),
        (
            "resolve{tenant:550e8400-e29b:x}:p(0)>1ns",
            "resolve", {"tenant": "550e8400-e29b:x"}, "p", "0", ">", 1, "ns",
        ),
    ],
)  # fmt: skip
def test_an_expression_is_read(
    text: str,
    metric: str,
    labels: dict[str, str],
    aggregation: str,
    percentile: str | None,
    op: str,
    value: float,
    unit: str,
) -> None:
    found = parse(text)
    assert (found.metric, found.labels, found.aggregation) == (metric, labels, aggregation)
    assert (found.percentile, found.op, found.value, found.unit) == (percentile, op, value, unit)
    assert found.expression == text
    assert not found.built_in


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (" resolve { phase : counted , outcome : hit } : p( 099.90 ) <= 1 ms ",
         "resolve{outcome:hit,phase:measured}:p(99.9)<=1ms"),
        ("cache_speedup:value>20x", "cache_speedup:value>20"),
        ("resolve{process:007}:avg<1ms", "resolve{process:7}:avg<1ms"),
        ("resolve:p(.5)<1ms", "resolve:p(0.5)<1ms"),
    ],
)  # fmt: skip
def test_equal_expressions_get_one_spelling(text: str, canonical: str) -> None:
    assert parse(text).expression == canonical
    assert parse(canonical) == parse(text)


@pytest.mark.parametrize(
    ("text", "what", "mend"),
    [
        ("p99<5", "no metric, and 5 has no unit", "write resolve:p(99)<5ms"),
        ("p(99)<5ms", "no metric", "write resolve:p(99)<5ms"),
        ("p101<5", "no metric, and p(101) lies outside 0 to 100",
         "write resolve:p(99)<5ms"),
        ("avg<5ms", "no metric", "write resolve:avg<5ms"),
        (":avg<5ms", "no metric", "write resolve:p(99)<5ms"),
        ("<5ms", "no metric", "write resolve:p(99)<5ms"),
        ("hitrate:value>=90%", "unknown metric hitrate", "did you mean hit_rate?"),
        ("isolation_violation:count==0", "unknown metric isolation_violation",
         "did you mean isolation_violations?"),
        ("magic_violations:count==0", "no check magic", "see the README's checks"),
        ("Resolve:avg<5ms", "unknown metric Resolve", "did you mean resolve?"),
        ("resolve:p(101)<1ms", "p(101) lies outside 0 to 100", "write p(99)"),
        ("resolve:p(-1)<1ms", "p(-1) lies outside 0 to 100", "write p(99)"),
        ("resolve:p(nan)<1ms", "p(nan) has no number", "write p(99)"),
        ("resolve:p(٩٩)<1ms", "p(٩٩) has no number", "write p(99)"),
        ("resolve:p()<1ms", "p() has no number", "write p(99)"),
        ("resolve:p99<1ms", "unknown aggregation p99", "did you mean p(99)?"),
        ("resolve:mean<1ms", "unknown aggregation mean", "did you mean avg?"),
        ("resolve:p<1ms", "unknown aggregation p", "did you mean p(99)?"),
        ("resolve:s<1ms", "unknown aggregation s",
         "one of avg, min, med, max, p(N), count, rate, value"),
        ("resolve:mx<1ms", "unknown aggregation mx", "did you mean max?"),
        ("resolve:p(N)<1ms", "p(N) has no number", "write p(99)"),
        ("resolve<1ms", "resolve needs an aggregation", "write resolve:p(99)<5ms"),
        ("resolve:<1ms", "resolve needs an aggregation", "write resolve:p(99)<5ms"),
        ("hit_rate:avg>1%", "hit_rate has no avg", "write hit_rate:value>90%"),
        ("hit_rate:p(99)>1%", "hit_rate has no percentile", "write hit_rate:value>90%"),
        ("resolve:rate>1/s", "resolve has no rate", "write resolve:p(99)<5ms"),
        ("resolve:avg<5", "5 has no unit", "write resolve:avg<5ms"),
        ("resolve:avg<0", "0 has no unit", "write resolve:avg<0ms"),
        ("resolve:avg<5MB", "not a duration", "write 5s, 5m or 500ms"),
        ("resolve:avg<nan", "not a duration", "write 5s, 5m or 500ms"),
        ("resolve:avg<-1ms", "negative", "write 0s or more"),
        ("resolve:avg<1e400s", "not a duration", "write 5s, 5m or 500ms"),
        ("throughput:rate>100", "100 has no unit", "write throughput:rate>100/s"),
        ("hit_rate:value>90", "90 is more than the whole", "write 90%"),
        ("hit_rate:value>inf", "not a share", "write 90% or 0.9"),
        ("failed:count==-1", "-1 is no count", "write 0 or more"),
        ("loads:count<0.5", "not a whole number", "write 0 or more"),
        ("loads:count<1 0", "not a whole number", "write 0 or more"),
        ("cache_speedup:value>fast", "not a number", "write cache_speedup:value>20"),
        ("resolve:avg", "no comparison", "write resolve:p(99)<5ms"),
        ("resolve", "resolve needs an aggregation", "write resolve:p(99)<5ms"),
        ("resolve:avg<", "no value", "write resolve:avg<5ms"),
        ("resolve:avg=5ms", "unknown operator =", "write =="),
        ("resolve:avg=<5ms", "unknown operator =<", "write <="),
        ("resolve:avg<>5ms", "unknown operator <>", "write !="),
        ("resolve:avg<<5ms", "unknown operator <<", "one of < <= > >= == !="),
        ("resolve{outcom:hit}:avg<5ms", "unknown label outcom", "did you mean outcome?"),
        ("resolve{status:200}:avg<5ms", "unknown label status",
         "one of outcome, phase, process, tenant"),
        ("resolve{outcome:hits}:avg<5ms", "unknown outcome hits", "did you mean hit?"),
        ("resolve{outcome:stale}:avg<5ms", "unknown outcome stale",
         "one of hit, miss, wait, negative, error"),
        ("resolve{phase:hot}:avg<5ms", "unknown phase hot",
         "one of measured, cold, warmup, steady, reference, check"),
        ("resolve{process:x}:avg<5ms", "not a whole number", "write process:0"),
        ("resolve{process:-1}:avg<5ms", "no process -1", "write process:0"),
        ("resolve{}:avg<5ms", "label '' is not NAME:VALUE", "write {outcome:hit}"),
        ("resolve{outcome}:avg<5ms", "label 'outcome' is not NAME:VALUE", "write {outcome:hit}"),
        ("resolve{outcome:}:avg<5ms", "label 'outcome:' is not NAME:VALUE", "write {outcome:hit}"),
        ("resolve{outcome:hit,}:avg<5ms", "label '' is not NAME:VALUE", "write {outcome:hit}"),
        ("resolve{outcome:hit,outcome:miss}:avg<5ms", "label outcome is given twice", "keep one"),
        ("hit_rate{outcome:hit}:value>1%", "hit_rate has no label outcome",
         "it takes phase, process, tenant"),
        ("isolation_violations{tenant:a}:count==0", "isolation_violations has no label tenant",
         "leave the braces out"),
        ("resolve{tenant:a,outcome:hit}:avg<5ms", "tenant cannot be combined with another label",
         "keep one of them"),
        ("", "empty", "write resolve:p(99)<5ms"),
        ("   ", "empty", "write resolve:p(99)<5ms"),
    ],
)  # fmt: skip
def test_what_is_no_threshold_is_said(text: str, what: str, mend: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(text)
    assert (raised.value.what, raised.value.mend) == (what, mend)
    assert raised.value.where == f"--threshold '{text}'"
    assert raised.value.exit_code == 2
    assert f": {what}; {mend}" in str(raised.value)  # neither is cut off at 100 columns


@pytest.mark.parametrize(
    "text", ["resolve{outcome:hit:avg<5ms", "resolve}:avg<5ms", "a{b}{c}:avg<1s"]
)
def test_unbalanced_braces_are_said(text: str) -> None:
    with pytest.raises(UsageError, match="its braces do not match"):
        parse(text)


def test_every_example_of_the_table_of_metrics_is_a_threshold() -> None:
    for metric in METRICS.values():
        assert parse(metric.example).expression == metric.example


def test_every_check_can_be_a_threshold() -> None:
    assert len(set(CHECK_IDS)) == 27
    for check in CHECK_IDS:
        assert parse(f"{check}_violations:count==0").unit == "count"


EXPRESSIONS = st.builds(
    lambda series, aggregation, op, value: f"{series}:{aggregation}{op}{value}",
    st.one_of(
        st.just("resolve"),
        st.builds(
            "resolve{{outcome:{},phase:{}}}".format, *map(st.sampled_from, (OUTCOMES, PHASES))
        ),
        st.builds("resolve{{process:{}}}".format, st.integers(0, 255)),
    ),
    st.one_of(
        st.sampled_from(["avg", "min", "med", "max"]),
        st.builds("p({})".format, st.decimals(0, 100, places=3)),
    ),
    st.sampled_from(OPERATORS),
    st.builds("{}{}".format, st.integers(0, 10**9), st.sampled_from(["ns", "us", "ms", "s"])),
)


@given(EXPRESSIONS)
def test_the_canonical_spelling_reads_as_itself(text: str) -> None:
    found = parse(text)
    assert parse(found.expression) == found
    if found.percentile is not None:
        assert Fraction(found.percentile) == Fraction(text.partition("p(")[2].partition(")")[0])


ALPHABET = st.text(alphabet="resolvphit_m{}:(),<>=!0195.%/sx -\n\x00٣", max_size=40)


@given(st.one_of(st.text(max_size=40), ALPHABET))
def test_any_text_is_a_threshold_or_one_clear_line(text: str) -> None:
    misread = refusal(thresholds.read, text)
    assert misread is None or (misread.what and misread.mend)


def test_the_seeds_targets_are_built_in() -> None:
    seed = [
        "resolve{outcome:hit}:avg<1ms",
        "resolve{outcome:miss}:avg<50ms",
        "resolve:avg<50ms",
        "resolve:p(95)<50ms",
        "resolve:p(99)<100ms",
        "hit_rate:value>90%",
        "cache_speedup:value>20",
        "throughput:rate>100/s",
    ]
    always = ["failed:count==0", "isolation_violations:count==0"]
    for profile in ("light", "medium", "heavy"):
        found = thresholds.built_in(profile)
        assert [one.expression for one in found] == [*seed, *always]
        assert all(one.built_in for one in found)
    assert [one.expression for one in thresholds.built_in("expiry")] == always


def test_a_users_threshold_takes_the_place_and_the_name_of_the_built_in_one() -> None:
    built_in = thresholds.built_in("heavy")
    merged = merge(built_in, [parse("resolve:p(99.0)<7ms"), parse("resolve:max<1s")])
    assert len(merged) == len(built_in) + 1
    assert merged[4].expression == "resolve:p(99)<7ms"
    assert merged[4].label == "p99"
    assert not merged[4].built_in
    assert merged[-1].expression == "resolve:max<1s"


def test_other_labels_or_another_aggregation_replace_nothing() -> None:
    built_in = thresholds.built_in("heavy")
    for text in ("resolve{outcome:hit}:p(99)<1ms", "resolve:p(99.9)<1s", "failed:rate<1%"):
        assert merge(built_in, [parse(text)]) == (*built_in, parse(text))


def test_two_limits_of_one_series_are_a_range() -> None:
    low, high = parse("resolve:p(99)>1us"), parse("resolve:p(99)<5ms")
    found = [one.expression for one in merge(thresholds.built_in("heavy"), [low, high, high])]
    assert found.count(low.expression) == found.count(high.expression) == 1
    assert "resolve:p(99)<100ms" not in found


def test_med_is_p50() -> None:
    assert parse("resolve:med<1ms").series == parse("resolve:p(50.0)<1ms").series
    assert parse("resolve:avg<1ms").series != parse("resolve:p(50)<1ms").series


def test_without_thresholds_isolation_stays() -> None:
    left = only_isolation(thresholds.built_in("heavy"))
    assert [one.expression for one in left] == ["isolation_violations:count==0"]
