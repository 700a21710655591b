#pragma once

#include <sys/types.h>

#include <vector>

// How often processes went to sleep and were woken again, from outside.

namespace simulator {

// Voluntary context switches of all living threads of these processes since they began, from
// /proc/PID/task/*/status. A process that is gone counts nothing; one that stands still because its
// CPU limit is used up is not asleep and does not count.
double WakeUps(const std::vector<pid_t>& pids);

}  // namespace simulator
