#include "base/supervisor.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "glog/logging.h"

namespace base {
namespace {

constexpr absl::Duration kFirstBackoff = absl::Milliseconds(10);
constexpr absl::Duration kLastBackoff = absl::Seconds(1);
constexpr absl::Duration kTick = absl::Milliseconds(100);

struct Worker {
  UniqueFd listener;
  pid_t pid = -1;  // -1: not running.
  int incarnation = 0;
  absl::Duration backoff = kFirstBackoff;
  absl::Time started;
  absl::Time start_at = absl::InfiniteFuture();  // When to start it again.
};

// Holds back the signals the loop reads with sigtimedwait, for the life of the object.
class SignalQueue {
 public:
  SignalQueue() {
    // An ignored SIGCHLD would reap the children before the loop sees how they ended.
    signal(SIGCHLD, SIG_DFL);
    sigemptyset(&signals_);
    for (const int number : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&signals_, number);
    sigprocmask(SIG_BLOCK, &signals_, &previous_);
  }
  ~SignalQueue() { sigprocmask(SIG_SETMASK, &previous_, nullptr); }

  // 0 after `timeout`.
  int Next(absl::Duration timeout) const {
    const timespec limit = absl::ToTimespec(std::max(timeout, absl::ZeroDuration()));
    return std::max(0, sigtimedwait(&signals_, nullptr, &limit));
  }

 private:
  sigset_t signals_;
  sigset_t previous_;
};

int ThreadCount() {
  std::error_code error;
  const std::filesystem::directory_iterator threads("/proc/self/task", error);
  if (error) return 1;
  return static_cast<int>(std::distance(begin(threads), end(threads)));
}

class Loop {
 public:
  Loop(const SupervisorOptions& options, const WorkerMain& worker_main)
      : options_(options),
        worker_main_(worker_main),
        supervisor_(getpid()),
        workers_(static_cast<size_t>(options.workers)) {}

  absl::Status Run() {
    absl::Status status = MakeListeners();
    if (!status.ok()) return status;
    const SignalQueue signals;
    status = StartAll();
    while (status.ok() && !stopping_ && !Finished()) {
      TakeSignal(signals.Next(NextWake()));
      status = Advance();
    }
    absl::Status stopped = StopAll(signals);
    if (!status.ok()) return status;
    if (options_.run_to_completion && stopping_) return absl::CancelledError("stopped by a signal");
    return stopped;
  }

 private:
  absl::Status MakeListeners() {
    if (!options_.make_listener) return absl::OkStatus();
    for (size_t i = 0; i < workers_.size(); ++i) {
      absl::StatusOr<UniqueFd> listener = options_.make_listener(static_cast<int>(i));
      if (!listener.ok()) return listener.status();
      workers_[i].listener = *std::move(listener);
    }
    return absl::OkStatus();
  }

  absl::Status StartAll() {
    std::vector<pid_t> pids;
    for (size_t i = 0; i < workers_.size(); ++i) {
      if (absl::Status status = Start(i); !status.ok()) return status;
      pids.push_back(workers_[i].pid);
    }
    return options_.on_started ? options_.on_started(pids) : absl::OkStatus();
  }

  absl::Status Start(size_t index) {
    fflush(nullptr);  // Or the child prints the parent's buffered output again.
    const pid_t pid = fork();
    if (pid < 0) return absl::ErrnoToStatus(errno, "cannot fork a worker");
    if (pid == 0) RunWorker(index);
    Worker& worker = workers_[index];
    worker.pid = pid;
    worker.started = absl::Now();
    worker.start_at = absl::InfiniteFuture();
    return absl::OkStatus();
  }

  [[noreturn]] void RunWorker(size_t index) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != supervisor_) _exit(1);
    for (const int number : {SIGTERM, SIGCHLD}) signal(number, SIG_DFL);
    for (const int number : {SIGINT, SIGPIPE}) signal(number, SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    for (size_t i = 0; i < workers_.size(); ++i) {
      if (i != index) workers_[i].listener.Reset();
    }
    WorkerContext context;
    context.index = static_cast<int>(index);
    context.listener_fd = workers_[index].listener.get();
    context.incarnation = workers_[index].incarnation;
    const int code = worker_main_(context);
    fflush(nullptr);
    _exit(code);
  }

  bool Finished() const {
    return options_.run_to_completion && std::none_of(workers_.begin(), workers_.end(),
                                                      [](const Worker& w) { return w.pid > 0; });
  }

  absl::Duration NextWake() const {
    absl::Time wake = last_tick_ + kTick;
    for (const Worker& worker : workers_) wake = std::min(wake, worker.start_at);
    return wake - absl::Now();
  }

  void TakeSignal(int number) {
    if (number == SIGTERM || number == SIGINT) stopping_ = true;
  }

