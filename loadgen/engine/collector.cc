#include "loadgen/engine/collector.h"

#include <cmath>
#include <limits>

#include "loadgen/engine/recorder.h"
#include "model/histogram.h"

namespace loadgen {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

double QuantityNamed(const model::Result& result, std::string_view name) {
  for (const model::Quantity& quantity : result.quantities()) {
    if (quantity.name() == name) return quantity.value();
  }
  return 0;
}

double QuantileMs(const model::HistogramData& data, double q) {
  return data.total_count() == 0 ? kNothing : model::QuantileOf(data, q) / 1e6;
}

}  // namespace

absl::Status MergeOperation(const model::OperationResult& from, model::OperationResult* into) {
  for (const auto& [name, count] : from.outcomes()) (*into->mutable_outcomes())[name] += count;
  for (const auto& [status, count] : from.statuses()) (*into->mutable_statuses())[status] += count;
  into->set_requests(into->requests() + from.requests());
  into->set_bytes_sent(into->bytes_sent() + from.bytes_sent());
  into->set_bytes_received(into->bytes_received() + from.bytes_received());
  absl::Status status = model::MergeInto(from.response_time(), into->mutable_response_time());
  if (status.ok() && from.has_service_time()) {
    status = model::MergeInto(from.service_time(), into->mutable_service_time());
  }
  if (status.ok()) {
    status = model::MergeInto(from.release_lateness(), into->mutable_release_lateness());
  }
  return status;
}

uint64_t Failures(const model::OperationResult& operation) {
  uint64_t failed = 0;
  for (const auto& [name, count] : operation.outcomes()) {
    if (name != "ok") failed += count;
  }
  return failed;
}

model::Series& Collector::SeriesNamed(const std::string& name) {
  model::Series& series = series_[name];
  if (series.name().empty()) {
    series.set_name(name);
    // A kind of error that appears late was absent before.
    for (int64_t i = 0; i < next_second_; ++i) series.add_value(0);
  }
  return series;
}

absl::Status Collector::AddSecond(const model::Result& report) {
  const int64_t second = static_cast<int64_t>(report.measured_from_seconds());
  if (second < next_second_ || second >= seconds_) return absl::OkStatus();
  Pending& pending = pending_[second];
  ++pending.reports;
  pending.sum.set_users(pending.sum.users() + report.users());
  pending.started += QuantityNamed(report, kStarted);
  pending.connections += QuantityNamed(report, kConnections);
  absl::Status status = MergeOperation(report.total(), pending.sum.mutable_total());
  if (!status.ok()) return status;
  for (auto first = pending_.begin();
       first != pending_.end() && first->first == next_second_ && first->second.reports >= workers_;
       first = pending_.begin()) {
    Close(first->second);
    pending_.erase(first);
    ++next_second_;
  }
  return absl::OkStatus();
}

void Collector::Close(const Pending& pending) {
  const model::OperationResult& total = pending.sum.total();
  const model::HistogramData& response = total.response_time();
  SeriesNamed("users").add_value(static_cast<double>(pending.sum.users()));
  SeriesNamed("started_per_second").add_value(pending.started);
  SeriesNamed("finished_per_second").add_value(static_cast<double>(total.requests()));
  SeriesNamed("connections").add_value(pending.connections);
  SeriesNamed("p50_ms").add_value(QuantileMs(response, 0.50));
  SeriesNamed("p95_ms").add_value(QuantileMs(response, 0.95));
  SeriesNamed("p99_ms").add_value(QuantileMs(response, 0.99));
  SeriesNamed("release_lateness_p99_ms").add_value(QuantileMs(total.release_lateness(), 0.99));
  for (const auto& [name, count] : total.outcomes()) {
    if (name != "ok") SeriesNamed("errors." + name).add_value(static_cast<double>(count));
  }
  for (auto& [name, series] : series_) {  // kinds of error that did not occur in this second
    while (series.value_size() <= next_second_) series.add_value(0);
  }
  lines_.push_back({next_second_, pending.sum.users(), static_cast<uint64_t>(pending.started),
                    total.requests(), Failures(total), QuantileMs(response, 0.95)});
}

std::optional<SecondLine> Collector::TakeLine() {
  if (next_line_ == lines_.size()) return std::nullopt;
  return lines_[next_line_++];
}

absl::Status Collector::AddFinal(const model::Result& report) {
  ++finals_;
  for (const model::OperationResult& from : report.operations()) {
    model::OperationResult* into = nullptr;
    for (model::OperationResult& known : *result_.mutable_operations()) {
      if (known.operation() == from.operation()) into = &known;
    }
    if (into == nullptr) {
      into = result_.add_operations();
      into->set_operation(from.operation());
    }
    if (absl::Status status = MergeOperation(from, into); !status.ok()) return status;
  }
  for (const model::Quantity& quantity : report.quantities()) {
    quantities_[quantity.name()] += quantity.value();
  }
  result_.mutable_resources()->MergeFrom(report.resources());
  return absl::OkStatus();
}

absl::StatusOr<model::Result> Collector::Finish() {
  double whole_run = 0, unanswered = 0;
  const std::string answered_prefix = std::string(kWholeRun) + ".";
  const std::string unanswered_prefix = std::string(kWholeRunUnanswered) + ".";
  for (const auto& [name, value] : quantities_) {
    if (name.rfind(answered_prefix, 0) == 0) whole_run += value;
    if (name.rfind(unanswered_prefix, 0) == 0) unanswered += value;
  }
  quantities_[kWholeRun] = whole_run;
  quantities_[kWholeRunUnanswered] = unanswered;
  for (const auto& [name, value] : quantities_) {
    model::Quantity* quantity = result_.add_quantities();
    quantity->set_name(name);
    quantity->set_value(value);
    quantity->set_low(value);
    quantity->set_high(value);
  }
  for (const model::OperationResult& operation : result_.operations()) {
    absl::Status status = MergeOperation(operation, result_.mutable_total());
    if (!status.ok()) return status;
  }
  result_.set_step_seconds(1);
  for (const auto& [name, series] : series_) *result_.add_series() = series;
  return result_;
}

}  // namespace loadgen
