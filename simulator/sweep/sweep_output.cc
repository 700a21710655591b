#include <algorithm>
#include <boost/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "simulator/sweep/sweep.h"

namespace simulator {
namespace {

const model::Quantity* Find(const model::Result& result, const std::string& name) {
  for (const model::Quantity& quantity : result.quantities()) {
    if (quantity.name() == name) return &quantity;
  }
  return nullptr;
}

std::string Bottleneck(const model::Result& result) {
  return result.resources().empty() ? "" : result.resources(0).name();
}

double Utilisation(const model::Result& result) {
  return result.resources().empty() ? 0 : result.resources(0).utilisation();
}

// RFC 4180.
std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

}  // namespace

absl::StatusOr<std::string> SweepJsonLines(const SweepPlan& plan,
                                           const std::vector<PointResult>& points) {
  std::string text;
  for (size_t i = 0; i < points.size(); ++i) {
    const model::Result& result = points[i].result;
    boost::json::object line;
    line["point"] = i;
    boost::json::object settings;
    for (const std::string& name : plan.parameters()) {
      settings[name] = points[i].point->settings().at(name);
    }
    line["settings"] = std::move(settings);
    boost::json::object quantities;
    for (const model::Quantity& quantity : result.quantities()) {
      quantities[quantity.name()] = {{"value", quantity.value()},
                                     {"low", quantity.low()},
                                     {"high", quantity.high()},
                                     {"replication_part", quantity.replication_part()}};
    }
    line["quantities"] = std::move(quantities);
    boost::json::object resources;
    for (const model::ResourceUse& use : result.resources()) {
      resources[use.name()] = use.utilisation();
    }
    line["bottleneck"] = Bottleneck(result);
    line["utilisation"] = std::move(resources);
    line["replications"] = result.provenance().replications();
    line["requests"] = result.total().requests();
    boost::json::array warnings;
    for (const std::string& warning : result.provenance().warnings()) {
      warnings.emplace_back(warning);
    }
    line["warnings"] = std::move(warnings);
    absl::StrAppend(&text, boost::json::serialize(line), "\n");
  }
  return text;
}

std::string SweepCsv(const SweepPlan& plan, const std::vector<PointResult>& points) {
  std::string text = "point";
  for (const std::string& name : plan.parameters()) absl::StrAppend(&text, ",", name);
  if (points.empty()) return text + "\n";
  const auto& columns = points.front().result.quantities();
  for (const model::Quantity& column : columns) {
    absl::StrAppend(&text, ",", column.name(), ",", column.name(), "_low,", column.name(), "_high");
  }
  absl::StrAppend(&text, ",bottleneck,bottleneck_utilisation\n");
  for (size_t i = 0; i < points.size(); ++i) {
    absl::StrAppend(&text, i);
    for (const std::string& name : plan.parameters()) {
      absl::StrAppend(&text, ",", CsvField(points[i].point->settings().at(name)));
    }
    for (const model::Quantity& column : columns) {
      const model::Quantity* quantity = Find(points[i].result, column.name());
      if (quantity == nullptr) {
        absl::StrAppend(&text, ",,,");
        continue;
      }
      absl::StrAppendFormat(&text, ",%.10g,%.10g,%.10g", quantity->value(), quantity->low(),
                            quantity->high());
    }
    absl::StrAppendFormat(&text, ",%s,%.6g\n", Bottleneck(points[i].result),
                          Utilisation(points[i].result));
  }
  return text;
}

std::string SweepTable(const SweepPlan& plan, const std::vector<PointResult>& points) {
  std::string text = absl::StrFormat("sweep %s: %d points\n", plan.name(), plan.points_size());
  std::vector<int> widths;
  for (const std::string& name : plan.parameters()) {
    size_t width = name.size();
    for (const SweepPoint& point : plan.points()) {
      width = std::max(width, point.settings().at(name).size());
    }
    widths.push_back(static_cast<int>(width));
    absl::StrAppendFormat(&text, "%*s  ", widths.back(), name);
  }
  for (const std::string& name : plan.quantities()) {
    absl::StrAppendFormat(&text, "%*s  ", std::max<int>(12, static_cast<int>(name.size())), name);
  }
  absl::StrAppend(&text, "bottleneck\n");
  for (const PointResult& point : points) {
    for (int i = 0; i < plan.parameters_size(); ++i) {
      absl::StrAppendFormat(&text, "%*s  ", widths[static_cast<size_t>(i)],
                            point.point->settings().at(plan.parameters(i)));
    }
    for (const std::string& name : plan.quantities()) {
      const model::Quantity* quantity = Find(point.result, name);
      absl::StrAppendFormat(&text, "%*s  ", std::max<int>(12, static_cast<int>(name.size())),
                            quantity == nullptr ? "-" : absl::StrFormat("%.5g", quantity->value()));
    }
    absl::StrAppendFormat(&text, "%s %.0f %%\n", Bottleneck(point.result),
                          100 * Utilisation(point.result));
  }
  return text;
}

}  // namespace simulator
