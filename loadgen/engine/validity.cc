#include "loadgen/engine/validity.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "model/histogram.h"

namespace loadgen {

void JudgeValidity(model::Result* result) {
  model::Provenance* provenance = result->mutable_provenance();
  for (const model::ResourceUse& use : result->resources()) {
    absl::string_view name = use.name();
    if (absl::ConsumePrefix(&name, kGeneratorCpu) && use.utilisation() > kMostCpu) {
      provenance->add_invalid_reasons(absl::StrFormat(
          "worker %s used %.0f %% of a core: answers waited for the generator; give it more "
          "--workers (and cores), or less load",
          name, use.utilisation() * 100));
    } else if (absl::ConsumePrefix(&name, kGeneratorCpuWait) && use.utilisation() > kMostWait) {
      provenance->add_warnings(absl::StrFormat(
          "worker %s waited %.0f %% of the time for a CPU: generator and server share cores, and "
          "the times contain that wait",
          name, use.utilisation() * 100));
    }
  }
  const model::OperationResult& total = result->total();
  const double late_ms = model::QuantileOf(total.release_lateness(), 0.99) / 1e6;
  const double p95_ms = model::QuantileOf(total.response_time(), 0.95) / 1e6;
  if (late_ms > std::max(kLatenessFloorMs, kLatenessShare * p95_ms)) {
    provenance->add_invalid_reasons(absl::StrFormat(
        "requests were released late: p99 %.1f ms beside a p95 response time of %.1f ms", late_ms,
        p95_ms));
  }
  for (const model::Quantity& quantity : result->quantities()) {
    if (quantity.name() == kLocalLimitFailures && quantity.value() > 0) {
      provenance->add_invalid_reasons(absl::StrFormat(
          "%.0f connections failed for want of local ports or descriptors: raise ulimit -n, add "
          "--workers or --source_addresses",
          quantity.value()));
    }
  }
  provenance->set_valid(provenance->invalid_reasons().empty());
}

}  // namespace loadgen
