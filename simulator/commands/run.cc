#include "simulator/commands/run.h"

#include <sys/resource.h>

#include <cstdio>
#include <functional>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/build_info.h"
#include "model/histogram.h"
#include "model/io.h"
#include "model/kubernetes/deployment_loader.h"
#include "model/scenario_loader.h"
#include "model/threshold.h"
#include "simulator/commands/arguments.h"
#include "simulator/engine/prediction.h"
#include "simulator/engine/replications.h"

namespace simulator {
namespace {

using Flags = std::map<std::string, std::string>;

absl::Status BadFlag(const std::string& name, const std::string& value,
                     const std::string& expected) {
  return absl::InvalidArgumentError(
      absl::StrCat("--", name, ": expected ", expected, ", found '", value, "'"));
}

// "10s", "5m", "250ms", or a plain number of seconds.
absl::Status ReadSeconds(const Flags& flags, const std::string& name, double* seconds) {
  const auto it = flags.find(name);
  if (it == flags.end()) return absl::OkStatus();
  absl::Duration duration;
  if (absl::SimpleAtod(it->second, seconds) && *seconds >= 0 && *seconds < 1e8) {
    return absl::OkStatus();
  }
  if (!absl::ParseDuration(it->second, &duration) || duration < absl::ZeroDuration() ||
      duration > absl::Hours(24 * 365)) {
    return BadFlag(name, it->second, "a time such as 10s or 5m");
  }
  *seconds = absl::ToDoubleSeconds(duration);
  return absl::OkStatus();
}

template <typename Integer>
absl::Status ReadCount(const Flags& flags, const std::string& name, uint64_t low, uint64_t high,
                       Integer* count) {
  const auto it = flags.find(name);
  if (it == flags.end()) return absl::OkStatus();
  uint64_t value = 0;
  if (!absl::SimpleAtoi(it->second, &value) || value < low || value > high) {
    return BadFlag(name, it->second, absl::StrCat("a whole number in ", low, "..", high));
  }
  *count = static_cast<Integer>(value);
  return absl::OkStatus();
}

// A relative error, 0 to 10; left alone when the flag is not given.
absl::Status ReadError(const Flags& flags, const std::string& name, double* error) {
  const auto flag = flags.find(name);
  if (flag == flags.end()) return absl::OkStatus();
  if (absl::SimpleAtod(flag->second, error) && *error >= 0 && *error <= 10) {
    return absl::OkStatus();
  }
  return BadFlag(name, flag->second, "a fraction such as 0.2");
}

// START,DURATION,FACTOR: 300s,30s,0.5
absl::Status ReadSlowdown(const Flags& flags, RunOptions::Slowdown* slowdown) {
  const auto flag = flags.find("slowdown");
  if (flag == flags.end()) return absl::OkStatus();
  const std::vector<std::string> parts = absl::StrSplit(flag->second, ',');
  const Flags times = {{"start", parts[0]}, {"duration", parts.size() > 1 ? parts[1] : ""}};
  if (parts.size() != 3 || !ReadSeconds(times, "start", &slowdown->start_seconds).ok() ||
      !ReadSeconds(times, "duration", &slowdown->duration_seconds).ok() ||
      !absl::SimpleAtod(parts[2], &slowdown->factor) ||
      !(slowdown->factor >= 0 && slowdown->factor <= 10)) {
    return BadFlag("slowdown", flag->second, "start,duration,factor such as 300s,30s,0.5");
  }
  return absl::OkStatus();
}

// CLINICS,DOCTORS,PATIENTS: 20,5,500 (doctors and patients of each clinic)
absl::Status ReadCatalogue(const Flags& flags, RunOptions* options) {
  const auto flag = flags.find("catalogue");
  if (flag == flags.end()) return absl::OkStatus();
  const std::vector<std::string> parts = absl::StrSplit(flag->second, ',');
  uint64_t* const sizes[] = {&options->clinics, &options->doctors_per_clinic,
                             &options->patients_per_clinic};
  for (size_t i = 0; i < 3; ++i) {
    if (parts.size() != 3 || !absl::SimpleAtoi(parts[i], sizes[i]) || *sizes[i] == 0 ||
        *sizes[i] > 100'000'000) {
      return BadFlag("catalogue", flag->second, "clinics,doctors,patients such as 20,5,500");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<RunOptions> ReadOptions(const Flags& flags) {
  RunOptions options;
  absl::Status status;
  status.Update(ReadCount(flags, "users", 1, 16'000'000, &options.users));
  status.Update(ReadCount(flags, "seed", 0, ~uint64_t{0}, &options.seed));
  status.Update(ReadCount(flags, "replications", 1, 1000, &options.replications));
  status.Update(ReadCount(flags, "threads", 1, 64, &options.threads));
  status.Update(ReadCount(flags, "pods", 1, 20'000, &options.fixed_pods));
  status.Update(ReadCount(flags, "cache_keys", 1, 10'000'000, &options.cache_keys));
  status.Update(ReadSeconds(flags, "think_time", &options.think_time_seconds));
  status.Update(ReadSeconds(flags, "ramp", &options.ramp_seconds));
  status.Update(ReadSeconds(flags, "duration", &options.duration_seconds));
  status.Update(ReadSeconds(flags, "settle", &options.settle_seconds));
  status.Update(ReadSeconds(flags, "step", &options.step_seconds));
  if (options.step_seconds < 0.1) {
    status.Update(BadFlag("step", flags.at("step"), "at least 0.1s"));
  }
  status.Update(ReadError(flags, "model_error", &options.model_error));
  status.Update(ReadError(flags, "latency_model_error", &options.latency_model_error));
  status.Update(ReadCatalogue(flags, &options));
  status.Update(ReadSeconds(flags, "cache_ttl", &options.cache_ttl_seconds));
  status.Update(ReadSlowdown(flags, &options.slowdown));
  if (!status.ok()) return status;
  return options;
}

struct Files {
  model::Scenario scenario;
  model::Deployment deployment;
  model::Profile profile;
  std::string profile_digest;
};

absl::StatusOr<Files> ReadFiles(const Flags& flags) {
  for (const char* name : {"scenario", "deployment", "profile"}) {
    if (!flags.contains(name)) {
      return absl::InvalidArgumentError(absl::StrCat("--", name, " FILE is missing"));
    }
  }
  Files files;
  const std::string scenario_path = UserPath(flags.at("scenario"));
  std::vector<std::string> warnings;
  absl::StatusOr<model::Scenario> scenario = model::LoadScenario(scenario_path, &warnings);
  if (!scenario.ok()) return scenario.status();
  for (const std::string& warning : warnings) std::fprintf(stderr, "%s\n", warning.c_str());
  files.scenario = std::move(*scenario);
  const std::string deployment_path = UserPath(flags.at("deployment"));
  absl::StatusOr<model::Deployment> deployment =
      absl::EndsWith(deployment_path, ".json") ? model::ReadJson<model::Deployment>(deployment_path)
                                               : model::LoadDeployment(deployment_path);
  if (!deployment.ok()) return deployment.status();
  files.deployment = std::move(*deployment);
  const std::string profile_path = UserPath(flags.at("profile"));
  absl::StatusOr<model::Profile> profile = model::ReadJson<model::Profile>(profile_path);
  if (!profile.ok()) return profile.status();
  files.profile = std::move(*profile);
  absl::StatusOr<std::string> digest = model::Sha256OfFile(profile_path);
  if (!digest.ok()) return digest.status();
  files.profile_digest = std::move(*digest);
  return files;
}

void Progress(absl::Time start, uint32_t replication, const ReplicationResult& result) {
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  std::fprintf(stderr,
               "replication %u: %.1f s wall since start, %llu requests, %llu kernel events, "
               "%.0f MB resident at most\n",
               replication, absl::ToDoubleSeconds(absl::Now() - start),
               static_cast<unsigned long long>(result.requests),
               static_cast<unsigned long long>(result.kernel_events),
               static_cast<double>(usage.ru_maxrss) / 1024);
}

void PrintSummary(const model::Result& result) {
  const model::Provenance& provenance = result.provenance();
  std::printf(
      "scenario %s on deployment %s with profile %s: %llu users, %.4g s think time, %s\n",
      provenance.scenario_name().c_str(), provenance.deployment_name().c_str(),
      provenance.profile_name().c_str(), static_cast<unsigned long long>(result.users()),
      result.think_time_mean_seconds(),
      absl::StrFormat("%d replications, measured %.0f s after %.0f s", provenance.replications(),
                      result.measured_seconds(), result.measured_from_seconds())
          .c_str());
  std::printf("%-30s %14s   %s\n", "quantity", "value", "95 % interval");
  for (const model::Quantity& quantity : result.quantities()) {
    std::printf("%-30s %14.6g   %.6g .. %.6g\n", quantity.name().c_str(), quantity.value(),
                quantity.low(), quantity.high());
  }
  std::printf("%-30s %14s   %s\n", "resource, busiest first", "utilisation", "busy of capacity");
  for (const model::ResourceUse& use : result.resources()) {
    std::printf("%-30s %13.1f%%   %.5g of %.5g\n", use.name().c_str(), 100 * use.utilisation(),
                use.busy(), use.capacity());
  }
  for (const auto& [outcome, count] : result.total().outcomes()) {
    std::printf("outcome %-22s %14llu\n", outcome.c_str(), static_cast<unsigned long long>(count));
  }
  for (const model::ThresholdOutcome& threshold : result.thresholds()) {
    std::printf("threshold %s: %s  %s (%.6g %s)\n", threshold.metric().c_str(),
                threshold.expression().c_str(), threshold.passed() ? "passed" : "FAILED",
                threshold.value(), threshold.unit().c_str());
  }
  int shown = 0;
  for (const model::Event& event : result.events()) {
    if (event.kind() != "scaling" || ++shown > 20) continue;
    std::printf("%8.1f s  %s %g -> %g: %s\n", event.at_seconds(), event.subject().c_str(),
                event.from(), event.to(), event.text().c_str());
  }
  for (const std::string& warning : provenance.warnings()) {
    std::printf("warning: %s\n", warning.c_str());
  }
}

int Fail(const absl::Status& status, int code) {
  std::fprintf(stderr, "simulator run: %s\n", std::string(status.message()).c_str());
  return code;
}

}  // namespace

int RunRun(std::vector<std::string> args) {
  const absl::StatusOr<Flags> flags = ParseFlags(
      args, {"scenario",     "deployment", "profile",   "users",       "think_time",
             "ramp",         "duration",   "settle",    "pods",        "seed",
             "replications", "threads",    "step",      "model_error", "latency_model_error",
             "cache_keys",   "catalogue",  "cache_ttl", "slowdown",    "out"});
  if (!flags.ok()) return Fail(flags.status(), 2);
  const absl::StatusOr<RunOptions> options = ReadOptions(*flags);
  if (!options.ok()) return Fail(options.status(), 2);
  const absl::StatusOr<Files> files = ReadFiles(*flags);
  if (!files.ok()) return Fail(files.status(), 1);
  const absl::StatusOr<Workload> workload = Workload::Compile(files->scenario, *options);
  if (!workload.ok()) return Fail(workload.status(), 1);
  const absl::StatusOr<SystemModel> system =
      SystemModel::Compile(files->scenario, *workload, files->deployment, files->profile, *options);
  if (!system.ok()) return Fail(system.status(), 1);

  const absl::Time start = absl::Now();
  const auto replications = RunReplications(
      *workload, *system, *options,
      [&](uint32_t i, const ReplicationResult& result) { Progress(start, i, result); });
  if (!replications.ok()) return Fail(replications.status(), 1);
  model::Result result = BuildPrediction({files->scenario, files->deployment, files->profile},
                                         *workload, *system, *options, *replications);
  result.mutable_provenance()->set_version(base::ThisBuild().version);
  result.mutable_provenance()->set_commit(base::ThisBuild().commit);
  result.mutable_provenance()->set_profile_digest(files->profile_digest);
  const absl::StatusOr<bool> passed = model::EvaluateThresholds(files->scenario, &result);
  if (!passed.ok()) return Fail(passed.status(), 1);
  PrintSummary(result);
  if (flags->contains("out")) {
    const absl::Status written = model::WriteJson(result, UserPath(flags->at("out")));
    if (!written.ok()) return Fail(written, 1);
  }
  return 0;
}

}  // namespace simulator
