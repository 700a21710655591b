#include "simulator/imports/load_test.h"

#include <algorithm>
#include <cmath>

#include "model/histogram.h"
#include "model/result_math.h"

namespace simulator {

double LoadTest::Requests(absl::Time from, absl::Time to) const {
  const double seconds = absl::ToDoubleSeconds(to - from);
  if (finished_per_second.empty() || step_seconds <= 0) return requests_per_second * seconds;
  double requests = 0;
  for (size_t i = 0; i < finished_per_second.size(); ++i) {
    const absl::Time begin = start + absl::Seconds(static_cast<double>(i) * step_seconds);
    const absl::Duration overlap =
        std::min(to, begin + absl::Seconds(step_seconds)) - std::max(from, begin);
    if (overlap <= absl::ZeroDuration() || std::isnan(finished_per_second[i])) continue;
    requests += finished_per_second[i] * absl::ToDoubleSeconds(overlap);
  }
  return requests;
}

absl::StatusOr<LoadTest> LoadTestOf(const model::Result& result) {
  const auto all = static_cast<double>(result.total().requests());
  if (all <= 0) {
    return absl::InvalidArgumentError("total.requests: expected at least one request");
  }
  LoadTest test;
  for (const model::OperationResult& operation : result.operations()) {
    const auto requests = static_cast<double>(operation.requests());
    if (requests <= 0) continue;
    test.operations.push_back(operation.operation());
    test.share.push_back(requests / all);
    test.request_bytes[operation.operation()] =
        static_cast<double>(operation.bytes_sent()) / requests;
    test.response_bytes[operation.operation()] =
        static_cast<double>(operation.bytes_received()) / requests;
    auto quantile = [&](double q) {
      return static_cast<double>(model::QuantileOf(operation.service_time(), q)) * 1e-9;
    };
    if (operation.service_time().total_count() > 0) {
      test.typical[operation.operation()] = {quantile(0.5), quantile(0.75) - quantile(0.25)};
    }
  }
  test.requests_per_second = model::Throughput(result);
  test.mean_response_seconds = model::MeanOf(result.total().service_time()) * 1e-9;
  test.users = result.users();
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, result.provenance().started_at(), &test.start, &error)) {
    return test;
  }
  for (const model::Series& series : result.series()) {
    if (series.name() != "finished_per_second") continue;
    test.step_seconds = result.step_seconds();
    test.finished_per_second.assign(series.value().begin(), series.value().end());
  }
  return test;
}

LoadTest LoadTestOf(const K6Summary& summary, const std::string& operation) {
  LoadTest test;
  double named = 0;
  for (const auto& [name, count] : summary.by_operation) named += static_cast<double>(count);
  for (const auto& [name, count] : summary.by_operation) {
    if (count == 0) continue;
    test.operations.push_back(name);
    test.share.push_back(static_cast<double>(count) / named);
  }
  if (test.operations.empty()) {
    test.operations = {operation};
    test.share = {1};
  }
  test.requests_per_second = summary.requests_per_second;
  test.mean_response_seconds = summary.trend.at("avg") / 1000;
  if (const auto median = summary.trend.find("med"); median != summary.trend.end()) {
    for (const std::string& name : test.operations) test.typical[name] = {median->second / 1000, 0};
  }
  test.users = summary.virtual_users;
  return test;
}

}  // namespace simulator
