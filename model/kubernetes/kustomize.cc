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

// Runs a program found on PATH and collects both of its streams; kills it past the time limit.
absl::StatusOr<Output> Run(const std::vector<std::string>& command) {
  int out[2];
  int err[2];
  if (pipe2(out, O_CLOEXEC) != 0) return absl::InternalError("pipe failed");
  if (pipe2(err, O_CLOEXEC) != 0) {
    close(out[0]);
    close(out[1]);
    return absl::InternalError("pipe failed");
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int spawned = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  close(err[1]);
  if (spawned != 0) {
    close(out[0]);
    close(err[0]);
    return absl::NotFoundError(absl::StrCat(command[0], " is not installed"));
  }
  Output result;
  const auto deadline = std::chrono::steady_clock::now() + kTimeLimit;
  pollfd streams[2] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
  std::string* texts[2] = {&result.out, &result.err};
  bool stopped = false;
  while (streams[0].fd >= 0 || streams[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0 || result.out.size() + result.err.size() > kMaxOutput) {
      kill(pid, SIGKILL);
      stopped = true;
      break;
    }
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
  close(out[0]);
  close(err[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  if (stopped) return absl::DeadlineExceededError(absl::StrCat(command[0], " took too long"));
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
