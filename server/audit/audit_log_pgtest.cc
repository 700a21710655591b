#include "server/audit/audit_log.h"

#include <gtest/gtest.h>

#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/testing/run_task.h"
#include "server/testing/test_database.h"

namespace server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Statement kDivide{"t_divide", "SELECT 1 / $1::int"};

class AuditLogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    stack_.Ask("TRUNCATE audit_log, audit_streams");
    log_.Start();
    ASSERT_TRUE(RunTask(loop_, log_.Ready(In(seconds(5)))).ok());
  }

  AuditEntry Entry(int clinic, std::string request_id) const {
    AuditEntry entry;
    entry.actor_id = catalogue_.doctor(clinic).id;
    entry.actor_role = "DOCTOR";
    entry.action = "ehr.comprehensive";
    entry.resource = "health_record";
    entry.subject_id = catalogue_.patient(clinic).id;
    entry.clinic_id = catalogue_.clinic(clinic).id;
    entry.request_id = std::move(request_id);
    entry.outcome = "allowed";
    return entry;
  }
  std::vector<absl::Status> RecordMany(int count, milliseconds time = seconds(5)) {
    std::vector<base::Task<absl::Status>> tasks;
    for (int i = 0; i < count; ++i) {
      tasks.push_back(log_.RecordRead(Entry(i % 2, absl::StrCat("r", i)), In(time), &cost_));
    }
    return RunAll(loop_, std::move(tasks));
  }
  void KillAuditBackends() {
    stack_.Ask(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
        "application_name = 'test audit'");
  }
  std::string Gaps() { return stack_.Ask("SELECT count(*) FROM audit_gaps()"); }
  std::string Count() { return stack_.Ask("SELECT count(*) FROM audit_log"); }

  TestDatabase& stack_ = TestDatabase::Get();
  const model::Catalogue& catalogue_ = stack_.catalogue();
  boost::asio::io_context loop_{1};
  AuditLog log_{loop_, stack_.app_options()};
  RequestCost cost_;
};

TEST_F(AuditLogTest, RecordsAreDurableWhenTheCallerGoesOn) {
  ASSERT_TRUE(RunTask(loop_, log_.RecordRead(Entry(0, "one"), In(seconds(5)), &cost_)).ok());
  EXPECT_EQ(stack_.Ask("SELECT request_id || ' ' || sequence || ' ' || outcome FROM audit_log"),
            "one 1 allowed");
  EXPECT_EQ(cost_.audit_rows, 1);
}

TEST_F(AuditLogTest, ManyReadsOfManyClinicsShareACommit) {
  for (const absl::Status& status : RecordMany(2500)) ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(Count(), "2500");
  EXPECT_LE(log_.batches(), 4);
  EXPECT_EQ(Gaps(), "0");
  EXPECT_EQ(stack_.Ask("SELECT count(DISTINCT request_id) FROM audit_log"), "2500");
}

TEST_F(AuditLogTest, AClinicSeesItsOwnRecordsOnly) {
  RecordMany(10);
  pqxx::connection app(stack_.app_options().url);
  pqxx::work transaction(app);
  transaction.exec("SELECT set_config('app.clinic_id', '" + catalogue_.clinic(0).id + "', true)");
  EXPECT_EQ(transaction.exec("SELECT count(*) FROM audit_log")[0][0].as<int>(), 5);
}

TEST_F(AuditLogTest, OddTextIsStoredReduced) {
  const std::string odd = "a\"b\\c{d},e\x01\xff'f";
  ASSERT_TRUE(RunTask(loop_, log_.RecordRead(Entry(0, odd), In(seconds(5)), nullptr)).ok());
  EXPECT_EQ(stack_.Ask("SELECT request_id FROM audit_log"), "a\"b\\c{d},e?\?'f");
}

