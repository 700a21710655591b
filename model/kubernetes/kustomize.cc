#include "model/kubernetes/kustomize.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

extern char** environ;

namespace model::kubernetes {
namespace {

constexpr size_t kMaxOutput = 64u << 20;
constexpr std::chrono::seconds kTimeLimit{60};

struct Output {
  int exit_code = -1;
  std::string out;
  std::string err;
};

// Both ends of a pipe; closed when it goes.
struct Pipe {
  int ends[2] = {-1, -1};
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    Close(0);
    Close(1);
  }
  bool Open() { return pipe2(ends, O_CLOEXEC) == 0; }
  void Close(int end) {
    if (ends[end] >= 0) close(ends[end]);
    ends[end] = -1;
  }
};

// Starts a program found on PATH with its output in the pipes; 0 when it is not there.
pid_t Spawn(const std::vector<std::string>& command, Pipe& out, Pipe& err) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err.ends[1], 2);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int failed = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  out.Close(1);
  err.Close(1);
  return failed != 0 ? 0 : pid;
}

// Reads both streams to their ends; false past the time limit or the size limit.
bool Collect(const Pipe& out, const Pipe& err, Output* result) {
  const auto deadline = std::chrono::steady_clock::now() + kTimeLimit;
  pollfd streams[2] = {{out.ends[0], POLLIN, 0}, {err.ends[0], POLLIN, 0}};
  std::string* texts[2] = {&result->out, &result->err};
  while (streams[0].fd >= 0 || streams[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0 || result->out.size() + result->err.size() > kMaxOutput) return false;
    poll(streams, 2, static_cast<int>(left.count()));
    for (int i = 0; i < 2; ++i) {
      if (streams[i].fd < 0 || streams[i].revents == 0) continue;
      char buffer[65536];
      const ssize_t n = read(streams[i].fd, buffer, sizeof buffer);
      if (n > 0) {
        texts[i]->append(buffer, static_cast<size_t>(n));
      } else {
        streams[i].fd = -1;
      }
    }
  }
  return true;
}

// Runs a program and collects both of its streams; kills it past the limits.
absl::StatusOr<Output> Run(const std::vector<std::string>& command) {
  Pipe out;
  Pipe err;
  if (!out.Open() || !err.Open()) return absl::InternalError("pipe failed");
  const pid_t pid = Spawn(command, out, err);
  if (pid == 0) return absl::NotFoundError(absl::StrCat(command[0], " is not installed"));
  Output result;
  const bool finished = Collect(out, err, &result);
  if (!finished) kill(pid, SIGKILL);
  int status = 0;
  waitpid(pid, &status, 0);
  if (!finished) return absl::DeadlineExceededError(absl::StrCat(command[0], " took too long"));
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return result;
}

// kubectl before 1.21 carries a kustomize that does not know components.
bool KnowsComponents(const std::string& error) {
  return !absl::StrContains(error, "unknown field \"components\"") &&
         !absl::StrContains(error, "unknown command");
}

}  // namespace

bool HasKustomization(const std::string& folder) {
  std::error_code ignored;
  for (const char* name : {"kustomization.yaml", "kustomization.yml", "Kustomization"}) {
    if (std::filesystem::is_regular_file(std::filesystem::path(folder) / name, ignored)) {
      return true;
    }
  }
  return false;
}

absl::StatusOr<std::string> RenderKustomization(const std::string& folder) {
  const std::vector<std::vector<std::string>> commands = {{"kustomize", "build", folder},
                                                          {"kubectl", "kustomize", folder}};
  for (const auto& command : commands) {
    absl::StatusOr<Output> output = Run(command);
    if (absl::IsNotFound(output.status())) continue;
    if (!output.ok()) return output.status();
    if (output->exit_code == 0) return std::move(output->out);
    if (!KnowsComponents(output->err) || output->exit_code == 127) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        folder, ": ", command[0], " refuses: ", absl::StripAsciiWhitespace(output->err)));
  }
  return absl::NotFoundError("neither kustomize nor a recent kubectl (>= 1.21) is installed");
}

}  // namespace model::kubernetes
