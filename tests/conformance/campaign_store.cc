#include "tests/conformance/campaign_store.h"

#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/paths.h"

namespace conformance {
namespace {

constexpr int kMostRestarts = 100;

struct Setting {
  const char* name;
  double CampaignSettings::*value;
};
constexpr Setting kSettings[] = {{"server_cores", &CampaignSettings::server_cores},
                                 {"database_cores", &CampaignSettings::database_cores},
                                 {"pod_cores", &CampaignSettings::pod_cores},
                                 {"think_time_seconds", &CampaignSettings::think_time_seconds},
                                 {"limit_ms", &CampaignSettings::limit_ms},
                                 {"measured_seconds", &CampaignSettings::measured_seconds},
                                 {"warm_up_seconds", &CampaignSettings::warm_up_seconds}};

boost::json::object ToJson(const CampaignSettings& settings) {
  boost::json::object object;
  for (const Setting& setting : kSettings) object[setting.name] = settings.*setting.value;
  object["period_seconds"] = absl::ToDoubleSeconds(settings.period);
  object["shared_cores"] = settings.shared_cores;
  object["pod_period_seconds"] = absl::ToDoubleSeconds(settings.pod_period);
  object["database_connections"] = settings.database_connections;
  object["seed"] = settings.seed;
  return object;
}

// Throws what Boost.JSON throws for a missing or wrong field.
CampaignSettings SettingsFrom(const boost::json::value& value) {
  CampaignSettings settings;
  for (const Setting& setting : kSettings) {
    settings.*setting.value = value.at(setting.name).to_number<double>();
  }
  settings.period = absl::Seconds(value.at("period_seconds").to_number<double>());
  settings.shared_cores = value.at("shared_cores").to_number<double>();
  settings.pod_period = absl::Seconds(value.at("pod_period_seconds").to_number<double>());
  settings.database_connections = value.at("database_connections").to_number<int>();
  settings.seed = value.at("seed").to_number<uint64_t>();
  return settings;
}

boost::json::object ToJson(const MeasuredCrossing& crossing) {
  boost::json::array tried;
  for (const Sample& sample : crossing.tried) {
    tried.push_back({{"users", sample.load}, {"p95_ms", sample.p95_ms}});
  }
  return {{"users", crossing.users}, {"reached", crossing.reached}, {"tried", std::move(tried)}};
}

MeasuredCrossing CrossingFrom(const boost::json::value& value) {
  MeasuredCrossing crossing;
  crossing.users = value.at("users").to_number<double>();
  crossing.reached = value.at("reached").as_bool();
  for (const boost::json::value& item : value.at("tried").as_array()) {
    crossing.tried.push_back(
        {item.at("users").to_number<double>(), item.at("p95_ms").to_number<double>()});
  }
  return crossing;
}

SealedCampaign SealedFrom(const boost::json::value& value) {
  SealedCampaign sealed;
  sealed.settings = SettingsFrom(value.at("settings"));
  sealed.saturation_per_second = value.at("saturation_per_second").to_number<double>();
  for (const boost::json::value& load : value.at("calibrated_at").as_array()) {
    sealed.calibrated_at.push_back(load.to_number<double>());
  }
  sealed.points = PlanCampaign(sealed.settings);
  for (PlannedPoint& point : sealed.points) {
    const boost::json::value& kept = value.at("points").at(point.id());
    point.users = kept.at("users").to_number<uint64_t>();
    const auto figures = FiguresFromJson(kept.at("predicted"));
    if (!figures.ok()) throw std::invalid_argument(std::string(figures.status().message()));
    point.predicted = *figures;
  }
  return sealed;
}

Record RecordFrom(const boost::json::value& value) {
  Record record;
  const auto point = MeasuredPointFromJson(value.at("run"));
  if (!point.ok()) throw std::invalid_argument(std::string(point.status().message()));
  record.point = *point;
  if (value.as_object().contains("crossing")) record.crossing = CrossingFrom(value.at("crossing"));
  return record;
}

// `parse` may throw.
template <typename T>
absl::StatusOr<T> ReadAs(const std::string& path, T (*parse)(const boost::json::value&)) {
  auto text = base::ReadFile(path);
  if (!text.ok()) return text.status();
  try {
    return parse(boost::json::parse(*text));
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": not as this program writes it: ", error.what()));
  }
}

std::string RecordPath(const std::string& folder, const std::string& id, int restart) {
  return absl::StrCat(folder, "/records/", id, "-", restart, ".json");
}

}  // namespace

absl::Status CampaignStore::WriteSealed(const SealedCampaign& sealed) const {
  boost::json::object points;
  for (const PlannedPoint& point : sealed.points) {
    points[point.id()] = {{"users", point.users},
                          {"predicted", conformance::ToJson(point.predicted)}};
  }
  const boost::json::object all = {{"settings", ToJson(sealed.settings)},
                                   {"saturation_per_second", sealed.saturation_per_second},
                                   {"calibrated_at", boost::json::value_from(sealed.calibrated_at)},
                                   {"points", std::move(points)}};
  return base::WriteFile(folder_ + "/campaign.json", boost::json::serialize(all) + "\n");
}

absl::StatusOr<SealedCampaign> CampaignStore::ReadSealed() const {
  const std::string path = folder_ + "/campaign.json";
  if (access(path.c_str(), F_OK) != 0) return absl::NotFoundError(path + ": nothing is sealed");
  return ReadAs<SealedCampaign>(path, &SealedFrom);
}

absl::Status CampaignStore::Write(const std::string& id, const Record& record) const {
  std::error_code error;
  std::filesystem::create_directories(folder_ + "/records", error);
  boost::json::object all = {{"run", conformance::ToJson(record.point)}};
  if (record.crossing.has_value()) all["crossing"] = ToJson(*record.crossing);
  return base::WriteFile(RecordPath(folder_, id, record.point.restart),
                         boost::json::serialize(all) + "\n");
}

absl::StatusOr<std::vector<Record>> CampaignStore::Read(const std::string& id) const {
  std::vector<Record> records;
  for (int restart = 1; restart <= kMostRestarts; ++restart) {
    const std::string path = RecordPath(folder_, id, restart);
    if (access(path.c_str(), F_OK) != 0) continue;
    auto record = ReadAs<Record>(path, &RecordFrom);
    if (!record.ok()) return record.status();
    records.push_back(*std::move(record));
  }
  return records;
}

absl::StatusOr<Done> CampaignStore::Finished(const std::vector<PlannedPoint>& points) const {
  Done done;
  for (const PlannedPoint& point : points) {
    auto records = Read(point.id());
    if (!records.ok()) return records.status();
    for (const Record& record : *records) done.insert({point.id(), record.point.restart});
  }
  return done;
}

}  // namespace conformance
