#include "simulator/imports/k6_summary.h"

#include <boost/json.hpp>
#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "model/io.h"

namespace simulator {
namespace {

constexpr char kExpected[] =
    "expected a k6 summary: handleSummary's data as JSON, or the file of --summary-export";

class Reader {
 public:
  Reader(const boost::json::object& metrics, const std::string& name)
      : metrics_(metrics), name_(name) {}

  // The figures of a metric in either format; nullptr: there is none.
  const boost::json::object* Metric(std::string_view metric) const {
    const boost::json::value* found = metrics_.if_contains({metric.data(), metric.size()});
    if (found == nullptr || !found->is_object()) return nullptr;
    const boost::json::value* values = found->get_object().if_contains("values");
    return values != nullptr && values->is_object() ? &values->get_object() : &found->get_object();
  }

  absl::StatusOr<const boost::json::object*> Require(std::string_view metric) const {
    const boost::json::object* found = Metric(metric);
    if (found != nullptr) return found;
    return Error(metric, absl::StrCat("is not there; ", kExpected));
  }

  absl::StatusOr<double> Number(std::string_view metric, const boost::json::object& values,
                                std::string_view key) const {
    const boost::json::value* value = values.if_contains({key.data(), key.size()});
    if (value != nullptr && value->is_number()) {
      const double number = value->to_number<double>();
      if (std::isfinite(number) && number >= 0) return number;
    }
    return Error(metric, absl::StrCat("expected a number `", std::string(key), "`, 0 or more"));
  }

  absl::Status Error(std::string_view metric, const std::string& what) const {
    return absl::InvalidArgumentError(
        absl::StrCat(name_, ": metrics.", std::string(metric), ": ", what));
  }

  const boost::json::object& metrics() const { return metrics_; }

 private:
  const boost::json::object& metrics_;
  const std::string& name_;
};

absl::Status ReadTrend(const Reader& reader, K6Summary* summary) {
  const auto values = reader.Require("http_req_duration");
  if (!values.ok()) return values.status();
  for (const auto& item : **values) {
    if (!item.value().is_number()) continue;  // `thresholds` of the old format
    const auto number = reader.Number("http_req_duration", **values,
                                      std::string_view(item.key().data(), item.key().size()));
    if (!number.ok()) return number.status();
    summary->trend[std::string(item.key())] = *number;
  }
  if (!summary->trend.contains("avg")) {
    return reader.Error("http_req_duration", "expected a number `avg`, milliseconds");
  }
  return absl::OkStatus();
}

absl::Status ReadCounts(const Reader& reader, K6Summary* summary) {
  const auto values = reader.Require("http_reqs");
  if (!values.ok()) return values.status();
  const auto count = reader.Number("http_reqs", **values, "count");
  if (!count.ok()) return count.status();
  const auto rate = reader.Number("http_reqs", **values, "rate");
  if (!rate.ok()) return rate.status();
  if (*count < 1 || *rate <= 0) return reader.Error("http_reqs", "k6 counted no request");
  summary->requests = static_cast<uint64_t>(*count);
  summary->requests_per_second = *rate;
  summary->duration_seconds = *count / *rate;
  if (const boost::json::object* failed = reader.Metric("http_req_failed"); failed != nullptr) {
    const auto share =
        reader.Number("http_req_failed", *failed, failed->contains("rate") ? "rate" : "value");
    if (!share.ok()) return share.status();
    if (*share > 1) return reader.Error("http_req_failed", "expected a share of 0 to 1");
    summary->failed_share = *share;
  }
  for (const auto& [metric, key] : {std::pair{"vus_max", "value"}, {"vus", "max"}}) {
    const boost::json::object* users = reader.Metric(metric);
    if (users == nullptr || summary->virtual_users > 0) continue;
    const auto number = reader.Number(metric, *users, key);
    if (number.ok()) summary->virtual_users = static_cast<uint64_t>(*number);
  }
  return absl::OkStatus();
}

// http_reqs{operation:read}
void ReadOperations(const Reader& reader, K6Summary* summary) {
  for (const auto& item : reader.metrics()) {
    const std::string metric(item.key());
    for (const std::string prefix : {"http_reqs{operation:", "http_reqs{name:"}) {
      if (!metric.starts_with(prefix) || !metric.ends_with('}')) continue;
      const boost::json::object* values = reader.Metric(metric);
      if (values == nullptr) continue;
      const auto count = reader.Number(metric, *values, "count");
      if (!count.ok()) continue;
      const std::string operation = metric.substr(prefix.size(), metric.size() - prefix.size() - 1);
      summary->by_operation[operation] = static_cast<uint64_t>(*count);
    }
  }
}

}  // namespace

absl::StatusOr<K6Summary> ParseK6Summary(const std::string& json, const std::string& name) {
  boost::system::error_code error;
  const boost::json::value root = boost::json::parse(json, error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": not valid JSON: ", error.message(), "; ", kExpected));
  }
  const boost::json::object* object = root.if_object();
  const boost::json::value* metrics = object == nullptr ? nullptr : object->if_contains("metrics");
  if (metrics == nullptr || !metrics->is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": no `metrics`; ", kExpected));
  }
  const Reader reader(metrics->get_object(), name);
  K6Summary summary;
  if (absl::Status status = ReadTrend(reader, &summary); !status.ok()) return status;
  if (absl::Status status = ReadCounts(reader, &summary); !status.ok()) return status;
  ReadOperations(reader, &summary);
  if (const boost::json::value* state = object->if_contains("state");
      state != nullptr && state->is_object()) {
    const boost::json::value* run = state->get_object().if_contains("testRunDurationMs");
    if (run != nullptr && run->is_number()) {
      summary.duration_seconds = run->to_number<double>() / 1000;
    }
  }
  return summary;
}

absl::StatusOr<K6Summary> ReadK6Summary(const std::string& path) {
  const auto json = model::ReadFile(path);
  if (!json.ok()) return json.status();
  return ParseK6Summary(*json, path);
}

}  // namespace simulator
