"""Sends OTLP with the SDK for Python, for tests of receivers.

client.py once PROTOCOL HOST:PORT COMPRESSION   some metrics and log records, once
client.py run PROTOCOL HOST:PORT SECONDS        a counter, +1 each 50 ms, exported each 10 s; prints its total
"""

import sys
import time

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc import _log_exporter as grpc_logs
from opentelemetry.exporter.otlp.proto.grpc import metric_exporter as grpc_metrics
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http import _log_exporter as http_logs
from opentelemetry.exporter.otlp.proto.http import metric_exporter as http_metrics
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

INTERVAL_MS = 10_000
STEP_S = 0.05
RESOURCE = Resource({"service.name": "shop"})
TEMPORALITY = {Counter: AggregationTemporality.DELTA, Histogram: AggregationTemporality.DELTA}


def metric_exporter(protocol, address, compression):
    if protocol == "grpc":
        options = {"compression": grpc_compression(compression)}
        return grpc_metrics.OTLPMetricExporter(address, insecure=True, preferred_temporality=TEMPORALITY, **options)
    url = f"http://{address}/v1/metrics"
    return http_metrics.OTLPMetricExporter(
        url, compression=Compression(compression), preferred_temporality=TEMPORALITY
    )


def log_exporter(protocol, address, compression):
    if protocol == "grpc":
        return grpc_logs.OTLPLogExporter(address, insecure=True, compression=grpc_compression(compression))
    return http_logs.OTLPLogExporter(f"http://{address}/v1/logs", compression=Compression(compression))


def grpc_compression(name):
    import grpc

    return grpc.Compression.Gzip if name == "gzip" else grpc.Compression.NoCompression


def meters_of(exporter, interval_ms):
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=interval_ms)
    return MeterProvider([reader], resource=RESOURCE)


def once(protocol, address, compression):
    meters = meters_of(metric_exporter(protocol, address, compression), 3_600_000)
    meter = meters.get_meter("till", "2.0")
    orders = meter.create_counter("orders", "{order}")
    orders.add(42, {"kind": "book"})
    orders.add(5, {"kind": "toy"})
    meter.create_up_down_counter("open").add(-3)
    took = meter.create_histogram("took", "s", explicit_bucket_boundaries_advisory=[1, 2])
    took.record(1.5)
    meters.shutdown()

    loggers = LoggerProvider(resource=RESOURCE)
    loggers.add_log_record_processor(BatchLogRecordProcessor(log_exporter(protocol, address, compression)))
    record = LogRecord(
        timestamp=1_700_000_000_500_000_000,
        severity_number=SeverityNumber.ERROR,
        severity_text="ERROR",
        body="card refused",
        attributes={"order.id": 7},
        event_name="payment.failed",
    )
    loggers.get_logger("till", "2.0").emit(record)
    loggers.shutdown()


def run(protocol, address, seconds):
    meters = meters_of(metric_exporter(protocol, address, "none"), INTERVAL_MS)
    counter = meters.get_meter("till").create_counter("requests")
    end = time.monotonic() + float(seconds)
    total = 0
    while time.monotonic() < end:
        counter.add(1)
        total += 1
        time.sleep(STEP_S)
    meters.shutdown()
    print(total)


if __name__ == "__main__":
    {"once": once, "run": run}[sys.argv[1]](*sys.argv[2:])
