#include "loadgen/engine/run_control.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/clock.h"
#include "loadgen/engine/collector.h"
#include "loadgen/engine/connection_set.h"
#include "loadgen/engine/validity.h"

namespace loadgen {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kInterruptedDrain = kSecond;  // Ctrl-C ends a run within two seconds

volatile std::sig_atomic_t g_interrupts = 0;

void OnInterrupt(int) { g_interrupts = g_interrupts + 1; }

// Time this process was runnable but had no CPU.
int64_t RunQueueWaitNanos() {
  std::ifstream file("/proc/self/schedstat");
  int64_t running = 0, waiting = 0;
  file >> running >> waiting;
  return waiting;
}

void PrintLine(const SecondLine& line) {
  const std::string p95 =
      std::isnan(line.p95_ms) ? "      -" : absl::StrFormat("%7.2f", line.p95_ms);
  absl::FPrintF(stderr, "%4d s  %8d users  %9d req/s  p95 %s ms  errors %d\n", line.second + 1,
                line.users, line.finished, p95, line.failed);
}

class InterruptGuard {
 public:
  InterruptGuard() {
    g_interrupts = 0;
    struct sigaction action = {};
    action.sa_handler = OnInterrupt;
    sigaction(SIGINT, &action, &old_int_);
    sigaction(SIGTERM, &action, &old_term_);
  }
  ~InterruptGuard() {
    sigaction(SIGINT, &old_int_, nullptr);
    sigaction(SIGTERM, &old_term_, nullptr);
  }

 private:
  struct sigaction old_int_, old_term_;
};

}  // namespace

absl::StatusOr<FinishedRun> RunWorkers(const RunPlan& plan, const WorkerPool::Body& body) {
  const int64_t seconds = (plan.end_ns - plan.start_ns) / kSecond;  // whole ones
  Collector collector(plan.workers, seconds);
  absl::Status broken;
  const auto on_report = [&](int worker, ReportKind kind, const model::Result& report) {
    absl::Status status;
    if (kind == ReportKind::kSecond) status = collector.AddSecond(report);
    if (kind == ReportKind::kFinal) status = collector.AddFinal(report);
    if (kind == ReportKind::kError) {
      status = absl::InternalError(
          absl::StrCat("worker ", worker, ": ", report.provenance().invalid_reasons(0)));
    }
    broken.Update(status);
  };

  fflush(nullptr);  // what is buffered must not be written by every worker
  InterruptGuard guard;
  absl::StatusOr<WorkerPool> pool = WorkerPool::Start(plan.workers, body);
  if (!pool.ok()) return pool.status();
  int64_t stopped_ns = plan.end_ns;
  int forwarded = 0;
  while (true) {
    absl::StatusOr<bool> open = pool->Receive(100, on_report);
    if (!open.ok()) return open.status();
    while (std::optional<SecondLine> line = collector.TakeLine()) {
      if (plan.progress) PrintLine(*line);
    }
    if (!*open || !broken.ok()) break;
    const int interrupts = g_interrupts;
    if (interrupts > forwarded) {
      if (forwarded == 0) stopped_ns = std::min(stopped_ns, NowNanos());
      pool->Signal(interrupts == 1 ? SIGTERM : SIGKILL);
      forwarded = interrupts;
    }
  }
  if (!broken.ok()) return broken;
  if (absl::Status status = pool->Join(); !status.ok()) return status;
  if (collector.finals() != plan.workers) {
    return absl::InternalError("a worker ended without its report");
  }
  absl::StatusOr<model::Result> result = collector.Finish();
  if (!result.ok()) return result.status();
  FinishedRun run;
  run.result = *std::move(result);
  run.interrupted = forwarded > 0;
  run.result.set_measured_from_seconds(base::NanosToSeconds(plan.window_from_ns - plan.start_ns));
  run.result.set_measured_seconds(base::NanosToSeconds(
      std::max<int64_t>(std::min(stopped_ns, plan.window_to_ns) - plan.window_from_ns, 0)));
  JudgeValidity(&run.result);
  return run;
}

WorkerRun::WorkerRun(const RunPlan& plan, WorkerChannel* channel, Recorder* recorder)
    : plan_(plan),
      channel_(channel),
      recorder_(recorder),
      next_second_ns_(plan.start_ns + kSecond) {}

void WorkerRun::StartWindow() {
  in_window_ = true;
  window_started_ns_ = NowNanos();
  window_cpu_ns_ = base::ProcessCpuNow();
  window_wait_ns_ = RunQueueWaitNanos();
}

bool WorkerRun::Releasing(int64_t now_ns) {
  if (!in_window_ && now_ns >= plan_.window_from_ns) StartWindow();
  if (stopped_ns_ != 0) return false;
  if (now_ns < plan_.end_ns && !channel_->stopped()) return true;
  stopped_ns_ = std::min(now_ns, plan_.end_ns);
  if (in_window_ && now_ns > window_started_ns_) {
    const double window = static_cast<double>(now_ns - window_started_ns_);
    utilisation_ = (base::ProcessCpuNow() - window_cpu_ns_) / window;
    waiting_ = (RunQueueWaitNanos() - window_wait_ns_) / window;
  }
  return false;
}

bool WorkerRun::Draining(int64_t now_ns) const {
  const int64_t drain =
      channel_->stopped() ? std::min(plan_.drain_ns, kInterruptedDrain) : plan_.drain_ns;
  return now_ns < stopped_ns_ + drain;
}

void WorkerRun::Tick(int64_t now_ns, uint64_t users, uint64_t connections) {
  while (now_ns >= next_second_ns_) {
    channel_->Send(ReportKind::kSecond, recorder_->TakeSecond(second_, users, connections));
    ++second_;
    next_second_ns_ += kSecond;
  }
}

void WorkerRun::Finish(int64_t now_ns, uint64_t users, uint64_t connections) {
  Tick(now_ns, users, connections);  // a second that was cut short is not in the series
  model::Result report = recorder_->TakeFinal();
  model::ResourceUse* cpu = report.add_resources();
  cpu->set_name(absl::StrCat(kGeneratorCpu, channel_->index()));
  cpu->set_utilisation(utilisation_);
  cpu->set_capacity(1);
  cpu->set_busy(utilisation_);
  model::ResourceUse* wait = report.add_resources();
  wait->set_name(absl::StrCat(kGeneratorCpuWait, channel_->index()));
  wait->set_utilisation(waiting_);
  wait->set_capacity(1);
  wait->set_busy(waiting_);
  channel_->Send(ReportKind::kFinal, report);
}

}  // namespace loadgen
