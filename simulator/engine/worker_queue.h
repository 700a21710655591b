#pragma once

#include <cstdint>
#include <deque>

#include "simulator/kernel/virtual_time.h"

namespace simulator {

// What a server does with more than it can do in time, compiled from the deployment; off by
// default.
struct OverloadModel {
  enum Order { kFifo, kLifo, kAdaptiveLifo };
  Order order = kFifo;
  Nanos codel_target = 0;  // 0: off
  Nanos codel_interval = 0;
  bool deadline_at_worker = false;
  bool deadline_before_database = false;
  Nanos deadline_margin = 0;
  uint32_t concurrency_limit = 0;  // per worker; 0: RunOptions::worker_queue_limit
  Nanos reject_cpu = 0;            // worker time for each request turned away or dropped

  // Who is next is decided when a worker becomes free, not when a request comes.
  bool queued() const { return order != kFifo || codel_target > 0 || deadline_at_worker; }
  bool on() const {
    return queued() || deadline_before_database || concurrency_limit > 0 || reject_cpu > 0;
  }
};

// What waits for one worker. Requests under way come first, in the order in which their waits
// ended (the event loop's completions); then new ones, in the model's order.
//
// CoDel as servers use it (Maurer, Fail at Scale, ACM Queue 13(8), 2015): a queue that was not
// empty for `codel_interval` stands; then nobody may have waited longer than `codel_target`, else
// no longer than `codel_interval`.
class WorkerQueue {
 public:
  struct Item {
    uint32_t request;
    bool fresh;   // a new request; else one whose waits are over
    Nanos since;  // when it began to wait here
    Nanos work;   // worker time wanted
  };

  void Push(const Item& item) {
    if (item.fresh) {
      if (fresh_.empty()) empty_at_ = item.since;
      fresh_.push_back(item);
    } else {
      underway_.push_back(item);
    }
  }
  bool empty() const { return underway_.empty() && fresh_.empty(); }
  size_t fresh() const { return fresh_.size(); }

  // Has a queue stood for a whole interval?
  bool Stands(const OverloadModel& model, Nanos now) const {
    return !fresh_.empty() && now - empty_at_ > model.codel_interval;
  }
  // Takes the next one; the queue must not be empty. `*late`: CoDel turns it away.
  Item Pop(const OverloadModel& model, Nanos now, bool* late) {
    *late = false;
    if (!underway_.empty()) {
      const Item item = underway_.front();
      underway_.pop_front();
      return item;
    }
    const bool stands = Stands(model, now);
    const bool newest = model.order == OverloadModel::kLifo ||
                        (model.order == OverloadModel::kAdaptiveLifo && stands);
    const Item item = newest ? fresh_.back() : fresh_.front();
    newest ? fresh_.pop_back() : fresh_.pop_front();
    if (model.codel_target > 0) {
      *late = now - item.since > (stands ? model.codel_target : model.codel_interval);
    }
    return item;
  }
  // Takes the request that waits longest; there must be one.
  Item PopOldest() {
    const Item item = fresh_.front();
    fresh_.pop_front();
    return item;
  }

 private:
  std::deque<Item> underway_;
  std::deque<Item> fresh_;
  Nanos empty_at_ = 0;  // when the queue of new ones was last empty
};

}  // namespace simulator
