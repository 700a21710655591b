#include "base/task.h"

#include <functional>
#include <memory>
#include <string>

#include "gtest/gtest.h"

namespace base {
namespace {

Task<int> Answer() { co_return 42; }

Task<int> Sum(int depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await Sum(depth - 1);
}

TEST(TaskTest, IsLazyUntilSpawned) {
  bool ran = false;
  auto make = [&]() -> Task<void> {
    ran = true;
    co_return;
  };
  {
    Task<void> task = make();
    EXPECT_FALSE(ran);
  }
  EXPECT_FALSE(ran);
  Spawn(make());
  EXPECT_TRUE(ran);
}

TEST(TaskTest, ReturnsItsValueToTheSpawner) {
  int got = 0;
  Spawn(Answer(), [&](int value) { got = value; });
  EXPECT_EQ(got, 42);
}

TEST(TaskTest, NestedAwaitsAddUp) {
  int got = 0;
  Spawn(Sum(1000), [&](int value) { got = value; });
  EXPECT_EQ(got, 1000);
}

TEST(TaskTest, CallbackMayCompleteLater) {
  std::function<void(int)> saved;
  auto wait = [&]() -> Task<int> {
    co_return co_await Callback<int>([&](auto done) { saved = done; });
  };
  int got = 0;
  Spawn(wait(), [&](int value) { got = value; });
  EXPECT_EQ(got, 0);
  saved(7);
  EXPECT_EQ(got, 7);
}

TEST(TaskTest, CallbackMayCompleteAtOnce) {
  int got = 0;
  auto wait = []() -> Task<int> { co_return co_await Callback<int>([](auto done) { done(3); }); };
  Spawn(wait(), [&](int value) { got = value; });
  EXPECT_EQ(got, 3);
}

TEST(TaskTest, CpuAccountSurvivesSuspension) {
  CpuAccount mine;
  CpuAccount* seen = nullptr;
  std::function<void(int)> resume;
  auto wait = [&]() -> Task<> {
    co_await Callback<int>([&](auto done) { resume = done; });
    seen = CpuMeter::current();
    const int64_t start = ThreadCpuNow();
    while (ThreadCpuNow() - start < 2 * kNanosPerMillisecond) {
    }
  };
  {
    CpuScope scope(&mine);
    Spawn(wait());
  }
  EXPECT_EQ(CpuMeter::current(), nullptr);
  const uint64_t before = mine.nanos;
  resume(1);
  EXPECT_EQ(seen, &mine);
  EXPECT_EQ(CpuMeter::current(), nullptr);
  EXPECT_GE(mine.nanos - before, 2u * kNanosPerMillisecond);
}

TEST(TaskTest, MoveOnlyResults) {
  auto make = []() -> Task<std::unique_ptr<std::string>> {
    co_return std::make_unique<std::string>("x");
  };
  std::unique_ptr<std::string> got;
  Spawn(make(), [&](std::unique_ptr<std::string> value) { got = std::move(value); });
  EXPECT_EQ(*got, "x");
}

}  // namespace
}  // namespace base
