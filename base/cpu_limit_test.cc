#include "base/cpu_limit.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/paths.h"
#include "base/process_cpu.h"
#include "base/subprocess.h"

namespace base {
namespace {

class FakeControllerTest : public testing::Test {
 protected:
  void Write(const std::string& name, const std::string& content) {
    ASSERT_TRUE(WriteFile(folder_.path() + "/" + name, content).ok());
  }
  std::string Read(const std::string& name) {
    return ReadFile(folder_.path() + "/" + name).value_or("(missing)");
  }

  FolderRemover folder_{MakeTemporaryFolder("cpu-limit-").value()};
};

TEST_F(FakeControllerTest, FindsVersionOne) {
  Write("mounts", absl::StrCat("proc /proc proc rw 0 0\ncgroup ", folder_.path(),
                               " cgroup rw,relatime,cpu,cpuacct 0 0\n"));
  auto found = FindCpuController(folder_.path() + "/mounts");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->version, 1);
  EXPECT_EQ(found->folder, folder_.path());
}

TEST_F(FakeControllerTest, FindsVersionTwoAndHandsTheControllerToChildren) {
  Write("mounts", absl::StrCat("cgroup2 ", folder_.path(), " cgroup2 rw,relatime 0 0\n"));
  Write("cgroup.controllers", "cpuset cpu io\n");
  Write("cgroup.subtree_control", "");
  auto found = FindCpuController(folder_.path() + "/mounts");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->version, 2);
  EXPECT_EQ(Read("cgroup.subtree_control"), "+cpu");
}

TEST_F(FakeControllerTest, SaysWhatIsMissing) {
  Write("mounts", "proc /proc proc rw 0 0\n");
  const absl::Status status = FindCpuController(folder_.path() + "/mounts").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("no control group with the cpu controller"), std::string::npos);
}

TEST_F(FakeControllerTest, RefusesWhatTheKernelWouldRefuse) {
  const CpuController controller{folder_.path(), 1};
  CpuLimitOptions options{.name = "x", .cores = 0.05, .period = absl::Milliseconds(10)};
  EXPECT_EQ(CpuLimit::Create(controller, options).status().code(),
            absl::StatusCode::kInvalidArgument);
  options = {.name = "a/b", .cores = 1};
  EXPECT_EQ(CpuLimit::Create(controller, options).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_NE(access((folder_.path() + "/x").c_str(), F_OK), 0);
}

// The real kernel, where it lets us: a busy loop is held to its limit and the group goes away.
TEST(CpuLimitTest, HoldsABusyProcessToItsLimit) {
  auto controller = FindCpuController();
  if (!controller.ok()) GTEST_SKIP() << controller.status().message();
  auto limit = CpuLimit::Create(*controller, {.name = absl::StrCat("praxis-test-", getpid()),
                                              .cores = 0.2,
                                              .period = absl::Milliseconds(10)});
  if (!limit.ok()) GTEST_SKIP() << limit.status().message();
  const std::string folder = limit->folder();
  auto busy = Subprocess::Start({.argv = {"sh", "-c", "while :; do :; done"}});
  ASSERT_TRUE(busy.ok()) << busy.status();
  ASSERT_TRUE(limit->Add({busy->pid()}).ok());
  EXPECT_EQ(limit->Members().value(), std::vector<pid_t>{busy->pid()});

  const int64_t before = ProcessCpuNanos(busy->pid()).value();
  const absl::Time start = absl::Now();
  absl::SleepFor(absl::Milliseconds(600));
  const double used = static_cast<double>(ProcessCpuNanos(busy->pid()).value() - before) / 1e9;
  EXPECT_LT(used / absl::ToDoubleSeconds(absl::Now() - start), 0.25);
  EXPECT_GT(limit->Throttling().value().throttled, 0);

  { const CpuLimit gone = *std::move(limit); }
  EXPECT_NE(access(folder.c_str(), F_OK), 0);
  EXPECT_TRUE(busy->running()) << "removing the limit leaves its members alive";
}

}  // namespace
}  // namespace base
