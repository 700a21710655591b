#pragma once

#include <vector>

#include "model/profile.pb.h"
#include "simulator/calibration/observed_window.h"

// What counts only where server, databases and load generator share one machine's cores
// (simulator/engine/shared_host.h): what a Redis node spends on being woken, and the load
// generator's own CPU. Not filled is the wait to be scheduled: the kernel's run-queue clock shows
// 20 us a turn at low load, but most of that is the rest of the waker's own turn on the same core,
// which the engine has as work before the answer leaves.

namespace simulator {

// Fills Profile.wake_ups.redis_seconds and Profile.client_*; the profile's redis.command_seconds
// must be there. Redis' wake-ups are those of the lowest level, where a command finds its node
// asleep. The generator's CPU is a straight line over its wake-ups, fitted to all windows. What
// cannot be told stays 0.
void FillHostCosts(const std::vector<ObservedWindow>& windows,
                   const std::vector<ObservedWindow>& idle, model::Profile* profile);

}  // namespace simulator
