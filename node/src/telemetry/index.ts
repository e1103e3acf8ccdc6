/** Logs and metrics of a node. */
export { createLog } from "./log.js";
export type { Log, LogLevel, LogOptions, LogRecord } from "./log.js";
export { createMetrics } from "./metrics.js";
export type { MetricDescription, Metrics, Sample } from "./metrics.js";
export { serveMetrics } from "./metrics-server.js";
export type { MetricsServer } from "./metrics-server.js";
export { createStatisticsLog } from "./statistics.js";
export type { GroupTraffic, StatisticsLog, TrafficReport } from "./statistics.js";
export { countingTracer, traceText, tracerTo } from "./trace.js";
export type { RecordSink } from "./trace.js";
