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
  bool found = false;
  for (YAML::Node node : (*root)["journeys"]) {
    if (node["name"].as<std::string>("") != journey) continue;
    node["weight"] = node["weight"].as<double>(1) * factor;
    found = true;
  }
  if (!found) {
    return absl::NotFoundError(absl::StrCat(scenario_path, ": no journey `", journey, "`"));
  }
  YAML::Emitter out;
  out << *root;
  return base::WriteFile(variant_path, absl::StrCat(out.c_str(), "\n"));
}

}  // namespace simulator
