#include "base/launch.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/unique_fd.h"

namespace base::internal {
namespace {

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

}  // namespace

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

}  // namespace base::internal
