#include "base/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/launch.h"
#include "base/unique_fd.h"

namespace base {
namespace {

constexpr size_t kCaptureLimit = 16 << 20;

// Reads what is there; false at the end of the stream.
bool Drain(int fd, std::string& into) {
  char buffer[65536];
  const ssize_t n = read(fd, buffer, sizeof(buffer));
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  if (n == 0) return false;
  into.append(buffer, std::min(static_cast<size_t>(n),
                               kCaptureLimit - std::min(kCaptureLimit, into.size())));
  return true;
}

}  // namespace

std::string ExitStatus::ToString() const {
  if (signal != 0) return absl::StrCat("signal ", signal, " (", strsignal(signal), ")");
  return absl::StrCat("exit code ", code);
}

Subprocess::Subprocess(pid_t pid, bool own_group)
    : pid_(pid), owner_(getpid()), own_group_(own_group) {}

Subprocess::Subprocess(Subprocess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      owner_(other.owner_),
      own_group_(other.own_group_),
      exit_(other.exit_) {}

Subprocess& Subprocess::operator=(Subprocess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(owner_, other.owner_);
  std::swap(own_group_, other.own_group_);
  std::swap(exit_, other.exit_);
  return *this;
}

Subprocess::~Subprocess() {
  if (pid_ <= 0 || getpid() != owner_ || exit_.has_value()) return;
  kill(pid_, SIGKILL);
  KillGroup();
  int ignored;
  waitpid(pid_, &ignored, 0);
}

absl::StatusOr<Subprocess> Subprocess::Start(const SubprocessOptions& options) {
  UniqueFd log;
  if (!options.log_file.empty()) {
    log = UniqueFd(open(options.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!log.valid()) return absl::ErrnoToStatus(errno, absl::StrCat("open ", options.log_file));
  }
  absl::StatusOr<pid_t> pid = internal::Launch(options, log.get(), log.get());
  if (!pid.ok()) return pid.status();
  return Subprocess(*pid, options.own_process_group);
}

void Subprocess::KillGroup() {
  if (own_group_) kill(-pid_, SIGKILL);
}

std::optional<ExitStatus> Subprocess::Poll() {
  if (exit_.has_value() || pid_ <= 0) return exit_;
  siginfo_t info{};
  // Looks without reaping: the zombie keeps the group's number from being given to someone else.
  if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0) {
    if (info.si_pid == 0) return std::nullopt;
    KillGroup();
    int status = 0;
    waitpid(pid_, &status, 0);
    exit_ =
        WIFSIGNALED(status) ? ExitStatus{0, WTERMSIG(status)} : ExitStatus{WEXITSTATUS(status), 0};
  } else {
    exit_ = ExitStatus{255, 0};  // Reaped by someone else: how it ended is unknown.
  }
  return exit_;
}

absl::StatusOr<ExitStatus> Subprocess::Wait(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  absl::Duration pause = absl::Microseconds(200);
  while (true) {
    if (const auto exit = Poll()) return *exit;
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError(
          absl::StrCat("process ", pid_, " still runs after ", absl::FormatDuration(timeout)));
    }
    absl::SleepFor(std::min(pause, left));
    pause = std::min(pause * 2, absl::Milliseconds(5));
  }
}

void Subprocess::Signal(int signal) {
  if (!Poll().has_value() && pid_ > 0) kill(pid_, signal);
}

absl::StatusOr<ExitStatus> Subprocess::Terminate(absl::Duration grace, int signal) {
  Signal(signal);
  absl::StatusOr<ExitStatus> exit = Wait(grace);
  if (exit.ok()) return exit;
  kill(pid_, SIGKILL);
  KillGroup();
  return Wait(absl::Seconds(2));
}

absl::StatusOr<CommandOutput> RunCommand(const SubprocessOptions& options, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  std::array<UniqueFd, 2> reading;
  std::array<UniqueFd, 2> writing;
  for (size_t i = 0; i < 2; ++i) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "pipe");
    reading[i] = UniqueFd(ends[0]);
    writing[i] = UniqueFd(ends[1]);
  }
  absl::StatusOr<pid_t> pid = internal::Launch(options, writing[0].get(), writing[1].get());
  if (!pid.ok()) return pid.status();
  Subprocess child = Subprocess::Adopt(*pid, options.own_process_group);
  for (UniqueFd& fd : writing) fd.Reset();

  CommandOutput output;
  std::array<std::string*, 2> streams = {&output.out, &output.err};
  while (reading[0].valid() || reading[1].valid()) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) break;
    pollfd polled[2] = {{reading[0].get(), POLLIN, 0}, {reading[1].get(), POLLIN, 0}};
    if (poll(polled, 2, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1) < 0) continue;
    for (size_t i = 0; i < 2; ++i) {
      if (reading[i].valid() && polled[i].revents != 0 && !Drain(reading[i].get(), *streams[i])) {
        reading[i].Reset();
      }
    }
  }
  absl::StatusOr<ExitStatus> exit = child.Wait(deadline - absl::Now());
  if (!exit.ok()) {
    return absl::DeadlineExceededError(
        absl::StrCat(options.argv[0], " did not end within ", absl::FormatDuration(timeout)));
  }
  output.exit = *exit;
  return output;
}

absl::StatusOr<CommandOutput> RunCommand(const std::vector<std::string>& argv,
                                         absl::Duration timeout) {
  SubprocessOptions options;
  options.argv = argv;
  return RunCommand(options, timeout);
}

}  // namespace base