  absl::Status Advance() {
    if (absl::Status status = Reap(); !status.ok()) return status;
    const absl::Time now = absl::Now();
    for (size_t i = 0; i < workers_.size(); ++i) {
      if (workers_[i].start_at > now || stopping_) continue;
      ++workers_[i].incarnation;
      if (absl::Status status = Start(i); !status.ok()) return status;
      if (options_.on_worker_restart)
        options_.on_worker_restart(static_cast<int>(i), workers_[i].pid);
    }
    if (now - last_tick_ < kTick) return absl::OkStatus();
    last_tick_ = now;
    return options_.on_tick ? options_.on_tick() : absl::OkStatus();
  }

  // Only our own workers are waited for: other children belong to other parts of this process.
  absl::Status Reap() {
    for (size_t i = 0; i < workers_.size(); ++i) {
      ExitStatus exit;
      const pid_t pid = workers_[i].pid;
      if (pid <= 0 || !Ended(workers_[i], exit)) continue;
      if (options_.run_to_completion && exit.ok()) continue;
      if (stopping_) continue;
      if (options_.on_worker_death) options_.on_worker_death(static_cast<int>(i), pid, exit);
      if (options_.counters != nullptr) options_.counters->ResetGauges(static_cast<int>(i));
      if (options_.run_to_completion) {
        return absl::AbortedError(absl::StrCat("worker ", i, " failed: ", exit.ToString()));
      }
      if (absl::Status status = Schedule(i, exit); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  static bool Ended(Worker& worker, ExitStatus& exit) {
    int status = 0;
    const pid_t pid = waitpid(worker.pid, &status, WNOHANG);
    if (pid == 0) return false;
    worker.pid = -1;
    if (pid > 0) {
      exit.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
      exit.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    } else {
      exit.code = 255;  // Reaped by someone else.
    }
    return true;
  }

  absl::Status Schedule(size_t index, const ExitStatus& exit) {
    const absl::Time now = absl::Now();
    restarts_.push_back(now);
    while (restarts_.front() < now - options_.restart_window) restarts_.pop_front();
    if (static_cast<int>(restarts_.size()) > options_.max_restarts) {
      return absl::ResourceExhaustedError(
          absl::StrCat("workers ended ", restarts_.size(), " times within ",
                       absl::FormatDuration(options_.restart_window), " (last: worker ", index,
                       ", ", exit.ToString(), "); giving up"));
    }
    Worker& worker = workers_[index];
    // Who lived longer than a window was healthy: start afresh.
    if (now - worker.started > options_.restart_window) worker.backoff = kFirstBackoff;
    worker.start_at = now + worker.backoff;
    worker.backoff = std::min(worker.backoff * 2, kLastBackoff);
    return absl::OkStatus();
  }

  int SignalAll(int number) {
    int alive = 0;
    for (const Worker& worker : workers_) {
      if (worker.pid > 0 && kill(worker.pid, number) == 0) ++alive;
    }
    return alive;
  }

  bool AllEnded() {
    bool all = true;
    for (Worker& worker : workers_) {
      ExitStatus ignored;
      if (worker.pid > 0 && !Ended(worker, ignored)) all = false;
    }
    return all;
  }

  absl::Status StopAll(const SignalQueue& signals) {
    SignalAll(SIGTERM);
    const absl::Time deadline = absl::Now() + options_.drain_deadline;
    bool impatient = false;
    while (!AllEnded() && !impatient && absl::Now() < deadline) {
      const int number = signals.Next(std::min(deadline - absl::Now(), absl::Milliseconds(20)));
      impatient = number == SIGTERM || number == SIGINT;
    }
    if (AllEnded()) return absl::OkStatus();
    const int killed = SignalAll(SIGKILL);
    while (!AllEnded()) absl::SleepFor(absl::Milliseconds(1));  // SIGKILL cannot be refused.
    return absl::DeadlineExceededError(absl::StrCat(
        killed, " workers were killed before they had finished",
        impatient ? " (second signal)"
                  : absl::StrCat(" within ", absl::FormatDuration(options_.drain_deadline))));
  }

  const SupervisorOptions& options_;
  const WorkerMain& worker_main_;
  const pid_t supervisor_;
  std::vector<Worker> workers_;
  std::deque<absl::Time> restarts_;
  absl::Time last_tick_ = absl::Now();
  bool stopping_ = false;
};

}  // namespace

absl::Status Supervise(const SupervisorOptions& options, const WorkerMain& worker_main) {
  if (options.workers < 1) return absl::InvalidArgumentError("need at least one worker");
  if (options.counters != nullptr && options.counters->slots() < options.workers) {
    return absl::InvalidArgumentError("fewer counter slots than workers");
  }
  if (const int threads = ThreadCount(); threads > 1) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot fork workers: this process has ", threads, " threads"));
  }
  return Loop(options, worker_main).Run();
}

}  // namespace base
