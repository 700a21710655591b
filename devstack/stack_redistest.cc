#include "devstack/stack.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#include <csignal>
#include <filesystem>

#include "absl/time/clock.h"
#include "base/paths.h"
#include "base/supervisor.h"
#include "gtest/gtest.h"

namespace devstack {
namespace {

int Entries(const std::string& folder) {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

TEST(StackTest, BothServeAndWorkersMayBeForkedAfterwards) {
  const absl::Time begin = absl::Now();
  auto stack = Stack::Start(StackOptions());
  ASSERT_TRUE(stack.ok()) << stack.status();
  RecordProperty("start_milliseconds",
                 static_cast<int>(absl::ToInt64Milliseconds(absl::Now() - begin)));
  EXPECT_EQ(Entries("/proc/self/task"), 1) << "a thread would forbid to fork workers";

  base::SupervisorOptions options;
  options.workers = 2;
  options.run_to_completion = true;
  EXPECT_TRUE(base::Supervise(options, [&](const base::WorkerContext&) {
                stack->reset();  // A worker's copy stops nothing.
                return 0;
              }).ok());
  EXPECT_TRUE((*stack)->CheckAlive().ok());

  const std::string folder = (*stack)->data_dir();
  std::vector<pid_t> pids = (*stack)->redis_pids();
  pids.push_back((*stack)->postgres_pid());
  const absl::Time stop = absl::Now();
  EXPECT_TRUE((*stack)->Stop().ok());
  EXPECT_LT(absl::Now() - stop, absl::Seconds(10));
  for (const pid_t pid : pids) EXPECT_NE(kill(pid, 0), 0);
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(StackTest, AbandonedTemporaryFoldersAreSwept) {
  StackOptions options;
  options.with_postgres = false;
  options.with_redis = false;
  const std::string abandoned = *base::MakeTemporaryFolder("praxis-stack-");
  ASSERT_TRUE(base::WriteFile(abandoned + "/lock", "").ok());
  auto young = Stack::Start(options);
  ASSERT_TRUE(young.ok());
  EXPECT_TRUE(std::filesystem::exists(abandoned));
  const utimbuf old = {1, 1};
  utime((abandoned + "/lock").c_str(), &old);
  utime(((*young)->data_dir() + "/lock").c_str(), &old);
  ASSERT_TRUE(Stack::Start(options).ok());
  EXPECT_FALSE(std::filesystem::exists(abandoned));
  EXPECT_TRUE(std::filesystem::exists((*young)->data_dir())) << "its owner lives";
}

}  // namespace
}  // namespace devstack
