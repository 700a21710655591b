#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "model/kubernetes/derive.h"
#include "model/kubernetes/postgres_settings.h"
#include "model/kubernetes/quantity.h"

namespace model::kubernetes {
namespace {

// PostgreSQL 16's built-in defaults.
constexpr uint32_t kMaxConnections = 100;
constexpr uint32_t kSuperuserReserved = 3;
constexpr uint64_t kSharedBuffers = 128ull << 20;

// A setting and the place it was read from.
struct FoundSettings {
  Settings values;
  std::map<std::string, std::pair<const Object*, int>> places;
  bool from_file = false;

  void Add(const Settings& settings, const Object* object, int line) {
    for (const auto& [name, value] : settings) {
      values[name] = value;
      places[name] = {object, line};
    }
  }
};

bool LooksLikeReplica(const Pod& pod, const Manifests& manifests) {
  const std::string text = WhatItRuns(pod, manifests);
  return absl::StrContains(text, "pg_basebackup") || absl::StrContains(text, "primary_conninfo") ||
         absl::StrContains(text, "standby.signal");
}

bool IsManaged(const Pod& pod, const Manifests& manifests) {
  const std::string text = WhatItRuns(pod, manifests);
  return absl::StrContains(text, "patroni") || absl::StrContains(text, "repmgr") ||
         absl::StrContains(text, "PATRONI_");
}

// Settings in force: mounted *.conf files, then `-c name=value` arguments, then Bitnami's
// variables.
FoundSettings SettingsOf(const Pod& pod, const Manifests& manifests) {
  FoundSettings found;
  for (const ConfigUse& use : ConfigMapsOf(pod)) {
    const Object* map = use.mounted ? manifests.Find("ConfigMap", use.name, pod.owner) : nullptr;
    if (map == nullptr) continue;
    for (const Entry& entry : (*map)["data"].entries) {
      if (!absl::EndsWith(entry.key, ".conf") || absl::StrContains(entry.key, "hba")) continue;
      found.Add(ParsePostgresConf(entry.value.Text()), map, entry.key_line);
      found.from_file = true;
    }
  }
  for (const Node* container : LongRunningContainers(pod)) {
    for (const std::string& word : Words(*container)) {
      const size_t equals = word.find('=');
      if (equals == std::string::npos || absl::StartsWith(word, "--")) continue;
      const size_t start = absl::StartsWith(word, "-c") ? 2 : 0;
      found.Add({{word.substr(start, equals - start), word.substr(equals + 1)}}, pod.owner,
                (*container)["args"].line);
    }
    for (const Variable& variable : Environment(*container, *pod.owner, manifests)) {
      if (variable.name == "POSTGRESQL_MAX_CONNECTIONS") {
        found.Add({{"max_connections", variable.value}}, pod.owner, variable.line);
      }
    }
  }
  return found;
}

class DatabaseBuilder {
 public:
  DatabaseBuilder(const Pod& pod, const Manifests& manifests, Deployment* deployment)
      : pod_(pod),
        manifests_(manifests),
        deployment_(deployment),
        database_(deployment->mutable_database()),
        found_(SettingsOf(pod, manifests)) {}

  void Build() {
    SetOrigin(deployment_, "database", *pod_.owner, "", pod_.owner->line);
    found_.values.erase("config_file");  // only says where the file would be
    database_->set_configuration_mounted(found_.from_file || !found_.values.empty());
    database_->set_max_connections(Count("max_connections", kMaxConnections));
    database_->set_superuser_reserved_connections(
        Count("superuser_reserved_connections", kSuperuserReserved));
    database_->set_reserved_connections(Count("reserved_connections", 0));
    database_->set_synchronous_commit(!Has("synchronous_commit") ||
                                      PostgresOn(found_.values["synchronous_commit"]));
    database_->set_shared_buffers_bytes(kSharedBuffers);
    if (Has("shared_buffers")) {
      database_->set_shared_buffers_bytes(
          PostgresMemory(found_.values["shared_buffers"], 8192).value_or(kSharedBuffers));
    }
    database_->set_synchronous_standby(Has("synchronous_standby_names") &&
                                       !found_.values["synchronous_standby_names"].empty());
    FillResources();
    FillStorage();
  }

