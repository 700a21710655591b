#include "tools/demo/child_server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace demo {

absl::StatusOr<ChildServer> ChildServer::Start(const ChildServerOptions& options) {
  const std::string ready_file = absl::StrCat(options.data_dir, "/server.json");
  unlink(ready_file.c_str());
  base::SubprocessOptions child;
  child.argv = {options.binary, "--port=0", absl::StrCat("--data_dir=", options.data_dir)};
  child.argv.insert(child.argv.end(), options.flags.begin(), options.flags.end());
  child.log_file = options.log_file;
  // SIGTERM, not SIGKILL, should this process vanish: the server still has a stack to stop.
  child.death_signal = SIGTERM;
  auto process = base::Subprocess::Start(child);
  if (!process.ok()) return process.status();

  const absl::Time until = absl::Now() + options.start_timeout;
  while (access(ready_file.c_str(), R_OK) != 0) {
    if (auto exit = process->Poll(); exit.has_value()) {
      return absl::UnavailableError(absl::StrCat("the server ended with ", exit->ToString(),
                                                 " before it was ready; see ", options.log_file));
    }
    if (options.stop && options.stop()) {
      process->Terminate(absl::Seconds(10)).IgnoreError();
      return absl::CancelledError("interrupted");
    }
    if (absl::Now() > until) {
      process->Terminate(absl::Seconds(10)).IgnoreError();
      return absl::UnavailableError(absl::StrCat("the server was not ready after ",
                                                 absl::FormatDuration(options.start_timeout),
                                                 "; see ", options.log_file));
    }
    absl::SleepFor(absl::Milliseconds(50));
  }
  auto handle = simulator::ReadServerHandle(ready_file);
  if (!handle.ok()) return handle.status();
  return ChildServer(*std::move(process), *std::move(handle), options.log_file);
}

std::string ChildServer::url() const { return absl::StrCat("http://127.0.0.1:", handle_.port); }

absl::Status ChildServer::Stop() {
  auto exit = process_.Terminate(absl::Seconds(20));
  if (!exit.ok()) return exit.status();
  if (exit->ok()) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("the server ended with ", exit->ToString(), "; see ", log_file_));
}

}  // namespace demo
