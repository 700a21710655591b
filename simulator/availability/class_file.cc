#include "simulator/availability/class_file.h"

#include <set>

#include "model/status_macros.h"
#include "model/yaml/node.h"

namespace simulator::availability {
namespace {

using model::YamlMap;
using model::YamlNode;

absl::StatusOr<StatedClass> ReadFigures(const YamlNode& node, const YamlMap& map,
                                        StatedClass stated) {
  if (const YamlNode* rate = map.Find("failures_per_year")) {
    PRAXIS_ASSIGN_OR_RETURN(stated.failures_per_year, rate->AsNumber());
    if (!(stated.failures_per_year > 0 && stated.failures_per_year <= 1e6)) {
      return rate->Error("expected a number above 0, up to 1000000");
    }
    PRAXIS_ASSIGN_OR_RETURN(const YamlNode recovery, map.Require("recovery"));
    PRAXIS_ASSIGN_OR_RETURN(stated.recovery_seconds, recovery.AsSeconds());
    if (stated.recovery_seconds <= 0) return recovery.Error("expected a time above 0");
  } else if (map.Has("recovery")) {
    return node.Error("expected failures_per_year beside recovery");
  }
  if (const YamlNode* source = map.Find("source")) {
    PRAXIS_ASSIGN_OR_RETURN(stated.source, source->AsString());
  }
  if (const YamlNode* assumption = map.Find("assumption")) {
    PRAXIS_ASSIGN_OR_RETURN(stated.assumption, assumption->AsBool());
  }
  if (stated.failures_per_year > 0 && stated.source.empty() == !stated.assumption) {
    return node.Error("expected either a source of these figures or assumption: true");
  }
  return stated;
}

absl::StatusOr<std::vector<StatedClass>> ReadClasses(const YamlNode& root) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap top, root.AsMap({"classes"}));
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode list, top.Require("classes"));
  PRAXIS_ASSIGN_OR_RETURN(const std::vector<YamlNode> items, list.AsList());
  std::vector<StatedClass> classes;
  std::set<std::string> names;
  double shares = 0;
  for (const YamlNode& item : items) {
    PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, item.AsMap({"name", "share", "failures_per_year",
                                                           "recovery", "source", "assumption"}));
    StatedClass stated;
    PRAXIS_ASSIGN_OR_RETURN(const YamlNode name, map.Require("name"));
    PRAXIS_RETURN_IF_ERROR(
        name.AsChoice({"pod", "node", "zone", "database", "redis", "bad_deployment", "certificate"})
            .status());
    PRAXIS_ASSIGN_OR_RETURN(stated.name, name.AsString());
    if (!names.insert(stated.name).second) return name.Error("stands twice");
    if (const YamlNode* share = map.Find("share")) {
      PRAXIS_ASSIGN_OR_RETURN(stated.share, share->AsFraction());
      if (stated.share <= 0) return share->Error("expected a share above 0");
      shares += stated.share;
      if (shares > 1 + 1e-9) return share->Error("expected shares of at most 1 together");
    }
    PRAXIS_ASSIGN_OR_RETURN(stated, ReadFigures(item, map, stated));
    classes.push_back(stated);
  }
  return classes;
}

}  // namespace

absl::StatusOr<std::vector<StatedClass>> LoadClasses(const std::string& path) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode root, YamlNode::Load(path));
  return ReadClasses(root);
}

absl::StatusOr<std::vector<StatedClass>> ParseClasses(const std::string& text,
                                                      const std::string& name) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode root, YamlNode::Parse(text, name));
  return ReadClasses(root);
}

}  // namespace simulator::availability
