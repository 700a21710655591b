#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

// CPU time of other processes, for calibration (take two readings and subtract), and what else
// /proc tells about them.

namespace base {

// User + system nanoseconds of all threads of `pid`, ended threads included, from the process's CPU
// clock (nanosecond resolution; no permission needed). NotFound when there is no such process.
absl::StatusOr<int64_t> ProcessCpuNanos(pid_t pid);

// `root` and everything below it: living processes by their CPU clocks, plus for each of them what
// its ended and reaped children used (/proc/PID/stat, which the kernel reports in ticks of 10 ms).
// So a PostgreSQL backend that has ended still counts through its postmaster; what does not count
// is a child whose parent ignores SIGCHLD, or whose parent has ended outside of the tree.
// A process that ends while the tree is read may be missed or counted twice in that one reading.
absl::StatusOr<int64_t> ProcessTreeCpuNanos(pid_t root);

// `root` and its living descendants, in no particular order. Empty when `root` has ended.
std::vector<pid_t> ProcessTree(pid_t root);

// False when there is no such process, or only its unreaped remains (a zombie).
bool ProcessRuns(pid_t pid);

// Resident memory in bytes (VmRSS). NotFound when there is no such process.
absl::StatusOr<int64_t> ProcessResidentBytes(pid_t pid);

}  // namespace base