 private:
  bool Has(const std::string& name) {
    if (found_.values.find(name) == found_.values.end()) return false;
    const auto& [object, line] = found_.places[name];
    SetOrigin(deployment_, absl::StrCat("database.", Field(name)), *object, name, line);
    return true;
  }

  static std::string Field(const std::string& name) {
    return name == "shared_buffers" ? "shared_buffers_bytes" : name;
  }

  uint32_t Count(const std::string& name, uint32_t otherwise) {
    uint32_t value = 0;
    if (Has(name) && absl::SimpleAtoi(found_.values[name], &value)) return value;
    return otherwise;
  }

  void FillResources() {
    for (const char* which : {"requests", "limits"}) {  // limits win where they are given
      const auto cpu = PodResource(pod_, which, "cpu");
      const auto memory = PodResource(pod_, which, "memory");
      if (cpu)
        database_->set_cores_millicores(static_cast<uint32_t>(std::min<int64_t>(*cpu, 1 << 30)));
      if (memory && *memory > 0) database_->set_memory_bytes(static_cast<uint64_t>(*memory / 1000));
    }
  }

  void FillStorage() {
    uint64_t bytes = 0;
    auto add = [&](const Object& object, const Node& claim) {
      const Node& storage = claim.At("spec.resources.requests.storage");
      const auto quantity = ParseQuantityUnits(storage.Text("0"));
      if (!quantity.ok() || *quantity <= 0) return;
      bytes += static_cast<uint64_t>(*quantity);
      SetOrigin(deployment_, "database.storage_bytes", object,
                "spec.volumeClaimTemplates.spec.resources.requests.storage", storage.line);
    };
    for (const Node& claim : (*pod_.owner)["spec.volumeClaimTemplates"].items)
      add(*pod_.owner, claim);
    for (const Node& volume : (*pod_.spec)["volumes"].items) {
      const std::string name = volume.At("persistentVolumeClaim.claimName").Text();
      const Object* claim =
          name.empty() ? nullptr : manifests_.Find("PersistentVolumeClaim", name, pod_.owner);
      if (claim != nullptr) add(*claim, *claim->root);
    }
    database_->set_storage_bytes(bytes);
  }

