// The main job, quick: it ends within its time, leaves no process behind, and what it writes holds.

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/paths.h"
#include "base/subprocess.h"
#include "model/io.h"
#include "model/result.pb.h"
#include "model/verdict.pb.h"

namespace tests {
namespace {

using model::Verdict;

class QuickDemoTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new base::FolderRemover(base::MakeTemporaryFolder("praxis-demo-test-").value());
    base::SubprocessOptions demo;
    demo.argv = {base::Runfile("tools/demo/demo").value(), "--quick",
                 absl::StrCat("--out=", folder_->path())};
    const absl::Time begin = absl::Now();
    auto output = base::RunCommand(demo, absl::Minutes(4));
    elapsed_ = absl::Now() - begin;
    ASSERT_TRUE(output.ok()) << output.status();
    ASSERT_TRUE(output->exit.ok()) << output->exit.ToString() << "\n" << output->err;
    table_ = output->out;
    auto report = model::ReadJson<model::VerdictReport>(folder_->path() + "/verdict.json");
    ASSERT_TRUE(report.ok()) << report.status();
    report_ = new model::VerdictReport(*std::move(report));
  }

  static void TearDownTestSuite() {
    delete report_;
    delete folder_;
  }

  static const Verdict& Find(const std::string& claim, const std::string& deployment) {
    for (const Verdict& verdict : report_->verdicts()) {
      if (verdict.claim_id() == claim && verdict.deployment() == deployment) return verdict;
    }
    ADD_FAILURE() << "no verdict for " << claim << " on " << deployment;
    static const Verdict kNone;
    return kNone;
  }

  static base::FolderRemover* folder_;
  static model::VerdictReport* report_;
  static std::string table_;
  static absl::Duration elapsed_;
};

base::FolderRemover* QuickDemoTest::folder_ = nullptr;
model::VerdictReport* QuickDemoTest::report_ = nullptr;
std::string QuickDemoTest::table_;
absl::Duration QuickDemoTest::elapsed_;

TEST_F(QuickDemoTest, EndsInTime) {
  // 60 s is what an idle machine takes; twice that on a busy one.
  EXPECT_LT(elapsed_, absl::Seconds(120));
}

TEST_F(QuickDemoTest, EveryVerdictIsComplete) {
  EXPECT_EQ(report_->schema_version(), "1");
  std::set<std::string> claims;
  for (const Verdict& verdict : report_->verdicts()) {
    claims.insert(verdict.claim_id());
    EXPECT_NE(verdict.outcome(), Verdict::OUTCOME_UNSPECIFIED) << verdict.claim_id();
    EXPECT_FALSE(verdict.reason().empty()) << verdict.claim_id();
  }
  EXPECT_EQ(claims.size(), 34);
  EXPECT_EQ(report_->holds() + report_->fails() + report_->holds_if() + report_->undecided(),
            static_cast<uint32_t>(report_->verdicts_size()));
}

TEST_F(QuickDemoTest, TheHeadlineRowWasSimulated) {
  const Verdict& row = Find("row-1m", "production");
  EXPECT_NE(row.outcome(), Verdict::UNDECIDED) << row.reason();
  EXPECT_EQ(row.method(), "simulation");
  EXPECT_FALSE(row.bottleneck().empty());
  EXPECT_GT(row.evidence_size(), 0);
  const Verdict& other = Find("row-500k", "production");
  EXPECT_EQ(other.outcome(), Verdict::UNDECIDED);
  EXPECT_TRUE(absl::StrContains(other.reason(), "not simulated in a quick run"));
}

TEST_F(QuickDemoTest, EveryPhiResponseOfTheRunWasAudited) {
  EXPECT_EQ(Find("audit", "measured").outcome(), Verdict::HOLDS)
      << Find("audit", "measured").reason();
}

TEST_F(QuickDemoTest, TheMeasuredRunIsValid) {
  auto measured = model::ReadJson<model::Result>(folder_->path() + "/measured.json");
  ASSERT_TRUE(measured.ok()) << measured.status();
  EXPECT_TRUE(measured->provenance().valid());
  EXPECT_GT(measured->total().requests(), 100);
}

TEST_F(QuickDemoTest, WritesOneSelfContainedPage) {
  auto page = base::ReadFile(folder_->path() + "/index.html");
  ASSERT_TRUE(page.ok());
  EXPECT_TRUE(absl::StrContains(*page, "Claims judged"));
  EXPECT_FALSE(absl::StrContains(*page, "src=\"http"));
  EXPECT_TRUE(absl::StrContains(table_, "row-1m"));
}

// Processes that have to do with a demo's data folder: by their command line, or, since Redis
// rewrites its title, by the folder they run in.
std::vector<pid_t> DemoProcesses() {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    pid_t pid = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &pid)) continue;
    std::error_code error;
    const std::string seen =
        base::ReadFile(entry.path().string() + "/cmdline").value_or("") +
        std::filesystem::read_symlink(entry.path().string() + "/cwd", error).string();
    if (absl::StrContains(seen, "/praxis-demo-") && !absl::StrContains(seen, "praxis-demo-test-")) {
      found.push_back(pid);
    }
  }
  return found;
}

TEST_F(QuickDemoTest, LeavesNoProcessBehind) { EXPECT_TRUE(DemoProcesses().empty()); }

TEST_F(QuickDemoTest, AnInterruptStopsEverythingItStarted) {
  base::SubprocessOptions options;
  options.argv = {base::Runfile("tools/demo/demo").value(), "--quick",
                  absl::StrCat("--out=", folder_->path(), "/interrupted")};
  options.log_file = folder_->path() + "/interrupted.log";
  auto demo = base::Subprocess::Start(options);
  ASSERT_TRUE(demo.ok()) << demo.status();
  const absl::Time until = absl::Now() + absl::Seconds(60);
  const auto server_is_up = [&options] {
    return absl::StrContains(base::ReadFile(options.log_file).value_or(""), "the server are up on");
  };
  while (!server_is_up() && absl::Now() < until) absl::SleepFor(absl::Milliseconds(50));
  ASSERT_TRUE(server_is_up());
  EXPECT_GE(DemoProcesses().size(), 8);  // the server, PostgreSQL and six Redis nodes
  demo->Signal(SIGINT);
  auto exit = demo->Wait(absl::Seconds(30));
  ASSERT_TRUE(exit.ok()) << exit.status();
  EXPECT_EQ(exit->code, 130);
  EXPECT_TRUE(DemoProcesses().empty());
}

}  // namespace
}  // namespace tests
