#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "simulator/check/rule.h"

namespace simulator::check {
namespace {

using model::kubernetes::Share;

// What a client that sets nothing takes per process: Prisma's 2 x CPUs + 1 on one core is the
// smallest of the usual ones (node-postgres and HikariCP take 10, SQLAlchemy 5 + 10).
constexpr uint32_t kFrameworkDefault = 3;

uint32_t Usable(const model::Database& database) {
  const uint32_t reserved =
      database.superuser_reserved_connections() + database.reserved_connections();
  return database.max_connections() > reserved ? database.max_connections() - reserved : 0;
}

std::string UsableText(const model::Database& database) {
  std::string text = absl::StrCat(Usable(database), " usable (", database.max_connections());
  absl::StrAppend(&text, " - ", database.superuser_reserved_connections(), " for superusers");
  if (database.reserved_connections() > 0) {
    absl::StrAppend(&text, " - ", database.reserved_connections(), " reserved");
  }
  return absl::StrCat(text, ")");
}

// The demand of every workload at its largest, steady and while a rollout adds its surge.
struct Demand {
  uint64_t steady = 0;
  uint64_t with_surge = 0;
  std::vector<std::string> terms;
  bool known = true;
  const model::Workload* largest = nullptr;
};

void AddWorkload(const Context& context, const model::Workload& workload, Demand* demand) {
  const uint64_t pods = context.MaxPods(workload);
  const uint64_t surge = Share(workload.max_surge(), static_cast<uint32_t>(pods), true);
  const uint64_t workers = std::max(workload.workers(), 1u);
  const uint64_t each = workload.connections_per_worker();
  if (each == 0) {
    demand->known = demand->known && workload.role() == "job";
    return;
  }
  const uint64_t audit = workload.audit_connections_per_worker();
  demand->steady += pods * workers * (each + audit);
  demand->with_surge += (pods + surge) * workers * (each + audit);
  const std::string connections =
      audit == 0 ? absl::StrCat(each) : absl::StrCat("(", each, " + ", audit, " for audit)");
  demand->terms.push_back(absl::StrCat(pods, " pods x ", workers,
                                       workers == 1 ? " worker" : " workers", " x ", connections));
  if (demand->largest == nullptr || pods > context.MaxPods(*demand->largest)) {
    demand->largest = &workload;
  }
}

Demand DemandOf(const Context& context) {
  Demand demand;
  for (const model::Workload& workload : context.deployment.workloads()) {
    if (workload.uses_database()) AddWorkload(context, workload, &demand);
  }
  return demand;
}

// Behind a pooler the server sees the pooler's own connections.
bool PoolerDemand(const Context& context, Demand* demand) {
  const model::Database& database = context.deployment.database();
  if (database.pooler().empty() || database.pooler_pool_size() == 0) return false;
  uint64_t pods = 0;
  for (const model::Workload& workload : context.deployment.workloads()) {
    if (workload.role() == "pooler") pods += context.MaxPods(workload);
  }
  if (pods == 0) pods = 1;
  demand->steady = demand->with_surge = pods * database.pooler_pool_size();
  demand->terms = {absl::StrCat(pods, " poolers x ", database.pooler_pool_size())};
  demand->known = true;
  return true;
}

void RunLimit(const Context& context, Reporter& reporter) {
  const model::Database& database = context.deployment.database();
  if (database.max_connections() == 0) return;
  const uint32_t usable = Usable(database);
  reporter.AddFact("connections_usable", usable, "connections", UsableText(database));
  Demand demand = DemandOf(context);
  PoolerDemand(context, &demand);
  if (!demand.known || demand.terms.empty()) return;
  const std::string sum = absl::StrCat(absl::StrJoin(demand.terms, " + "), " = ", demand.steady);
  reporter.AddFact("connections_needed", static_cast<double>(demand.steady), "connections", sum);
  reporter.AddFact("connections_needed_with_surge", static_cast<double>(demand.with_surge),
                   "connections", "while a rollout adds its surge pods");
  if (demand.with_surge <= usable) return;
  const bool steady = demand.steady > usable;
  const std::string arithmetic =
      steady ? absl::StrCat(sum, " > ", UsableText(database))
             : absl::StrCat(sum, " <= ", usable, ", but ", demand.with_surge,
                            " with the surge pods of a rollout > ", UsableText(database));
  const std::string path =
      demand.largest == nullptr
          ? "database"
          : absl::StrCat("workloads.", demand.largest->name(), ".connections_per_worker");
  const uint64_t pods = demand.largest != nullptr ? context.MaxPods(*demand.largest) : 1;
  reporter.Find(At(context.deployment, path),
                "the pods may open more connections than PostgreSQL accepts",
                absl::StrCat("fewer connections per pod (", usable / std::max<uint64_t>(pods, 1),
                             " fit at ", pods, " pods), fewer pods at most, or a pooler in front"),
                arithmetic);
}

void RunUnknown(const Context& context, Reporter& reporter) {
  const model::Database& database = context.deployment.database();
  for (const model::Workload& workload : context.deployment.workloads()) {
    if (!workload.uses_database() || workload.connections_per_worker() != 0 ||
        workload.role() == "job") {
      continue;
    }
    const uint64_t pods = context.MaxPods(workload);
    const uint64_t workers = std::max(workload.workers(), 1u);
    std::string arithmetic =
        absl::StrCat(pods, " pods x ", workers, " x ", kFrameworkDefault,
                     " (Prisma's 2 x 1 CPU + 1) = ", pods * workers * kFrameworkDefault);
    if (database.max_connections() > 0) absl::StrAppend(&arithmetic, " of ", UsableText(database));
    reporter.Find(At(context.deployment, absl::StrCat("workloads.", workload.name())),
                  "uses a database, but no limit of its connections is visible; the framework's "
                  "default decides",
                  "set the pool size in the pod's arguments or environment "
                  "(--database_connections, DATABASE_CONNECTIONS, ?connection_limit=)",
                  arithmetic);
  }
}

}  // namespace

Rules ConnectionRules() {
  return {
      {"connections-exceed-limit", model::Finding::ERROR, false,
       "(max pods + surge) x workers x connections must fit into max_connections less the reserved",
       RunLimit},
      {"connections-unknown", model::Finding::WARNING, false,
       "a pod that uses a database must say how many connections it opens", RunUnknown},
  };
}

}  // namespace simulator::check
