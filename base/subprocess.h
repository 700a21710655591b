#pragma once

#include <sys/types.h>

#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

// Child processes that cannot be forgotten: they die with the thread that started them.
//
// The death signal (PR_SET_PDEATHSIG) fires when the *thread* that called Start ends, not only the
// process: start long-lived children from the main thread. It reaches the child itself, not the
// child's own children; those of PostgreSQL follow their postmaster.

namespace base {

struct SubprocessOptions {
  // argv[0] is a path, or a name that is looked up in PATH.
  std::vector<std::string> argv;
  // "NAME=value"; added to, and winning over, the parent's environment.
  std::vector<std::string> environment;
  // Empty: the parent's.
  std::string working_directory;
  // Standard output and error are appended here (created 0600). Empty: the parent's.
  // Standard input is always /dev/null.
  std::string log_file;
  // Run as this user (uid, gid, supplementary groups). Needs root, unless it is the present user.
  std::string user;
  // A group of its own, so that Ctrl-C at the terminal reaches the parent only and Terminate
  // reaches the grandchildren too.
  bool own_process_group = true;
  // Sent to the child when its parent thread ends; 0 for none.
  int death_signal = SIGKILL;
};

struct ExitStatus {
  int code = 0;    // Exit code, when signal == 0.
  int signal = 0;  // The signal that ended it, or 0.
  bool ok() const { return code == 0 && signal == 0; }
  std::string ToString() const;  // "exit code 1", "signal 9 (Killed)"
};

// Movable handle of one child. Its destructor kills the process group and reaps the child, when
// called in the process that started it (a forked copy of the handle does nothing). When the child
// ends by itself, whatever it left behind in its own process group is killed as it is reaped.
class Subprocess {
 public:
  // Returns once exec has succeeded. NotFound when the program does not exist, PermissionDenied
  // when the user cannot be assumed; the message names the program and the step that failed.
  static absl::StatusOr<Subprocess> Start(const SubprocessOptions& options);
  // Takes over a child that this process has forked.
  static Subprocess Adopt(pid_t pid, bool own_process_group) {
    return Subprocess(pid, own_process_group);
  }

  Subprocess(Subprocess&& other) noexcept;
  Subprocess& operator=(Subprocess&& other) noexcept;
  ~Subprocess();

  // Stays the child's pid after it has ended.
  pid_t pid() const { return pid_; }
  // Its exit status if it has ended, without waiting.
  std::optional<ExitStatus> Poll();
  bool running() { return !Poll().has_value(); }
  // DeadlineExceeded when it still runs after `timeout`.
  absl::StatusOr<ExitStatus> Wait(absl::Duration timeout);
  // To the child only; nothing once it has been reaped.
  void Signal(int signal);
  // Sends `signal` to the child, waits up to `grace`, then kills its process group. Returns how it
  // ended. Bounded by grace + 2 s; DeadlineExceeded if even SIGKILL did not end it by then.
  absl::StatusOr<ExitStatus> Terminate(absl::Duration grace, int signal = SIGTERM);

 private:
  Subprocess(pid_t pid, bool own_group);
  void KillGroup();

  pid_t pid_ = -1;
  pid_t owner_ = -1;
  bool own_group_ = false;
  std::optional<ExitStatus> exit_;
};

struct CommandOutput {
  ExitStatus exit;
  std::string out;
  std::string err;
};

// Runs a short command to its end and captures what it prints (each stream up to 16 MiB, the rest
// is dropped). A command that ends non-zero is not an error here: look at `exit`. DeadlineExceeded
// (and killed) after `timeout`. `options.argv` is the command; `options.log_file` is not used.
absl::StatusOr<CommandOutput> RunCommand(const SubprocessOptions& options, absl::Duration timeout);
absl::StatusOr<CommandOutput> RunCommand(const std::vector<std::string>& argv,
                                         absl::Duration timeout);

}  // namespace base
