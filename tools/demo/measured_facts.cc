#include "tools/demo/measured_facts.h"

#include <algorithm>
#include <exception>
#include <pqxx/pqxx>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/routes/route_table.h"

namespace demo {
namespace {

void AddFact(const std::string& name, double value, const std::string& unit,
             model::CheckReport* report) {
  model::Fact* fact = report->add_facts();
  fact->set_name(name);
  fact->set_value(value);
  fact->set_unit(unit);
}

struct Answers {
  double all = 0;
  double phi = 0;
  double phi_audit_rows = 0;  // by the server's count, PHI operations only
};

Answers CountAnswers(const simulator::Observation& seen) {
  Answers answers;
  for (const auto& [operation, counts] : seen.operations) {
    answers.all += counts.succeeded;
    const int index = server::RouteIndex(operation);
    if (index < 0 || !server::Routes()[static_cast<size_t>(index)].phi) continue;
    answers.phi += counts.succeeded;
    answers.phi_audit_rows += counts.audit_rows;
  }
  return answers;
}

double Figure(pqxx::nontransaction& query, const std::string& sql) {
  return query.exec1(sql)[0].as<double>();
}

}  // namespace

absl::StatusOr<model::CheckReport> MeasureFacts(const simulator::ServerHandle& server) {
  auto seen = simulator::Observe(server);
  if (!seen.ok()) return seen.status();
  const Answers answers = CountAnswers(*seen);
  model::CheckReport report;
  report.set_deployment("measured");
  try {
    pqxx::connection connection(server.database_url);
    pqxx::nontransaction query(connection);
    const double rows = Figure(query, "SELECT count(*) FROM audit_log");
    const double bytes = Figure(query, "SELECT pg_total_relation_size('audit_log')");
    const double gaps = Figure(
        query, "SELECT coalesce(sum(last_missing - first_missing + 1), 0) FROM audit_gaps()");
    const double doubles =
        Figure(query,
               "SELECT count(*) FROM (SELECT 1 FROM appointments WHERE status IN ('SCHEDULED', "
               "'CONFIRMED', 'CHECKED_IN', 'IN_PROGRESS') GROUP BY doctor_id, slot_start "
               "HAVING count(*) > 1) AS taken_twice");
    AddFact("phi_responses", answers.phi, "responses", &report);
    AddFact("audit_rows", rows, "rows", &report);
    // Rows of operations without PHI (logins) must not make up for missing ones.
    const double audited = std::min(rows, answers.phi_audit_rows);
    AddFact("phi_responses_without_audit_row", std::max(0.0, answers.phi - audited), "responses",
            &report);
    AddFact("audit_sequence_gaps", gaps, "numbers", &report);
    if (rows > 0) AddFact("audit_bytes_per_row", bytes / rows, "bytes", &report);
    if (answers.all > 0) AddFact("phi_share", answers.phi / answers.all, "", &report);
    AddFact("double_bookings", doubles, "slots", &report);
  } catch (const std::exception& error) {
    return absl::UnavailableError(absl::StrCat("measured facts: ", error.what()));
  }
  return report;
}

}  // namespace demo
