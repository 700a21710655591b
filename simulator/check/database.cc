#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/kubernetes/postgres_settings.h"
#include "simulator/check/rule.h"

namespace simulator::check {
namespace {

using model::kubernetes::ConfigUse;
using model::kubernetes::Entry;
using model::kubernetes::Object;
using model::kubernetes::Pod;
using model::kubernetes::Settings;

std::string Bytes(uint64_t bytes) {
  const double mebibytes = static_cast<double>(bytes) / (1 << 20);
  if (mebibytes >= 1024) return absl::StrFormat("%.4g GiB", mebibytes / 1024);
  return absl::StrFormat("%.4g MiB", mebibytes);
}

bool HasDatabase(const Context& context) {
  return context.deployment.database().max_connections() > 0;
}

void RunMounted(const Context& context, Reporter& reporter) {
  const model::Database& database = context.deployment.database();
  if (!HasDatabase(context) || database.configuration_mounted()) return;
  Place place = At(context.deployment, "database.configuration_mounted");
  std::string found;
  for (const Object& object : context.manifests.objects) {
    if (object.kind != "ConfigMap") continue;
    for (const Entry& entry : object["data"].entries) {
      if (entry.key == "postgresql.conf" ||
          absl::StrContains(entry.value.Text(), "shared_buffers")) {
        place = At(object, absl::StrCat("data.", entry.key));
        place.line = entry.key_line;
        found = object.name;
      }
    }
  }
  if (found.empty() && !context.manifests.objects.empty()) return;  // defaults on purpose
  reporter.Find(place,
                absl::StrCat(found.empty() ? "the PostgreSQL configuration"
                                           : absl::StrCat("ConfigMap ", found),
                             " is mounted by no pod: PostgreSQL runs on its defaults"),
                "mount it and start PostgreSQL with -c config_file=<path>",
                absl::StrCat("in force: ", database.max_connections(), " connections, ",
                             Bytes(database.shared_buffers_bytes()), " shared_buffers"));
}

// A mounted file is read only from the data folder or where config_file points.
void RunRead(const Context& context, Reporter& reporter) {
  for (const Pod& pod : context.pods) {
    if (model::kubernetes::RoleOf(pod, context.manifests) != "database") continue;
    const std::string text = model::kubernetes::WhatItRuns(pod, context.manifests);
    for (const ConfigUse& use : model::kubernetes::ConfigMapsOf(pod)) {
      const Object* map =
          use.mounted ? context.manifests.Find("ConfigMap", use.name, pod.owner) : nullptr;
      if (map == nullptr || !(*map)["data"].Has("postgresql.conf")) continue;
      if (absl::StrContains(text, "config_file") || absl::StrContains(text, "include_dir") ||
          absl::StrContains(use.mount_path, "/data") ||
          absl::StrContains(use.mount_path, "/bitnami")) {
        continue;
      }
      reporter.Find(
          At(*pod.owner, absl::StrCat(pod.spec_path, ".containers.args")),
          absl::StrCat("mounts postgresql.conf at ", use.mount_path,
                       ", but nothing makes PostgreSQL read it"),
          absl::StrCat("args: [\"-c\", \"config_file=", use.mount_path, "/postgresql.conf\"]"));
    }
  }
}

void RunSingle(const Context& context, Reporter& reporter) {
  const model::Database& database = context.deployment.database();
  if (!HasDatabase(context) || database.standbys() > 0) return;
  reporter.Find(
      At(context.deployment, "database.standbys"),
      "one PostgreSQL without a standby: its loss is an outage, its disk's loss a loss of "
      "data",
      "a standby with automatic failover (an operator or Patroni), and archived WAL");
}

void RunFailover(const Context& context, Reporter& reporter) {
  if (!HasDatabase(context) || context.deployment.database().standbys() == 0) return;
  for (const Object& object : context.manifests.objects) {
    if (object.kind == "Cluster") return;  // an operator fails over
  }
  for (const Pod& pod : context.pods) {
    const std::string text = model::kubernetes::WhatItRuns(pod, context.manifests);
    for (const char* manager : {"patroni", "PATRONI_", "repmgr", "pg_autoctl", "stolon"}) {
      if (absl::StrContains(text, manager)) return;
    }
  }
  reporter.Find(At(context.deployment, "database"),
                "the standby is promoted by hand only: no failover manager is among the manifests",
                "run PostgreSQL under an operator (CloudNativePG) or Patroni, or accept the outage "
                "until someone promotes it");
}

// A standby repeats a wrong DELETE at once; only a backup goes back in time.
void RunBackup(const Context& context, Reporter& reporter) {
  if (!HasDatabase(context)) return;
  for (const Object& object : context.manifests.objects) {
    if (object.kind == "ScheduledBackup" || object.kind == "Schedule") return;  // operators, Velero
  }
  for (const Pod& pod : context.pods) {
    const std::string text = model::kubernetes::WhatItRuns(pod, context.manifests);
    for (const char* tool : {"archive_command", "archive_library", "pg_dump", "pg_receivewal",
                             "pgbackrest", "barman", "wal-g"}) {
      if (absl::StrContains(text, tool)) return;
    }
  }
  reporter.Find(At(context.deployment, "database"),
                "nothing archives WAL or dumps the database: what is deleted by mistake, or lost "
                "with its volume, is gone",
                "archived WAL (pgBackRest, WAL-G, an operator's backups), and a restore that was "
                "tried");
}

void RunSharedBuffers(const Context& context, Reporter& reporter) {
  const model::Database& database = context.deployment.database();
  const double memory = static_cast<double>(database.memory_bytes());
  const double buffers = static_cast<double>(database.shared_buffers_bytes());
  if (memory <= 0 || buffers <= 0.5 * memory) return;
  reporter.Find(
      At(context.deployment, "database.shared_buffers_bytes"),
      "shared_buffers take more than half of the database's memory",
      "25 % of the memory is the usual start, 40 % the most",
      absl::StrCat(Bytes(database.shared_buffers_bytes()), " of ", Bytes(database.memory_bytes())));
}

void RunSyncCommit(const Context& context, Reporter& reporter) {
  const model::Database& database = context.deployment.database();
  if (!HasDatabase(context) || database.synchronous_commit()) return;
  reporter.Find(
      At(context.deployment, "database.synchronous_commit"),
      "synchronous_commit = off: a crash loses commits that were acknowledged",
      "on; or raise it (SET LOCAL synchronous_commit = on) in every transaction that must "
      "last",
      "up to about 3 x wal_writer_delay (3 x 200 ms) of commits");
}

// work_mem is in the file only; every sort or hash of every connection may take it.
void RunWorkMem(const Context& context, Reporter& reporter) {
  const model::Database& database = context.deployment.database();
  for (const Object& object : context.manifests.objects) {
    if (object.kind != "ConfigMap") continue;
    for (const Entry& entry : object["data"].entries) {
      if (!absl::EndsWith(entry.key, ".conf")) continue;
      const Settings settings = model::kubernetes::ParsePostgresConf(entry.value.Text());
      const auto work_mem = settings.find("work_mem");
      const auto connections = settings.find("max_connections");
      if (work_mem == settings.end() || connections == settings.end()) continue;
      const uint64_t each = model::kubernetes::PostgresMemory(work_mem->second, 1024).value_or(0);
      const uint64_t count = static_cast<uint64_t>(std::max(atol(connections->second.c_str()), 0L));
      const uint64_t buffers =
          model::kubernetes::PostgresMemory(
              settings.count("shared_buffers") ? settings.at("shared_buffers") : "128MB", 8192)
              .value_or(0);
      const uint64_t memory = database.memory_bytes();
      if (memory == 0 || count > 100'000 || each > (1ull << 40) || buffers > (1ull << 50) ||
          each * count + buffers <= memory) {
        continue;
      }
      Place place = At(object, absl::StrCat("data.", entry.key, " work_mem"));
      place.line = entry.key_line;
      reporter.Find(
          place, "one sort per connection may take more memory than the pod has",
          "a smaller work_mem, fewer connections, or more memory",
          absl::StrCat(count, " connections x ", Bytes(each), " + ", Bytes(buffers),
                       " shared_buffers = ", Bytes(each * count + buffers), " > ", Bytes(memory)));
    }
  }
}

}  // namespace

Rules DatabaseRules() {
  using model::Finding;
  return {
      {"postgres-config-not-mounted", Finding::ERROR, false,
       "a PostgreSQL configuration among the manifests is mounted", RunMounted},
      {"postgres-config-not-read", Finding::ERROR, true,
       "a mounted postgresql.conf is where PostgreSQL reads it", RunRead},
      {"single-database", Finding::WARNING, false, "PostgreSQL has a standby", RunSingle},
      {"standby-without-failover", Finding::WARNING, true,
       "something promotes the standby when the primary is lost", RunFailover},
      {"database-without-backup", Finding::WARNING, true,
       "something archives the database's WAL or dumps it", RunBackup},
      {"shared-buffers-vs-memory", Finding::WARNING, false,
       "shared_buffers leave memory for everything else", RunSharedBuffers},
      {"work-mem-vs-memory", Finding::WARNING, true,
       "work_mem x connections + shared_buffers fit into the memory", RunWorkMem},
      {"synchronous-commit-off", Finding::WARNING, false, "acknowledged commits survive a crash",
       RunSyncCommit},
  };
}

}  // namespace simulator::check
