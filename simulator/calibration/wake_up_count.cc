#include "simulator/calibration/wake_up_count.h"

#include <filesystem>
#include <string>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/paths.h"

namespace simulator {
namespace {

constexpr char kField[] = "voluntary_ctxt_switches:";

double SwitchesOf(const std::string& status_file) {
  auto text = base::ReadFile(status_file);
  if (!text.ok()) return 0;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    double count = 0;
    if (absl::ConsumePrefix(&line, kField) && absl::SimpleAtod(line, &count)) return count;
  }
  return 0;
}

// Calls `see` with the folder of each thread.
template <typename See>
void ForEachThread(const std::vector<pid_t>& pids, See see) {
  for (pid_t pid : pids) {
    std::error_code error;
    const std::string tasks = absl::StrCat("/proc/", pid, "/task");
    for (std::filesystem::directory_iterator task(tasks, error), end; !error && task != end;
         task.increment(error)) {
      see(task->path().string());
    }
  }
}

}  // namespace

double WakeUps(const std::vector<pid_t>& pids) {
  double total = 0;
  ForEachThread(pids, [&](const std::string& task) { total += SwitchesOf(task + "/status"); });
  return total;
}

RunQueue RunQueueOf(const std::vector<pid_t>& pids) {
  RunQueue total;
  ForEachThread(pids, [&](const std::string& task) {
    auto text = base::ReadFile(task + "/schedstat");  // running ns, waiting ns, turns
    if (!text.ok()) return;
    const std::vector<std::string> fields =
        absl::StrSplit(*text, absl::ByAnyChar(" \n"), absl::SkipEmpty());
    double wait = 0;
    double turns = 0;
    if (fields.size() < 3 || !absl::SimpleAtod(fields[1], &wait) ||
        !absl::SimpleAtod(fields[2], &turns)) {
      return;
    }
    total.wait_seconds += wait / 1e9;
    total.turns += turns;
  });
  return total;
}

}  // namespace simulator
