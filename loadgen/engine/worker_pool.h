#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/result.pb.h"

// The generator's worker processes: forked once, each with a pipe to the parent, no shared memory.
//
// A worker is a process because a process may hold only so many descriptors (20,000 is a common
// hard limit) and because one event loop fills one core. Nothing restarts a worker: a run that lost
// one has lost users and is reported as broken.
// The parent must have no threads. Workers die with the parent; they ignore SIGINT (the parent
// decides what Ctrl-C means) and take SIGTERM as "stop releasing, report, end".
namespace loadgen {

enum class ReportKind : uint8_t { kSecond = 1, kFinal = 2, kError = 3 };

// The worker's side.
class WorkerChannel {
 public:
  WorkerChannel(int index, int fd) : index_(index), fd_(fd) {}
  int index() const { return index_; }
  // True once the parent asked to stop.
  bool stopped() const;
  // Blocks when the parent is far behind. A failed write ends the process: nobody listens any more.
  void Send(ReportKind kind, const model::Result& report) const;
  // Tells the parent why this worker cannot go on.
  void SendError(const absl::Status& status) const;

 private:
  int index_;
  int fd_;
};

class WorkerPool {
 public:
  using Body = std::function<void(WorkerChannel&)>;
  // Called for each report; kError carries its text in provenance.invalid_reasons.
  using OnReport = std::function<void(int worker, ReportKind kind, const model::Result& report)>;

  static absl::StatusOr<WorkerPool> Start(int workers, const Body& body);
  WorkerPool(WorkerPool&&) = default;
  // Kills what is left.
  ~WorkerPool();

  // Waits at most `timeout_ms` for reports and delivers them. False when all pipes are closed.
  absl::StatusOr<bool> Receive(int timeout_ms, const OnReport& on_report);
  void Signal(int signal);
  // Collects the exits; an error names the workers that did not end by themselves.
  absl::Status Join();

 private:
  struct Worker {
    pid_t pid = -1;
    int fd = -1;
    std::string received;
  };
  WorkerPool() = default;
  absl::Status Deliver(int index, const OnReport& on_report);

  std::vector<Worker> workers_;
};

}  // namespace loadgen
