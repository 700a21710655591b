#include "devstack/postgres.h"

#include <postgresql/libpq-fe.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "absl/time/clock.h"
#include "base/paths.h"
#include "base/process_cpu.h"
#include "devstack/stack.h"
#include "gtest/gtest.h"

namespace devstack {
namespace {

// The first value of a query's answer, or the error.
std::string Query(const std::string& url, const std::string& sql) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(url.c_str()), PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) return PQerrorMessage(connection.get());
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()),
                                                             PQclear);
  if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) return "ok";
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return PQerrorMessage(connection.get());
  return PQgetvalue(result.get(), 0, 0);
}

StackOptions OnlyPostgres() {
  StackOptions options;
  options.with_redis = false;
  return options;
}

bool EndsWithin(pid_t pid, absl::Duration limit) {
  for (const absl::Time end = absl::Now() + limit; absl::Now() < end;) {
    if (!base::ProcessRuns(pid)) return true;
    absl::SleepFor(absl::Milliseconds(5));
  }
  return false;
}

TEST(PostgresPgTest, AnswersDurablyWithItsSettings) {
  StackOptions options = OnlyPostgres();
  options.postgres.max_connections = 37;
  options.postgres.settings = {"work_mem = '5MB'"};
  auto stack = Stack::Start(options);
  ASSERT_TRUE(stack.ok()) << stack.status();
  const std::string url = (*stack)->database_url();
  EXPECT_EQ(Query(url, "SELECT current_database() || ' ' || current_user"), "praxis praxis");
  EXPECT_EQ(Query(url, "SHOW max_connections"), "37");
  EXPECT_EQ(Query(url, "SHOW work_mem"), "5MB");
  EXPECT_EQ(Query(url, "SHOW synchronous_commit"), "on");
  EXPECT_EQ(Query(url, "SHOW fsync"), "on");
  EXPECT_EQ(Query((*stack)->postgres()->socket_url(), "SELECT inet_server_addr() IS NULL"), "t");
  EXPECT_EQ((*stack)->redis_url(), "");

  std::string wrong = url;
  wrong.replace(wrong.find("praxis:") + 7, 4, "nope");
  EXPECT_NE(Query(wrong, "SELECT 1").find("authentication failed"), std::string::npos);

  const pid_t pid = (*stack)->postgres_pid();
  EXPECT_GT(base::ProcessTree(pid).size(), 3u);
  EXPECT_TRUE((*stack)->CheckAlive().ok());
  EXPECT_TRUE((*stack)->Stop().ok());
  EXPECT_TRUE(EndsWithin(pid, absl::Milliseconds(10)));
}

TEST(PostgresPgTest, BackendsThatEndedCountInTheTree) {
  auto stack = Stack::Start(OnlyPostgres());
  ASSERT_TRUE(stack.ok()) << stack.status();
  const pid_t pid = (*stack)->postgres_pid();
  const int64_t before = *base::ProcessTreeCpuNanos(pid);
  Query((*stack)->database_url(), "SELECT sum(i::numeric) FROM generate_series(1, 1000000) i");
  absl::SleepFor(absl::Milliseconds(50));  // The backend ends and is reaped.
  EXPECT_GT(*base::ProcessTreeCpuNanos(pid) - before, 50'000'000);
}

TEST(PostgresPgTest, DataSurvivesARestartAlsoAfterAKill) {
  const base::FolderRemover folder(*base::MakeTemporaryFolder("praxis-kept-"));
  StackOptions options = OnlyPostgres();
  options.data_dir = folder.path();
  std::string first_url;
  {
    auto stack = Stack::Start(options);
    ASSERT_TRUE(stack.ok()) << stack.status();
    const std::string url = (*stack)->database_url();
    EXPECT_EQ(Query(url, "CREATE TABLE kept(x int)"), "ok");
    EXPECT_EQ(Query(url, "INSERT INTO kept VALUES (42)"), "ok");
    EXPECT_TRUE(absl::IsAlreadyExists(Stack::Start(options).status()));
  }
  // A parent that is killed takes its PostgreSQL with it; the next start recovers.
  const pid_t parent = fork();
  if (parent == 0) {
    auto stack = Stack::Start(options);
    const bool ok =
        stack.ok() && Query((*stack)->database_url(), "INSERT INTO kept VALUES (1)") == "ok";
    kill(getpid(), ok ? SIGKILL : SIGTERM);
  }
  int status = 0;
  waitpid(parent, &status, 0);
  ASSERT_EQ(WTERMSIG(status), SIGKILL);
  auto stack = Stack::Start(options);
  ASSERT_TRUE(stack.ok()) << stack.status();
  EXPECT_EQ(Query((*stack)->database_url(), "SELECT sum(x) FROM kept"), "43");
}

TEST(PostgresPgTest, DiesWithAKilledParentAndDeathIsNoticed) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    StackOptions options = OnlyPostgres();
    auto stack = Stack::Start(options);
    const pid_t pid = stack.ok() ? (*stack)->postgres_pid() : -1;
    [[maybe_unused]] const ssize_t n = write(ends[1], &pid, sizeof(pid));
    // The folder would stay behind a SIGKILL: removed here, which also is what a cleaner does.
    if (stack.ok()) base::FolderRemover remove((*stack)->data_dir());
    kill(getpid(), SIGKILL);
  }
  pid_t pid = -1;
  ASSERT_EQ(read(ends[0], &pid, sizeof(pid)), static_cast<ssize_t>(sizeof(pid)));
  ASSERT_GT(pid, 0);
  waitpid(parent, nullptr, 0);
  EXPECT_TRUE(EndsWithin(pid, absl::Seconds(5)));

  auto stack = Stack::Start(OnlyPostgres());
  ASSERT_TRUE(stack.ok()) << stack.status();
  kill((*stack)->postgres_pid(), SIGQUIT);
  absl::Status alive;
  for (int i = 0; i < 500 && alive.ok(); ++i) {
    absl::SleepFor(absl::Milliseconds(10));
    alive = (*stack)->CheckAlive();
  }
  EXPECT_TRUE(absl::IsUnavailable(alive)) << alive;
}

TEST(PostgresPgTest, UnreachableFolderIsExplained) {
  if (geteuid() != 0) GTEST_SKIP() << "only root starts PostgreSQL as another user";
  const base::FolderRemover folder(*base::MakeTemporaryFolder("praxis-closed-"));
  StackOptions options = OnlyPostgres();
  options.data_dir = folder.path() + "/closed/inner";
  mkdir((folder.path() + "/closed").c_str(), 0700);
  const absl::Status status = Stack::Start(options).status();
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  EXPECT_NE(status.message().find("cannot be reached by the user postgres"), std::string::npos);
}

TEST(PostgresPgTest, BadSettingIsReportedWithPostgresOwnWords) {
  StackOptions options = OnlyPostgres();
  options.postgres.settings = {"no_such_setting = 1"};
  const absl::Status status = Stack::Start(options).status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_NE(status.message().find("postgresql.conf"), std::string::npos) << status;
}

TEST(PostgresPgTest, StartCanBeCancelled) {
  StackOptions options = OnlyPostgres();
  options.cancelled = [] { return true; };
  EXPECT_TRUE(absl::IsCancelled(Stack::Start(options).status()));
}

}  // namespace
}  // namespace devstack
