#include "model/result_math.h"

#include <algorithm>

#include "model/histogram.h"

namespace model {
namespace {

constexpr double kNsPerMs = 1e6;

uint64_t Outcome(const OperationResult& result, const char* name) {
  const auto found = result.outcomes().find(name);
  return found == result.outcomes().end() ? 0 : found->second;
}

double Share(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

uint64_t OkCount(const OperationResult& result) { return Outcome(result, kOutcomeOk); }

double ErrorRate(const OperationResult& result) {
  return Share(result.requests() - std::min(result.requests(), OkCount(result)), result.requests());
}

double UsefulWork(const OperationResult& result) {
  uint64_t useful = OkCount(result);
  if (!result.statuses().empty()) {
    uint64_t success = 0;
    for (const auto& [status, count] : result.statuses()) {
      if (status.size() == 3 && status[0] == '2') success += count;
    }
    // A failed check may stand on a 2xx answer: take it off, so the figure is never too good.
    useful = std::min(useful, success - std::min(success, Outcome(result, kOutcomeCheckFailed)));
  }
  return Share(useful, result.requests());
}

double ResponseQuantileMs(const OperationResult& result, double q) {
  return static_cast<double>(QuantileOf(result.response_time(), q)) / kNsPerMs;
}

double ServiceQuantileMs(const OperationResult& result, double q) {
  return static_cast<double>(QuantileOf(result.service_time(), q)) / kNsPerMs;
}

double Throughput(const Result& result, const OperationResult& operation) {
  return result.measured_seconds() > 0
             ? static_cast<double>(operation.requests()) / result.measured_seconds()
             : 0.0;
}

double Throughput(const Result& result) { return Throughput(result, result.total()); }

const OperationResult* FindOperation(const Result& result, std::string_view operation) {
  if (operation.empty()) return &result.total();
  for (const OperationResult& candidate : result.operations()) {
    if (candidate.operation() == operation) return &candidate;
  }
  return nullptr;
}

absl::Status MergeInto(const OperationResult& from, OperationResult* into) {
  const std::pair<const HistogramData&, HistogramData*> histograms[] = {
      {from.response_time(), into->mutable_response_time()},
      {from.service_time(), into->mutable_service_time()},
      {from.release_lateness(), into->mutable_release_lateness()}};
  for (const auto& [part, sum] : histograms) {
    if (absl::Status status = MergeInto(part, sum); !status.ok()) return status;
  }
  for (const auto& [name, count] : from.outcomes()) (*into->mutable_outcomes())[name] += count;
  for (const auto& [name, count] : from.statuses()) (*into->mutable_statuses())[name] += count;
  into->set_requests(into->requests() + from.requests());
  into->set_bytes_sent(into->bytes_sent() + from.bytes_sent());
  into->set_bytes_received(into->bytes_received() + from.bytes_received());
  return absl::OkStatus();
}

absl::Status FillTotal(Result* result) {
  OperationResult total;
  for (const OperationResult& operation : result->operations()) {
    if (absl::Status status = MergeInto(operation, &total); !status.ok()) return status;
  }
  *result->mutable_total() = std::move(total);
  return absl::OkStatus();
}

}  // namespace model
