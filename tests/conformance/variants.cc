#include "tests/conformance/variants.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/paths.h"

namespace conformance {
namespace {

constexpr char kThinkTime[] = "think_time: {exponential: {mean: 10s}}";
// Median 10 s x exp(-1/2), p95 = median x exp(1.645): mean 10 s.
constexpr char kLognormal[] = "think_time: {lognormal: {median: 6.0653s, p95: 31.42s}}";
constexpr char kConstant[] = "think_time: {constant: 10s}";

}  // namespace

absl::StatusOr<std::string> WithThinkLaw(const std::string& scenario_path, const std::string& law) {
  if (law != "exponential" && law != "constant" && law != "lognormal") {
    return absl::InvalidArgumentError(absl::StrCat(
        "--think_law: expected exponential, constant or lognormal, found '", law, "'"));
  }
  auto text = base::ReadFile(scenario_path);
  if (!text.ok()) return text.status();
  const size_t at = text->find(kThinkTime);
  if (at == std::string::npos) {
    return absl::NotFoundError(absl::StrCat(scenario_path, ": no line `", kThinkTime, "`"));
  }
  if (law == "exponential") return *std::move(text);
  text->replace(at, sizeof(kThinkTime) - 1, law == "constant" ? kConstant : kLognormal);
  return *std::move(text);
}

model::Profile WithoutCache(model::Profile profile) {
  for (model::OperationDemand& demand : *profile.mutable_operations()) {
    demand.mutable_redis_commands()->set_mean(0);  // those of writes too
    demand.mutable_redis_cpu_seconds()->set_mean(0);
    if (!demand.cacheable()) continue;
    const double misses = std::max(0.001, 1 - demand.hit_rate_observed());
    for (model::Demand* part :
         {demand.mutable_database_cpu_seconds(), demand.mutable_database_round_trips(),
          demand.mutable_database_statements()}) {
      part->set_mean(part->mean() / misses);
      part->set_standard_error(part->standard_error() / misses);
    }
    demand.set_cacheable(false);
    demand.set_hit_rate_observed(0);
  }
  return profile;
}

}  // namespace conformance
