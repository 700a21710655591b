#include "simulator/calibration/wal_probe.h"

#include <pqxx/pqxx>
#include <string>

#include "devstack/stack.h"
#include "gtest/gtest.h"

namespace simulator {
namespace {

TEST(FitWalTest, TellsWritesFromRecords) {
  std::vector<WalWindow> windows;
  for (const auto& [writes, records] : {std::pair{100.0, 50.0}, {20.0, 300.0}, {70.0, 0.0}}) {
    windows.push_back({2, 1500 * 2 + 900 * writes + 400 * records, writes, records});
  }
  const WalShares shares = FitWal(windows, {{10, 15000, 0, 0}});
  EXPECT_NEAR(shares.bytes_per_write, 900, 1e-6);
  EXPECT_NEAR(shares.bytes_per_audit_record, 400, 1e-6);
}

TEST(FitWalTest, OneKindAloneOrNone) {
  EXPECT_NEAR(FitWal({{1, 5000, 10, 0}}, {}).bytes_per_write, 500, 1e-9);
  EXPECT_NEAR(FitWal({{1, 5000, 0, 10}}, {}).bytes_per_audit_record, 500, 1e-9);
  EXPECT_EQ(FitWal({{1, 5000, 0, 0}}, {}).bytes_per_write, 0);
}

// A real PostgreSQL: what a transaction of one row of 1,000 incompressible bytes writes is those
// bytes, the row's and the log's headers and a commit; a row of 3,000 bytes costs 2,000 more, and a
// batch of ten rows saves nine commits.
TEST(WalMeterPgTest, CountsWhatTransactionsWrite) {
  devstack::StackOptions options;
  options.with_redis = false;
  auto stack = devstack::Stack::Start(options);
  ASSERT_TRUE(stack.ok()) << stack.status();
  auto meter = WalMeter::Connect((*stack)->database_url());
  ASSERT_TRUE(meter.ok()) << meter.status();
  pqxx::connection connection((*stack)->database_url());
  pqxx::nontransaction session(connection);
  // Whole pages are logged at their first change after a checkpoint: not counted here.
  session.exec("CREATE TABLE wal_test (x text)");
  session.exec("ALTER TABLE wal_test ALTER COLUMN x SET STORAGE PLAIN");
  session.exec("CHECKPOINT");
  const auto each = [&](int bytes, int rows) {
    const std::string insert = "INSERT INTO wal_test SELECT repeat('x', " + std::to_string(bytes) +
                               ") FROM generate_series(1, " + std::to_string(rows) + ")";
    session.exec(insert);  // the table's new pages may be logged whole
    constexpr int kTransactions = 200;
    WalWindow window{1, 0, kTransactions, 0};
    window.bytes = -meter->Bytes().value_or(0);
    for (int i = 0; i < kTransactions; ++i) session.exec(insert);
    window.bytes += meter->Bytes().value_or(0);
    return FitWal({window}, {}).bytes_per_write;
  };
  const double small = each(1000, 1);
  const double large = each(3000, 1);
  const double batch = each(1000, 10);
  std::printf("WAL bytes a transaction: %.0f, %.0f, batch of ten %.0f\n", small, large, batch);
  EXPECT_GT(small, 1000);
  EXPECT_LT(small, 1400);
  EXPECT_NEAR(large - small, 2000, 100);
  EXPECT_GT(batch, 10000);
  EXPECT_LT(batch, 10 * small);
}

}  // namespace
}  // namespace simulator
