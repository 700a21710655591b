#pragma once

#include <algorithm>

#include "simulator/kernel/virtual_time.h"

namespace simulator {

// The kubelet's pause before it restarts a container that died (CrashLoopBackOff): none the first
// time, then 10 s, doubled at each death up to 300 s; forgotten when the container ran for 600 s.
class RestartBackoff {
 public:
  // The container, started at `started`, died at `now`: how long until it is started again.
  Nanos Next(Nanos started, Nanos now) {
    if (pause_ == 0 || now - started > 2 * kMost) {
      pause_ = kFirst;
      return 0;
    }
    const Nanos pause = pause_;
    pause_ = std::min(kMost, 2 * pause_);
    return pause;
  }

 private:
  static constexpr Nanos kFirst = 10 * kSecond;
  static constexpr Nanos kMost = 300 * kSecond;
  Nanos pause_ = 0;  // before the next restart
};

}  // namespace simulator
