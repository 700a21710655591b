#include "base/subprocess.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/unique_fd.h"

namespace base {
namespace {

constexpr size_t kCaptureLimit = 16 << 20;

// What the child needs, worked out before fork: between fork and exec only async-signal-safe calls
// are allowed, and memory allocation is not one.
struct Plan {
  std::string program;
  std::vector<char*> argv;
  std::vector<char*> environment;
  const char* working_directory = nullptr;
  int input = -1;
  int output = -1;  // -1: the parent's.
  int error = -1;
  bool change_user = false;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  bool own_process_group = true;
  int death_signal = SIGKILL;
  pid_t parent = -1;
};

enum Stage : int { kGroups, kUser, kFolder, kStreams, kExec };

const char* StageName(int stage) {
  static constexpr const char* kNames[] = {"set the groups of its user", "become its user",
                                           "enter its working folder", "redirect its output",
                                           "execute it"};
  return kNames[stage];
}

struct Failure {
  int stage;
  int error;
};

absl::StatusOr<std::string> FindProgram(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (access(name.c_str(), X_OK) == 0) return name;
    return absl::NotFoundError(absl::StrCat("program not found: ", name));
  }
  const char* path = std::getenv("PATH");
  for (const absl::string_view folder :
       absl::StrSplit(path == nullptr ? "/usr/bin:/bin" : path, ':')) {
    std::string candidate = absl::StrCat(folder, "/", name);
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return absl::NotFoundError(absl::StrCat("program not found in PATH: ", name));
}

absl::Status PlanUser(const std::string& user, Plan& plan) {
  if (user.empty()) return absl::OkStatus();
  const passwd* entry = getpwnam(user.c_str());
  if (entry == nullptr) return absl::NotFoundError(absl::StrCat("no such user: ", user));
  if (entry->pw_uid == geteuid()) return absl::OkStatus();
  if (geteuid() != 0) {
    return absl::PermissionDeniedError(absl::StrCat("only root can start a program as ", user));
  }
  plan.change_user = true;
  plan.uid = entry->pw_uid;
  plan.gid = entry->pw_gid;
  int count = 64;
  plan.groups.resize(static_cast<size_t>(count));
  if (getgrouplist(user.c_str(), plan.gid, plan.groups.data(), &count) < 0) {
    return absl::InternalError(absl::StrCat("cannot read the groups of ", user));
  }
  plan.groups.resize(static_cast<size_t>(count));
  return absl::OkStatus();
}

void PlanEnvironment(const std::vector<std::string>& added, Plan& plan) {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view present(*entry);
    const std::string_view name = present.substr(0, present.find('=') + 1);
    const bool replaced = std::any_of(added.begin(), added.end(), [&](const std::string& one) {
      return std::string_view(one).substr(0, name.size()) == name;
    });
    if (!replaced) plan.environment.push_back(*entry);
  }
  for (const std::string& one : added) plan.environment.push_back(const_cast<char*>(one.c_str()));
  plan.environment.push_back(nullptr);
}

[[noreturn]] void Fail(int report, int stage) {
  const Failure failure{stage, errno};
  [[maybe_unused]] const ssize_t ignored = write(report, &failure, sizeof(failure));
  _exit(127);
}

void ResetSignals() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Descriptors beyond the standard three must not leak into the program (a listener kept open by a
// database would survive its server).
void CloseOnExecFrom(int first) {
#ifdef SYS_close_range
  constexpr unsigned kCloseRangeCloexec = 4;
  if (syscall(SYS_close_range, first, ~0U, kCloseRangeCloexec) == 0) return;
#endif
  for (int fd = first; fd < 4096; ++fd) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

[[noreturn]] void RunChild(const Plan& plan, int report) {
  ResetSignals();
  if (plan.own_process_group) setpgid(0, 0);
  if (plan.change_user) {
    if (setgroups(plan.groups.size(), plan.groups.data()) != 0) Fail(report, kGroups);
    if (setgid(plan.gid) != 0 || setuid(plan.uid) != 0) Fail(report, kUser);
  }
  // After setuid, which clears it. The parent may be gone already: then nobody would signal.
  if (plan.death_signal != 0) {
    prctl(PR_SET_PDEATHSIG, plan.death_signal);
    if (getppid() != plan.parent) _exit(127);
  }
  if (plan.working_directory != nullptr && chdir(plan.working_directory) != 0)
    Fail(report, kFolder);
  if (dup2(plan.input, 0) < 0) Fail(report, kStreams);
  if (plan.output >= 0 && dup2(plan.output, 1) < 0) Fail(report, kStreams);
  if (plan.error >= 0 && dup2(plan.error, 2) < 0) Fail(report, kStreams);
  CloseOnExecFrom(3);
  execve(plan.program.c_str(), plan.argv.data(), plan.environment.data());
  Fail(report, kExec);
}

absl::StatusOr<pid_t> Launch(const SubprocessOptions& options, int output, int error) {
  if (options.argv.empty()) return absl::InvalidArgumentError("no program given");
  Plan plan;
  absl::StatusOr<std::string> program = FindProgram(options.argv[0]);
  if (!program.ok()) return program.status();
  plan.program = *program;
  for (const std::string& word : options.argv) plan.argv.push_back(const_cast<char*>(word.c_str()));
  plan.argv.push_back(nullptr);
  PlanEnvironment(options.environment, plan);
  if (absl::Status status = PlanUser(options.user, plan); !status.ok()) return status;
  if (!options.working_directory.empty())
    plan.working_directory = options.working_directory.c_str();
  plan.own_process_group = options.own_process_group;
  plan.death_signal = options.death_signal;
  plan.parent = getpid();
  const UniqueFd input(open("/dev/null", O_RDONLY | O_CLOEXEC));
  plan.input = input.get();
  plan.output = output;
  plan.error = error;

  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "pipe");
  const UniqueFd reading(pipe_ends[0]);
  UniqueFd writing(pipe_ends[1]);
  const pid_t pid = fork();
  if (pid < 0) return absl::ErrnoToStatus(errno, "fork");
  if (pid == 0) RunChild(plan, writing.get());
  writing.Reset();
  if (options.own_process_group) setpgid(pid, pid);  // Whoever comes first.
  Failure failure{};
  ssize_t n;
  do {
    n = read(reading.get(), &failure, sizeof(failure));
  } while (n < 0 && errno == EINTR);
  if (n == 0) return pid;  // Closed by exec.
  int ignored;
  waitpid(pid, &ignored, 0);
  return absl::ErrnoToStatus(failure.error, absl::StrCat("cannot start ", options.argv[0],
                                                         ": cannot ", StageName(failure.stage)));
}

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
  absl::StatusOr<pid_t> pid = Launch(options, log.get(), log.get());
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
  absl::StatusOr<pid_t> pid = Launch(options, writing[0].get(), writing[1].get());
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
