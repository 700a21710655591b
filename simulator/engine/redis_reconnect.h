#pragma once

#include <algorithm>

#include "simulator/kernel/virtual_time.h"

namespace simulator {

// When workers reach a Redis node again that was lost and came back at the same address, by the
// schedule of our server's client (server/redis/redis_options.h): a pause of 50 ms, then twice the
// last one, at most 2 s. A process that is gone refuses at once; a silent machine counts as lost
// after 2 s without an answer, and each attempt to connect to it takes 1 s.
//
// The node counts as lost once more with each attempt that fails, so it is distrusted from the last
// of them on.
struct RedisReconnect {
  Nanos last_failed;  // or the loss itself
  Nanos connected;    // at or after `back`

  RedisReconnect(Nanos lost, bool silent, Nanos back) {
    constexpr Nanos kFirst = 50 * kMillisecond;
    constexpr Nanos kMost = 2 * kSecond;
    constexpr Nanos kStuck = 2 * kSecond;
    constexpr Nanos kConnectTimeout = kSecond;
    last_failed = lost + (silent ? kStuck : 0);
    Nanos pause = kFirst;
    connected = last_failed + pause;
    while (connected < back) {
      last_failed = connected + (silent ? kConnectTimeout : 0);
      pause = std::min(2 * pause, kMost);
      connected = last_failed + pause;
    }
  }
};

}  // namespace simulator
