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
constexpr int kCommits = 500;
constexpr int kUnflushedCommits = 100;

std::vector<double> SortedSeconds(int times, const std::function<void()>& action) {
  std::vector<double> seconds;
  for (int i = 0; i < times; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    action();
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds;
}

double MedianSeconds(int times, const std::function<void()>& action) {
  return SortedSeconds(times, action)[static_cast<size_t>(times / 2)];
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

std::vector<double> FlushQuantiles(pqxx::connection& connection) {
  const auto insert = [&connection] {
    pqxx::nontransaction(connection).exec("INSERT INTO praxis_flush_probe VALUES (1)");
  };
  pqxx::nontransaction(connection)
      .exec("CREATE TABLE praxis_flush_probe (value integer); SET synchronous_commit = off");
  const double without = MedianSeconds(kUnflushedCommits, insert);
  pqxx::nontransaction(connection).exec("SET synchronous_commit = on");
  const std::vector<double> sorted = SortedSeconds(kCommits, insert);
  pqxx::nontransaction(connection).exec("DROP TABLE praxis_flush_probe");
  std::vector<double> quantiles;
  for (int percent = 0; percent <= 100; ++percent) {
    // The longest one of a few hundred says little about the rest of the tail: the one before it.
    const auto index = static_cast<size_t>(std::min(percent * kCommits / 100, kCommits - 2));
    quantiles.push_back(std::max(0.0, sorted[index] - without));
  }
  return quantiles;
}

// The server names its connections; this probe's own has no name.
void FindBackends(pqxx::connection& connection, DatabaseProbe* probe) {
  for (const auto& row : pqxx::nontransaction(connection)
                             .exec("SELECT pid, application_name LIKE '% audit' "
                                   "FROM pg_stat_activity WHERE application_name <> '' "
                                   "AND backend_type = 'client backend'")) {
    auto& backends = row[1].as<bool>() ? probe->audit_backends : probe->request_backends;
    backends.push_back(row[0].as<pid_t>());
  }
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
    probe.flush_quantile_seconds = FlushQuantiles(connection);
    probe.flush_seconds = probe.flush_quantile_seconds[50];
    FindBackends(connection, &probe);
    probe.memory_per_connection_bytes = PrivateBytes(connection.backendpid());
    return probe;
  } catch (const std::exception& error) {
    return absl::UnavailableError(absl::StrCat("database probe: ", error.what()));
  }
}

absl::StatusOr<std::vector<double>> ProbeFlushQuantiles(const std::string& owner_url) {
  try {
    pqxx::connection connection(owner_url);
    return FlushQuantiles(connection);
  } catch (const std::exception& error) {
    return absl::UnavailableError(absl::StrCat("flush probe: ", error.what()));
  }
}

}  // namespace simulator
