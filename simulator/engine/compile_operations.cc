#include <algorithm>
#include <cmath>
#include <utility>

#include "simulator/engine/system_compiler.h"

namespace simulator {

absl::Status SystemCompiler::Operations() {
  const model::WakeUps& wake = profile_.wake_ups();
  if (wake.server_seconds().mean() < 0 || wake.database_seconds().mean() < 0 ||
      wake.server_turn_seconds().mean() < 0 || wake.server_per_slept_second() < 0 ||
      wake.server_longest_sleep_seconds() < 0 || wake.database_per_slept_second() < 0 ||
      wake.database_longest_sleep_seconds() < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("profile ", profile_.name(), ": wake_ups: negative demand"));
  }
  const auto at_speed = [this](double seconds) {
    return static_cast<Nanos>(seconds * 1e9 / system_.pod.run_speed);
  };
  system_.wake.turn = at_speed(wake.server_turn_seconds().mean());
  system_.wake.server = at_speed(wake.server_seconds().mean());
  system_.wake.server_per_slept = wake.server_per_slept_second() / system_.pod.run_speed;
  system_.wake.longest_sleep = ToNanos(wake.server_longest_sleep_seconds());
  system_.wake.database = wake.database_seconds().mean() * 1e9;
  system_.wake.database_per_slept = wake.database_per_slept_second();
  system_.wake.longest_database_sleep = ToNanos(wake.database_longest_sleep_seconds());
  for (size_t i = 0; i < workload_.operations.size(); ++i) {
    const std::string& name = workload_.operations[i];
    const model::OperationDemand* demand = nullptr;
    for (const model::OperationDemand& candidate : profile_.operations()) {
      if (candidate.operation() == name) demand = &candidate;
    }
    const bool refresh = workload_.tokens.refreshes && i == workload_.tokens.operation;
    if (refresh) system_.token_refresh = demand != nullptr;
    if (demand == nullptr && refresh) {
      Warn(absl::StrCat("token refresh is left out: the profile has no demand for ", name));
      system_.operations.emplace_back();
      continue;
    }
    if (demand == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("profile ", profile_.name(), ": no demand for operation ", name,
                       ", which the scenario ", scenario_.name(), " uses"));
    }
    if (demand->server_cpu_seconds().mean() < 0 || demand->database_cpu_seconds().mean() < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("profile ", profile_.name(), ": operation ", name, ": negative demand"));
    }
    system_.operations.push_back(Operation(*demand, workload_.writes[i]));
    if (demand->cacheable()) Cache(*demand, &system_.operations.back());
    uses_database_ |= system_.operations.back().segment.mean() > 0;
    uses_redis_ |= !system_.operations.back().redis_commands.zero();
    blocking_ |= system_.operations.back().blocking.mean() > 0;
  }
  return absl::OkStatus();
}

// How many clinics, doctors and patients there are (RunOptions).
CacheWorld SystemCompiler::World() const {
  CacheWorld world;
  // Who comes with an open model is anybody: the seed's clinics, unless the options say.
  world.users = workload_.open() ? 0 : static_cast<double>(workload_.users);
  if (options_.doctors_per_clinic > 0) world.sizes.doctors_per_clinic = options_.doctors_per_clinic;
  if (options_.patients_per_clinic > 0) {
    world.sizes.patients_per_clinic = options_.patients_per_clinic;
  }
  double patients = 0;
  double all = 0;
  for (const model::Journey& journey : scenario_.journeys()) {
    for (const model::Step& step : journey.steps()) {
      const double visits = journey.weight() * step.probability();
      all += visits;
      if (journey.role() == "PATIENT") patients += visits;
    }
  }
  const double wanted = all > 0 ? world.users * patients / all : 0;
  const double clinics = std::ceil(wanted / static_cast<double>(world.sizes.patients_per_clinic));
  world.sizes.clinics = std::max(world.sizes.clinics, static_cast<uint64_t>(clinics));
  if (options_.clinics > 0) world.sizes.clinics = options_.clinics;
  return world;
}

void SystemCompiler::Cache(const model::OperationDemand& demand, OperationModel* operation) {
  absl::StatusOr<CacheModel> cache =
      CompileCache(scenario_, demand, World(), options_.cache_ttl_seconds);
  if (!cache.ok()) {
    return Warn(absl::StrCat(demand.operation(),
                             ": hit rate taken from calibration: ", cache.status().message()));
  }
  operation->hit_rate = cache->HitRate(workload_.RequestRate() * cache->ttl_seconds());
  operation->cache = std::move(*cache);
  // Redis' own overhead of a small string key, and the cipher's nonce and tag.
  constexpr double kOverhead = 85 + 32;
  operation->entry_bytes = demand.cache_entry_bytes() > 0 ? demand.cache_entry_bytes()
                                                          : demand.response_bytes() + kOverhead;
}

OperationModel SystemCompiler::Operation(const model::OperationDemand& demand, bool write) const {
  OperationModel model;
  model.server_cpu =
      DemandLaw(demand.server_cpu_seconds().mean() * 1e9, demand.server_cpu_seconds().scv());
  model.cacheable = demand.cacheable();
  model.hit_rate = demand.cacheable() ? std::clamp(demand.hit_rate_observed(), 0.0, 0.999) : 0.0;
  const double misses = 1 - model.hit_rate;
  double trips = demand.database_round_trips().mean();
  const double cpu = demand.database_cpu_seconds().mean();
  if (trips <= 0 && cpu > 0) trips = misses;
  model.round_trips = CountLaw(std::max(0.0, trips) / misses);
  if (trips > 0) {
    model.segment = DemandLaw(cpu / trips * 1e9, demand.database_cpu_seconds().scv());
  }
  model.audited_read = demand.phi() && !write;
  const double commits = std::max(0.0, demand.commits_waited());
  model.commits = CountLaw(model.audited_read ? 0 : commits);
  model.audits = CountLaw(commits > 0 ? std::min(1.0, commits) : 1.0);
  const double commands = std::max(0.0, demand.redis_commands().mean());
  model.redis_commands = CountLaw(commands);
  double busy = profile_.redis().command_seconds();
  if (busy <= 0 && commands > 0) busy = demand.redis_cpu_seconds().mean() / commands;
  model.redis_busy = ToNanos(busy);
  model.blocking =
      DemandLaw(demand.blocking_cpu_seconds().mean() * 1e9, demand.blocking_cpu_seconds().scv());
  // Half of the work at the arrival, the other half in equal parts over the answers awaited.
  const double answers = (commands > 0 ? 1 : 0) + std::max(0.0, trips) +
                         (model.audited_read ? model.audits.mean() : 0);
  model.visit_share = 0.5 / std::max(1.0, answers);
  model.waits = commands > 0 || trips > 0 || model.audited_read || model.blocking.mean() > 0;
  return model;
}

}  // namespace simulator
