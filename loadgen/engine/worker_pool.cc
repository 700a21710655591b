#include "loadgen/engine/worker_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace loadgen {
namespace {

constexpr uint32_t kMostReport = 256u << 20;
constexpr size_t kFrameHead = 5;  // length (4 bytes, host order), kind

volatile std::sig_atomic_t g_stop = 0;

void OnTerminate(int) { g_stop = 1; }

void BecomeWorker(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(0);
  prctl(PR_SET_TIMERSLACK, 1000);  // 1 us instead of 50: release lateness
  g_stop = 0;
  signal(SIGINT, SIG_IGN);
  struct sigaction action = {};
  action.sa_handler = OnTerminate;
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

bool WorkerChannel::stopped() const { return g_stop != 0; }

void WorkerChannel::Send(ReportKind kind, const model::Result& report) const {
  std::string frame(kFrameHead, '\0');
  report.AppendToString(&frame);
  const uint32_t length = static_cast<uint32_t>(frame.size() - kFrameHead);
  memcpy(frame.data(), &length, sizeof(length));
  frame[4] = static_cast<char>(kind);
  for (size_t at = 0; at < frame.size();) {
    const ssize_t n = write(fd_, frame.data() + at, frame.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) _exit(1);
    at += n;
  }
}

void WorkerChannel::SendError(const absl::Status& status) const {
  model::Result report;
  report.mutable_provenance()->add_invalid_reasons(std::string(status.message()));
  Send(ReportKind::kError, report);
}

absl::StatusOr<WorkerPool> WorkerPool::Start(int workers, const Body& body) {
  WorkerPool pool;
  const pid_t parent = getpid();
  for (int i = 0; i < workers; ++i) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
      return absl::ResourceExhaustedError(absl::StrCat("pipe: ", strerror(errno)));
    }
    fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);  // a second's report fits: the worker does not block
    const pid_t pid = fork();
    if (pid < 0) {
      close(ends[0]);
      close(ends[1]);
      return absl::ResourceExhaustedError(absl::StrCat("fork: ", strerror(errno)));
    }
    if (pid == 0) {
      BecomeWorker(parent);
      close(ends[0]);
      for (const Worker& other : pool.workers_) close(other.fd);
      WorkerChannel channel(i, ends[1]);
      body(channel);
      _exit(0);  // no destructors of the parent's state in a worker
    }
    close(ends[1]);
    pool.workers_.push_back({pid, ends[0], {}});
  }
  return pool;
}

WorkerPool::~WorkerPool() {
  for (const Worker& worker : workers_) {
    if (worker.pid > 0) {
      kill(worker.pid, SIGKILL);
      waitpid(worker.pid, nullptr, 0);
    }
    if (worker.fd >= 0) close(worker.fd);
  }
}

absl::Status WorkerPool::Deliver(int index, const OnReport& on_report) {
  std::string& received = workers_[index].received;
  size_t at = 0;
  while (received.size() - at >= kFrameHead) {
    uint32_t length;
    memcpy(&length, received.data() + at, sizeof(length));
    if (length > kMostReport) return absl::InternalError("a worker's report is too long");
    if (received.size() - at - kFrameHead < length) break;
    model::Result report;
    if (!report.ParseFromArray(received.data() + at + kFrameHead, static_cast<int>(length))) {
      return absl::InternalError("a worker's report cannot be read");
    }
    on_report(index, static_cast<ReportKind>(received[at + 4]), report);
    at += kFrameHead + length;
  }
  received.erase(0, at);
  return absl::OkStatus();
}

absl::StatusOr<bool> WorkerPool::Receive(int timeout_ms, const OnReport& on_report) {
  std::vector<pollfd> waits;
  for (const Worker& worker : workers_) waits.push_back({worker.fd, POLLIN, 0});
  poll(waits.data(), waits.size(), timeout_ms);
  bool open = false;
  std::string buffer(256 * 1024, '\0');
  for (size_t i = 0; i < workers_.size(); ++i) {
    if (workers_[i].fd < 0) continue;
    open = true;
    if (waits[i].revents == 0) continue;
    const ssize_t n = read(workers_[i].fd, buffer.data(), buffer.size());
    if (n > 0) {
      workers_[i].received.append(buffer, 0, n);
      if (absl::Status status = Deliver(static_cast<int>(i), on_report); !status.ok()) {
        return status;
      }
    } else if (n == 0 || errno != EINTR) {
      close(workers_[i].fd);
      workers_[i].fd = -1;
    }
  }
  return open;
}

void WorkerPool::Signal(int signal) {
  for (const Worker& worker : workers_) {
    if (worker.pid > 0) kill(worker.pid, signal);
  }
}

absl::Status WorkerPool::Join() {
  std::string broken;
  for (size_t i = 0; i < workers_.size(); ++i) {
    int status = 0;
    while (waitpid(workers_[i].pid, &status, 0) < 0 && errno == EINTR) {
    }
    workers_[i].pid = -1;
    if (WIFSIGNALED(status)) {
      absl::StrAppend(&broken, broken.empty() ? "" : "; ", "worker ", i, " died of signal ",
                      WTERMSIG(status));
    } else if (WEXITSTATUS(status) != 0) {
      absl::StrAppend(&broken, broken.empty() ? "" : "; ", "worker ", i, " exited with ",
                      WEXITSTATUS(status));
    }
  }
  return broken.empty() ? absl::OkStatus() : absl::InternalError(broken);
}

}  // namespace loadgen
