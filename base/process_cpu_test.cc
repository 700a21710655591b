#include "base/process_cpu.h"

#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "gtest/gtest.h"

namespace base {
namespace {

constexpr int64_t kMillisecond = 1'000'000;

// Uses CPU time of this process (the thread's clock decides).
void Burn(int64_t milliseconds) {
  timespec start{};
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
  do {
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  } while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / kMillisecond <
           milliseconds);
}

TEST(ProcessCpuTest, ThreadsThatEndedStillCount) {
  const int64_t before = *ProcessCpuNanos(getpid());
  std::thread([] { Burn(30); }).join();
  const int64_t used = *ProcessCpuNanos(getpid()) - before;
  EXPECT_GE(used, 30 * kMillisecond);
  EXPECT_LT(used, 90 * kMillisecond);
}

TEST(ProcessCpuTest, TreeCountsLivingAndReapedDescendants) {
  int to_root[2];
  int from_root[2];
  ASSERT_EQ(pipe(to_root), 0);
  ASSERT_EQ(pipe(from_root), 0);
  const pid_t root = fork();
  if (root == 0) {
    char byte = 0;
    if (fork() == 0) {  // Burns and ends: counted through its parent.
      Burn(50);
      _exit(0);
    }
    wait(nullptr);
    const pid_t living = fork();  // Burns and stays.
    if (living == 0) {
      Burn(50);
      [[maybe_unused]] const ssize_t n = write(from_root[1], &byte, 1);
      pause();
    }
    [[maybe_unused]] const ssize_t n = read(to_root[0], &byte, 1);
    kill(living, SIGKILL);
    wait(nullptr);
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(from_root[0], &byte, 1), 1);
  EXPECT_EQ(ProcessTree(root).size(), 2u);
  const auto used = ProcessTreeCpuNanos(root);
  ASSERT_TRUE(used.ok());
  EXPECT_GE(*used, 85 * kMillisecond);  // Reaped children round down to ticks.
  EXPECT_LT(*used, 200 * kMillisecond);
  ASSERT_EQ(write(to_root[1], &byte, 1), 1);
  waitpid(root, nullptr, 0);
  EXPECT_TRUE(absl::IsNotFound(ProcessTreeCpuNanos(root).status()));
  EXPECT_TRUE(absl::IsNotFound(ProcessCpuNanos(root).status()));
}

TEST(ProcessCpuTest, ZombiesDoNotRun) {
  EXPECT_TRUE(ProcessRuns(getpid()));
  const pid_t child = fork();
  if (child == 0) _exit(0);
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
  EXPECT_FALSE(ProcessRuns(child));
  waitpid(child, nullptr, 0);
  EXPECT_FALSE(ProcessRuns(child));
}

TEST(ProcessCpuTest, ResidentMemoryIsPlausible) {
  const auto bytes = ProcessResidentBytes(getpid());
  ASSERT_TRUE(bytes.ok());
  EXPECT_GT(*bytes, 1 << 20);
  EXPECT_LT(*bytes, int64_t{1} << 32);
}

}  // namespace
}  // namespace base
