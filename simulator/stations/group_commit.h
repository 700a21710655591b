#pragma once

#include <algorithm>

#include "simulator/kernel/virtual_time.h"

namespace simulator {

// The write-ahead log's flush, shared by all commits that wait for one (PostgreSQL's group
// commit): one flush runs at a time; a commit that arrives while one runs rides on the next, which
// starts when this one ends. Commits arrive in time order; a flush's length is drawn when its first
// commit arrives, so the end of a commit's flush is known at its arrival. Exact for flush times
// that do not depend on the number of commits.
class GroupCommit {
 public:
  // `draw`: called without arguments, gives the length of one more flush.
  template <typename Draw>
  Nanos Admit(Nanos now, Draw&& draw) {
    if (now >= next_end_) {  // idle, and no flush scheduled: it starts with this commit
      const Nanos flush = draw();
      running_end_ = next_end_ = now + flush;
      busy_ += flush;
    } else if (now >= running_end_) {  // the scheduled flush is the running one: ride on the next
      running_end_ = next_end_;
      Schedule(draw());
    } else if (next_end_ == running_end_) {  // one runs, none scheduled
      Schedule(draw());
    }
    return next_end_;
  }

  // A crash: what runs or waits never ends.
  void Abandon(Nanos now) {
    busy_ = BusyUntil(now);
    running_end_ = next_end_ = std::min(next_end_, now);
  }

  Nanos BusyUntil(Nanos now) const { return busy_ - std::max<Nanos>(0, next_end_ - now); }

 private:
  void Schedule(Nanos flush) {
    next_end_ += flush;
    busy_ += flush;
  }

  Nanos running_end_ = 0;  // end of the flush that runs (or of the last one)
  Nanos next_end_ = 0;     // end of the last flush anybody waits for
  Nanos busy_ = 0;
};

}  // namespace simulator
