#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

// How many bytes of write-ahead log PostgreSQL writes for a request: its position in the log around
// windows of load, and what was written in them.

namespace simulator {

// A connection that asks for the log's position; a look costs the database about as much as any
// small statement.
class WalMeter {
 public:
  // Unavailable when the database cannot be reached.
  static absl::StatusOr<WalMeter> Connect(const std::string& owner_url);
  ~WalMeter();
  WalMeter(WalMeter&&) noexcept;
  WalMeter& operator=(WalMeter&&) noexcept;

  // Bytes of log inserted since the cluster was made (pg_current_wal_insert_lsn).
  absl::StatusOr<double> Bytes();

 private:
  struct Session;
  explicit WalMeter(std::unique_ptr<Session> session);
  std::unique_ptr<Session> session_;
};

struct WalWindow {
  double seconds = 0;
  double bytes = 0;
  double writes = 0;         // transactions that changed something
  double audit_records = 0;  // of reads
};

struct WalShares {
  double bytes_per_write = 0;
  double bytes_per_audit_record = 0;
};

// Least squares without a constant, after the idle windows' bytes per second: a record of a batch
// carries its part of the batch's commit. Neither is negative. All 0 where nothing was written.
WalShares FitWal(const std::vector<WalWindow>& windows, const std::vector<WalWindow>& idle);

}  // namespace simulator
