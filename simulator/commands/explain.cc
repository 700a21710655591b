#include "simulator/commands/explain.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "simulator/commands/arguments.h"
#include "simulator/commands/flag_values.h"
#include "simulator/planning/bounds.h"
#include "simulator/planning/experiment.h"
#include "simulator/planning/load_estimate.h"
#include "simulator/planning/resting_pods.h"
#include "simulator/planning/sensitivity.h"

namespace simulator {
namespace {

int Fail(const absl::Status& status, int code) {
  std::fprintf(stderr, "simulator explain: %s\n", std::string(status.message()).c_str());
  return code;
}

struct Settings {
  RunOptions options;
  uint32_t pods = 0;  // 0: where the autoscaler settles
  bool simulate = true;
};

absl::StatusOr<Settings> ReadSettings(const FlagMap& flags) {
  Settings settings;
  RunOptions& options = settings.options;
  options.duration_seconds = 20;
  options.replications = 4;
  absl::Status status = RequireFlags(flags, {"scenario", "deployment", "profile"});
  status.Update(ReadCount(flags, "users", 1, 16'000'000, &options.users));
  status.Update(ReadSeconds(flags, "think_time", &options.think_time_seconds));
  status.Update(ReadCount(flags, "pods", 1, 20'000, &settings.pods));
  status.Update(ReadSeconds(flags, "duration", &options.duration_seconds));
  status.Update(ReadCount(flags, "replications", 1, 1000, &options.replications));
  status.Update(ReadCount(flags, "threads", 1, 64, &options.threads));
  status.Update(ReadCount(flags, "seed", 0, ~uint64_t{0}, &options.seed));
  status.Update(ReadSwitch(flags, "simulate", &settings.simulate));
  if (options.duration_seconds < 1) {
    status.Update(absl::InvalidArgumentError("--duration: expected at least 1s"));
  }
  if (!status.ok()) return status;
  return settings;
}

void PrintResources(const Bounds& bounds, const LoadEstimate& load) {
  std::printf("%-18s %12s %14s %18s %14s %12s\n", "resource", "demand, us", "at this load",
              "capacity", "limit, req/s", "utilisation");
  for (const ResourceBound& resource : bounds.resources) {
    const StationLoad* station = load.Find(resource.name);
    std::printf("%-18s %12.3f %14.3f %18s %14.0f %11.1f%%\n", resource.name.c_str(),
                1e6 * resource.demand_seconds,
                1e6 * (station != nullptr ? station->demand_seconds : resource.demand_seconds),
                absl::StrFormat("%.5g %s", resource.capacity, resource.unit).c_str(),
                resource.limit(), station != nullptr ? 100 * station->utilisation : 0.0);
  }
  std::printf(
      "\ndemand: of a saturated system, which nothing has to wake: it gives the limits; at this "
      "load:\nwith wake-ups, waiting for connections' flushes and audit records, at %.0f "
      "requests/s\n",
      load.throughput);
}

void PrintBounds(const Bounds& bounds, const LoadEstimate& load, double alone,
                 const CompiledExperiment& compiled, double users) {
  std::printf(
      "%.0f users, mean think time %.4g s, %u pods%s\n\n", users, bounds.think_seconds, bounds.pods,
      compiled.system.autoscaler.has_value() ? " (where the autoscaler's targets settle)" : "");
  PrintResources(bounds, load);
  std::printf("throughput             %.0f requests/s by approximate MVA\n", load.throughput);
  std::printf("  at most              %.0f requests/s = min(%.0f, N / (Z + R0) = %.0f)\n",
              bounds.Throughput(users), bounds.MaxThroughput(),
              users / (bounds.think_seconds + bounds.unloaded_seconds));
  std::printf(
      "mean response          %.4g ms by approximate MVA; of a request that is alone %.4g\n",
      1000 * load.response_seconds, 1000 * alone);
  std::printf("  at least             %.4g ms (without any queue or wake-up %.4g ms)\n",
              1000 * bounds.Response(users), 1000 * bounds.unloaded_seconds);
  std::printf("knee N*                %.0f users; at %.0f users a think time of %.3g s\n",
              bounds.Knee(), users, bounds.ThinkAtKnee(users));
  std::printf(
      "connections            %llu asked of %llu usable%s\n",
      static_cast<unsigned long long>(bounds.connections_asked),
      static_cast<unsigned long long>(bounds.connections_usable),
      bounds.connections_asked > bounds.connections_usable ? ": TOO MANY, some pods get none" : "");
}

void PrintBottlenecks(const Bounds& bounds, const Bounds& with_most_pods) {
  const auto line = [](const char* what, const Bounds& at) {
    std::string names;
    for (size_t i = 0; i < std::min<size_t>(2, at.resources.size()); ++i) {
      absl::StrAppend(&names, i == 0 ? "" : ", then ", at.resources[i].name, " at ",
                      absl::StrFormat("%.0f", at.resources[i].limit()), "/s");
    }
    std::printf("%s %s\n", what, names.c_str());
  };
  line("bottlenecks           ", bounds);
  if (with_most_pods.pods > bounds.pods) {
    line(absl::StrFormat("with all %u pods      ", with_most_pods.pods).c_str(), with_most_pods);
  }
}

void PrintSensitivity(const std::vector<Sensitivity>& list, const Settings& settings) {
  std::printf("\nelasticity: change of the answer in %% for 1 %% more of the input\n");
  std::printf("%-28s %18s %22s\n", "input", "throughput limit", "p95");
  for (const Sensitivity& one : list) {
    std::string tail = "-";
    if (one.simulated) {
      tail = std::isnan(one.p95_error)
                 ? absl::StrFormat("%.2f", one.p95_elasticity)
                 : absl::StrFormat("%.2f +- %.2f", one.p95_elasticity, one.p95_error);
    }
    std::printf("%-28s %18.2f %22s\n", one.input.c_str(), one.limit_elasticity, tail.c_str());
  }
  std::printf("limit: by the demand law, exact, +10 %%");
  if (settings.simulate) {
    std::printf(
        "; p95: simulated, +10 %%, common random numbers, %u replications of %.3g s, 95 %% "
        "interval",
        settings.options.replications,
        settings.options.duration_seconds - settings.options.settle_seconds);
  }
  std::printf("\n");
}

absl::Status Explain(const FlagMap& flags, Settings settings) {
  const auto experiment =
      LoadExperiment(UserPath(flags.at("scenario")), UserPath(flags.at("deployment")),
                     UserPath(flags.at("profile")));
  if (!experiment.ok()) return experiment.status();
  const double measured = settings.options.duration_seconds;
  const absl::Status timed = UseShortRun(*experiment, measured, &settings.options);
  if (!timed.ok()) return timed;
  settings.options.fixed_pods = settings.pods;
  const auto compiled = CompileExperiment(*experiment, settings.options);
  if (!compiled.ok()) return compiled.status();
  if (compiled->workload.open()) {
    return absl::InvalidArgumentError(absl::StrCat(
        experiment->scenario.source_path(),
        ": users.model: expected closed: explain asks how many users there can be, an open model "
        "has arrivals (simulator run says what they meet)"));
  }
  const auto users = static_cast<double>(compiled->workload.users);
  const Bounds bounds = BoundsAtRest(compiled->workload, compiled->system, users);
  if (bounds.resources.empty()) {
    return absl::InvalidArgumentError("the profile asks nothing of any resource");
  }
  PrintBounds(bounds, EstimateLoad(compiled->workload, compiled->system, bounds.pods),
              ResponseAlone(compiled->workload, compiled->system, bounds.pods), *compiled, users);
  PrintBottlenecks(bounds,
                   ComputeBounds(compiled->workload, compiled->system, MostPods(compiled->system)));
  std::fflush(stdout);
  const auto list =
      SensitivityToInputs(*experiment, settings.options, bounds.pods, settings.simulate);
  if (!list.ok()) return list.status();
  PrintSensitivity(*list, settings);
  for (const std::string& warning : compiled->system.warnings) {
    std::printf("warning: %s\n", warning.c_str());
  }
  return absl::OkStatus();
}

}  // namespace

int RunExplain(std::vector<std::string> args) {
  const auto flags =
      ParseFlags(args, {"scenario", "deployment", "profile", "users", "think_time", "pods",
                        "duration", "replications", "threads", "seed", "simulate"});
  if (!flags.ok()) return Fail(flags.status(), 2);
  const auto settings = ReadSettings(*flags);
  if (!settings.ok()) return Fail(settings.status(), 2);
  const absl::Status status = Explain(*flags, *settings);
  return status.ok() ? 0 : Fail(status, 1);
}

}  // namespace simulator
