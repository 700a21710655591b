#pragma once

#include <algorithm>

#include "simulator/kernel/virtual_time.h"

namespace simulator {

// The write-ahead log's flush, shared by all commits that wait for one (PostgreSQL's group
// commit): one flush runs at a time and takes `flush`; a commit that arrives while one runs rides
// on the next, which starts when this one ends. Commits arrive in time order; the end of a
// commit's flush is known at its arrival. Exact for a constant flush time.
class GroupCommit {
 public:
  explicit GroupCommit(Nanos flush) : flush_(flush) {}

  Nanos Admit(Nanos now) {
    if (now >= next_end_) {  // idle, and no flush scheduled: it starts with this commit
      running_end_ = next_end_ = now + flush_;
      busy_ += flush_;
    } else if (now >= running_end_) {  // the scheduled flush is the running one: ride on the next
      running_end_ = next_end_;
      next_end_ += flush_;
      busy_ += flush_;
    } else if (next_end_ == running_end_) {  // one runs, none scheduled
      next_end_ += flush_;
      busy_ += flush_;
    }
    return next_end_;
  }

  Nanos BusyUntil(Nanos now) const { return busy_ - std::max<Nanos>(0, next_end_ - now); }

 private:
  Nanos flush_;
  Nanos running_end_ = 0;  // end of the flush that runs (or of the last one)
  Nanos next_end_ = 0;     // end of the last flush anybody waits for
  Nanos busy_ = 0;
};

}  // namespace simulator
