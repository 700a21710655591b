#include "loadgen/commands/run.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "loadgen/commands/conclude.h"
#include "loadgen/commands/flags.h"
#include "loadgen/commands/summary.h"
#include "loadgen/users/user_driver.h"
#include "model/scenario_loader.h"
#include "model/threshold.h"

DEFINE_string(
    target, "",
    "run: http://HOST:PORT of the service; several, separated by commas: each connection goes to "
    "one of them at random, as through a Kubernetes Service");
DEFINE_int64(vus, 0, "run: users, instead of the scenario's stages");
DEFINE_string(duration, "", "run: how long the users stay once all are there");
DEFINE_string(ramp, "",
              "run: with --vus or --duration: time in which the users come; by default 2,000 a "
              "second, at most 60s");
DEFINE_string(tokens, "", "run: file of minted tokens: ROLE index userId clinicId token");
DEFINE_double(think_time_scale, 1, "run: factor on every think time; 0 saturates the server");
DEFINE_uint64(seed, 1, "run: of all random draws");
DEFINE_uint64(seed_clinics, 20, "run: the server's --seed_clinics");
DEFINE_uint64(seed_doctors_per_clinic, 5, "run: the server's --seed_doctors_per_clinic");
DEFINE_uint64(seed_patients_per_clinic, 500, "run: the server's --seed_patients_per_clinic");
DEFINE_uint64(seed_receptionists_per_clinic, 2, "run: the server's flag of this name");
DEFINE_string(login_password, "Praxis-Demo-1", "run: password of the seeded users");

