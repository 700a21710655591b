#include "base/cpu_limit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <sstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/paths.h"
#include "base/unique_fd.h"

namespace base {
namespace {

constexpr int kRemoveAttempts = 50;  // 10 ms apart: a dying member leaves a moment later

// Control files take one write; no rename, no truncation.
absl::Status WriteControl(const std::string& path, const std::string& value) {
  UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0) return absl::ErrnoToStatus(errno, path);
  if (write(file.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size())) {
    return absl::ErrnoToStatus(errno, absl::StrCat(path, ": cannot write `", value, "`"));
  }
  return absl::OkStatus();
}

std::vector<std::string> Words(const std::string& text) {
  return absl::StrSplit(text, absl::ByAnyChar(" \t\n"), absl::SkipEmpty());
}

bool Has(const std::vector<std::string>& words, const std::string& word) {
  for (const std::string& item : words) {
    if (item == word) return true;
  }
  return false;
}

bool HasCpu(const std::string& path) {
  auto text = ReadFile(path);
  return text.ok() && Has(Words(*text), "cpu");
}

absl::Status Usable(const CpuController& found) {
  if (access(found.folder.c_str(), W_OK) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("no CPU limits: ", found.folder, ": ", strerror(errno),
                     "; making control groups needs root and a writable mount"));
  }
  const std::string children = found.folder + "/cgroup.subtree_control";
  if (found.version == 1 || HasCpu(children)) return absl::OkStatus();
  absl::Status status = WriteControl(children, "+cpu");
  if (status.ok()) return status;
  return absl::FailedPreconditionError(absl::StrCat("no CPU limits: ", status.message()));
}

absl::Status WriteLimit(const CpuController& controller, const std::string& folder, int64_t quota,
                        int64_t period) {
  if (controller.version == 2) {
    return WriteControl(folder + "/cpu.max", absl::StrCat(quota, " ", period));
  }
  absl::Status status = WriteControl(folder + "/cpu.cfs_period_us", absl::StrCat(period));
  if (!status.ok()) return status;
  return WriteControl(folder + "/cpu.cfs_quota_us", absl::StrCat(quota));
}

absl::StatusOr<std::vector<pid_t>> ReadMembers(const std::string& folder) {
  auto text = ReadFile(folder + "/cgroup.procs");
  if (!text.ok()) return text.status();
  std::vector<pid_t> pids;
  for (const std::string& word : Words(*text)) {
    pid_t pid = 0;
    if (absl::SimpleAtoi(word, &pid)) pids.push_back(pid);
  }
  return pids;
}

}  // namespace

absl::StatusOr<CpuController> FindCpuController(const std::string& mounts) {
  auto text = ReadFile(mounts);
  if (!text.ok()) return text.status();
  const std::vector<std::string> lines = absl::StrSplit(*text, '\n');
  for (const std::string& line : lines) {
    const std::vector<std::string> fields = absl::StrSplit(line, ' ');
    if (fields.size() < 4) continue;
    CpuController found{.folder = fields[1], .version = fields[2] == "cgroup2" ? 2 : 1};
    const std::vector<std::string> mount_options = absl::StrSplit(fields[3], ',');
    const bool first = fields[2] == "cgroup" && Has(mount_options, "cpu");
    const bool second = found.version == 2 && HasCpu(found.folder + "/cgroup.controllers");
    if (!first && !second) continue;
    if (absl::Status status = Usable(found); !status.ok()) return status;
    return found;
  }
  return absl::FailedPreconditionError(
      absl::StrCat("no CPU limits: ", mounts, " has no control group with the cpu controller"));
}

absl::StatusOr<CpuLimit> CpuLimit::Create(const CpuController& controller,
                                          const CpuLimitOptions& options) {
  const int64_t period = absl::ToInt64Microseconds(options.period);
  const auto quota = static_cast<int64_t>(
      std::isfinite(options.cores) ? std::llround(options.cores * static_cast<double>(period)) : 0);
  if (period < 1000 || period > 1'000'000 || quota < 1000) {
    return absl::InvalidArgumentError(
        absl::StrCat("CPU limit ", options.name, ": ", options.cores, " cores in periods of ",
                     absl::FormatDuration(options.period),
                     ": expected a period of 1 ms to 1 s and at least 1 ms of CPU time in each"));
  }
  if (options.name.empty() || options.name[0] == '.' ||
      options.name.find('/') != std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("CPU limit `", options.name, "`: expected a folder name"));
  }
  const std::string folder = absl::StrCat(controller.folder, "/", options.name);
  if (mkdir(folder.c_str(), 0755) != 0) return absl::ErrnoToStatus(errno, folder);
  CpuLimit limit(controller.folder, folder);
  absl::Status status = WriteLimit(controller, folder, quota, period);
  if (!status.ok()) return status;
  return limit;
}

CpuLimit::CpuLimit(CpuLimit&& other) noexcept
    : above_(std::move(other.above_)), folder_(std::exchange(other.folder_, "")) {}

CpuLimit& CpuLimit::operator=(CpuLimit&& other) noexcept {
  if (this == &other) return *this;
  Remove();
  above_ = std::move(other.above_);
  folder_ = std::exchange(other.folder_, "");
  return *this;
}

CpuLimit::~CpuLimit() { Remove(); }

void CpuLimit::Remove() {
  if (folder_.empty()) return;
  for (int i = 0; i < kRemoveAttempts; ++i) {
    if (auto members = ReadMembers(folder_); members.ok()) {
      for (pid_t pid : *members) {
        WriteControl(above_ + "/cgroup.procs", absl::StrCat(pid)).IgnoreError();
      }
    }
    if (rmdir(folder_.c_str()) == 0 || errno == ENOENT) break;
    absl::SleepFor(absl::Milliseconds(10));
  }
  folder_.clear();
}

absl::Status CpuLimit::Add(const std::vector<pid_t>& pids) {
  for (pid_t pid : pids) {
    absl::Status status = WriteControl(folder_ + "/cgroup.procs", absl::StrCat(pid));
    const bool gone = kill(pid, 0) != 0 && errno == ESRCH;
    if (!status.ok() && !gone) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<pid_t>> CpuLimit::Members() const { return ReadMembers(folder_); }

absl::StatusOr<CpuThrottling> CpuLimit::Throttling() const {
  auto text = ReadFile(folder_ + "/cpu.stat");
  if (!text.ok()) return text.status();
  CpuThrottling seen;
  std::istringstream lines(*text);
  std::string name;
  int64_t value = 0;
  while (lines >> name >> value) {
    if (name == "nr_periods") seen.periods = value;
    if (name == "nr_throttled") seen.throttled = value;
    if (name == "throttled_time") seen.throttled_time = absl::Nanoseconds(value);
    if (name == "throttled_usec") seen.throttled_time = absl::Microseconds(value);
  }
  return seen;
}

}  // namespace base
