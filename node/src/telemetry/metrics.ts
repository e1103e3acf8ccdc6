/** Metrics in the form of Prometheus. Values are read when somebody asks; nothing is counted twice for them. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";

/** One value of a metric with labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Name and explanation of a metric; names get the prefix `tsbcos_`. */
export interface MetricDescription {
  readonly name: string;
  readonly help: string;
  /** Names of the labels its samples carry. */
  readonly labels?: readonly string[];
}

/** The metrics of a process. */
export interface Metrics {
  /** A value that goes up and down, read at each scrape. */
  gauge(description: MetricDescription, read: () => number | readonly Sample[]): void;
  /** A value that only grows, read at each scrape from the part that counts it. */
  counter(description: MetricDescription, read: () => number | readonly Sample[]): void;
  /** A distribution, observed as it happens. `buckets` are upper bounds, ascending. */
  histogram(
    description: MetricDescription,
    buckets: readonly number[],
  ): { observe(value: number, labels?: Sample["labels"]): void };
  /** Everything as text. */
  text(): Promise<string>;
  /** Content type of {@link text}. */
  readonly contentType: string;
}

/** Creates an empty set of metrics; `withProcess` adds memory, CPU, event loop and garbage collection. */
export function createMetrics({ withProcess }: { readonly withProcess: boolean }): Metrics {
  const registry = new Registry();
  if (withProcess) collectDefaultMetrics({ register: registry });
  const configuration = ({ name, help, labels = [] }: MetricDescription) => ({
    name: `tsbcos_${name}`,
    help,
    labelNames: [...labels],
    registers: [registry],
  });
  return {
    gauge(description, read) {
      new Gauge({
        ...configuration(description),
        collect() {
          this.reset();
          for (const { labels, value } of samplesOf(read())) this.set({ ...labels }, value);
        },
      });
    },
    counter(description, read) {
      new Counter({
        ...configuration(description),
        collect() {
          this.reset();
          for (const { labels, value } of samplesOf(read())) this.inc({ ...labels }, value);
        },
      });
    },
    histogram(description, buckets) {
      const histogram = new Histogram({ ...configuration(description), buckets: [...buckets] });
      return {
        observe(value, labels = {}) {
          histogram.observe({ ...labels }, value);
        },
      };
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

function samplesOf(read: number | readonly Sample[]): readonly Sample[] {
  return typeof read === "number" ? [{ labels: {}, value: read }] : read;
}
