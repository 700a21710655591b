#include "server/blocking_pool/blocking_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/clock.h"

namespace server {
namespace {

TEST(BlockingPoolTest, RunsElsewhereAndResumesOnTheLoop) {
  boost::asio::io_context loop(1);
  BlockingPool pool(loop, 1);
  RequestCost cost;
  std::thread::id ran;
  std::thread::id resumed;
  base::Spawn(pool.Run(
                  [&] {
                    ran = std::this_thread::get_id();
                    const int64_t start = base::ThreadCpuNow();
                    while (base::ThreadCpuNow() - start < base::kNanosPerMillisecond) {
                    }
                  },
                  &cost),
              [&](const absl::Status& status) {
                EXPECT_TRUE(status.ok());
                resumed = std::this_thread::get_id();
              });
  loop.run();
  EXPECT_EQ(resumed, std::this_thread::get_id());
  EXPECT_NE(ran, std::this_thread::get_id());
  EXPECT_GE(cost.blocking_cpu_ns, base::kNanosPerMillisecond);
}

TEST(BlockingPoolTest, AFullQueueRefusesAtOnce) {
  boost::asio::io_context loop(1);
  BlockingPool pool(loop, 1, /*queue_limit=*/2);
  std::atomic<bool> started = false;
  std::atomic<bool> release = false;
  std::vector<absl::StatusCode> ended;
  auto done = [&](const absl::Status& status) { ended.push_back(status.code()); };
  base::Spawn(pool.Run(
                  [&] {
                    started = true;
                    while (!release) std::this_thread::yield();
                  },
                  nullptr),
              done);
  while (!started) std::this_thread::yield();
  for (int i = 0; i < 3; ++i) base::Spawn(pool.Run([] {}, nullptr), done);
  EXPECT_EQ(ended, std::vector{absl::StatusCode::kResourceExhausted});
  release = true;
  loop.run();
  EXPECT_EQ(ended.size(), 4u);
}

}  // namespace
}  // namespace server
