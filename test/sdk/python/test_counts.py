"""What an application records is what Weir has."""

import decimal
import enum
import json
import math
import threading
import time
from fractions import Fraction

import pytest
import weir_client
from conftest import assert_stored, stored


def test_counters(make, told, prefix):
    client = make(resource={"service.name": "shop"})
    for i in range(100):
        client.count(f"{prefix}_a", 2, {"plan": "pro", "paid": i % 2 == 0})
        client.count(f"{prefix}_a", attributes={"paid": i % 2 == 0, "plan": "pro"})
        client.count(f"{prefix}_b", 0.5)
    assert client.flush()
    want = {f'{prefix}_a_total{{paid="{paid}",plan="pro"}}': 150 for paid in ("true", "false")}
    assert_stored(prefix, {**want, f"{prefix}_b_total": 50})
    assert told == []


def test_values_of_other_types_are_other_series(make, prefix):
    client = make()
    # The first two are equal to Python.
    for value in (1, True, 1.5, "text"):
        client.count(prefix, attributes={"v": value})
        client.count(prefix, attributes={"v": value})
    assert client.flush()
    assert_stored(prefix, {f'{prefix}_total{{v="{v}"}}': 2 for v in ("1", "true", "1.5", "text")})


def test_gauges(make, prefix):
    client = make()
    for value in (5, -2.5):
        client.gauge(prefix, value, {"queue": "a"})
    assert client.flush()
    assert_stored(prefix, {f'{prefix}{{queue="a"}}': -2.5})


def test_timings(make, prefix):
    client = make()
    for value in (0, 1, 2.5, 100):
        client.timing(prefix, value)
    client.timing(f"{prefix}_long", 3, unit="s")
    assert client.flush()
    want = {f"{prefix}_milliseconds_sum": 103.5, f"{prefix}_milliseconds_count": 4}
    assert_stored(prefix, {**want, f"{prefix}_long_seconds_sum": 3, f"{prefix}_long_seconds_count": 1})


def test_events(make, prefix):
    client = make()
    for i in range(1000):
        client.event(prefix, {"country": "de" if i % 4 else "fr"})
    assert client.flush()
    assert_stored(prefix, {f'{prefix}_total{{country="de"}}': 750, f'{prefix}_total{{country="fr"}}': 250})