namespace loadgen {
namespace {

constexpr double kDefaultArrivals = 2000;  // users per second
constexpr double kLongestDefaultRamp = 60;

// Everything a run needs, made before the workers are forked.
struct ScenarioRun {
  model::Scenario scenario;
  std::unique_ptr<model::Catalogue> catalogue;
  Tokens tokens;
  Plan plan;
  std::unique_ptr<StageProfile> profile;
  DriverOptions driver;
  RunPlan run;
  std::vector<std::string> warnings;
};

absl::StatusOr<std::vector<model::Stage>> Stages(const model::Scenario& scenario) {
  std::vector<model::Stage> stages(scenario.users().stages().begin(),
                                   scenario.users().stages().end());
  if (FLAGS_vus == 0 && FLAGS_duration.empty()) return stages;
  int64_t users = FLAGS_vus;
  if (users < 0) return absl::InvalidArgumentError("--vus: expected a number above 0");
  for (const model::Stage& stage : stages) {
    if (FLAGS_vus == 0) users = std::max<int64_t>(users, static_cast<int64_t>(stage.users()));
  }
  int64_t duration_ns = 30'000'000'000;
  if (!FLAGS_duration.empty()) {
    absl::StatusOr<int64_t> parsed = ParseDurationNanos(FLAGS_duration, "--duration");
    if (!parsed.ok()) return parsed.status();
    duration_ns = *parsed;
  }
  model::Stage ramp, hold;
  ramp.set_users(users);
  if (FLAGS_ramp.empty()) {
    ramp.set_duration_seconds(std::min(users / kDefaultArrivals, kLongestDefaultRamp));
  } else if (FLAGS_ramp != "0" && FLAGS_ramp != "0s") {
    absl::StatusOr<int64_t> parsed = ParseDurationNanos(FLAGS_ramp, "--ramp");
    if (!parsed.ok()) return parsed.status();
    ramp.set_duration_seconds(base::NanosToSeconds(*parsed));
  }
  hold.set_users(users);
  hold.set_duration_seconds(base::NanosToSeconds(duration_ns));
  return std::vector<model::Stage>{ramp, hold};
}

// One source address has so many ports to one target.
absl::Status CheckPorts(uint64_t users, size_t sources) {
  std::ifstream file("/proc/sys/net/ipv4/ip_local_port_range");
  uint64_t low = 0, high = 0;
  if (!(file >> low >> high) || high <= low) return absl::OkStatus();
  const uint64_t ports = (high - low) * 95 / 100;  // others need some too
  const uint64_t needed = (users + ports - 1) / ports;
  if (needed <= std::max<size_t>(sources, 1)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      users, " connections need ", needed, " source addresses (", ports,
      " ports each): --source_addresses 127.0.0.1-127.0.0.", std::min<uint64_t>(needed, 254)));
}

absl::Status ConfigureTarget(ScenarioRun* run) {
  if (FLAGS_target.empty()) return absl::InvalidArgumentError("expected --target http://HOST:PORT");
  absl::StatusOr<std::vector<Target>> targets = ParseTargets(FLAGS_target);
  if (!targets.ok()) return targets.status();
  for (const Target& target : *targets) {
    if (target.path != "/") {
      return absl::InvalidArgumentError(
          absl::StrCat("--target ", target.url, ": expected no path, the scenario has the paths"));
    }
    absl::Status allowed = CheckTargetAllowed(target, FLAGS_allow_target);
    if (!allowed.ok()) return allowed;
  }
  absl::StatusOr<std::vector<in_addr>> sources = ParseSourceAddresses(FLAGS_source_addresses);
  if (!sources.ok()) return sources.status();
  run->driver.targets = *std::move(targets);
  run->driver.sources = *sources;
  return absl::OkStatus();
}

absl::Status ConfigureUsers(ScenarioRun* run) {
  model::CatalogueSizes sizes;
  sizes.clinics = FLAGS_seed_clinics;
  sizes.doctors_per_clinic = FLAGS_seed_doctors_per_clinic;
  sizes.patients_per_clinic = FLAGS_seed_patients_per_clinic;
  sizes.receptionists_per_clinic = FLAGS_seed_receptionists_per_clinic;
  if (absl::Status status = model::Catalogue::Validate(sizes); !status.ok()) return status;
  run->catalogue = std::make_unique<model::Catalogue>(sizes);
  if (!(FLAGS_think_time_scale >= 0)) {
    return absl::InvalidArgumentError("--think_time_scale: expected 0 or more");
  }
  PlanOptions options;
  options.think_time_scale = FLAGS_think_time_scale;
  options.login_password = FLAGS_login_password;
  options.today = absl::ToCivilDay(absl::Now(), absl::UTCTimeZone());
  absl::StatusOr<Plan> plan = MakePlan(run->scenario, run->catalogue.get(), options);
  if (!plan.ok()) return plan.status();
  run->plan = *std::move(plan);
  absl::StatusOr<Tokens> tokens = Tokens::Load(UserPath(FLAGS_tokens));
  if (!tokens.ok()) return tokens.status();
  run->tokens = *std::move(tokens);
  if (absl::Status status = run->tokens.CheckAgainst(*run->catalogue); !status.ok()) return status;
  absl::StatusOr<std::vector<model::Stage>> stages = Stages(run->scenario);
  if (!stages.ok()) return stages.status();
  absl::StatusOr<StageProfile> profile = StageProfile::Create(*stages);
  if (!profile.ok()) return profile.status();
  run->profile = std::make_unique<StageProfile>(*std::move(profile));
  const uint64_t users = run->profile->most_users();
  if (absl::Status status = CheckWorkers(FLAGS_workers, users); !status.ok()) return status;
  if (absl::Status status = CheckPorts(users, run->driver.sources.size()); !status.ok()) {
    return status;
  }
  return CheckIdentities(run->plan, run->tokens, users, &run->warnings);
}

absl::StatusOr<std::unique_ptr<ScenarioRun>> Configure(const std::vector<std::string>& args) {
  absl::StatusOr<std::vector<std::string>> words = ParseFlags(args);
  if (!words.ok()) return words.status();
  if (words->size() != 1) {
    return absl::InvalidArgumentError("expected: loadgen run SCENARIO --target URL [flags]");
  }
  auto run = std::make_unique<ScenarioRun>();
  absl::StatusOr<model::Scenario> scenario = model::LoadScenario(UserPath(words->front()));
  if (!scenario.ok()) return scenario.status();
  run->scenario = *std::move(scenario);
  if (absl::Status status = ConfigureTarget(run.get()); !status.ok()) return status;
  if (absl::Status status = ConfigureUsers(run.get()); !status.ok()) return status;
  return run;
}

// The clock starts last: loading a million tokens takes its time.
void StartClock(ScenarioRun* run) {
  RunPlan& plan = run->run;
  plan.workers = FLAGS_workers;
  plan.progress = FLAGS_progress;
  // Every worker deals all users to roles before it starts: 100 ns each.
  plan.start_ns = NowNanos() + 100'000'000 + static_cast<int64_t>(run->profile->most_users()) * 400;
  plan.window_from_ns = plan.start_ns + run->profile->window_from_ns();
  plan.window_to_ns = plan.start_ns + run->profile->window_to_ns();
  plan.end_ns = plan.start_ns + run->profile->total_ns();
  plan.drain_ns = std::min<int64_t>(run->plan.retry.timeout_ns, 5'000'000'000);
  run->driver.plan = &run->plan;
  run->driver.profile = run->profile.get();
  run->driver.tokens = &run->tokens;
  run->driver.catalogue = run->catalogue.get();
  run->driver.seed = FLAGS_seed;
}

absl::Status Describe(const ScenarioRun& run, model::Result* result) {
  result->set_users(run.profile->most_users());
  result->set_think_time_mean_seconds(run.plan.mean_think_seconds);
  result->set_think_time_scaled(FLAGS_think_time_scale != 1);
  for (const model::Event& event : run.profile->Events()) *result->add_events() = event;
  DescribeRun(run.driver.targets.front(), FLAGS_seed, result);
  result->mutable_provenance()->set_target(FLAGS_target);
  model::Provenance* provenance = result->mutable_provenance();
  provenance->set_scenario_name(run.scenario.name());
  provenance->set_scenario_digest(run.scenario.digest());
  for (const std::string& warning : run.warnings) provenance->add_warnings(warning);
  for (const model::Quantity& quantity : result->quantities()) {
    if (quantity.name() == kStepsSkipped && quantity.value() > 0) {
      provenance->add_warnings(absl::StrCat(
          quantity.value(), " steps were skipped: an earlier answer had not what they need"));
    }
  }
  absl::StatusOr<bool> passed = model::EvaluateThresholds(run.scenario, result);
  return passed.ok() ? absl::OkStatus() : passed.status();
}

}  // namespace

int RunScenario(const std::vector<std::string>& args) {
  absl::StatusOr<std::unique_ptr<ScenarioRun>> configured = Configure(args);
  if (!configured.ok()) return Complain(configured.status(), kExitBadConfig);
  ScenarioRun& run = **configured;
  for (const Target& target : run.driver.targets) {
    if (absl::Status status = ProbeTarget(target); !status.ok()) {
      return Complain(status, kExitFailed);
    }
  }
  StartClock(&run);
  std::cout << "run " << run.scenario.name() << " on " << FLAGS_target << ": "
            << run.profile->most_users() << " users, mean think time "
            << run.plan.mean_think_seconds << " s, " << run.run.workers << " worker(s)"
            << std::endl;
  absl::StatusOr<FinishedRun> finished =
      RunWorkers(run.run, [&](WorkerChannel& channel) { RunUsers(run.driver, run.run, channel); });
  if (!finished.ok()) return Complain(finished.status(), kExitFailed);
  absl::Status described = Describe(run, &finished->result);
  if (!described.ok()) return Complain(described, kExitBadConfig);
  std::cout << RunSummary(finished->result);
  return Conclude(*finished);
}

}  // namespace loadgen
