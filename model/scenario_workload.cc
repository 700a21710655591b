#include <array>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "model/catalogue.h"
#include "model/distribution.h"
#include "model/scenario_parts.h"
#include "model/status_macros.h"
#include "model/threshold.h"

// Who comes, when, and what holds for all journeys: users, think times, feeders, retry, thresholds.
namespace model {
namespace {

constexpr double kDefaultTimeoutSeconds = 10;
constexpr double kTokenLifetimeSeconds = 15 * 60;

// A map of exactly one entry: {exponential: ...}.
absl::StatusOr<YamlMap::Entry> ReadOnly(const YamlNode& node,
                                        const std::vector<std::string_view>& allowed) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, node.AsMap(allowed));
  if (map.entries().size() != 1) {
    std::string names;
    for (const std::string_view name : allowed) {
      absl::StrAppend(&names, names.empty() ? "" : ", ", std::string(name));
    }
    return node.Error(absl::StrCat("expected exactly one of ", names));
  }
  return map.entries()[0];
}

absl::StatusOr<double> RequireSeconds(const YamlMap& map, std::string_view key) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode node, map.Require(key));
  return node.AsSeconds();
}

absl::Status ReadEmpirical(const YamlNode& node, Distribution::Empirical* law) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, node.AsMap({"quantiles", "values"}));
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode quantiles, map.Require("quantiles"));
  PRAXIS_ASSIGN_OR_RETURN(const auto points, quantiles.AsList());
  for (const YamlNode& point : points) {
    PRAXIS_ASSIGN_OR_RETURN(const double q, point.AsFraction());
    law->add_quantile(q);
  }
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode values, map.Require("values"));
  PRAXIS_ASSIGN_OR_RETURN(const auto times, values.AsList());
  for (const YamlNode& time : times) {
    PRAXIS_ASSIGN_OR_RETURN(const double seconds, time.AsSeconds());
    law->add_value_seconds(seconds);
  }
  return absl::OkStatus();
}

absl::Status ReadLaw(const std::string& name, const YamlNode& node, Distribution* law) {
  if (name == "constant") {
    PRAXIS_ASSIGN_OR_RETURN(const double value, node.AsSeconds());
    law->mutable_constant()->set_value_seconds(value);
  } else if (name == "uniform") {
    PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, node.AsMap({"min", "max"}));
    PRAXIS_ASSIGN_OR_RETURN(const double low, RequireSeconds(map, "min"));
    PRAXIS_ASSIGN_OR_RETURN(const double high, RequireSeconds(map, "max"));
    law->mutable_uniform()->set_min_seconds(low);
    law->mutable_uniform()->set_max_seconds(high);
  } else if (name == "exponential") {
    PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, node.AsMap({"mean"}));
    PRAXIS_ASSIGN_OR_RETURN(const double mean, RequireSeconds(map, "mean"));
    law->mutable_exponential()->set_mean_seconds(mean);
  } else if (name == "lognormal") {
    PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, node.AsMap({"median", "p95"}));
    PRAXIS_ASSIGN_OR_RETURN(const double median, RequireSeconds(map, "median"));
    PRAXIS_ASSIGN_OR_RETURN(const double p95, RequireSeconds(map, "p95"));
    law->mutable_lognormal()->set_median_seconds(median);
    law->mutable_lognormal()->set_p95_seconds(p95);
  } else if (name == "erlang") {
    PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, node.AsMap({"mean", "phases"}));
    PRAXIS_ASSIGN_OR_RETURN(const double mean, RequireSeconds(map, "mean"));
    PRAXIS_ASSIGN_OR_RETURN(const YamlNode phases, map.Require("phases"));
    PRAXIS_ASSIGN_OR_RETURN(const uint64_t count, phases.AsCount(1, 1000));
    law->mutable_erlang()->set_mean_seconds(mean);
    law->mutable_erlang()->set_phases(static_cast<uint32_t>(count));
  } else {
    return ReadEmpirical(node, law->mutable_empirical());
  }
  return absl::OkStatus();
}

absl::Status ReadSignedIn(const YamlNode& node, Users* users) {
  if (node.IsMap()) {
    PRAXIS_ASSIGN_OR_RETURN(const YamlMap::Entry mixed, ReadOnly(node, {"mixed"}));
    PRAXIS_ASSIGN_OR_RETURN(const double fraction, mixed.value.AsFraction());
    users->set_signed_in(Users::MIXED);
    users->set_login_fraction(fraction);
    return absl::OkStatus();
  }
  PRAXIS_ASSIGN_OR_RETURN(const size_t choice,
                          node.AsChoice({"token", "login", "{mixed: FRACTION}"}));
  if (choice == 2) return node.Error("expected token, login, or {mixed: FRACTION}");
  users->set_signed_in(choice == 0 ? Users::TOKEN : Users::LOGIN);
  users->set_login_fraction(choice == 0 ? 0 : 1);
  return absl::OkStatus();
}

