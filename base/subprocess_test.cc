#include "base/subprocess.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "base/paths.h"
#include "base/process_cpu.h"
#include "gtest/gtest.h"

namespace base {
namespace {

SubprocessOptions Shell(const std::string& script) {
  SubprocessOptions options;
  options.argv = {"sh", "-c", script};
  return options;
}

bool EndsWithin(pid_t pid, absl::Duration limit) {
  for (const absl::Time end = absl::Now() + limit; absl::Now() < end;) {
    if (!ProcessRuns(pid)) return true;
    absl::SleepFor(absl::Milliseconds(5));
  }
  return false;
}

TEST(SubprocessTest, CommandOutputIsCaptured) {
  SubprocessOptions options = Shell("echo \"$GREETING\"; echo bad >&2; pwd; exit 3");
  options.environment = {"GREETING=hello"};
  options.working_directory = "/";
  const auto output = RunCommand(options, absl::Seconds(5));
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(output->out, "hello\n/\n");
  EXPECT_EQ(output->err, "bad\n");
  EXPECT_EQ(output->exit.ToString(), "exit code 3");
}

TEST(SubprocessTest, CommandIsBounded) {
  const absl::Time start = absl::Now();
  const auto output = RunCommand({"sleep", "20"}, absl::Milliseconds(100));
  EXPECT_TRUE(absl::IsDeadlineExceeded(output.status()));
  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
}

TEST(SubprocessTest, MissingProgramsAndFoldersAreNamed) {
  const auto missing = RunCommand({"no-such-program"}, absl::Seconds(1));
  EXPECT_TRUE(absl::IsNotFound(missing.status()));
  EXPECT_NE(missing.status().message().find("no-such-program"), std::string::npos);
  SubprocessOptions options = Shell("true");
  options.working_directory = "/no/such/folder";
  EXPECT_TRUE(absl::IsNotFound(Subprocess::Start(options).status()));
  options = Shell("true");
  options.user = "no-such-user";
  EXPECT_TRUE(absl::IsNotFound(Subprocess::Start(options).status()));
}

TEST(SubprocessTest, TerminateIsPoliteThenFirm) {
  auto polite = Subprocess::Start(Shell("trap 'exit 7' TERM; while :; do sleep 0.01; done"));
  ASSERT_TRUE(polite.ok());
  absl::SleepFor(absl::Milliseconds(50));
  EXPECT_EQ(polite->Terminate(absl::Seconds(5))->code, 7);
  auto stubborn = Subprocess::Start(Shell("trap '' TERM; while :; do sleep 0.01; done"));
  ASSERT_TRUE(stubborn.ok());
  absl::SleepFor(absl::Milliseconds(50));
  EXPECT_EQ(stubborn->Terminate(absl::Milliseconds(100))->signal, SIGKILL);
}

TEST(SubprocessTest, LogFileCollectsBothStreamsAndGrandchildrenAreKilled) {
  const FolderRemover folder(*MakeTemporaryFolder("praxis-subprocess-"));
  SubprocessOptions options = Shell("sleep 30 & echo $! ; echo problem >&2; exit 0");
  options.log_file = folder.path() + "/log";
  auto child = Subprocess::Start(options);
  ASSERT_TRUE(child.ok());
  EXPECT_TRUE(child->Wait(absl::Seconds(5))->ok());
  const std::string log = *ReadFile(options.log_file);
  EXPECT_NE(log.find("problem"), std::string::npos);
  EXPECT_TRUE(EndsWithin(std::atoi(log.c_str()), absl::Seconds(2)));
}

TEST(SubprocessTest, DiesWithItsParentAlsoUnderAnotherUser) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    SubprocessOptions options = Shell("exec sleep 30");
    if (geteuid() == 0) options.user = "nobody";
    auto child = Subprocess::Start(options);
    const pid_t pid = child.ok() ? child->pid() : -1;
    [[maybe_unused]] const ssize_t n = write(ends[1], &pid, sizeof(pid));
    kill(getpid(), SIGKILL);
  }
  pid_t child = -1;
  ASSERT_EQ(read(ends[0], &child, sizeof(child)), static_cast<ssize_t>(sizeof(child)));
  ASSERT_GT(child, 0);
  int status;
  waitpid(parent, &status, 0);
  EXPECT_TRUE(EndsWithin(child, absl::Seconds(2)));
}

TEST(SubprocessTest, DestructorLeavesNothingAndForkedCopiesDoNothing) {
  pid_t pid;
  {
    auto child = Subprocess::Start(Shell("exec sleep 30"));
    ASSERT_TRUE(child.ok());
    pid = child->pid();
    const pid_t copy = fork();
    if (copy == 0) {
      { const Subprocess dropped = std::move(*child); }
      _exit(0);
    }
    int status;
    waitpid(copy, &status, 0);
    EXPECT_TRUE(child->running());
  }
  EXPECT_FALSE(ProcessRuns(pid));
}

}  // namespace
}  // namespace base