  const Pod& pod_;
  const Manifests& manifests_;
  Deployment* const deployment_;
  Database* const database_;
  FoundSettings found_;
};

// CloudNativePG's Cluster: an operator that makes the primary and its standbys.
void DeriveCloudNative(const Object& object, Deployment* deployment) {
  Database* database = deployment->mutable_database();
  SetOrigin(deployment, "database", object, "", object.line);
  const Node& parameters = object["spec.postgresql.parameters"];
  database->set_max_connections(
      static_cast<uint32_t>(parameters["max_connections"].Integer(kMaxConnections)));
  database->set_superuser_reserved_connections(kSuperuserReserved);
  database->set_synchronous_commit(PostgresOn(parameters["synchronous_commit"].Text("on")));
  database->set_standbys(
      static_cast<uint32_t>(std::max<long>(object["spec.instances"].Integer(1) - 1, 0)));
  database->set_configuration_mounted(true);
  database->set_shared_buffers_bytes(
      PostgresMemory(parameters["shared_buffers"].Text("128MB"), 8192).value_or(kSharedBuffers));
  const auto cpu = ParseQuantityMilli(object["spec.resources.limits.cpu"].Text());
  const auto memory = ParseQuantityUnits(object["spec.resources.limits.memory"].Text());
  const auto storage = ParseQuantityUnits(object["spec.storage.size"].Text());
  if (cpu.ok())
    database->set_cores_millicores(static_cast<uint32_t>(std::clamp<int64_t>(*cpu, 0, 1 << 30)));
  if (memory.ok() && *memory > 0) database->set_memory_bytes(static_cast<uint64_t>(*memory));
  if (storage.ok() && *storage > 0) database->set_storage_bytes(static_cast<uint64_t>(*storage));
}

// Value of a PgBouncer setting in its pod's pgbouncer.ini or environment ("pool_mode =
// transaction", POOL_MODE=transaction, PGBOUNCER_POOL_MODE=...); empty when not given.
std::string PoolerSetting(const std::string& text, absl::string_view name) {
  const std::string lower = absl::AsciiStrToLower(text);
  const std::string key(name);
  for (size_t at = lower.find(key); at != std::string::npos; at = lower.find(key, at + 1)) {
    const size_t line = lower.find_last_of("\n", at) + 1;  // npos + 1 = 0
    const size_t first = lower.find_first_not_of(" \t", line);
    if (lower[first] == ';' || lower[first] == '#') continue;
    const absl::string_view before = absl::string_view(lower).substr(line, at - line);
    if (!before.empty() && before.back() != ' ' && before.back() != '\t' &&
        !absl::EndsWith(before, "pgbouncer_")) {
      continue;
    }
    const size_t equals = lower.find_first_not_of(" \t", at + name.size());
    if (equals == std::string::npos || lower[equals] != '=') continue;
    const size_t value = lower.find_first_not_of(" \t", equals + 1);
    if (value == std::string::npos) return "";
    return lower.substr(value, lower.find_first_of(" \t\r\n;", value) - value);
  }
  return "";
}

void DerivePooler(const Object& owner, const Pod& pod, const Manifests& manifests,
                  Database* database) {
  const std::string text = WhatItRuns(pod, manifests);
  const std::string mode = PoolerSetting(text, "pool_mode");
  database->set_pooler(mode == "transaction" || mode == "statement" ? "transaction" : "session");
  const auto number = [&text](absl::string_view name, uint32_t otherwise) {
    uint32_t value = 0;
    return absl::SimpleAtoi(PoolerSetting(text, name), &value) ? value : otherwise;
  };
  database->set_pooler_pool_size(number("default_pool_size", 20));
  database->set_pooler_max_client_connections(number("max_client_conn", 100));
  database->set_pooler_query_wait_seconds(number("query_wait_timeout", 120));
  database->set_pooler_processes(
      database->pooler_processes() +
      static_cast<uint32_t>(std::clamp<long>(owner["spec.replicas"].Integer(1), 1, 1000)));
}

}  // namespace

void DeriveDatabase(const Manifests& manifests, Deployment* deployment) {
  uint32_t standbys = 0;
  std::optional<Pod> primary;
  for (const Object& object : manifests.objects) {
    if (object.kind == "Cluster" && absl::StartsWith(object.api_version, "postgresql.cnpg.io/")) {
      DeriveCloudNative(object, deployment);
      return;
    }
    const std::optional<Pod> pod = PodOf(object);
    if (!pod || RoleOf(*pod, manifests) != "database") continue;
    const uint32_t replicas =
        static_cast<uint32_t>(std::clamp<long>(object["spec.replicas"].Integer(1), 0, 1'000'000));
    if (LooksLikeReplica(*pod, manifests) && !IsManaged(*pod, manifests)) {
      standbys += replicas;
    } else if (!primary) {
      primary = pod;
      if (IsManaged(*pod, manifests) && replicas > 1) standbys += replicas - 1;
    }
  }
  if (!primary) return;
  DatabaseBuilder(*primary, manifests, deployment).Build();
  deployment->mutable_database()->set_standbys(standbys);
  if (standbys > 0 && IsManaged(*primary, manifests)) {
    // Patroni's default: the leader's key lives 30 s (ttl); the others look every 10 s (loop_wait).
    deployment->mutable_database()->set_failover_detection_seconds(30);
  }
  for (const Object& object : manifests.objects) {
    const std::optional<Pod> pod = PodOf(object);
    if (pod && RoleOf(*pod, manifests) == "pooler") {
      DerivePooler(object, *pod, manifests, deployment->mutable_database());
    }
  }
}

}  // namespace model::kubernetes
