#include "simulator/backtest/sealing.h"

#include <boost/json.hpp>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "model/io.h"

namespace simulator {
namespace {

constexpr char kKind[] = "prediction";

absl::StatusOr<boost::json::object> Digests(const model::Result& result, const SealInputs& inputs) {
  boost::json::object digests;
  for (const auto& [name, path] : {std::pair{"scenario", &inputs.scenario_path},
                                   {"deployment", &inputs.deployment_path},
                                   {"profile", &inputs.profile_path},
                                   {"simulator", &inputs.program_path}}) {
    if (name == std::string("deployment") && !std::filesystem::is_regular_file(*path)) {
      digests[name] = result.provenance().deployment_digest();
      continue;
    }
    auto digest = model::Sha256OfFile(*path);
    if (!digest.ok()) return digest.status();
    digests[name] = *digest;
  }
  const auto json = model::ToJson(result);
  if (!json.ok()) return json.status();
  digests["result"] = model::Sha256Hex(*json);
  return digests;
}

boost::json::array Quantities(const model::Result& result) {
  boost::json::array array;
  for (const model::Quantity& quantity : result.quantities()) {
    boost::json::object item;
    item["name"] = quantity.name();
    item["value"] = quantity.value();
    item["low"] = quantity.low();
    item["high"] = quantity.high();
    if (ToleranceOf(quantity.name()) > 0) item["tolerance"] = ToleranceOf(quantity.name());
    array.push_back(std::move(item));
  }
  return array;
}

absl::StatusOr<SealedPrediction> FromRecord(const LogRecord& record, const std::string& path) {
  SealedPrediction sealed;
  sealed.line = record.line;
  try {
    const boost::json::object& body = record.body;
    sealed.id = std::string(body.at("id").as_string());
    sealed.label = std::string(body.at("label").as_string());
    sealed.written_at = std::string(body.at("written_at").as_string());
    sealed.users = body.at("users").to_number<uint64_t>();
    sealed.think_time_seconds = body.at("think_time_seconds").to_number<double>();
    for (const boost::json::value& value : body.at("predicted").as_array()) {
      const boost::json::object& item = value.as_object();
      SealedQuantity quantity;
      quantity.name = std::string(item.at("name").as_string());
      quantity.value = item.at("value").to_number<double>();
      quantity.low = item.at("low").to_number<double>();
      quantity.high = item.at("high").to_number<double>();
      if (item.contains("tolerance")) {
        quantity.tolerance = item.at("tolerance").to_number<double>();
      }
      sealed.quantities.push_back(std::move(quantity));
    }
  } catch (const std::exception& error) {
    return absl::DataLossError(
        absl::StrCat(path, ":", record.line, ": not a whole prediction: ", error.what()));
  }
  return sealed;
}

}  // namespace

double ToleranceOf(const std::string& quantity) {
  if (quantity == "mean_ms") return 0.05;
  if (quantity == "p95_ms") return 0.10;
  if (quantity == "p99_ms") return 0.20;
  if (quantity == "throughput_per_second") return 0.03;
  return 0;
}

absl::StatusOr<Sealed> Seal(const model::Result& result, const SealInputs& inputs,
                            const std::string& log_path) {
  auto digests = Digests(result, inputs);
  if (!digests.ok()) return digests.status();
  Sealed sealed;
  auto head = AppendRecord(log_path, [&](const PredictionLog& log, boost::json::object* body) {
    uint64_t number = 1;
    for (const LogRecord& record : log.records) number += record.kind == kKind ? 1 : 0;
    sealed.id = absl::StrCat("p", number);
    (*body)["kind"] = kKind;
    (*body)["id"] = sealed.id;
    (*body)["written_at"] = absl::FormatTime(absl::RFC3339_full, absl::Now(), absl::UTCTimeZone());
    (*body)["label"] = inputs.label;
    (*body)["users"] = result.users();
    (*body)["think_time_seconds"] = result.think_time_mean_seconds();
    (*body)["settings"] = boost::json::value_from(inputs.settings);
    (*body)["predicted"] = Quantities(result);
    (*body)["version"] = result.provenance().version();
    (*body)["commit"] = result.provenance().commit();
    (*body)["sha256"] = *std::move(digests);
    return absl::OkStatus();
  });
  if (!head.ok()) return head.status();
  sealed.head = *std::move(head);
  return sealed;
}

absl::StatusOr<std::vector<SealedPrediction>> PredictionsIn(const PredictionLog& log) {
  std::vector<SealedPrediction> predictions;
  for (const LogRecord& record : log.records) {
    if (record.kind != kKind) continue;
    auto sealed = FromRecord(record, log.path);
    if (!sealed.ok()) return sealed.status();
    predictions.push_back(*std::move(sealed));
  }
  return predictions;
}

}  // namespace simulator
