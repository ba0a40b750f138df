// Sends OTLP with the SDK for Go, for tests of receivers.
//
//	client once PROTOCOL HOST:PORT COMPRESSION   some metrics and log records, once
//	client run PROTOCOL HOST:PORT SECONDS        a counter, +1 each 50 ms, exported each 10 s; prints its total
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
)

const (
	interval = 10 * time.Second
	step     = 50 * time.Millisecond
)

func main() {
	ctx := context.Background()
	mode, protocol, address, last := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	res := resource.NewSchemaless(attribute.String("service.name", "shop"))
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { fmt.Fprintln(os.Stderr, err) }))
	if mode == "run" {
		seconds, err := strconv.Atoi(last)
		must(err)
		run(ctx, metricExporter(ctx, protocol, address, ""), res, time.Duration(seconds)*time.Second)
		return
	}
	once(ctx, metricExporter(ctx, protocol, address, last), logExporter(ctx, protocol, address, last), res)
}

func once(ctx context.Context, metrics sdkmetric.Exporter, logs sdklog.Exporter, res *resource.Resource) {
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithResource(res),
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(metrics, sdkmetric.WithInterval(time.Hour))))
	meter := meters.Meter("till", metric.WithInstrumentationVersion("2.0"))
	orders, err := meter.Int64Counter("orders", metric.WithUnit("{order}"))
	must(err)
	orders.Add(ctx, 42, metric.WithAttributes(attribute.String("kind", "book")))
	orders.Add(ctx, 5, metric.WithAttributes(attribute.String("kind", "toy")))
	open, err := meter.Int64UpDownCounter("open")
	must(err)
	open.Add(ctx, -3)
	took, err := meter.Float64Histogram("took", metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(1, 2))
	must(err)
	took.Record(ctx, 1.5)
	must(meters.Shutdown(ctx))

	loggers := sdklog.NewLoggerProvider(sdklog.WithResource(res), sdklog.WithProcessor(sdklog.NewSimpleProcessor(logs)))
	var record log.Record
	record.SetTimestamp(time.UnixMilli(1_700_000_000_500))
	record.SetSeverity(log.SeverityError)
	record.SetSeverityText("ERROR")
	record.SetBody(attribute.StringValue("card refused"))
	record.AddAttributes(attribute.Int("order.id", 7))
	record.SetEventName("payment.failed")
	loggers.Logger("till", log.WithInstrumentationVersion("2.0")).Emit(ctx, record)
	must(loggers.Shutdown(ctx))
}

func run(ctx context.Context, metrics sdkmetric.Exporter, res *resource.Resource, length time.Duration) {
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithResource(res),
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(metrics, sdkmetric.WithInterval(interval))))
	counter, err := meters.Meter("till").Int64Counter("requests")
	must(err)
	total := 0
	for end := time.Now().Add(length); time.Now().Before(end); time.Sleep(step) {
		counter.Add(ctx, 1)
		total++
	}
	if err := meters.Shutdown(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	fmt.Println(total)
}

func metricExporter(ctx context.Context, protocol, address, compression string) sdkmetric.Exporter {
	delta := func(kind sdkmetric.InstrumentKind) metricdata.Temporality {
		if kind == sdkmetric.InstrumentKindUpDownCounter {
			return metricdata.CumulativeTemporality
		}
		return metricdata.DeltaTemporality
	}
	if protocol == "grpc" {
		options := []otlpmetricgrpc.Option{otlpmetricgrpc.WithInsecure(), otlpmetricgrpc.WithEndpoint(address),
			otlpmetricgrpc.WithTemporalitySelector(delta)}
		if compression == "gzip" {
			options = append(options, otlpmetricgrpc.WithCompressor("gzip"))
		}
		exporter, err := otlpmetricgrpc.New(ctx, options...)
		must(err)
		return exporter
	}
	options := []otlpmetrichttp.Option{otlpmetrichttp.WithInsecure(), otlpmetrichttp.WithEndpoint(address),
		otlpmetrichttp.WithTemporalitySelector(delta)}
	if compression == "gzip" {
		options = append(options, otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression))
	}
	exporter, err := otlpmetrichttp.New(ctx, options...)
	must(err)
	return exporter
}

func logExporter(ctx context.Context, protocol, address, compression string) sdklog.Exporter {
	if protocol == "grpc" {
		options := []otlploggrpc.Option{otlploggrpc.WithInsecure(), otlploggrpc.WithEndpoint(address)}
		if compression == "gzip" {
			options = append(options, otlploggrpc.WithCompressor("gzip"))
		}
		exporter, err := otlploggrpc.New(ctx, options...)
		must(err)
		return exporter
	}
	options := []otlploghttp.Option{otlploghttp.WithInsecure(), otlploghttp.WithEndpoint(address)}
	if compression == "gzip" {
		options = append(options, otlploghttp.WithCompression(otlploghttp.GzipCompression))
	}
	exporter, err := otlploghttp.New(ctx, options...)
	must(err)
	return exporter
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
