#include "loadgen/commands/summary.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "loadgen/engine/collector.h"
#include "model/histogram.h"

namespace loadgen {
namespace {

double Ms(const model::HistogramData& data, double q) { return model::QuantileOf(data, q) / 1e6; }

double PerSecond(double count, const model::Result& result) {
  return result.measured_seconds() > 0 ? count / result.measured_seconds() : 0;
}

std::string Grouped(uint64_t value) {
  std::string text;
  for (; value >= 1000; value /= 1000) text = absl::StrFormat(",%03d%s", value % 1000, text);
  return absl::StrCat(value, text);
}

std::string Errors(const model::OperationResult& operation) {
  std::string text;
  for (const auto& [name, count] : operation.outcomes()) {
    if (name != "ok" && count > 0) {
      absl::StrAppend(&text, text.empty() ? "" : "  ", name, " ", Grouped(count));
    }
  }
  return text.empty() ? "none" : text;
}

std::string Statuses(const model::OperationResult& operation) {
  std::string text;
  for (const auto& [status, count] : operation.statuses()) {
    absl::StrAppend(&text, text.empty() ? "" : "  ", status, ": ", Grouped(count));
  }
  return text.empty() ? "none" : text;
}

std::string Doubts(const model::Result& result) {
  std::string text;
  for (const std::string& reason : result.provenance().invalid_reasons()) {
    absl::StrAppend(&text, "INVALID: ", reason, "\n");
  }
  for (const std::string& warning : result.provenance().warnings()) {
    absl::StrAppend(&text, "note: ", warning, "\n");
  }
  return text;
}

std::string Row(const std::string& name, const model::OperationResult& operation,
                const model::Result& result) {
  const model::HistogramData& response = operation.response_time();
  return absl::StrFormat(
      "%-26s %11s %10.1f %9.2f %9.2f %9.2f %9.2f %9.2f  %s\n", name, Grouped(operation.requests()),
      PerSecond(static_cast<double>(operation.requests()), result), Ms(response, 0.5),
      Ms(response, 0.95), Ms(response, 0.99), response.max_ns() / 1e6,
      Ms(operation.service_time(), 0.95), Errors(operation));
}

}  // namespace

std::string HitSummary(const model::Result& result) {
  const model::OperationResult& total = result.total();
  const model::HistogramData& time = total.response_time();
  std::string text;
  absl::StrAppendFormat(&text, "requests  %s in %.2f s, %.1f requests/s\n",
                        Grouped(total.requests()), result.measured_seconds(),
                        PerSecond(static_cast<double>(total.requests()), result));
  absl::StrAppendFormat(
      &text, "time      mean %.3f ms  p50 %.3f  p90 %.3f  p99 %.3f  p99.9 %.3f  max %.3f\n",
      model::MeanOf(time) / 1e6, Ms(time, 0.5), Ms(time, 0.9), Ms(time, 0.99), Ms(time, 0.999),
      time.max_ns() / 1e6);
  absl::StrAppendFormat(&text, "statuses  %s\n", Statuses(total));
  absl::StrAppendFormat(&text, "errors    %s\n", Errors(total));
  absl::StrAppendFormat(&text, "received  %.1f MB, %.1f MB/s\n", total.bytes_received() / 1e6,
                        PerSecond(total.bytes_received() / 1e6, result));
  return text + Doubts(result);
}

std::string RunSummary(const model::Result& result) {
  std::string text = absl::StrFormat(
      "\nmeasured %.1f s after %.1f s of ramp, %s users; times in ms from the intended start\n",
      result.measured_seconds(), result.measured_from_seconds(), Grouped(result.users()));
  absl::StrAppendFormat(&text, "%-26s %11s %10s %9s %9s %9s %9s %9s  %s\n", "operation", "requests",
                        "per s", "p50", "p95", "p99", "max", "sent p95", "errors");
  for (const model::OperationResult& operation : result.operations()) {
    if (operation.requests() > 0) text += Row(operation.operation(), operation, result);
  }
  text += Row("total", result.total(), result);
  absl::StrAppendFormat(&text, "statuses %s; release lateness p99 %.3f ms\n",
                        Statuses(result.total()), Ms(result.total().release_lateness(), 0.99));
  for (const model::ThresholdOutcome& threshold : result.thresholds()) {
    absl::StrAppendFormat(&text, "%s %s: %s (%.6g%s%s)\n", threshold.passed() ? "pass" : "FAIL",
                          threshold.metric(), threshold.expression(), threshold.value(),
                          threshold.unit().empty() ? "" : " ", threshold.unit());
  }
  return text + Doubts(result);
}

}  // namespace loadgen
