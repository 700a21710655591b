#include "simulator/calibration/variant.h"

#include <yaml-cpp/yaml.h>

#include "absl/strings/str_cat.h"
#include "base/paths.h"

namespace simulator {
namespace {

// yaml-cpp throws; the loader in model/ has the exact errors, here only the journeys matter.
absl::StatusOr<YAML::Node> Load(const std::string& path) {
  try {
    YAML::Node root = YAML::LoadFile(path);
    if (!root["journeys"] || !root["journeys"].IsSequence()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": expected a list `journeys`"));
    }
    return root;
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", error.what()));
  }
}

}  // namespace

absl::StatusOr<std::vector<std::string>> JourneyNames(const std::string& scenario_path) {
  auto root = Load(scenario_path);
  if (!root.ok()) return root.status();
  std::vector<std::string> names;
  for (const YAML::Node& journey : (*root)["journeys"]) {
    names.push_back(journey["name"].as<std::string>(""));
  }
  return names;
}

absl::Status WriteVariant(const std::string& scenario_path, const std::string& journey,
                          double factor, const std::string& variant_path) {
  auto root = Load(scenario_path);
  if (!root.ok()) return root.status();
  auto text = base::ReadFile(scenario_path);
  if (!text.ok()) return text.status();
  for (const YAML::Node& node : (*root)["journeys"]) {
    if (node["name"].as<std::string>("") != journey) continue;
    const YAML::Node weight = node["weight"];
    if (!weight.IsDefined() || !weight.IsScalar() || weight.Mark().pos < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(scenario_path, ": journey `", journey, "` has no weight"));
    }
    // In the text, not by writing the tree again: that would lose the quotes of "72".
    text->replace(static_cast<size_t>(weight.Mark().pos), weight.Scalar().size(),
                  absl::StrCat(weight.as<double>(1) * factor));
    return base::WriteFile(variant_path, *text);
  }
  return absl::NotFoundError(absl::StrCat(scenario_path, ": no journey `", journey, "`"));
}

std::vector<CalibrationRun> CalibrationRuns(const std::vector<double>& levels,
                                            const std::vector<std::string>& journeys) {
  std::vector<CalibrationRun> runs;
  for (double level : levels) runs.push_back({.level = level, .journey = "", .number = 0});
  for (double level : levels) {
    for (size_t j = 0; j < journeys.size(); ++j) {
      runs.push_back({.level = level, .journey = journeys[j], .number = static_cast<int>(j)});
    }
  }
  return runs;
}

}  // namespace simulator
