#include "tools/demo/simulations.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/subprocess.h"

namespace demo {
namespace {

struct Running {
  const SimulationJob* job;
  base::Subprocess process;
  absl::Time started;
};

absl::StatusOr<base::Subprocess> Start(const SimulationJob& job, const SimulationOptions& options) {
  base::SubprocessOptions child;
  child.argv = {options.simulator,
                "run",
                absl::StrCat("--scenario=", options.scenario_path),
                absl::StrCat("--deployment=", job.deployment_path),
                absl::StrCat("--profile=", options.profile_path),
                absl::StrFormat("--users=%.0f", job.users),
                absl::StrFormat("--think_time=%gs", job.think_time_seconds),
                absl::StrFormat("--ramp=%gs", job.ramp_seconds),
                absl::StrFormat("--duration=%gs", job.duration_seconds),
                absl::StrCat("--seed=", options.seed),
                absl::StrCat("--replications=", options.replications),
                absl::StrCat("--out=", job.out)};
  if (options.latency_model_error >= 0) {
    child.argv.push_back(
        absl::StrFormat("--latency_model_error=%.3f", options.latency_model_error));
  }
  if (!job.faults_path.empty()) child.argv.push_back("--faults=" + job.faults_path);
  child.log_file = options.log_file;
  return base::Subprocess::Start(child);
}

}  // namespace

absl::Status RunSimulations(const std::vector<SimulationJob>& jobs,
                            const SimulationOptions& options) {
  std::vector<Running> running;
  size_t next = 0;
  while (next < jobs.size() || !running.empty()) {
    while (next < jobs.size() && running.size() < static_cast<size_t>(options.parallel)) {
      auto process = Start(jobs[next], options);
      if (!process.ok()) return process.status();
      running.push_back({&jobs[next], *std::move(process), absl::Now()});
      ++next;
    }
    absl::SleepFor(absl::Milliseconds(20));
    if (options.stop && options.stop()) return absl::CancelledError("interrupted");
    for (size_t i = 0; i < running.size();) {
      const absl::Duration elapsed = absl::Now() - running[i].started;
      const std::optional<base::ExitStatus> exit = running[i].process.Poll();
      if (!exit.has_value()) {
        if (elapsed > options.timeout) {
          return absl::DeadlineExceededError(absl::StrCat("simulation ", running[i].job->name,
                                                          " took longer than ",
                                                          absl::FormatDuration(options.timeout)));
        }
        ++i;
        continue;
      }
      if (!exit->ok()) {
        return absl::UnavailableError(absl::StrCat("simulation ", running[i].job->name,
                                                   " ended with ", exit->ToString(), "; see ",
                                                   options.log_file));
      }
      if (options.progress) {
        options.progress(absl::StrFormat("simulated %s in %.1f s", running[i].job->name,
                                         absl::ToDoubleSeconds(elapsed)));
      }
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  return absl::OkStatus();
}

}  // namespace demo