TEST_F(AuditLogTest, AnIdThatIsNoneIsRefusedAndHoldsUpNobody) {
  AuditEntry entry = Entry(0, "bad");
  entry.subject_id = "'; DROP TABLE audit_log";
  EXPECT_EQ(RunTask(loop_, log_.RecordRead(entry, In(seconds(5)), nullptr)).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(RecordMany(1)[0].ok());
}

TEST_F(AuditLogTest, ALostConnectionLosesAndDoublesNothing) {
  RecordMany(10);
  std::vector<base::Task<absl::Status>> tasks;
  for (int i = 0; i < 50; ++i) {
    tasks.push_back(log_.RecordRead(Entry(0, absl::StrCat("k", i)), In(seconds(5)), nullptr));
  }
  KillAuditBackends();
  for (const absl::Status& status : RunAll(loop_, std::move(tasks))) {
    EXPECT_TRUE(status.ok()) << status;
  }
  EXPECT_EQ(Count(), "60");
  EXPECT_EQ(Gaps(), "0");
}

TEST_F(AuditLogTest, NoDatabaseMeansNoPermissionInTime) {
  stack_.Ask("ALTER ROLE praxis_app NOLOGIN");
  KillAuditBackends();
  const auto results = RecordMany(3, milliseconds(150));
  stack_.Ask("ALTER ROLE praxis_app LOGIN");
  for (const absl::Status& status : results) {
    EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  }
  EXPECT_TRUE(RunTask(loop_, log_.Ready(In(seconds(5)))).ok());
  EXPECT_TRUE(RecordMany(2)[1].ok());
  EXPECT_EQ(Gaps(), "0");
}

TEST_F(AuditLogTest, FullQueueRefuses) {
  AuditOptions options;
  options.max_pending = 3;
  AuditLog small(loop_, stack_.app_options(), options);
  small.Start();
  ASSERT_TRUE(RunTask(loop_, small.Ready(In(seconds(5)))).ok());
  std::vector<base::Task<absl::Status>> tasks;
  for (int i = 0; i < 5; ++i) {
    tasks.push_back(small.RecordRead(Entry(0, "x"), In(seconds(5)), nullptr));
  }
  const auto results = RunAll(loop_, std::move(tasks));
  EXPECT_TRUE(results[2].ok());
  EXPECT_EQ(results[3].code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(AuditLogTest, AWriteAndItsRecordCommitTogetherOrNotAtAll) {
  Database database(loop_, stack_.app_options());
  database.Start();
  ASSERT_TRUE(RunTask(loop_, database.Ready(In(seconds(5)))).ok());
  std::vector<base::Task<absl::StatusOr<SegmentResult>>> tasks;
  for (int i = 0; i < 40; ++i) {
    Segment segment = Segment::Write(catalogue_.clinic(0).id);
    AuditLog::AddTo(segment, Entry(0, absl::StrCat("w", i)), &cost_);
    segment.Add(kDivide, {i % 4 == 0 ? "0" : "1"});
    tasks.push_back(database.Run(std::move(segment), In(seconds(5)), nullptr));
  }
  RunAll(loop_, std::move(tasks));
  // A quarter rolled back and gave its numbers back: no holes.
  EXPECT_EQ(Count(), "30");
  EXPECT_EQ(Gaps(), "0");
  EXPECT_EQ(stack_.Ask("SELECT string_agg(DISTINCT kind, ',') FROM audit_streams"), "writes");
}

TEST_F(AuditLogTest, RemovedRecordsShow) {
  RecordMany(10);
  stack_.Ask("DELETE FROM audit_log WHERE sequence IN (4, 5)");
  EXPECT_EQ(stack_.Ask("SELECT first_missing || '-' || last_missing FROM audit_gaps()"), "4-5");
  stack_.Ask("DELETE FROM audit_log WHERE sequence >= 9");
  EXPECT_EQ(stack_.Ask("SELECT string_agg(first_missing || '-' || last_missing, ' ' ORDER BY "
                       "first_missing) FROM audit_gaps()"),
            "4-5 9-10");
  stack_.Ask("DELETE FROM audit_log");
  EXPECT_EQ(stack_.Ask("SELECT first_missing || '-' || last_missing FROM audit_gaps()"), "1-10");
}

}  // namespace
}  // namespace server
