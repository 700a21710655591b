#include "tools/demo/measured_run.h"

#include <csignal>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/subprocess.h"

namespace demo {
namespace {

constexpr int kThresholdsFailed = 99;

absl::StatusOr<base::Subprocess> Start(const MeasuredRun& run) {
  base::SubprocessOptions child;
  child.argv = {run.loadgen,
                "run",
                run.scenario_path,
                absl::StrCat("--target=", run.target),
                absl::StrCat("--vus=", run.users),
                absl::StrCat("--duration=", absl::FormatDuration(run.duration)),
                absl::StrFormat("--think_time_scale=%.6f", run.think_time_scale),
                absl::StrCat("--tokens=", run.tokens_path),
                absl::StrCat("--out=", run.out)};
  child.log_file = run.log_file;
  return base::Subprocess::Start(child);
}

}  // namespace

absl::Status Measure(const MeasuredRun& run) {
  auto process = Start(run);
  if (!process.ok()) return process.status();
  const absl::Time until = absl::Now() + run.duration + absl::Seconds(30);
  while (process->running()) {
    const bool stopped = run.stop && run.stop();
    if (stopped || absl::Now() > until) {
      process->Terminate(absl::Seconds(5), SIGINT).IgnoreError();
      return stopped ? absl::CancelledError("interrupted")
                     : absl::DeadlineExceededError("the load generator did not end");
    }
    absl::SleepFor(absl::Milliseconds(50));
  }
  const base::ExitStatus exit = *process->Poll();
  if (exit.ok() || (exit.signal == 0 && exit.code == kThresholdsFailed)) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("the load generator ended with ", exit.ToString(), "; see ", run.log_file));
}

}  // namespace demo
