#include "simulator/calibration/wal_probe.h"

#include <algorithm>
#include <exception>
#include <pqxx/pqxx>
#include <utility>

#include "absl/strings/str_cat.h"

namespace simulator {

struct WalMeter::Session {
  explicit Session(const std::string& url) : connection(url) {}
  pqxx::connection connection;
};

WalMeter::WalMeter(std::unique_ptr<Session> session) : session_(std::move(session)) {}
WalMeter::~WalMeter() = default;
WalMeter::WalMeter(WalMeter&&) noexcept = default;
WalMeter& WalMeter::operator=(WalMeter&&) noexcept = default;

absl::StatusOr<WalMeter> WalMeter::Connect(const std::string& owner_url) {
  try {
    return WalMeter(std::make_unique<Session>(owner_url));
  } catch (const std::exception& error) {
    return absl::UnavailableError(absl::StrCat("write-ahead log: ", error.what()));
  }
}

absl::StatusOr<double> WalMeter::Bytes() {
  try {
    pqxx::nontransaction transaction(session_->connection);
    const pqxx::result rows =
        transaction.exec("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8");
    return rows[0][0].as<double>();
  } catch (const std::exception& error) {
    return absl::UnavailableError(absl::StrCat("write-ahead log: ", error.what()));
  }
}

WalShares FitWal(const std::vector<WalWindow>& windows, const std::vector<WalWindow>& idle) {
  double idle_bytes = 0;
  double idle_seconds = 0;
  for (const WalWindow& window : idle) {
    idle_bytes += window.bytes;
    idle_seconds += window.seconds;
  }
  const double rate = idle_seconds > 0 ? idle_bytes / idle_seconds : 0;
  // Normal equations, weighted as a sum of independent transactions: by 1 / what was written.
  double ww = 0, wa = 0, aa = 0, wb = 0, ab = 0;
  for (const WalWindow& window : windows) {
    const double written = window.writes + window.audit_records;
    if (written <= 0) continue;
    const double bytes = std::max(0.0, window.bytes - rate * window.seconds);
    ww += window.writes * window.writes / written;
    wa += window.writes * window.audit_records / written;
    aa += window.audit_records * window.audit_records / written;
    wb += window.writes * bytes / written;
    ab += window.audit_records * bytes / written;
  }
  WalShares shares;
  const double determinant = ww * aa - wa * wa;
  const bool both = determinant > 1e-9 * ww * aa;
  if (both) {
    shares.bytes_per_write = (wb * aa - ab * wa) / determinant;
    shares.bytes_per_audit_record = (ab * ww - wb * wa) / determinant;
  }
  // One of them alone where the other does not occur or would be negative.
  if (!both || shares.bytes_per_write < 0 || shares.bytes_per_audit_record < 0) {
    const bool audits = aa > 0 && (ww <= 0 || shares.bytes_per_write < 0);
    shares.bytes_per_write = audits || ww <= 0 ? 0 : wb / ww;
    shares.bytes_per_audit_record = audits ? ab / aa : 0;
  }
  return shares;
}

}  // namespace simulator
