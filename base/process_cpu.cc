#include "base/process_cpu.h"

#include <dirent.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/paths.h"

namespace base {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

struct Stat {
  char state = '?';
  pid_t parent = 0;
  int64_t reaped_ticks = 0;  // User + system of ended and waited-for children.
};

// /proc/PID/stat, proc(5). The name (field 2) may hold spaces and parentheses.
bool ReadStat(pid_t pid, Stat& stat) {
  const absl::StatusOr<std::string> text = ReadFile(absl::StrCat("/proc/", pid, "/stat"));
  if (!text.ok()) return false;
  const size_t name_end = text->rfind(')');
  if (name_end == std::string::npos) return false;
  const std::vector<std::string> fields =
      absl::StrSplit(text->substr(name_end + 2), ' ');  // Starts with field 3.
  stat.state = fields[0].empty() ? '?' : fields[0][0];
  constexpr size_t kParent = 4 - 3;
  constexpr size_t kReapedUser = 16 - 3;
  int64_t user = 0;
  int64_t system = 0;
  if (fields.size() <= kReapedUser + 1 || !absl::SimpleAtoi(fields[kParent], &stat.parent) ||
      !absl::SimpleAtoi(fields[kReapedUser], &user) ||
      !absl::SimpleAtoi(fields[kReapedUser + 1], &system)) {
    return false;
  }
  stat.reaped_ticks = user + system;
  return true;
}

struct Member {
  pid_t pid;
  int64_t reaped_ticks;
};

std::vector<Member> Members(pid_t root) {
  std::unordered_map<pid_t, Stat> all;
  std::unordered_map<pid_t, std::vector<pid_t>> children;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc"), closedir);
  while (const dirent* entry = folder ? readdir(folder.get()) : nullptr) {
    pid_t pid = 0;
    Stat stat;
    if (!absl::SimpleAtoi(entry->d_name, &pid) || !ReadStat(pid, stat)) continue;
    all[pid] = stat;
    children[stat.parent].push_back(pid);
  }
  std::vector<Member> members;
  if (all.contains(root)) members.push_back({root, all[root].reaped_ticks});
  for (size_t i = 0; i < members.size(); ++i) {
    for (const pid_t child : children[members[i].pid]) {
      members.push_back({child, all[child].reaped_ticks});
    }
  }
  return members;
}

absl::Status NoSuchProcess(pid_t pid) {
  return absl::NotFoundError(absl::StrCat("no process ", pid));
}

}  // namespace

absl::StatusOr<int64_t> ProcessCpuNanos(pid_t pid) {
  clockid_t clock;
  timespec used{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) {
    return NoSuchProcess(pid);
  }
  return int64_t{used.tv_sec} * kNanosPerSecond + used.tv_nsec;
}

absl::StatusOr<int64_t> ProcessTreeCpuNanos(pid_t root) {
  const int64_t nanos_per_tick = kNanosPerSecond / sysconf(_SC_CLK_TCK);
  const std::vector<Member> members = Members(root);
  if (members.empty()) return NoSuchProcess(root);
  int64_t total = 0;
  for (const Member& member : members) {
    total += ProcessCpuNanos(member.pid).value_or(0) + member.reaped_ticks * nanos_per_tick;
  }
  return total;
}

std::vector<pid_t> ProcessTree(pid_t root) {
  std::vector<pid_t> pids;
  for (const Member& member : Members(root)) pids.push_back(member.pid);
  return pids;
}

bool ProcessRuns(pid_t pid) {
  Stat stat;
  return ReadStat(pid, stat) && stat.state != 'Z' && stat.state != 'X';
}

absl::StatusOr<int64_t> ProcessResidentBytes(pid_t pid) {
  const absl::StatusOr<std::string> text = ReadFile(absl::StrCat("/proc/", pid, "/statm"));
  if (!text.ok()) return NoSuchProcess(pid);
  const std::vector<std::string> fields = absl::StrSplit(*text, ' ');
  int64_t pages = 0;
  if (fields.size() < 2 || !absl::SimpleAtoi(fields[1], &pages)) return NoSuchProcess(pid);
  return pages * sysconf(_SC_PAGESIZE);
}

}  // namespace base
