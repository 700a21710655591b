#pragma once

#include <vector>

#include "model/profile.pb.h"
#include "simulator/calibration/observed_window.h"

// What counts only where server, databases and load generator share one machine's cores
// (simulator/engine/shared_host.h): how long a process that became ready waits for a core, what a
// Redis node spends on being woken, and the load generator's own CPU.

namespace simulator {

// Fills Profile.wake_ups.{scheduling_seconds, redis_seconds} and Profile.client_*; the profile's
// redis.command_seconds must be there. Waits and wake-ups are those of the lowest level, where next
// to nobody waits for a core that another uses. The generator's CPU is a straight line over its
// wake-ups, fitted to all windows. What cannot be told stays 0.
void FillHostCosts(const std::vector<ObservedWindow>& windows,
                   const std::vector<ObservedWindow>& idle, model::Profile* profile);

}  // namespace simulator
