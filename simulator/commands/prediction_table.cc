#include "simulator/commands/prediction_table.h"

#include <map>
#include <string>

#include "absl/strings/str_format.h"

namespace simulator {
namespace {

std::string Population(const model::Result& result) {
  if (result.arrival_rate_per_second() <= 0) return absl::StrFormat("%d users", result.users());
  return absl::StrFormat("%s model, %.6g arrivals/s, %d users present",
                         result.provenance().load_model(), result.arrival_rate_per_second(),
                         result.users());
}

}  // namespace

void PrintPrediction(const model::Result& result, std::FILE* out) {
  const model::Provenance& provenance = result.provenance();
  std::fprintf(
      out, "scenario %s on deployment %s with profile %s: %s, %.4g s think time, %s\n",
      provenance.scenario_name().c_str(), provenance.deployment_name().c_str(),
      provenance.profile_name().c_str(), Population(result).c_str(),
      result.think_time_mean_seconds(),
      absl::StrFormat("%d replications, measured %.0f s after %.0f s", provenance.replications(),
                      result.measured_seconds(), result.measured_from_seconds())
          .c_str());
  std::fprintf(out, "%-30s %14s   %s\n", "quantity", "value", "95 % interval");
  for (const model::Quantity& quantity : result.quantities()) {
    std::fprintf(out, "%-30s %14.6g   %.6g .. %.6g\n", quantity.name().c_str(), quantity.value(),
                 quantity.low(), quantity.high());
  }
  std::fprintf(out, "%-30s %14s   %s\n", "resource, busiest first", "utilisation",
               "busy of capacity");
  for (const model::ResourceUse& use : result.resources()) {
    std::fprintf(out, "%-30s %13.1f%%   %.5g of %.5g\n", use.name().c_str(),
                 100 * use.utilisation(), use.busy(), use.capacity());
  }
  // Sorted: the message's map has no order of its own.
  const std::map<std::string, uint64_t> outcomes(result.total().outcomes().begin(),
                                                 result.total().outcomes().end());
  for (const auto& [outcome, count] : outcomes) {
    std::fprintf(out, "outcome %-22s %14llu\n", outcome.c_str(),
                 static_cast<unsigned long long>(count));
  }
  for (const model::ThresholdOutcome& threshold : result.thresholds()) {
    std::fprintf(out, "threshold %s: %s  %s (%.6g %s)\n", threshold.metric().c_str(),
                 threshold.expression().c_str(), threshold.passed() ? "passed" : "FAILED",
                 threshold.value(), threshold.unit().c_str());
  }
  int shown = 0;
  for (const model::Event& event : result.events()) {
    if (event.kind() != "scaling" || ++shown > 20) continue;
    std::fprintf(out, "%8.1f s  %s %g -> %g: %s\n", event.at_seconds(), event.subject().c_str(),
                 event.from(), event.to(), event.text().c_str());
  }
  for (const std::string& warning : provenance.warnings()) {
    std::fprintf(out, "warning: %s\n", warning.c_str());
  }
}

}  // namespace simulator
