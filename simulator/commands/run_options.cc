#include "simulator/commands/run_options.h"

#include <sys/resource.h>

#include <cstdio>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/build_info.h"
#include "model/threshold.h"
#include "simulator/commands/arguments.h"
#include "simulator/faults/fault_loader.h"

namespace simulator {
namespace {

absl::Status BadFlag(const std::string& name, const std::string& value,
                     const std::string& expected) {
  return absl::InvalidArgumentError(
      absl::StrCat("--", name, ": expected ", expected, ", found '", value, "'"));
}

// --precision 0.02 --precision_of p95_ms,throughput_per_second --max_replications 100
absl::Status ReadPrecision(const FlagMap& flags, RunOptions* options) {
  absl::Status status = ReadError(flags, "precision", &options->precision);
  status.Update(ReadCount(flags, "max_replications", 3, 1000, &options->maximum_replications));
  const auto of = flags.find("precision_of");
  if (of != flags.end()) options->precision_of = absl::StrSplit(of->second, ',', absl::SkipEmpty());
  for (const char* name : {"precision_of", "max_replications"}) {
    if (flags.contains(name) && options->precision <= 0) {
      status.Update(BadFlag(name, flags.at(name), "only together with --precision"));
    }
  }
  return status;
}

// START,DURATION,FACTOR: 300s,30s,0.5
absl::Status ReadSlowdown(const FlagMap& flags, RunOptions::Slowdown* slowdown) {
  const auto flag = flags.find("slowdown");
  if (flag == flags.end()) return absl::OkStatus();
  const std::vector<std::string> parts = absl::StrSplit(flag->second, ',');
  const FlagMap times = {{"start", parts[0]}, {"duration", parts.size() > 1 ? parts[1] : ""}};
  if (parts.size() != 3 || !ReadSeconds(times, "start", &slowdown->start_seconds).ok() ||
      !ReadSeconds(times, "duration", &slowdown->duration_seconds).ok() ||
      !absl::SimpleAtod(parts[2], &slowdown->factor) ||
      !(slowdown->factor >= 0 && slowdown->factor <= 10)) {
    return BadFlag("slowdown", flag->second, "start,duration,factor such as 300s,30s,0.5");
  }
  return absl::OkStatus();
}

// CLINICS,DOCTORS,PATIENTS: 20,5,500 (doctors and patients of each clinic)
absl::Status ReadCatalogue(const FlagMap& flags, RunOptions* options) {
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

absl::Status ReadCache(const FlagMap& flags, RunOptions::Cache* cache) {
  const auto flag = flags.find("cache");
  if (flag == flags.end() || flag->second == "rates") return absl::OkStatus();
  if (flag->second == "keys") {
    *cache = RunOptions::Cache::kKeys;
  } else if (flag->second == "keys_without_flights") {
    *cache = RunOptions::Cache::kKeysWithoutFlights;
  } else {
    return BadFlag("cache", flag->second, "rates, keys or keys_without_flights");
  }
  return absl::OkStatus();
}

absl::Status ReadFaults(const FlagMap& flags, RunOptions* options) {
  const auto flag = flags.find("faults");
  if (flag == flags.end()) return absl::OkStatus();
  absl::StatusOr<FaultPlan> plan = LoadFaultPlan(UserPath(flag->second));
  return plan.ok() ? UseFaults(*std::move(plan), options) : plan.status();
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

}  // namespace

std::vector<std::string> PredictionFlags(const std::vector<std::string>& more) {
  std::vector<std::string> names = {
      "scenario",     "deployment",      "profile",   "users",       "think_time",
      "ramp",         "duration",        "settle",    "pods",        "seed",
      "replications", "threads",         "step",      "model_error", "latency_model_error",
      "cache_keys",   "catalogue",       "cache_ttl", "slowdown",    "faults",
      "overload",     "worker_queue",    "rate",      "cache",       "precision",
      "precision_of", "max_replications"};
  names.insert(names.end(), more.begin(), more.end());
  return names;
}

absl::Status UseFaults(FaultPlan plan, RunOptions* options) {
  for (const Fault& fault : plan.faults) {
    if (fault.kind == FaultKind::kSlowdown && options->slowdown.duration_seconds > 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          plan.file, ":", fault.line, ": slowdown: give it here or with --slowdown, not both"));
    }
  }
  options->faults = std::move(plan);
  return absl::OkStatus();
}

absl::StatusOr<RunOptions> ReadRunOptions(const FlagMap& flags) {
  RunOptions options;
  absl::Status status;
  status.Update(ReadCount(flags, "users", 1, 16'000'000, &options.users));
  status.Update(ReadRate(flags, "rate", &options.rate_per_second));
  status.Update(ReadCount(flags, "seed", 0, ~uint64_t{0}, &options.seed));
  status.Update(ReadCount(flags, "replications", 1, 1000, &options.replications));
  status.Update(ReadCount(flags, "threads", 1, 64, &options.threads));
  status.Update(ReadCount(flags, "pods", 1, 20'000, &options.fixed_pods));
  status.Update(ReadCount(flags, "cache_keys", 1, 10'000'000, &options.cache_keys));
  status.Update(ReadCount(flags, "worker_queue", 1, 1u << 24, &options.worker_queue_limit));
  status.Update(ReadSeconds(flags, "think_time", &options.think_time_seconds));
  status.Update(ReadSeconds(flags, "ramp", &options.ramp_seconds));
  status.Update(ReadSeconds(flags, "duration", &options.duration_seconds));
  const auto settle = flags.find("settle");
  options.settle_by_mser = settle != flags.end() && settle->second == "mser";
  if (!options.settle_by_mser) {
    status.Update(ReadSeconds(flags, "settle", &options.settle_seconds));
  }
  status.Update(ReadPrecision(flags, &options));
  status.Update(ReadSeconds(flags, "step", &options.step_seconds));
  if (options.step_seconds < 0.1) {
    status.Update(BadFlag("step", flags.at("step"), "at least 0.1s"));
  }
  status.Update(ReadError(flags, "model_error", &options.model_error));
  status.Update(ReadError(flags, "latency_model_error", &options.latency_model_error));
  status.Update(ReadCatalogue(flags, &options));
  status.Update(ReadSeconds(flags, "cache_ttl", &options.cache_ttl_seconds));
  status.Update(ReadCache(flags, &options.cache));
  status.Update(ReadSlowdown(flags, &options.slowdown));
  if (!status.ok()) return status;
  if (absl::Status read = ReadFaults(flags, &options); !read.ok()) {
    return absl::FailedPreconditionError(read.message());
  }
  return options;
}

int ExitCodeOf(const absl::Status& options) {
  return options.code() == absl::StatusCode::kFailedPrecondition ? 1 : 2;
}

absl::StatusOr<Experiment> LoadExperimentOf(const FlagMap& flags) {
  const absl::Status given = RequireFlags(flags, {"scenario", "deployment", "profile"});
  if (!given.ok()) return given;
  auto experiment = LoadExperiment(UserPath(flags.at("scenario")), UserPath(flags.at("deployment")),
                                   UserPath(flags.at("profile")));
  if (!experiment.ok() || !flags.contains("overload")) return experiment;
  const absl::Status applied = ApplyOverload(UserPath(flags.at("overload")), &*experiment);
  if (!applied.ok()) return applied;
  return experiment;
}

absl::StatusOr<model::Result> PredictWithProgress(const Experiment& experiment,
                                                  const RunOptions& options) {
  const absl::StatusOr<CompiledExperiment> compiled = CompileExperiment(experiment, options);
  if (!compiled.ok()) return compiled.status();
  const absl::Time start = absl::Now();
  absl::StatusOr<model::Result> simulated =
      Simulate(experiment, *compiled, options,
               [&](uint32_t i, const ReplicationResult& result) { Progress(start, i, result); });
  if (!simulated.ok()) return simulated.status();
  model::Result result = *std::move(simulated);
  result.mutable_provenance()->set_version(base::ThisBuild().version);
  result.mutable_provenance()->set_commit(base::ThisBuild().commit);
  const absl::StatusOr<bool> passed = model::EvaluateThresholds(experiment.scenario, &result);
  if (!passed.ok()) return passed.status();
  return result;
}

}  // namespace simulator
