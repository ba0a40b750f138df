"""Memory is bounded, and what the bounds cost is counted."""

import json
import math
import time

import pytest
from conftest import assert_stored
from weir_client import Closed, Sampling
from weir_client.histogram import ExponentialHistogram


def test_series_beyond_the_most_are_counted_together(make, prefix):
    client = make(max_series=10)
    for i in range(50):
        client.count(f"{prefix}_a", 2, {"i": str(i)})
    assert client.flush()
    own = {f'{prefix}_a_total{{i="{i}"}}': 2 for i in range(10)}
    assert_stored(prefix, {**own, f'{prefix}_a_total{{otel_metric_overflow="true"}}': 80})


def test_metrics_beyond_the_most_are_dropped_and_counted(make, told, rough, prefix):
    client = make(rough.url, max_series=10)
    for i in range(50):
        client.count(f"{prefix}_{i:02}")
    assert client.flush()
    own = {f"{prefix}_{i:02}_total": 1 for i in range(10)}
    overflow = {f'{prefix}_{i:02}_total{{otel_metric_overflow="true"}}': 1 for i in range(10, 20)}
    assert_stored(prefix, {**own, **overflow})
    assert [each.code for each in told] == ["dropped"] * 30
    assert_dropped(client, rough, "too_many_names", 30)


def test_counts_wait_in_the_open_interval_while_the_queue_is_full(make, rough, prefix):
    client = make(rough.url, interval=0.1, max_queue_bytes=2000)
    rough.script = [503] * 4
    for _ in range(200):
        client.count(prefix, 1, {"long": "x" * 300})
        time.sleep(0.005)
    assert client.flush(30)
    # Ten intervals went by. Those that found no room are one.
    assert len(set(rough.seqs())) < 10
    assert_stored(prefix, {f'{prefix}_total{{long="{"x" * 300}"}}': 200})
    assert client.close() == Closed(unsent=0, refused=0, dropped=0)


def test_large_sets_end_their_interval(make, rough, prefix):
    client = make(rough.url, interval=10.0)
    members = [f"{i}-{'x' * 1000}" for i in range(1000)]
    for member in members:
        client.unique(prefix, member)
    assert client.flush()
    assert len(rough.bodies) > 5
    assert all(len(body) < 300_000 for body in rough.bodies)
    assert sorted(member for body in rough.bodies for member in members_of(body)) == sorted(members)
    assert client.close().dropped == 0


def test_members_are_dropped_and_counted_while_the_queue_is_full(make, told, prefix):
    client = make("http://127.0.0.1:1", interval=10.0, max_queue_bytes=1)
    for i in range(1000):
        client.unique(prefix, f"{i}-{'x' * 1000}")
    dropped = [each.items for each in told if each.code == "dropped"]
    assert 500 < sum(dropped) < 900
    assert client.close(0).dropped == sum(dropped)


def test_the_oldest_events_are_dropped_and_counted(make, told, rough, prefix):
    client = make(rough.url, interval=10.0, max_queue_bytes=20_000)
    for i in range(1000):
        client.event(f"{prefix}_event", {"half": "first" if i < 500 else "second"})
    assert client.flush()
    dropped = sum(each.items for each in told)
    assert 800 < dropped < 950
    left = 1000 - dropped
    assert_stored(f"{prefix}_event", {f'{prefix}_event_total{{half="second"}}': left})
    assert_dropped(client, rough, "queue_full", dropped)


def test_an_event_that_is_too_large_does_not_drive_out_the_others(make, told, prefix):
    client = make(max_queue_bytes=1000)
    client.event(f"{prefix}_small")
    client.event(f"{prefix}_large", {"text": "x" * 1000})
    assert client.flush()
    assert_stored(f"{prefix}_", {f"{prefix}_small_total": 1})
    assert [(each.code, each.items) for each in told] == [("dropped", 1)]


def test_events_beyond_the_rate_are_dropped_and_counted(make, told, rough, prefix):
    client = make(rough.url, max_events_per_second=100)
    for _ in range(500):
        client.event(prefix)
    assert client.flush()
    dropped = sum(each.items for each in told)
    assert 300 < dropped <= 400
    assert_stored(prefix, {f"{prefix}_total": 500 - dropped})
    assert_dropped(client, rough, "rate_limit", dropped)


def test_sampled_events_count_for_those_left_out(make, rough, prefix):
    client = make(rough.url, sampling={prefix: Sampling(0.25, "user")})
    for i in range(4000):
        client.event(prefix, {"user": f"u{i % 1000}"})
    client.event(f"{prefix}_other")
    assert client.flush()
    records = [record for body in rough.bodies for record in records_of(body)]
    users = [user_of(record) for record in records if record["eventName"] == prefix]
    assert 4 * 200 < len(users) < 4 * 300
    # All events of a user, or none. Node's client chooses the same ones, see test/sdk/client/recorder.test.ts.
    assert all(users.count(user) == 4 for user in set(users))
    assert {f"u{i}" for i in range(12)} & set(users) == {"u0", "u7", "u8", "u10"}
    assert {value_of(record) for record in records} == {4.0, None}
    assert client.close().dropped == 0


def assert_dropped(client, rough, reason, n):
    assert client.flush()
    points = [point for body in rough.bodies for point in dropped_points(body)]
    assert {point["attributes"][0]["value"]["stringValue"] for point in points} == {reason}
    assert sum(int(point["asInt"]) for point in points) == n
    assert client.close().dropped == n


def members_of(body):
    for metric in json.loads(body)["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]:
        for value in metric["metadata"][0]["value"]["arrayValue"]["values"]:
            yield value["stringValue"]


def dropped_points(body):
    for part in json.loads(body).get("resourceMetrics", []):
        for metric in part["scopeMetrics"][0]["metrics"]:
            if metric["name"] == "weir.client.dropped":
                yield from metric["sum"]["dataPoints"]


def records_of(body):
    return [record for part in json.loads(body).get("resourceLogs", []) for record in part["scopeLogs"][0]["logRecords"]]


def user_of(record):
    return next(each["value"]["stringValue"] for each in record["attributes"] if each["key"] == "user")


def value_of(record):
    values = [each["value"]["doubleValue"] for each in record["attributes"] if each["key"] == "event.value"]
    return values[0] if values else None


VALUES = [
    [1e-3 * 1.07**i for i in range(400)],
    [1e-9, 1.0, 1e9],
    [5e-324, 1e308],
    [2.0**i for i in range(30)],
]


@pytest.mark.parametrize("values", VALUES)
def test_buckets_hold_every_value_and_stay_few(values):
    histogram = ExponentialHistogram()
    for value in values:
        histogram.record(value)
    width = 2.0**-histogram.scale
    counts = histogram.bucket_counts()
    assert len(counts) <= 2048
    assert sum(counts) == len(values) == histogram.count
    for i, count in enumerate(counts):
        low = (histogram.offset + i) * width
        # Logarithms are rounded.
        assert sum(low + 1e-12 < math.log2(value) <= low + width + 1e-12 for value in values) == count
    if max(values) / min(values) < 2**31:
        base = 2**width
        assert (base - 1) / (base + 1) < 0.01


def test_a_zero_has_no_bucket():
    histogram = ExponentialHistogram()
    histogram.record(0)
    assert (histogram.zero_count, histogram.bucket_counts()) == (1, [])