absl::Status ReadPick(const YamlNode& node, Feeder* feeder) {
  if (node.IsMap()) {
    PRAXIS_ASSIGN_OR_RETURN(const YamlMap::Entry zipf, ReadOnly(node, {"zipf"}));
    PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, zipf.value.AsMap({"exponent"}));
    PRAXIS_ASSIGN_OR_RETURN(const YamlNode exponent, map.Require("exponent"));
    PRAXIS_ASSIGN_OR_RETURN(const double value, exponent.AsNumber());
    if (!(value > 0 && value <= 10))
      return exponent.Error("expected an exponent above 0, up to 10");
    feeder->set_pick(Feeder::ZIPF);
    feeder->set_zipf_exponent(value);
    return absl::OkStatus();
  }
  PRAXIS_ASSIGN_OR_RETURN(const size_t choice,
                          node.AsChoice({"uniform", "unique_per_user", "{zipf: {exponent: S}}"}));
  if (choice == 2) return node.Error("expected uniform, unique_per_user, or {zipf: {exponent: S}}");
  feeder->set_pick(choice == 0 ? Feeder::UNIFORM : Feeder::UNIQUE_PER_USER);
  return absl::OkStatus();
}

absl::StatusOr<Feeder> ReadFeeder(const YamlNode& node) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, node.AsMap({"source", "entity", "pick"}));
  Feeder feeder;
  feeder.set_source("seed");
  if (const YamlNode* source = map.Find("source")) {
    PRAXIS_RETURN_IF_ERROR(source->AsChoice({"seed"}).status());
  }
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode entity, map.Require("entity"));
  PRAXIS_RETURN_IF_ERROR(
      entity
          .AsChoice({"clinic", "doctor", "patient", "receptionist", "clinic_admin", "day", "slot"})
          .status());
  PRAXIS_ASSIGN_OR_RETURN(*feeder.mutable_entity(), entity.AsString());
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode pick, map.Require("pick"));
  PRAXIS_RETURN_IF_ERROR(ReadPick(pick, &feeder));
  return feeder;
}

absl::Status ReadBackoff(const YamlNode& node, Retry* retry) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap::Entry law, ReadOnly(node, {"constant", "exponential"}));
  retry->set_backoff_factor(1);
  if (law.key == "constant") {
    PRAXIS_ASSIGN_OR_RETURN(const double first, law.value.AsSeconds());
    retry->set_first_backoff_seconds(first);
    return absl::OkStatus();
  }
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, law.value.AsMap({"first", "factor", "jitter"}));
  PRAXIS_ASSIGN_OR_RETURN(const double first, RequireSeconds(map, "first"));
  retry->set_first_backoff_seconds(first);
  retry->set_backoff_factor(2);
  if (const YamlNode* node_of_factor = map.Find("factor")) {
    PRAXIS_ASSIGN_OR_RETURN(const double factor, node_of_factor->AsNumber());
    if (!(factor >= 1 && factor <= 100)) return node_of_factor->Error("expected 1..100");
    retry->set_backoff_factor(factor);
  }
  if (const YamlNode* node_of_jitter = map.Find("jitter")) {
    PRAXIS_ASSIGN_OR_RETURN(const double jitter, node_of_jitter->AsFraction());
    retry->set_jitter(jitter);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Distribution> ReadThinkTime(const YamlNode& node) {
  PRAXIS_ASSIGN_OR_RETURN(
      const YamlMap::Entry law,
      ReadOnly(node, {"constant", "uniform", "exponential", "lognormal", "erlang", "empirical"}));
  Distribution distribution;
  PRAXIS_RETURN_IF_ERROR(ReadLaw(law.key, law.value, &distribution));
  if (absl::Status status = ValidateDistribution(distribution); !status.ok()) {
    return node.Error(std::string(status.message()));
  }
  return distribution;
}

absl::StatusOr<Users> ReadUsers(const YamlNode& node) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap map,
                          node.AsMap({"model", "stages", "signed_in", "arrivals", "session"}));
  Users users;
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode model, map.Require("model"));
  PRAXIS_ASSIGN_OR_RETURN(const size_t choice, model.AsChoice({"closed", "open", "partly_open"}));
  constexpr std::array<Users::Model, 3> kModels = {Users::CLOSED, Users::OPEN, Users::PARTLY_OPEN};
  users.set_model(kModels[choice]);
  PRAXIS_RETURN_IF_ERROR(ReadArrivals(map, node, &users));
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode stages, map.Require("stages"));
  PRAXIS_RETURN_IF_ERROR(ReadStages(stages, &users));
  users.set_signed_in(Users::TOKEN);
  if (const YamlNode* signed_in = map.Find("signed_in")) {
    PRAXIS_RETURN_IF_ERROR(ReadSignedIn(*signed_in, &users));
  }
  return users;
}

