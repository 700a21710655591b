#include "simulator/faults/fault_loader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "model/status_macros.h"
#include "model/yaml/node.h"

namespace simulator {
namespace {

using model::YamlMap;
using model::YamlNode;

constexpr double kLongest = 1e9;  // seconds; virtual time is an integer of nanoseconds

absl::Status ReadTime(const YamlMap& map, std::string_view key, double* seconds) {
  const YamlNode* node = map.Find(key);
  if (node == nullptr) return absl::OkStatus();
  PRAXIS_ASSIGN_OR_RETURN(*seconds, node->AsSeconds());
  if (*seconds > kLongest) return node->Error("expected at most 1e9 seconds");
  return absl::OkStatus();
}

absl::Status ReadParameter(const YamlNode& node, const FaultParameter& rule, double* value) {
  switch (rule.type) {
    case FaultParameter::kCount: {
      PRAXIS_ASSIGN_OR_RETURN(const uint64_t count, node.AsCount(static_cast<uint64_t>(rule.low),
                                                                 static_cast<uint64_t>(rule.high)));
      *value = static_cast<double>(count);
      return absl::OkStatus();
    }
    case FaultParameter::kSeconds: {
      PRAXIS_ASSIGN_OR_RETURN(*value, node.AsSeconds());
      break;
    }
    case FaultParameter::kNumber: {
      PRAXIS_ASSIGN_OR_RETURN(*value, node.AsNumber());
      break;
    }
  }
  if (*value < rule.low || *value > rule.high) {
    return node.Error(absl::StrCat("expected ", rule.low, " to ", rule.high, ", found ", *value));
  }
  return absl::OkStatus();
}

absl::Status ReadParameters(const YamlNode& node, const FaultRule& rule, Fault* fault) {
  std::vector<std::string_view> allowed;
  for (const FaultParameter& parameter : rule.parameters) allowed.push_back(parameter.name);
  if (node.IsNull()) {
    for (const FaultParameter& parameter : rule.parameters) {
      if (parameter.required) return node.Error(std::string(parameter.name) + " is missing");
    }
    return absl::OkStatus();
  }
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, node.AsMap(allowed));
  for (const FaultParameter& parameter : rule.parameters) {
    const YamlNode* value = map.Find(parameter.name);
    if (value == nullptr) {
      if (parameter.required) return node.Error(std::string(parameter.name) + " is missing");
      continue;
    }
    PRAXIS_RETURN_IF_ERROR(
        ReadParameter(*value, parameter, &fault->parameters[std::string(parameter.name)]));
  }
  return absl::OkStatus();
}

absl::Status ReadFault(const YamlNode& node, FaultPlan* plan) {
  std::vector<std::string_view> allowed = {"at", "for", "every", "repair"};
  for (const FaultRule& rule : FaultRules()) allowed.push_back(rule.name);
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, node.AsMap(allowed));
  const FaultRule* found = nullptr;
  std::vector<std::string> names;
  for (const FaultRule& rule : FaultRules()) {
    if (map.Has(rule.name)) {
      found = &rule;
      names.emplace_back(rule.name);
    }
  }
  if (names.size() != 1) {
    const std::string what =
        names.empty() ? std::string("none") : absl::StrCat(absl::StrJoin(names, " and "));
    return node.Error(absl::StrCat("expected exactly one fault, found ", what));
  }
  const YamlNode& body = *map.Find(found->name);
  if (!found->modelled) return body.Error("not modelled yet");
  Fault fault;
  fault.kind = found->kind;
  fault.line = node.line();
  PRAXIS_RETURN_IF_ERROR(ReadParameters(body, *found, &fault));
  double at = 0;
  double duration = 0;
  FaultProcess process;
  PRAXIS_RETURN_IF_ERROR(ReadTime(map, "at", &at));
  PRAXIS_RETURN_IF_ERROR(ReadTime(map, "for", &duration));
  PRAXIS_RETURN_IF_ERROR(ReadTime(map, "every", &process.every_seconds));
  PRAXIS_RETURN_IF_ERROR(ReadTime(map, "repair", &process.repair_seconds));
  fault.at = ToNanos(at);
  fault.duration = ToNanos(duration);
  const bool lasts = map.Has("for") || map.Has("repair");
  if (lasts && found->duration == FaultRule::kInstant) {
    return node.Error(absl::StrCat(std::string(found->name), " takes no duration (for, repair)"));
  }
  if (!lasts && found->duration == FaultRule::kMustLast) {
    return node.Error(absl::StrCat(std::string(found->name), ": for is missing, e.g. for: 30s"));
  }
  if (map.Has("for") && map.Has("repair")) return node.Error("expected for or repair, not both");
  if (!map.Has("every")) {
    if (map.Has("repair")) return node.Error("repair goes with every; expected for");
    if (!map.Has("at")) return node.Error("expected at, e.g. at: 300s, or every");
    plan->faults.push_back(std::move(fault));
    return absl::OkStatus();
  }
  if (process.every_seconds < 1) return map.Find("every")->Error("expected at least 1s");
  process.fault = std::move(fault);
  if (found->kind == FaultKind::kSlowdown || found->kind == FaultKind::kRollingUpdate ||
      found->kind == FaultKind::kIngressLoss) {
    return node.Error(absl::StrCat(std::string(found->name), " has no every: expected at"));
  }
  plan->processes.push_back(std::move(process));
  return absl::OkStatus();
}

absl::StatusOr<FaultPlan> Read(const YamlNode& root) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, root.AsMap({"faults"}));
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode list, map.Require("faults"));
  PRAXIS_ASSIGN_OR_RETURN(const std::vector<YamlNode> entries, list.AsList());
  FaultPlan plan;
  for (const YamlNode& entry : entries) PRAXIS_RETURN_IF_ERROR(ReadFault(entry, &plan));
  std::stable_sort(plan.faults.begin(), plan.faults.end(),
                   [](const Fault& a, const Fault& b) { return a.at < b.at; });
  plan.file = root.file();
  PRAXIS_RETURN_IF_ERROR(CheckSlowdowns(plan));
  return plan;
}

}  // namespace

absl::Status CheckSlowdowns(const FaultPlan& plan) {
  const Fault* before = nullptr;
  for (const Fault& fault : plan.faults) {
    if (fault.kind != FaultKind::kSlowdown) continue;
    if (before != nullptr && before->at + before->duration > fault.at) {
      return absl::InvalidArgumentError(
          absl::StrCat(plan.file, ":", fault.line, ": slowdown: begins at ", ToSeconds(fault.at),
                       " s, before the slowdown of line ", before->line, " is over (at ",
                       ToSeconds(before->at + before->duration), " s)"));
    }
    before = &fault;
  }
  return absl::OkStatus();
}

absl::StatusOr<FaultPlan> LoadFaultPlanWithin(const std::string& path, Nanos end) {
  auto plan = LoadFaultPlan(path);
  if (!plan.ok()) return plan.status();
  for (const Fault& fault : plan->faults) {
    if (fault.at < end) continue;
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s:%d: begins at %g s, when the run of %g s (--ramp and --duration) is over", plan->file,
        fault.line, ToSeconds(fault.at), ToSeconds(end)));
  }
  return plan;
}

absl::StatusOr<FaultPlan> LoadFaultPlan(const std::string& path) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode root, YamlNode::Load(path));
  return Read(root);
}

absl::StatusOr<FaultPlan> ParseFaultPlan(const std::string& text, const std::string& name) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode root, YamlNode::Parse(text, name));
  return Read(root);
}

}  // namespace simulator
