#include "server/connection_budget.h"

#include <cstdint>
#include <pqxx/pqxx>

#include "absl/strings/str_cat.h"

namespace server {

absl::Status CheckBudget(const ConnectionBudget& budget) {
  const int64_t wanted = int64_t{budget.pods} * budget.workers * budget.connections_per_worker;
  const int64_t usable = int64_t{budget.max_connections} - budget.superuser_reserved -
                         budget.reserved - ConnectionBudget::kKeptFree;
  if (wanted <= usable) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the pool does not fit the database: ", budget.pods, " pods x ", budget.workers,
                   " workers x ", budget.connections_per_worker, " connections = ", wanted, " > ",
                   usable, " usable (max_connections ", budget.max_connections,
                   " - superuser_reserved_connections ", budget.superuser_reserved,
                   " - reserved_connections ", budget.reserved, " - ", ConnectionBudget::kKeptFree,
                   " kept free for tools); lower --workers or --database_connections, or raise "
                   "max_connections"));
}

absl::Status ReadSettings(const std::string& url, ConnectionBudget* budget) {
  try {
    pqxx::connection connection(url);
    pqxx::work transaction(connection);
    const pqxx::result rows = transaction.exec(
        "SELECT name, setting FROM pg_settings WHERE name IN ('max_connections', "
        "'superuser_reserved_connections', 'reserved_connections')");
    for (const auto& row : rows) {
      const auto name = row[0].as<std::string>();
      const int value = row[1].as<int>();
      if (name == "max_connections") budget->max_connections = value;
      if (name == "superuser_reserved_connections") budget->superuser_reserved = value;
      if (name == "reserved_connections") budget->reserved = value;
    }
    return absl::OkStatus();
  } catch (const std::exception& error) {
    std::string text = error.what();
    for (char& c : text) {
      if (c == '\n') c = ' ';
    }
    return absl::UnavailableError(absl::StrCat("--database_url: ", text));
  }
}

}  // namespace server