absl::Status ReadFeeders(const YamlNode& node, Scenario* scenario) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, node.AsMapOfAny());
  for (const YamlMap::Entry& entry : map.entries()) {
    if (entry.key.empty() || entry.key.find('.') != std::string::npos || entry.key == "user") {
      return map.ErrorAt(entry, "expected a feeder's name: a word without dots other than user");
    }
    PRAXIS_ASSIGN_OR_RETURN((*scenario->mutable_feeders())[entry.key], ReadFeeder(entry.value));
  }
  return absl::OkStatus();
}

absl::StatusOr<Retry> ReadRetry(const YamlNode& node) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap map,
                          node.AsMap({"attempts", "timeout", "backoff", "budget"}));
  Retry retry;
  retry.set_timeout_seconds(kDefaultTimeoutSeconds);
  if (const YamlNode* attempts = map.Find("attempts")) {
    PRAXIS_ASSIGN_OR_RETURN(const uint64_t count, attempts->AsCount(0, 100));
    retry.set_attempts(static_cast<uint32_t>(count));
  }
  if (const YamlNode* timeout = map.Find("timeout")) {
    PRAXIS_ASSIGN_OR_RETURN(const double seconds, timeout->AsSeconds());
    if (seconds <= 0 || seconds > 60)
      return timeout->Error("expected a timeout above 0, up to 60s");
    retry.set_timeout_seconds(seconds);
  }
  if (const YamlNode* backoff = map.Find("backoff")) {
    PRAXIS_RETURN_IF_ERROR(ReadBackoff(*backoff, &retry));
  }
  if (const YamlNode* budget = map.Find("budget")) {
    PRAXIS_ASSIGN_OR_RETURN(const double fraction, budget->AsFraction());
    retry.set_budget(fraction);
  }
  if (retry.attempts() > 0 && !map.Has("backoff")) {
    return node.Error("expected the key backoff beside attempts above 0");
  }
  return retry;
}

absl::StatusOr<RefreshToken> ReadRefreshToken(const YamlNode& node) {
  PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, node.AsMap({"operation", "when_expired", "lifetime"}));
  RefreshToken refresh;
  refresh.set_lifetime_seconds(kTokenLifetimeSeconds);
  if (const YamlNode* lifetime = map.Find("lifetime")) {
    PRAXIS_ASSIGN_OR_RETURN(const double seconds, lifetime->AsSeconds());
    if (seconds <= 0) return lifetime->Error("expected a time above 0");
    refresh.set_lifetime_seconds(seconds);
  }
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode operation, map.Require("operation"));
  PRAXIS_ASSIGN_OR_RETURN(*refresh.mutable_operation(), ReadOperation(operation, nullptr));
  PRAXIS_ASSIGN_OR_RETURN(const YamlNode when, map.Require("when_expired"));
  PRAXIS_ASSIGN_OR_RETURN(const bool when_expired, when.AsBool());
  refresh.set_when_expired(when_expired);
  return refresh;
}

absl::Status ReadThresholds(const YamlNode& node, Scenario* scenario) {
  PRAXIS_ASSIGN_OR_RETURN(const auto list, node.AsList());
  for (const YamlNode& item : list) {
    PRAXIS_ASSIGN_OR_RETURN(const YamlMap map, item.AsMapOfAny());
    for (const YamlMap::Entry& entry : map.entries()) {
      std::vector<YamlNode> expressions = {entry.value};
      if (entry.value.IsList()) {
        PRAXIS_ASSIGN_OR_RETURN(expressions, entry.value.AsList());
      }
      for (const YamlNode& expression : expressions) {
        PRAXIS_ASSIGN_OR_RETURN(const std::string text, expression.AsString());
        absl::StatusOr<Threshold> threshold = ParseThreshold(entry.key, text);
        if (!threshold.ok()) return expression.Error(std::string(threshold.status().message()));
        threshold->set_line(expression.line());
        *scenario->add_thresholds() = *std::move(threshold);
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace model
