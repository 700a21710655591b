#include "tests/conformance/load_run.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/subprocess.h"
#include "model/distribution.h"
#include "model/io.h"
#include "model/scenario_loader.h"

namespace conformance {
namespace {

constexpr absl::Duration kRamp = absl::Seconds(2);
constexpr absl::Duration kPredictionTimeout = absl::Seconds(120);
// Long enough that the prediction's own noise is small beside the tolerances.
constexpr int kPredictedSeconds = 90;
constexpr int kThresholdsFailed = 99;
constexpr int kInvalid = 110;

absl::StatusOr<base::ExitStatus> RunToEnd(const std::vector<std::string>& argv,
                                          const std::string& log_file, absl::Duration limit,
                                          const std::function<bool()>& stop) {
  base::SubprocessOptions child;
  child.argv = argv;
  child.log_file = log_file;
  auto process = base::Subprocess::Start(child);
  if (!process.ok()) return process.status();
  const absl::Time until = absl::Now() + limit;
  while (process->running()) {
    if ((stop && stop()) || absl::Now() > until) {
      process->Terminate(absl::Seconds(5), SIGINT).IgnoreError();
      if (stop && stop()) return absl::CancelledError("interrupted");
      return absl::DeadlineExceededError(absl::StrCat(argv[0], " did not end; see ", log_file));
    }
    absl::SleepFor(absl::Milliseconds(20));
  }
  return *process->Poll();
}

double ThrottledShare(const base::CpuThrottling& later, const base::CpuThrottling& earlier) {
  const auto periods = static_cast<double>(later.periods - earlier.periods);
  return periods > 0 ? static_cast<double>(later.throttled - earlier.throttled) / periods : 0;
}

}  // namespace

absl::StatusOr<model::Result> Predict(const Programs& programs, const std::string& deployment,
                                      const std::string& profile, const RunSettings& settings) {
  std::vector<std::string> command = {
      programs.simulator,
      "run",
      absl::StrCat("--scenario=", programs.scenario),
      absl::StrCat("--deployment=", deployment),
      absl::StrCat("--profile=", profile),
      absl::StrCat("--users=", settings.users),
      absl::StrFormat("--think_time=%.6fs", settings.think_time_seconds),
      absl::StrCat("--seed=", settings.seed),
      absl::StrCat("--out=", settings.out)};
  if (settings.same_length) {
    command.push_back(absl::StrCat("--ramp=", absl::FormatDuration(kRamp)));
    command.push_back(absl::StrCat("--duration=", absl::FormatDuration(settings.duration)));
    command.push_back("--settle=0s");
  } else {
    command.push_back("--ramp=2s");
    command.push_back(absl::StrCat("--duration=", kPredictedSeconds, "s"));
    command.push_back("--settle=10s");
  }
  if (!settings.faults.empty()) command.push_back(absl::StrCat("--faults=", settings.faults));
  auto output = base::RunCommand(command, kPredictionTimeout);
  if (!output.ok()) return output.status();
  if (!output->exit.ok()) {
    return absl::UnavailableError(absl::StrCat("simulator run: ", output->err));
  }
  return model::ReadJson<model::Result>(settings.out);
}

absl::StatusOr<MeasuredRun> Measure(const Programs& programs, const LimitedHost& host,
                                    const RunSettings& settings,
                                    const std::function<bool()>& stop) {
  auto scenario = model::LoadScenario(programs.scenario);
  if (!scenario.ok()) return scenario.status();
  const double scale = settings.think_time_seconds / model::MeanSeconds(scenario->think_time());
  auto before = host.Use();
  if (!before.ok()) return before.status();
  auto exit = RunToEnd(
      {programs.loadgen, "run", programs.scenario, absl::StrCat("--target=", host.url()),
       absl::StrCat("--vus=", settings.users), absl::StrCat("--ramp=", absl::FormatDuration(kRamp)),
       absl::StrCat("--duration=", absl::FormatDuration(settings.duration)),
       absl::StrFormat("--think_time_scale=%.8f", scale),
       absl::StrCat("--tokens=", host.tokens_path()), absl::StrCat("--seed=", settings.seed),
       absl::StrCat("--out=", settings.out), "--noprogress"},
      settings.log_file, kRamp + settings.duration + absl::Seconds(40), stop);
  if (!exit.ok()) return exit.status();
  if (!exit->ok() && exit->code != kThresholdsFailed && exit->code != kInvalid) {
    return absl::UnavailableError(absl::StrCat("the load generator ended with ", exit->ToString(),
                                               "; see ", settings.log_file));
  }
  auto after = host.Use();
  if (!after.ok()) return after.status();
  auto result = model::ReadJson<model::Result>(settings.out);
  if (!result.ok()) return result.status();
  MeasuredRun run;
  run.result = *std::move(result);
  const double seconds = after->at_seconds - before->at_seconds;
  run.server_cores = (after->server_cpu_seconds - before->server_cpu_seconds) / seconds;
  run.database_cores = (after->database_cpu_seconds - before->database_cpu_seconds) / seconds;
  run.redis_cores = (after->redis_cpu_seconds - before->redis_cpu_seconds) / seconds;
  run.server_throttled_share = ThrottledShare(after->server, before->server);
  run.database_throttled_share = ThrottledShare(after->database, before->database);
  return run;
}

}  // namespace conformance
