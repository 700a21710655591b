#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

// A CPU limit on running processes, the way Kubernetes limits a container: a control group of the
// kernel's `cpu` controller whose members together may run `cores x period` in each period and then
// stand still until the next one. Version 1 (cpu.cfs_quota_us) and version 2 (cpu.max).
//
// Needs a writable controller, in practice root. Processes that members start are members too.

namespace base {

struct CpuLimitOptions {
  std::string name;  // of the group: a folder name, unused so far
  double cores = 1;  // CPU seconds per second, all members together
  // The kernel takes 1 ms to 1 s, and a quota (cores x period) of at least 1 ms. Kubernetes' is
  // 100 ms; a short one comes nearer to a slower CPU, a long one lets bursts run at full speed.
  absl::Duration period = absl::Milliseconds(100);
};

// What the kernel counted since the group was made (cpu.stat).
struct CpuThrottling {
  int64_t periods = 0;    // in which members ran
  int64_t throttled = 0;  // of these: in which the quota was used up while there was work left
  absl::Duration throttled_time;  // standing still, summed over CPUs
};

// Where this machine's controller is.
struct CpuController {
  std::string folder;  // of the group that new groups are made in
  int version = 1;     // of control groups
};

// Reads a mount table in the form of /proc/mounts. FailedPrecondition, saying what is missing, when
// no `cpu` controller is mounted or this process may not make groups in it.
absl::StatusOr<CpuController> FindCpuController(const std::string& mounts = "/proc/mounts");

// Movable owner of one group. Its destructor gives the members back to the group above, where no
// limit of ours holds, and removes the group.
class CpuLimit {
 public:
  // InvalidArgument for a limit that the kernel would refuse, AlreadyExists when there is such a
  // group, FailedPrecondition or PermissionDenied naming the file that could not be written.
  static absl::StatusOr<CpuLimit> Create(const CpuController& controller,
                                         const CpuLimitOptions& options);

  CpuLimit(CpuLimit&& other) noexcept;
  CpuLimit& operator=(CpuLimit&& other) noexcept;
  ~CpuLimit();

  // Moves these processes with all their threads into the group. One that has ended meanwhile is
  // skipped. Children that they started before stay where they are: give the whole tree.
  absl::Status Add(const std::vector<pid_t>& pids);

  // Living members.
  absl::StatusOr<std::vector<pid_t>> Members() const;
  absl::StatusOr<CpuThrottling> Throttling() const;

  const std::string& folder() const { return folder_; }

 private:
  CpuLimit(std::string above, std::string folder)
      : above_(std::move(above)), folder_(std::move(folder)) {}
  void Remove();

  std::string above_;
  std::string folder_;  // empty: moved from
};

}  // namespace base
