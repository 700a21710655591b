#include "server/postgres/database.h"

#include <gtest/gtest.h>

#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/postgres/sql_status.h"
#include "server/testing/run_task.h"
#include "server/testing/test_database.h"

namespace server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Result = absl::StatusOr<SegmentResult>;

constexpr Statement kEcho{"test_echo", "SELECT $1::text"};
constexpr Statement kDivide{"test_divide", "SELECT 1 / $1::int"};
constexpr Statement kSleep{"test_sleep", "SELECT pg_sleep($1::float8)"};
constexpr Statement kClinic{"test_clinic", "SELECT current_setting('app.clinic_id', true)"};
constexpr Statement kSync{"test_sync", "SELECT current_setting('synchronous_commit')"};
constexpr Statement kPid{"test_pid", "SELECT pg_backend_pid()"};
constexpr Statement kWrong{"test_wrong", "SELECT nothing FROM nowhere WHERE x = $1"};
constexpr Statement kTableInsert{"test_insert", "INSERT INTO test_deferred VALUES ($1::int)"};

Segment Echo(const std::string& text) {
  Segment segment = Segment::Read("");
  segment.Add(kEcho, {text});
  return segment;
}

Segment One(const Statement& statement, std::vector<Segment::Parameter> parameters = {},
            bool writes = false) {
  Segment segment = Segment::WithoutClinic(writes);
  segment.Add(statement, std::move(parameters));
  return segment;
}

// The same promises hold with pipelining on and off.
class DatabaseTest : public ::testing::TestWithParam<int> {
 protected:
  void Connect(int connections = 2, std::function<void(DatabaseOptions&)> change = {}) {
    DatabaseOptions options = TestDatabase::Get().app_options();
    options.connections = connections;
    options.pipeline_depth = GetParam();
    if (change) change(options);
    database_ = std::make_unique<Database>(loop_, options);
    database_->Start();
    ASSERT_TRUE(RunTask(loop_, database_->Ready(In(seconds(5)))).ok());
    const auto all_up = In(seconds(5));
    while (database_->connected() < connections && In(milliseconds(0)) < all_up) {
      RunFor(loop_, milliseconds(5));
    }
  }

  Result Run(Segment segment, milliseconds time = seconds(5), RequestCost* cost = nullptr) {
    return RunTask(loop_, database_->Run(std::move(segment), In(time), cost));
  }

  std::vector<Result> RunMany(std::vector<Segment> segments, milliseconds time = seconds(10)) {
    std::vector<base::Task<Result>> tasks;
    for (Segment& segment : segments) {
      tasks.push_back(database_->Run(std::move(segment), In(time), nullptr));
    }
    return RunAll(loop_, std::move(tasks));
  }

  boost::asio::io_context loop_{1};
  std::unique_ptr<Database> database_;
};

TEST_P(DatabaseTest, EachRequestGetsItsOwnAnswer) {
  Connect();
  std::vector<Segment> segments;
  for (int i = 0; i < 500; ++i) segments.push_back(Echo(absl::StrCat(i)));
  const std::vector<Result> results = RunMany(std::move(segments));
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(results[i].ok()) << results[i].status();
    EXPECT_EQ(results[i]->at(0).Text(0, 0), absl::StrCat(i));
  }
  EXPECT_EQ(database_->in_flight(), 0);
}

TEST_P(DatabaseTest, AnErrorFailsItsOwnRequestOnly) {
  Connect(1);
  std::vector<Segment> segments;
  for (int i = 0; i < 30; ++i) {
    Segment segment = Segment::WithoutClinic(i % 2 == 0);
    segment.Add(kEcho, {absl::StrCat(i)});
    segment.Add(kDivide, {i % 3 == 0 ? "0" : "1"});
    segment.Add(kEcho, {"after"});
    segments.push_back(std::move(segment));
  }
  const std::vector<Result> results = RunMany(std::move(segments));
  for (int i = 0; i < 30; ++i) {
    if (i % 3 == 0) {
      EXPECT_EQ(results[i].status().code(), absl::StatusCode::kInvalidArgument);
    } else {
      ASSERT_TRUE(results[i].ok()) << results[i].status();
      ASSERT_EQ(results[i]->size(), 3u);
      EXPECT_EQ(results[i]->at(0).Text(0, 0), absl::StrCat(i));
    }
  }
}

