#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/shared_counters.h"
#include "base/subprocess.h"
#include "base/unique_fd.h"

// Prefork: one supervisor process, N worker processes with one event loop each.
//
//   SupervisorOptions options;
//   options.workers = 2;
//   options.make_listener = [&](int) { return CreateListener({.port = 8088, .reuse_port = true});
//   }; return Supervise(options, [&](const WorkerContext& worker) { return RunWorker(worker); });
//
// - The supervisor makes each worker's listener, keeps it open and hands the same socket to the
//   successor of a dead worker: connections queued on it wait instead of being reset.
// - A dead worker is restarted with backoff (10 ms, doubled up to 1 s); past `max_restarts` within
//   `restart_window` the supervisor stops the others and returns an error.
// - SIGTERM or SIGINT: workers get SIGTERM, have `drain_deadline` to finish, then SIGKILL. A second
//   signal kills at once.
// - Workers die with the supervisor, even on SIGKILL (PR_SET_PDEATHSIG).
//
// In a worker SIGTERM and SIGCHLD have their default action until the worker installs its own
// handler (boost::asio::signal_set), SIGINT is ignored (Ctrl-C reaches the whole terminal group,
// the supervisor decides), SIGPIPE is ignored, the signal mask is empty. The worker ends by _exit
// with the callback's value: no destructors and no atexit handlers of the parent's objects run;
// flush what must be flushed.
//
// Call from the main thread of a process without other threads (checked: FailedPrecondition), as
// fork copies only the calling thread and the death signal follows it.

namespace base {

struct WorkerContext {
  int index = 0;         // 0 .. workers-1; also the worker's counter slot.
  int listener_fd = -1;  // Inherited; -1 without make_listener. The supervisor's: do not close it
                         // with shutdown(); wrap a dup() if the library insists on owning it.
  int incarnation = 0;   // 0 for the first, counted up with each restart of this index.
};

// Runs in the child; the value becomes the exit code.
using WorkerMain = std::function<int(const WorkerContext&)>;

struct SupervisorOptions {
  int workers = 2;
  // Called once per worker before any fork; empty for workers without listeners.
  std::function<absl::StatusOr<UniqueFd>(int worker)> make_listener;
  // Not owned, may be null; its gauges are reset when a worker dies. Needs >= `workers` slots.
  const SharedCounters* counters = nullptr;

  // False (a server): whoever exits is restarted, until stopped.
  // True (a batch): exit code 0 is final; Supervise returns when all have finished. Another end of
  // any worker stops the others and is an error.
  bool run_to_completion = false;

  int max_restarts = 10;
  absl::Duration restart_window = absl::Seconds(10);
  absl::Duration drain_deadline = absl::Seconds(10);

  // All run in the supervisor and must be quick.
  // After the first fork of all workers: pids by index. An error stops everything.
  std::function<absl::Status(const std::vector<pid_t>&)> on_started;
  // A worker ended while it should not have (restarting, or failed in a batch).
  std::function<void(int worker, pid_t pid, const ExitStatus&)> on_worker_death;
  std::function<void(int worker, pid_t pid)> on_worker_restart;
  // About every 100 ms. An error stops everything and is returned (a watched dependency died).
  std::function<absl::Status()> on_tick;
};

// Returns Ok after an orderly stop (a signal, or completion). After a signal in a batch, Cancelled.
// DeadlineExceeded when workers had to be killed at the drain deadline (or by a second signal).
// Restart storms, failed batches and callback errors come back as their status.
absl::Status Supervise(const SupervisorOptions& options, const WorkerMain& worker_main);

}  // namespace base
