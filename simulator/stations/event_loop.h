#pragma once

#include "simulator/kernel/virtual_time.h"

namespace simulator {

// The turns of a single-threaded event loop: a turn collects every event that is ready, then works
// them off; events that come meanwhile form the next turn. A turn has a cost of its own, which its
// events share, and a loop that had nothing to do must be woken first. So an event costs the less
// the more there are.
//
// Exact for a FIFO loop in virtual time: the members of a turn are those that arrive before it
// begins, and it begins when all work admitted before it is done. 8 bytes.
class EventLoop {
 public:
  enum Entry {
    kJoins,  // a turn that has not begun
    kOpens,  // a new turn, behind the one that runs
    kWakes,  // the loop sleeps: a new turn begins at once
  };

  // An event at `now`, where all work admitted so far is done at `free_at`. Calls in order of
  // `now`. An event at the very instant at which the last one was done is that work going on.
  Entry Enter(Nanos now, Nanos free_at) {
    if (free_at < now) {
      begins_ = now;
      return kWakes;
    }
    if (now < begins_ || free_at == now) return kJoins;
    begins_ = free_at;
    return kOpens;
  }

 private:
  Nanos begins_ = 0;  // the last turn opened
};

}  // namespace simulator
