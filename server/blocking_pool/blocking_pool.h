#pragma once

#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "base/task.h"
#include "server/cost/request_cost.h"

// BlockingPool: a few threads for work that would hold up the event loop (argon2id: about 23 ms).
//
// The queue is bounded: when it is full, Run answers ResourceExhausted at once, because a queue of
// 64 password checks on one thread is already 1.5 s of waiting. The work's CPU (thread clock) is
// charged to the request as blocking_cpu_ns.
//
// Run from the loop's thread; `work` runs on a pool thread and must not touch the loop's objects.
// The destructor lets running work end, drops the queue and joins; awaiting coroutines are not
// resumed then.

namespace server {

class BlockingPool {
 public:
  static constexpr size_t kQueueLimit = 64;

  BlockingPool(boost::asio::io_context& loop, int threads, size_t queue_limit = kQueueLimit);
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // Resumes on the loop when `work` has returned.
  base::Task<absl::Status> Run(std::function<void()> work, RequestCost* cost);

 private:
  struct Item {
    std::function<void()> work;
    std::function<void(int64_t cpu_ns)> done;  // called on the loop
  };

  void Work();

  boost::asio::io_context& loop_;
  size_t queue_limit_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> queue_;  // guarded by mutex_
  bool stopping_ = false;   // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace server