TEST_P(DatabaseTest, AStatementThatCannotBePreparedFailsAlone) {
  Connect(1);
  std::vector<Segment> segments;
  segments.push_back(One(kWrong, {"1"}));
  segments.push_back(Echo("fine"));
  segments.push_back(One(kWrong, {"1"}));
  const std::vector<Result> results = RunMany(std::move(segments));
  EXPECT_FALSE(results[0].ok());
  EXPECT_TRUE(results[1].ok()) << results[1].status();
  EXPECT_FALSE(results[2].ok());
}

TEST_P(DatabaseTest, TheClinicIsLocalToItsSegment) {
  Connect(1);
  const std::string clinic = TestDatabase::Get().catalogue().clinic(0).id;
  Segment named = Segment::Read(clinic);
  named.Add(kClinic, {}).Add(kClinic, {});
  const Result first = Run(std::move(named));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->at(0).Text(0, 0), clinic);
  EXPECT_EQ(first->at(1).Text(0, 0), clinic);
  const Result second = Run(One(kClinic));
  EXPECT_EQ(second->at(0).Text(0, 0), "");
}

TEST_P(DatabaseTest, WritesCommitSynchronouslyWhateverTheDefault) {
  TestDatabase::Get().Ask("ALTER ROLE praxis_app SET synchronous_commit = off");
  Connect(1);
  TestDatabase::Get().Ask("ALTER ROLE praxis_app RESET synchronous_commit");
  EXPECT_EQ(Run(One(kSync))->at(0).Text(0, 0), "off");
  EXPECT_EQ(Run(One(kSync, {}, /*writes=*/true))->at(0).Text(0, 0), "on");
  EXPECT_EQ(Run(One(kSync))->at(0).Text(0, 0), "off");
}

TEST_P(DatabaseTest, CommitThatFailsAtTheSyncIsAnError) {
  pqxx::connection owner(TestDatabase::Get().owner_url());
  pqxx::nontransaction(owner).exec(
      "DROP TABLE IF EXISTS test_deferred; CREATE TABLE test_deferred (x int UNIQUE DEFERRABLE "
      "INITIALLY DEFERRED); GRANT ALL ON test_deferred TO praxis_app");
  Connect(1);
  EXPECT_TRUE(Run(One(kTableInsert, {"1"}, true)).ok());
  std::vector<Segment> segments;
  segments.push_back(One(kTableInsert, {"1"}, true));
  segments.push_back(Echo("behind"));
  const std::vector<Result> results = RunMany(std::move(segments));
  EXPECT_EQ(results[0].status().code(), absl::StatusCode::kAlreadyExists);
  ASSERT_TRUE(results[1].ok()) << results[1].status();
  EXPECT_EQ(results[1]->at(0).Text(0, 0), "behind");
  EXPECT_EQ(TestDatabase::Get().Ask("SELECT count(*) FROM test_deferred"), "1");
}

TEST_P(DatabaseTest, DeadlineAnswersAndTheLateResultIsDropped) {
  Connect(1);
  const auto started = std::chrono::steady_clock::now();
  const Result late = Run(One(kSleep, {"0.3"}), milliseconds(50));
  EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(std::chrono::steady_clock::now() - started, milliseconds(200));
  const Result next = Run(Echo("next"));
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->at(0).Text(0, 0), "next");
}

