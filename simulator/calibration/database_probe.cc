#include "simulator/calibration/database_probe.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <fstream>
#include <functional>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace simulator {
namespace {

constexpr int kConnects = 15;
constexpr int kCommits = 100;

double MedianSeconds(int times, const std::function<void()>& action) {
  std::vector<double> seconds;
  for (int i = 0; i < times; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    action();
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + times / 2, seconds.end());
  return seconds[static_cast<size_t>(times / 2)];
}

// Private_Clean + Private_Dirty of a process: what one more backend costs. 0 when not readable.
double PrivateBytes(int pid) {
  std::ifstream rollup(absl::StrCat("/proc/", pid, "/smaps_rollup"));
  std::string word;
  double kilobytes = 0;
  while (rollup >> word) {
    if (word != "Private_Clean:" && word != "Private_Dirty:") continue;
    double value = 0;
    rollup >> value;
    kilobytes += value;
  }
  return kilobytes * 1024;
}

double CommitSeconds(pqxx::connection& connection) {
  pqxx::nontransaction(connection)
      .exec("SET synchronous_commit = on; CREATE TABLE praxis_flush_probe (value integer)");
  const double seconds = MedianSeconds(kCommits, [&connection] {
    pqxx::work transaction(connection);
    transaction.exec("INSERT INTO praxis_flush_probe VALUES (1)");
    transaction.commit();
  });
  pqxx::nontransaction(connection).exec("DROP TABLE praxis_flush_probe");
  return seconds;
}

}  // namespace

absl::StatusOr<DatabaseProbe> ProbeDatabase(const std::string& owner_url) {
  try {
    DatabaseProbe probe;
    probe.connect_seconds = MedianSeconds(kConnects, [&owner_url] {
      pqxx::connection connection(owner_url);
      pqxx::nontransaction(connection).exec("SELECT 1");
    });
    pqxx::connection connection(owner_url);
    probe.flush_seconds = CommitSeconds(connection);
    probe.memory_per_connection_bytes = PrivateBytes(connection.backendpid());
    return probe;
  } catch (const std::exception& error) {
    return absl::UnavailableError(absl::StrCat("database probe: ", error.what()));
  }
}

}  // namespace simulator
