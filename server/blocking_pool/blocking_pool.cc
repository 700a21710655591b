#include "server/blocking_pool/blocking_pool.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/clock.h"

namespace server {

BlockingPool::BlockingPool(boost::asio::io_context& loop, int threads, size_t queue_limit)
    : loop_(loop), queue_limit_(queue_limit) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

BlockingPool::~BlockingPool() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

base::Task<absl::Status> BlockingPool::Run(std::function<void()> work, RequestCost* cost) {
  auto start = [&](auto done) {
    // Keeps the loop running while the work is out of its sight.
    auto guard = boost::asio::make_work_guard(loop_);
    auto finish = [done, guard = std::move(guard)](int64_t cpu_ns) { done(cpu_ns); };
    std::unique_lock lock(mutex_);
    if (queue_.size() >= queue_limit_) {
      lock.unlock();
      done(-1);
      return;
    }
    queue_.push_back({std::move(work), std::move(finish)});
    lock.unlock();
    wake_.notify_one();
  };
  const int64_t cpu_ns = co_await base::Callback<int64_t>(start);
  if (cpu_ns < 0) co_return absl::ResourceExhaustedError("the blocking pool's queue is full");
  if (cost != nullptr) cost->blocking_cpu_ns += cpu_ns;
  co_return absl::OkStatus();
}

void BlockingPool::Work() {
  for (;;) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    Item item = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    const int64_t before = base::ThreadCpuNow();
    item.work();
    const int64_t cpu_ns = base::ThreadCpuNow() - before;
    boost::asio::post(loop_, [done = std::move(item.done), cpu_ns] { done(cpu_ns); });
  }
}

}  // namespace server
