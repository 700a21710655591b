#include "model/scenario_parts.h"
#include "model/status_macros.h"

namespace model {
namespace {

absl::StatusOr<double> ReadSecondsAboveZero(const YamlMap& map, std::string_view key) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode node, map.Require(key));
  PRAXIS_ASSIGN_OR_RETURN(const double seconds, node.AsSeconds());
  if (seconds <= 0 || seconds > 3600) return node.Error("expected a time above 0, up to 1h");
  return seconds;
}

absl::StatusOr<Breaker> ReadBreaker(const YamlNode& node) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, node.AsMap({"scope", "window", "error_rate",
                                                         "minimum_attempts", "open", "probes"}));
  Breaker breaker;
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode scope, map.Require("scope"));
  PRAXIS_RETURN_IF_ERROR(scope.AsChoice({"population", "worker", "connection"}).status());
  PRAXIS_ASSIGN_OR_RETURN(*breaker.mutable_scope(), scope.AsString());
  PRAXIS_ASSIGN_OR_RETURN(const double window, ReadSecondsAboveZero(map, "window"));
  breaker.set_window_seconds(window);
  PRAXIS_ASSIGN_OR_RETURN(const double open, ReadSecondsAboveZero(map, "open"));
  breaker.set_open_seconds(open);
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode rate, map.Require("error_rate"));
  PRAXIS_ASSIGN_OR_RETURN(const double share, rate.AsFraction());
  if (share <= 0) return rate.Error("expected a share above 0, up to 1");
  breaker.set_error_rate(share);
  breaker.set_minimum_attempts(1);
  if (const YamlNode* minimum = map.Find("minimum_attempts")) {
    PRAXIS_ASSIGN_OR_RETURN(const uint64_t count, minimum->AsCount(1, 1'000'000));
    breaker.set_minimum_attempts(static_cast<uint32_t>(count));
  }
  breaker.set_probes(1);
  if (const YamlNode* probes = map.Find("probes")) {
    PRAXIS_ASSIGN_OR_RETURN(const uint64_t count, probes->AsCount(1, 1'000'000));
    breaker.set_probes(static_cast<uint32_t>(count));
  }
  return breaker;
}

}  // namespace

absl::StatusOr<Resilience> ReadResilience(const YamlNode& node) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap map,
                          node.AsMap({"breaker", "client_workers", "retry_budget"}));
  Resilience resilience;
  if (const YamlNode* breaker = map.Find("breaker")) {
    PRAXIS_ASSIGN_OR_RETURN(*resilience.mutable_breaker(), ReadBreaker(*breaker));
  }
  if (const YamlNode* workers = map.Find("client_workers")) {
    PRAXIS_ASSIGN_OR_RETURN(const uint64_t count, workers->AsCount(1, 100'000));
    resilience.set_client_workers(static_cast<uint32_t>(count));
  }
  if (const YamlNode* budget = map.Find("retry_budget")) {
    PRAXIS_ASSIGN_OR_RETURN(const size_t choice, budget->AsChoice({"shared", "per_worker"}));
    resilience.set_budget_per_worker(choice == 1);
  }
  return resilience;
}

}  // namespace model