TEST_P(DatabaseTest, FullQueueRefusesAtOnce) {
  Connect(1, [](DatabaseOptions& options) { options.queue_limit = 5; });
  std::vector<Segment> segments;
  const int fits = GetParam() + 5;
  for (int i = 0; i < fits + 3; ++i) segments.push_back(One(kSleep, {"0.001"}));
  const std::vector<Result> results = RunMany(std::move(segments));
  for (int i = 0; i < fits + 3; ++i) {
    EXPECT_EQ(results[i].status().code(),
              i < fits ? absl::StatusCode::kOk : absl::StatusCode::kResourceExhausted)
        << i;
  }
}

TEST_P(DatabaseTest, AKilledBackendFailsItsRequestsAndOthersGoOn) {
  Connect(2);
  const std::string pid(Run(One(kPid))->at(0).Text(0, 0));
  std::vector<base::Task<Result>> tasks;
  for (int i = 0; i < 4; ++i) {
    tasks.push_back(database_->Run(One(kSleep, {"0.3"}, true), In(seconds(5)), nullptr));
  }
  TestDatabase::Get().Ask(absl::StrCat("SELECT pg_terminate_backend(", pid, ")"));
  const std::vector<Result> results = RunAll(loop_, std::move(tasks));
  int lost = 0;
  for (const Result& result : results) {
    if (result.ok()) continue;
    ++lost;
    EXPECT_EQ(result.status().code(), absl::StatusCode::kUnavailable) << result.status();
  }
  EXPECT_GT(lost, 0);
  EXPECT_LT(lost, 4);
  EXPECT_TRUE(Run(Echo("at once")).ok());
  RunFor(loop_, milliseconds(300));
  EXPECT_EQ(database_->connected(), 2);
}

TEST_P(DatabaseTest, AStuckConnectionIsReplaced) {
  Connect(1, [](DatabaseOptions& options) { options.stuck_after = milliseconds(200); });
  const Result stuck = Run(One(kSleep, {"3"}), seconds(2));
  EXPECT_EQ(stuck.status().code(), absl::StatusCode::kUnavailable);
  RunFor(loop_, milliseconds(200));
  EXPECT_TRUE(Run(Echo("again")).ok());
}

TEST_P(DatabaseTest, ReadsAtOnceAgainAfterAllBackendsWereKilled) {
  Connect(2);
  TestDatabase::Get().Ask(
      "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = "
      "'test'");
  RunFor(loop_, milliseconds(20));
  EXPECT_EQ(Run(Echo("down")).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(RunTask(loop_, database_->Ready(In(seconds(3)))).ok());
  EXPECT_TRUE(Run(Echo("up")).ok());
}

TEST_P(DatabaseTest, CountsWhatARequestUsed) {
  Connect(1);
  RequestCost cost;
  Segment segment = Segment::Read("");
  segment.Add(kEcho, {"a"}).Add(kEcho, {"b"});
  ASSERT_TRUE(Run(std::move(segment), seconds(5), &cost).ok());
  EXPECT_EQ(cost.statements, 3);
  EXPECT_EQ(cost.round_trips, 1);
}

TEST_P(DatabaseTest, NullComesBackAsNull) {
  Connect(1);
  const Result result = Run(One(kEcho, {std::nullopt}));
  EXPECT_TRUE(result->at(0).IsNull(0, 0));
}

TEST_P(DatabaseTest, AZeroByteIsRefusedNotCutOff) {
  Connect(1);
  EXPECT_EQ(Run(One(kEcho, {std::string("a\0b", 3)})).status().code(),
            absl::StatusCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(PipelineDepth, DatabaseTest, ::testing::Values(1, 16),
                         [](const auto& info) { return absl::StrCat("Depth", info.param); });

TEST(DatabaseUnreachableTest, SaysWhyItIsNotReady) {
  boost::asio::io_context loop{1};
  DatabaseOptions options;
  options.url = "host=127.0.0.1 port=1 dbname=none user=none";
  Database database(loop, options);
  database.Start();
  const absl::Status status = RunTask(loop, database.Ready(In(milliseconds(300))));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(std::string(status.message()).find("refused"), std::string::npos) << status;
}

}  // namespace
}  // namespace server
