#include "simulator/sweep/sweep_file.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/io.h"
#include "model/yaml/node.h"
#include "simulator/commands/run_options.h"
#include "simulator/faults/fault_loader.h"
#include "simulator/planning/experiment.h"
#include "simulator/sweep/point.h"

namespace simulator {
namespace {

constexpr const char* kDefaultTable[] = {"p50_ms", "p95_ms", "p99_ms", "throughput_per_second",
                                         "error_rate"};

std::vector<std::string> ParameterNames() {
  std::vector<std::string> names = SweepFlags();
  for (const char* name : kDeploymentParameters) names.emplace_back(name);
  return names;
}

std::vector<std::string_view> Views(const std::vector<std::string>& names) {
  return {names.begin(), names.end()};
}

class Reader {
 public:
  Reader(const model::YamlMap& root, SweepPlan* plan) : root_(root), plan_(*plan) {}

  absl::Status Read() {
    plan_.set_name("sweep");
    if (const model::YamlNode* node = root_.Find("name"); node != nullptr) {
      const auto name = node->AsString();
      if (!name.ok()) return name.status();
      plan_.set_name(*name);
    }
    for (auto step : {&Reader::Base, &Reader::Points, &Reader::Table, &Reader::Inputs}) {
      if (absl::Status status = (this->*step)(); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Inputs() {
    const std::filesystem::path folder = std::filesystem::path(root_.node().file()).parent_path();
    std::string paths[3];
    const char* const names[] = {"scenario", "deployment", "profile"};
    for (size_t i = 0; i < 3; ++i) {
      const auto node = root_.Require(names[i]);
      if (!node.ok()) return node.status();
      const auto text = node->AsString();
      if (!text.ok()) return text.status();
      paths[i] = (folder / *text).lexically_normal().string();
    }
    auto experiment = LoadExperiment(paths[0], paths[1], paths[2]);
    if (!experiment.ok()) return experiment.status();
    *plan_.mutable_scenario() = std::move(experiment->scenario);
    *plan_.mutable_deployment() = std::move(experiment->deployment);
    *plan_.mutable_profile() = std::move(experiment->profile);
    plan_.set_profile_digest(experiment->profile_digest);
    return absl::OkStatus();
  }

  absl::Status Base() {
    const model::YamlNode* node = root_.Find("base");
    if (node == nullptr) return absl::OkStatus();
    const std::vector<std::string> names = SweepFlags();
    const auto map = node->AsMap(Views(names));
    if (!map.ok()) return map.status();
    for (const model::YamlMap::Entry& entry : map->entries()) {
      const auto text = entry.value.AsString();
      if (!text.ok()) return text.status();
      const absl::Status good =
          entry.key == "faults" ? KeepFaults(*text) : CheckParameter(entry.key, *text);
      if (!good.ok()) return map->ErrorAt(entry, std::string(good.message()));
      (*plan_.mutable_base())[entry.key] = *text;
    }
    return absl::OkStatus();
  }

  // The text of a fault plan becomes part of the sweep's plan.
  absl::Status KeepFaults(const std::string& name) {
    const std::filesystem::path folder = std::filesystem::path(root_.node().file()).parent_path();
    const std::string path = (folder / name).lexically_normal().string();
    auto text = model::ReadFile(path);
    if (!text.ok()) return text.status();
    if (const auto parsed = ParseFaultPlan(*text, path); !parsed.ok()) return parsed.status();
    (*plan_.mutable_fault_plans())[name] = *std::move(text);
    return absl::OkStatus();
  }

  absl::Status Points() {
    const model::YamlNode* axes = root_.Find("axes");
    const model::YamlNode* points = root_.Find("points");
    if ((axes == nullptr) == (points == nullptr)) {
      return root_.node().Error("expected either `axes` (a grid) or `points` (a list)");
    }
    return axes != nullptr ? Grid(*axes) : List(*points);
  }

  // A value that the parameter cannot take is refused here, with its line.
  absl::StatusOr<std::string> Value(const std::string& name, const model::YamlNode& node) {
    const auto text = node.AsString();
    if (!text.ok()) return text.status();
    const absl::Status good = name == "faults" ? KeepFaults(*text) : CheckParameter(name, *text);
    if (!good.ok()) return node.Error(std::string(good.message()));
    return *text;
  }

  absl::Status Grid(const model::YamlNode& node) {
    const std::vector<std::string> names = ParameterNames();
    const auto map = node.AsMap(Views(names));
    if (!map.ok()) return map.status();
    std::vector<std::vector<std::string>> values;
    size_t points = 1;
    for (const model::YamlMap::Entry& entry : map->entries()) {
      const auto list = entry.value.AsList();
      if (!list.ok()) return list.status();
      std::vector<std::string> axis;
      for (const model::YamlNode& item : *list) {
        auto text = Value(entry.key, item);
        if (!text.ok()) return text.status();
        if (std::find(axis.begin(), axis.end(), *text) != axis.end()) {
          return item.Error(absl::StrCat("'", *text, "' stands on this axis already"));
        }
        axis.push_back(*std::move(text));
      }
      if (axis.empty()) return map->ErrorAt(entry, "expected at least one value");
      points *= axis.size();
      if (points > kMostPoints) {
        return node.Error(absl::StrCat("expected at most ", kMostPoints, " points"));
      }
      plan_.add_parameters(entry.key);
      values.push_back(std::move(axis));
    }
    if (values.empty()) return node.Error("expected at least one axis");
    for (size_t point = 0; point < points; ++point) {
      SweepPoint& made = *plan_.add_points();
      made.set_line(node.line());
      size_t rest = point;
      for (size_t axis = values.size(); axis-- > 0; rest /= values[axis].size()) {
        (*made.mutable_settings())[plan_.parameters(static_cast<int>(axis))] =
            values[axis][rest % values[axis].size()];
      }
    }
    return absl::OkStatus();
  }

  absl::Status List(const model::YamlNode& node) {
    const std::vector<std::string> names = ParameterNames();
    const auto list = node.AsList();
    if (!list.ok()) return list.status();
    if (list->empty() || list->size() > kMostPoints) {
      return node.Error(absl::StrCat("expected 1 to ", kMostPoints, " points"));
    }
    std::vector<std::string> first;
    for (const model::YamlNode& item : *list) {
      const auto map = item.AsMap(Views(names));
      if (!map.ok()) return map.status();
      SweepPoint& made = *plan_.add_points();
      made.set_line(item.line());
      for (const model::YamlMap::Entry& entry : map->entries()) {
        auto text = Value(entry.key, entry.value);
        if (!text.ok()) return text.status();
        (*made.mutable_settings())[entry.key] = *std::move(text);
        if (list->front().line() == item.line() && plan_.points_size() == 1) {
          plan_.add_parameters(entry.key);
        }
      }
      for (const std::string& name : plan_.parameters()) {
        if (!made.settings().contains(name)) {
          return item.Error(absl::StrCat("expected `", name, "` as in the first point"));
        }
      }
      if (made.settings_size() != plan_.parameters_size()) {
        return item.Error("expected the parameters of the first point and no others");
      }
    }
    if (plan_.parameters().empty()) return node.Error("expected at least one parameter");
    return absl::OkStatus();
  }

  absl::Status Table() {
    const model::YamlNode* node = root_.Find("table");
    if (node == nullptr) {
      for (const char* name : kDefaultTable) plan_.add_quantities(name);
      return absl::OkStatus();
    }
    const auto list = node->AsList();
    if (!list.ok()) return list.status();
    for (const model::YamlNode& item : *list) {
      const auto text = item.AsString();
      if (!text.ok()) return text.status();
      plan_.add_quantities(*text);
    }
    return absl::OkStatus();
  }

  const model::YamlMap& root_;
  SweepPlan& plan_;
};

}  // namespace

std::vector<std::string> SweepFlags() {
  std::vector<std::string> names;
  const std::set<std::string> others = {"scenario", "deployment", "profile", "threads", "overload"};
  for (std::string& name : PredictionFlags({})) {
    if (!others.contains(name)) names.push_back(std::move(name));
  }
  return names;
}

absl::StatusOr<SweepPlan> LoadSweepFile(const std::string& path) {
  const auto node = model::YamlNode::Load(path);
  if (!node.ok()) return node.status();
  const auto root =
      node->AsMap({"name", "scenario", "deployment", "profile", "base", "axes", "points", "table"});
  if (!root.ok()) return root.status();
  SweepPlan plan;
  plan.set_file(path);
  if (absl::Status status = Reader(*root, &plan).Read(); !status.ok()) return status;
  for (int i = 0; i < plan.points_size(); ++i) {
    const absl::Status good = PreparePoint(plan, i).status();
    if (!good.ok()) return good;
  }
  return plan;
}

}  // namespace simulator
