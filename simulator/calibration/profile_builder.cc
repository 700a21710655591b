#include "simulator/calibration/profile_builder.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <utility>

#include "model/cache_policy.h"
#include "simulator/calibration/host_costs.h"
#include "simulator/calibration/regression.h"
#include "simulator/calibration/wake_up_costs.h"
#include "simulator/calibration/wal_probe.h"

namespace simulator {
namespace {

// Priors for what two cores cannot identify: PostgreSQL 14+ on 104 hardware threads loses 23 % of
// its read throughput from 104 to 5,000 connections (anchor: published pgbench series); sigma from
// the near-linear part below the thread count.
constexpr double kPriorSigma = 0.002;
constexpr double kPriorKappa = 1e-8;
constexpr char kPriorSource[] =
    "published prior: pgbench -S, PostgreSQL 14, 104 threads, 52 to 5,000 connections";

double Total(const std::vector<ObservedWindow>& windows, const std::string& operation,
             double OperationCounts::*field) {
  double total = 0;
  for (const ObservedWindow& window : windows) {
    auto counts = window.seen.operations.find(operation);
    if (counts != window.seen.operations.end()) total += counts->second.*field;
  }
  return total;
}

// Calibration's own looking (one scrape a window) belongs to the idle term.
bool IsOwnTraffic(const std::string& operation) {
  return operation == "metrics" || operation.rfind("health", 0) == 0;
}

std::vector<std::string> RequestedOperations(const std::vector<ObservedWindow>& windows) {
  std::set<std::string> names;
  for (const ObservedWindow& window : windows) {
    for (const auto& [operation, counts] : window.seen.operations) {
      if (counts.requests > 0 && !IsOwnTraffic(operation)) names.insert(operation);
    }
  }
  return {names.begin(), names.end()};
}

std::vector<double> Levels(const std::vector<ObservedWindow>& windows) {
  std::set<double> levels;
  for (const ObservedWindow& window : windows) levels.insert(window.level);
  return {levels.begin(), levels.end()};
}

// Busy time and wake-ups of one resource in a window.
struct Resource {
  double (*busy)(const Observation& seen);
  double (*wake_ups)(const Observation& seen);  // nullptr: they do not matter
  double (*sleepers)(const Observation& seen);  // nullptr: how long they sleep does not
};

// `idle_rate`: wake-ups per second without load.
std::vector<Window> WindowsOf(const std::vector<ObservedWindow>& windows,
                              const std::vector<std::string>& operations, const Resource& resource,
                              double idle_rate) {
  std::vector<Window> result;
  const std::vector<double> levels = Levels(windows);
  for (const ObservedWindow& window : windows) {
    Window item;
    item.level = static_cast<int>(std::lower_bound(levels.begin(), levels.end(), window.level) -
                                  levels.begin());
    item.duration_seconds = window.seen.at_seconds;
    item.busy_seconds = resource.busy(window.seen);
    if (resource.wake_ups != nullptr) {
      item.wake_ups =
          std::max(0.0, resource.wake_ups(window.seen) - idle_rate * item.duration_seconds);
      if (resource.sleepers != nullptr && window.level > 0) {
        item.slept_seconds = std::max(
            0.0, resource.sleepers(window.seen) * item.duration_seconds - item.busy_seconds);
      }
    }
    for (const std::string& operation : operations) {
      auto counts = window.seen.operations.find(operation);
      item.requests.push_back(counts == window.seen.operations.end() ? 0 : counts->second.requests);
    }
    result.push_back(std::move(item));
  }
  return result;
}

model::Demand FromFit(const FittedDemand& fitted) {
  model::Demand demand;
  demand.set_mean(fitted.mean_seconds);
  demand.set_standard_error(fitted.standard_error_seconds);
  demand.set_n(static_cast<uint64_t>(fitted.requests));
  demand.set_scv(1);
  return demand;
}

// A ratio of two counters; its standard error is that of a Poisson count.
model::Demand FromCounts(double events, double requests) {
  model::Demand demand;
  demand.set_mean(events / requests);
  demand.set_standard_error(std::sqrt(std::max(events, 0.0)) / requests);
  demand.set_n(static_cast<uint64_t>(requests));
  return demand;
}

// What no counter tells, from the server's own definition.
void FillCachePolicy(model::OperationDemand* demand) {
  for (const model::CachePolicy& policy : model::kCachePolicies) {
    if (policy.operation != demand->operation()) continue;
    demand->set_cache_ttl_seconds(policy.ttl_seconds);
    demand->set_cache_settle_seconds(model::kCacheSettleSeconds);
    for (const std::string_view write : policy.invalidated_by) {
      if (!write.empty()) demand->add_invalidated_by(std::string(write));
    }
  }
}

void FillCounts(const std::vector<ObservedWindow>& windows, const std::string& operation,
                const model::Scenario& scenario, model::OperationDemand* demand) {
  auto total = [&](double OperationCounts::*field) { return Total(windows, operation, field); };
  const double requests = total(&OperationCounts::requests);
  *demand->mutable_database_statements() =
      FromCounts(total(&OperationCounts::statements), requests);
  *demand->mutable_database_round_trips() =
      FromCounts(total(&OperationCounts::round_trips), requests);
  *demand->mutable_redis_commands() = FromCounts(total(&OperationCounts::redis_commands), requests);
  *demand->mutable_blocking_cpu_seconds() =
      FromCounts(total(&OperationCounts::blocking_cpu_seconds), requests);
  demand->mutable_blocking_cpu_seconds()->set_standard_error(0);
  const double hits = total(&OperationCounts::cache_hits);
  const double lookups = hits + total(&OperationCounts::cache_misses);
  demand->set_cacheable(lookups > 0 && !Writes(scenario, operation));
  demand->set_hit_rate_observed(lookups > 0 ? hits / lookups : 0);
  if (demand->cacheable()) FillCachePolicy(demand);
  const double audit_rows = total(&OperationCounts::audit_rows) / requests;
  const bool writes = Writes(scenario, operation);
  demand->set_phi(audit_rows > 0);
  demand->set_commits_waited(writes ? 1 : audit_rows);
}

std::vector<WalWindow> WalWindowsOf(const std::vector<ObservedWindow>& windows,
                                    const model::Scenario& scenario) {
  std::vector<WalWindow> result;
  for (const ObservedWindow& window : windows) {
    if (window.wal_bytes < 0) continue;
    WalWindow& wal = result.emplace_back();
    wal.seconds = window.seen.at_seconds;
    wal.bytes = window.wal_bytes;
    for (const auto& [operation, counts] : window.seen.operations) {
      if (Writes(scenario, operation)) {
        wal.writes += counts.succeeded;
      } else {
        wal.audit_records += counts.audit_rows;
      }
    }
  }
  return result;
}

void FillDatabaseAndRedis(const SeparateMeasurements& separate, model::Profile* profile) {
  model::DatabaseProfile* database = profile->mutable_database();
  database->set_contention_sigma(kPriorSigma);
  database->set_contention_kappa(kPriorKappa);
  database->set_contention_source(kPriorSource);
  database->set_connect_seconds(separate.connect_seconds);
  database->set_memory_per_connection_bytes(separate.memory_per_connection_bytes);
  database->set_flush_seconds(separate.flush_seconds);
  for (double seconds : separate.flush_quantile_seconds) {
    database->add_flush_quantile_seconds(seconds);
  }
  database->set_network_round_trip_seconds(separate.database_round_trip_seconds);
  profile->set_client_round_trip_seconds(separate.client_round_trip_seconds);
  database->set_group_commit_delay_seconds(separate.audit_batch_seconds);
  profile->mutable_redis()->set_command_seconds(separate.redis_command_seconds);
  profile->mutable_redis()->set_client_command_cpu_seconds(separate.redis_client_cpu_seconds);
  profile->mutable_redis()->set_distrust_seconds(model::kCacheDistrustSeconds);
}

void FillSeen(const std::vector<const ObservedWindow*>& windows, double requests,
              model::LoadPoint* point) {
  const auto per_request = [&](double Observation::*field) {
    double total = 0;
    for (const ObservedWindow* window : windows) total += window->seen.*field;
    return requests > 0 ? total / requests : 0;
  };
  point->set_server_cpu_seconds(per_request(&Observation::server_cpu_seconds));
  point->set_server_wake_ups(per_request(&Observation::server_wake_ups));
  point->set_database_cpu_seconds(per_request(&Observation::database_cpu_seconds));
  point->set_database_wake_ups(per_request(&Observation::database_wake_ups));
}

void FillLoads(const std::vector<ObservedWindow>& windows, double saturation,
               const RegressionFit& server, const RegressionFit& database,
               model::Profile* profile) {
  std::map<double, std::vector<const ObservedWindow*>> levels;
  for (const ObservedWindow& window : windows) {
    if (!window.saturated) levels[window.level].push_back(&window);
  }
  for (const auto& [level, members] : levels) {
    double requests = 0;
    double seconds = 0;
    for (const ObservedWindow* window : members) {
      requests += TotalRequests(window->seen);
      seconds += window->seen.at_seconds;
    }
    model::LoadPoint* point = profile->add_loads();
    point->set_requests_per_second(requests / seconds);
    point->set_utilisation(saturation > 0 ? requests / seconds / saturation : level);
    point->set_users(members.front()->users);
    point->set_duration_seconds(seconds);
    const auto index = static_cast<size_t>(profile->loads_size() - 1);
    point->set_extra_server_cpu_seconds(server.extra_seconds[index]);
    point->set_extra_database_cpu_seconds(database.extra_seconds[index]);
    FillSeen(members, requests, point);
  }
}

// What a round trip from the server to PostgreSQL or Redis takes besides their work: the network,
// and waking the other side. At the lowest load there is next to no queueing, so it is what remains
// of the measured responses after CPU and flushes, spread over the round trips of each request. The
// client's own round trip is counted as one more, since it is part of what was measured.
double RoundTripSeconds(const model::Profile& profile, const SeparateMeasurements& separate) {
  const model::LoadPoint& quiet = profile.loads(0);
  double unexplained = 0;
  double hops = 0;
  for (const model::OperationDemand& demand : profile.operations()) {
    auto response = separate.quiet_response_seconds.find(demand.operation());
    if (response == separate.quiet_response_seconds.end()) continue;
    const double requests = separate.quiet_requests.at(demand.operation());
    const bool asks_redis = demand.redis_commands().mean() > 0.5;
    const double flush = demand.commits_waited() * separate.flush_seconds;
    const double known = demand.server_cpu_seconds().mean() + quiet.extra_server_cpu_seconds() +
                         demand.database_cpu_seconds().mean() + quiet.extra_database_cpu_seconds() +
                         demand.redis_commands().mean() * separate.redis_command_seconds + flush;
    unexplained += requests * (response->second - known);
    hops += requests * (1 + (asks_redis ? 1 : 0) + demand.database_round_trips().mean() +
                        (demand.phi() ? demand.commits_waited() : 0));
  }
  return hops > 0 ? std::max(0.0, unexplained / hops) : 0;
}

const Resource kResources[] = {
    {[](const Observation& seen) { return seen.server_cpu_seconds; },
     [](const Observation& seen) { return seen.server_wake_ups; },
     [](const Observation& seen) { return seen.server_workers; }},
    {[](const Observation& seen) { return seen.database_cpu_seconds - seen.audit_cpu_seconds; },
     [](const Observation& seen) { return seen.backend_wake_ups; },
     [](const Observation& seen) { return seen.backends; }},
    {[](const Observation& seen) { return seen.redis_cpu_seconds; }, nullptr, nullptr},
};

double IdleRate(const std::vector<ObservedWindow>& idle, const Resource& resource) {
  double wake_ups = 0;
  double seconds = 0;
  for (const ObservedWindow& window : idle) {
    if (resource.wake_ups != nullptr) wake_ups += resource.wake_ups(window.seen);
    seconds += window.seen.at_seconds;
  }
  return seconds > 0 ? wake_ups / seconds : 0;
}

}  // namespace

absl::StatusOr<model::Profile> BuildProfile(const std::vector<ObservedWindow>& windows,
                                            const std::vector<ObservedWindow>& idle,
                                            const model::Scenario& scenario,
                                            const SeparateMeasurements& separate) {
  const std::vector<std::string> operations = RequestedOperations(windows);
  model::Profile profile;
  std::vector<RegressionFit> fits;
  for (const Resource& resource : kResources) {
    const double idle_rate = IdleRate(idle, resource);
    std::vector<Window> observed = WindowsOf(windows, operations, resource, idle_rate);
    for (Window& window : WindowsOf(idle, operations, resource, idle_rate)) {
      window.level = 0;
      observed.push_back(std::move(window));
    }
    std::vector<bool> same_mix;
    for (const ObservedWindow& window : windows) same_mix.push_back(window.as_written);
    same_mix.resize(observed.size(), true);  // the idle ones
    auto fit = FitInTwoSteps(observed, same_mix, operations);
    if (!fit.ok()) return fit.status();
    fits.push_back(*std::move(fit));
  }
  for (double value : fits[0].covariance) {
    profile.mutable_server_cpu_covariance()->add_value(value);
  }
  for (double value : fits[1].covariance) {
    profile.mutable_database_cpu_covariance()->add_value(value);
  }
  double regressed = 0;
  double clocked = 0;
  for (size_t i = 0; i < operations.size(); ++i) {
    model::OperationDemand* demand = profile.add_operations();
    demand->set_operation(operations[i]);
    *demand->mutable_server_cpu_seconds() = FromFit(fits[0].demands[i]);
    *demand->mutable_database_cpu_seconds() = FromFit(fits[1].demands[i]);
    *demand->mutable_redis_cpu_seconds() = FromFit(fits[2].demands[i]);
    FillCounts(windows, operations[i], scenario, demand);
    auto find = [&](const std::map<std::string, double>& bytes) {
      auto it = bytes.find(operations[i]);
      return it == bytes.end() ? 0.0 : it->second;
    };
    demand->set_request_bytes(find(separate.request_bytes));
    demand->set_response_bytes(find(separate.response_bytes));
    regressed += fits[0].demands[i].mean_seconds * fits[0].demands[i].requests;
    clocked += Total(windows, operations[i], &OperationCounts::thread_cpu_seconds);
  }
  profile.set_cross_check_ratio(regressed > 0 ? clocked / regressed : 0);
  for (const ObservedWindow& window : windows) {
    profile.set_requests_observed(profile.requests_observed() +
                                  static_cast<uint64_t>(TotalRequests(window.seen)));
  }
  FillDatabaseAndRedis(separate, &profile);
  const WalShares wal = FitWal(WalWindowsOf(windows, scenario), WalWindowsOf(idle, scenario));
  profile.mutable_database()->set_wal_bytes_per_write(wal.bytes_per_write);
  profile.mutable_database()->set_wal_bytes_per_audit_record(wal.bytes_per_audit_record);
  FillAudit(windows, scenario, &profile);
  FillLoads(windows, separate.saturation_per_second, fits[0], fits[1], &profile);
  FillWakeUps(windows, scenario, fits[0], fits[1], &profile);
  FillHostCosts(windows, idle, &profile);
  profile.mutable_redis()->set_network_round_trip_seconds(
      separate.redis_round_trip_seconds >= 0 ? separate.redis_round_trip_seconds
                                             : RoundTripSeconds(profile, separate));
  return profile;
}

}  // namespace simulator