def test_sets(make, rough, prefix):
    client = make(rough.url)
    for i in range(300):
        client.unique(prefix, f"user-{i % 100}", {"plan": "pro"})
    client.unique(prefix, 7, {"plan": "free"})
    assert client.flush()
    (body,) = rough.bodies
    metrics = json.loads(body)["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
    members = [sorted(value["stringValue"] for value in members_of(metric)) for metric in metrics]
    assert sorted(members) == [["7"], sorted(f"user-{i}" for i in range(100))]
    assert [metric["gauge"]["dataPoints"][0]["asInt"] for metric in metrics] == [str(len(each)) for each in members]


def test_values_of_any_type(make, told, rough, prefix):
    client = make(rough.url)
    amount = decimal.Decimal("1.50")
    client.count(prefix, 1, {"a": amount, "b": None, "c": [1, "x"], "d": 2**70, "e": float("nan"), "f": Color.RED})
    client.event(prefix, {"a": amount, "b": None, "c": [1, None, {"x": True}], "d": {"y": {"z": 0.5}}})
    assert client.flush()
    assert told == []
    point, event = (json.loads(body) for body in rough.bodies)
    assert attributes_of(points_of(json.dumps(point), prefix)[0]) == {
        "a": {"stringValue": "1.50"},
        "c": {"stringValue": "[1, 'x']"},
        "d": {"stringValue": "1180591620717411303424"},
        "e": {"stringValue": "nan"},
        "f": {"stringValue": "red"},
    }
    (record,) = event["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    seen = attributes_of(record)
    uid = seen.pop("log.record.uid")["stringValue"]
    assert len(uid) == 36
    one = {"key": "x", "value": {"boolValue": True}}
    half = {"key": "z", "value": {"doubleValue": 0.5}}
    assert seen == {
        "a": {"stringValue": "1.50"},
        "c": {"arrayValue": {"values": [{"intValue": "1"}, {}, {"kvlistValue": {"values": [one]}}]}},
        "d": {"kvlistValue": {"values": [{"key": "y", "value": {"kvlistValue": {"values": [half]}}}]}},
    }


def test_intervals_end_by_themselves(make, prefix):
    client = make(interval=1.0)
    client.count(prefix)
    client.event(f"{prefix}_event")
    assert_stored(prefix, {f"{prefix}_total": 1, f"{prefix}_event_total": 1})


def test_threads(make, prefix):
    client = make(interval=0.1)

    def work():
        for _ in range(5000):
            client.count(prefix, attributes={"thread": "any"})

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.flush()
    assert_stored(prefix, {f'{prefix}_total{{thread="any"}}': 40_000})


def test_points_are_in_the_interval_they_happened_in(make, rough, prefix):
    client = make(rough.url, interval=0.5)
    before_ns = time.time_ns()
    for _ in range(60):
        client.count(prefix)
        time.sleep(0.02)
    after_ns = time.time_ns()
    assert client.flush()
    points = all_points(rough, prefix)
    assert sum(int(point["asInt"]) for point in points) == 60
    spans = sorted((int(point["startTimeUnixNano"]), int(point["timeUnixNano"])) for point in points)
    assert len(spans) >= 3
    half = 500_000_000
    for start, end in spans:
        assert start < end
        # No interval crosses a boundary, and so none crosses one of the server's windows.
        assert start // half == (end - 1) // half
        assert start - half < after_ns and end > before_ns
    for (_, end), (start, _) in zip(spans, spans[1:]):
        assert end <= start


def test_flush_in_the_middle_of_an_interval_makes_another_point(make, prefix):
    client = make(interval=10.0)
    for _ in range(3):
        client.count(prefix)
        assert client.flush()
    assert_stored(prefix, {f"{prefix}_total": 3})


@pytest.mark.parametrize("interval", [0, -1, 3, 0.7, 20])
def test_intervals_that_do_not_divide_the_window_are_refused(interval):
    with pytest.raises(ValueError, match="is not 10 s divided by a whole number"):
        weir_client.create_client(interval=interval)


@pytest.mark.parametrize("endpoint", ["", "localhost:4318", "grpc://localhost:4317", "http://"])
def test_endpoints_that_are_none_are_refused(endpoint):
    with pytest.raises(ValueError, match="is not http://HOST:PORT"):
        weir_client.create_client(endpoint)


def test_credentials_in_the_endpoint_are_refused_and_not_shown():
    with pytest.raises(ValueError, match="give them as a header") as raised:
        weir_client.create_client("http://user:secret@127.0.0.1:4318")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("step_s", [-3600, -0.3, 3600])
def test_a_clock_that_is_set(make, rough, prefix, monkeypatch, step_s):
    name = f"{prefix}_{step_s}".replace("-", "minus_").replace(".", "_")
    client = make(rough.url, interval=1.0)
    real = time.time_ns
    client.count(name)
    monkeypatch.setattr(time, "time_ns", lambda: real() + int(step_s * 1e9))
    for _ in range(5):
        client.count(name)
        time.sleep(0.3)
    # All are sent without a flush, at the ends of intervals.
    end = time.monotonic() + 5
    while sum(int(point["asInt"]) for point in all_points(rough, name)) < 6 and time.monotonic() < end:
        time.sleep(0.05)
    points = all_points(rough, name)
    assert sum(int(point["asInt"]) for point in points) == 6
    assert all(int(point["startTimeUnixNano"]) < int(point["timeUnixNano"]) for point in points)


@pytest.mark.parametrize("value", ["a\nb", "\u20ac"])
def test_headers_that_cannot_be_sent_are_refused(value):
    with pytest.raises(ValueError, match="the header 'x' has characters other than"):
        weir_client.create_client(headers={"x": value})


def test_headers_are_sent(make, rough, prefix):
    client = make(rough.url, headers={"authorization": "Bearer secret"})
    client.count(prefix)
    assert client.flush()
    assert [headers["authorization"] for headers in rough.headers] == ["Bearer secret"]


class Money:
    """It has an order and sums, and no number."""

    def __le__(self, _):
        return True

    __lt__ = __ge__ = __gt__ = __le__

    def __radd__(self, _):
        return self


class Shy:
    def __repr__(self):
        raise RuntimeError("no")


BAD = [
    lambda client, name: client.count(name, -1),
    lambda client, name: client.count(name, float("nan")),
    lambda client, name: client.count(name, "many"),
    lambda client, name: client.count(None),
    lambda client, name: client.count(name, 1, {"": "no key"}),
    lambda client, name: client.count(name, 1, 7),
    lambda client, name: client.gauge(name, float("inf")),
    lambda client, name: client.timing(name, -0.5),
    lambda client, name: client.timing(name, 1, unit=None),
    lambda client, name: client.count(name, Money()),
    lambda client, name: client.count(Shy()),
    lambda client, name: client.event("", {}),
    lambda client, name: client.event(name, {7: "no text"}),
]


@pytest.mark.parametrize("call", BAD)
def test_mistakes_are_told_and_never_raised(make, told, prefix, call):
    client = make()
    call(client, prefix)
    assert [each.code for each in told] == ["misuse"]
    assert "was left out" in told[0].message
    assert client.flush()
    assert stored(prefix) == {}


def test_numbers_of_other_types_add_up(make, prefix):
    client = make()
    for n in (decimal.Decimal("0.25"), 0.5, Fraction(1, 4), True):
        client.count(prefix, n)
    assert client.flush()
    assert_stored(prefix, {f"{prefix}_total": 2})


def test_flush_and_close_wait_as_long_as_it_takes(make, rough, prefix):
    client = make(rough.url)
    rough.script = [503] * 2
    client.count(prefix)
    assert client.flush(math.inf)
    client.count(prefix)
    assert client.close(math.inf) == weir_client.Closed(0, 0, 0)


def test_a_diagnostic_function_that_raises_does_no_harm(prefix):
    def fail(_):
        raise RuntimeError("no")

    client = weir_client.create_client("http://127.0.0.1:1", on_diagnostic=fail)
    client.count(prefix, -1)
    client.close(0)


class Color(str, enum.Enum):
    RED = "red"


def attributes_of(item):
    return {each["key"]: each["value"] for each in item["attributes"]}


def members_of(metric):
    (entry,) = metric["metadata"]
    assert entry["key"] == "weir.set.members"
    return entry["value"]["arrayValue"]["values"]


def all_points(rough, name):
    return [point for body in rough.bodies for point in points_of(body, name)]


def points_of(body, name):
    (part,) = json.loads(body)["resourceMetrics"]
    metrics = part["scopeMetrics"][0]["metrics"]
    return [point for metric in metrics if metric["name"] == name for point in metric["sum"]["dataPoints"]]
