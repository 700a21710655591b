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

}  // namespace simulator
