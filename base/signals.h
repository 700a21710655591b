#pragma once

#include <csignal>

#include "absl/time/time.h"

namespace base {

// While it lives, SIGINT and SIGTERM wait in the queue instead of ending the process, so that main
// can stop what it started. Make it first in main, before threads and children (Subprocess gives
// its child an empty mask again; Supervise takes a waiting signal at once).
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // True when one is waiting; leaves it there.
  bool Pending() const;
  // Takes one and returns its number; 0 after `timeout`.
  int Wait(absl::Duration timeout) const;

 private:
  sigset_t signals_;
  sigset_t previous_;
};

}  // namespace base
