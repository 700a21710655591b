#include <algorithm>
#include <limits>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "model/kubernetes/derive.h"

namespace model::kubernetes {
namespace {

constexpr double kLimitPeriodSeconds = 0.1;    // the kubelet's cpuCFSQuotaPeriod
constexpr double kRequestDeadlineSeconds = 2;  // server/routes/route_table.cc

struct FoundValue {
  uint32_t value = 0;
  std::string field;
  int line = 0;
};

bool ParseCount(absl::string_view text, uint32_t* value) {
  return absl::SimpleAtoi(text, value) && *value > 0 && *value <= 1'000'000;
}

// The first of these flags or variables that holds a positive number.
std::optional<FoundValue> FindCount(const Pod& pod, const Manifests& manifests,
                                    std::initializer_list<absl::string_view> flags,
                                    std::initializer_list<absl::string_view> variables) {
  for (const Node* container : LongRunningContainers(pod)) {
    for (absl::string_view flag : flags) {
      const std::optional<std::string> text = Flag(*container, flag);
      FoundValue found;
      if (!text || !ParseCount(*text, &found.value)) continue;
      const Node& list = container->Has("args") ? (*container)["args"] : (*container)["command"];
      found.field = absl::StrCat(pod.spec_path, ".containers.args --", std::string(flag));
      found.line = list.line;
      for (const Node& word : list.items) {
        if (absl::StrContains(word.text, flag)) {
          found.line = word.line;
        }
      }
      return found;
    }
    for (const Variable& variable : Environment(*container, *pod.owner, manifests)) {
      if (std::find(variables.begin(), variables.end(), variable.name) == variables.end()) continue;
      FoundValue found;
      if (!ParseCount(variable.value, &found.value)) continue;
      found.field = absl::StrCat(pod.spec_path, ".containers.env ", variable.name);
      found.line = variable.line;
      return found;
    }
  }
  return std::nullopt;
}

// `connection_limit=` or `pool_size=` in a database URL that is written out.
std::optional<FoundValue> FindUrlLimit(const Pod& pod, const Manifests& manifests) {
  for (const Node* container : LongRunningContainers(pod)) {
    for (const Variable& variable : Environment(*container, *pod.owner, manifests)) {
      for (absl::string_view part : absl::StrSplit(variable.value, absl::ByAnyChar("?&"))) {
        for (absl::string_view key : {"connection_limit=", "pool_size=", "maxPoolSize="}) {
          FoundValue found;
          if (!absl::StartsWith(part, key) || !ParseCount(part.substr(key.size()), &found.value)) {
            continue;
          }
          found.field = absl::StrCat(pod.spec_path, ".containers.env ", variable.name);
          found.line = variable.line;
          return found;
        }
      }
    }
  }
  return std::nullopt;
}

void FillProbe(const Node& node, Probe* probe) {
  probe->set_initial_delay_seconds(static_cast<double>(node["initialDelaySeconds"].Integer(0)));
  probe->set_period_seconds(static_cast<double>(node["periodSeconds"].Integer(10)));
  probe->set_timeout_seconds(static_cast<double>(node["timeoutSeconds"].Integer(1)));
  probe->set_success_threshold(static_cast<uint32_t>(node["successThreshold"].Integer(1)));
  probe->set_failure_threshold(static_cast<uint32_t>(node["failureThreshold"].Integer(3)));
  probe->set_path(node.At("httpGet.path").Text());
}

void FillProbes(const Pod& pod, Workload* workload) {
  for (const Node& container : (*pod.spec)["containers"].items) {
    if (container["startupProbe"].IsMap() && !workload->has_startup_probe()) {
      FillProbe(container["startupProbe"], workload->mutable_startup_probe());
    }
    if (container["readinessProbe"].IsMap() && !workload->has_readiness_probe()) {
      FillProbe(container["readinessProbe"], workload->mutable_readiness_probe());
    }
    if (container["livenessProbe"].IsMap() && !workload->has_liveness_probe()) {
      FillProbe(container["livenessProbe"], workload->mutable_liveness_probe());
    }
  }
}

uint32_t Millicores(std::optional<int64_t> milli) {
  if (!milli || *milli < 0) return 0;
  return static_cast<uint32_t>(std::min<int64_t>(*milli, std::numeric_limits<int32_t>::max()));
}

uint64_t Bytes(std::optional<int64_t> milli) {
  return milli && *milli > 0 ? static_cast<uint64_t>((*milli + 999) / 1000) : 0;
}

// Seconds that preStop takes, when it is a plain sleep.
double PreStopSeconds(const Pod& pod) {
  double longest = 0;
  for (const Node& container : (*pod.spec)["containers"].items) {
    const Node& hook = container.At("lifecycle.preStop");
    longest = std::max(longest, static_cast<double>(hook.At("sleep.seconds").Integer(0)));
    std::string line;
    for (const Node& word : hook.At("exec.command").items) absl::StrAppend(&line, word.text, " ");
    const size_t at = line.find("sleep ");
    double seconds = 0;
    if (at == std::string::npos) continue;
    const std::vector<std::string> words =
        absl::StrSplit(line.substr(at + 6), absl::ByAnyChar(" ;&"), absl::SkipEmpty());
    if (!words.empty() && absl::SimpleAtod(words[0], &seconds) && seconds >= 0) {
      longest = std::max(longest, seconds);
    }
  }
  return longest;
}

class WorkloadBuilder {
 public:
  WorkloadBuilder(const Pod& pod, const Manifests& manifests, Deployment* deployment)
      : pod_(pod),
        object_(*pod.owner),
        manifests_(manifests),
        deployment_(deployment),
        workload_(deployment->add_workloads()),
        path_(absl::StrCat("workloads.", object_.name)) {}

  void Build() {
    workload_->set_name(object_.name);
    workload_->set_kind(object_.kind);
    workload_->set_namespace_(object_.ns);
    workload_->set_role(RoleOf(pod_, manifests_));
    SetOrigin(deployment_, path_, object_, "", object_.line);
    FillReplicas();
    FillResources();
    FillProbes(pod_, workload_);
    FillEnd();
    FillConnections();
    FillStart();
    FillSpread();
  }

 private:
  void Note(const std::string& name, const std::string& field, int line) {
    if (line != 0) SetOrigin(deployment_, absl::StrCat(path_, ".", name), object_, field, line);
  }

  void FillReplicas() {
    const Node& replicas = object_["spec.replicas"];
    // An object read from a cluster (it has a uid) always shows a count; nobody wrote it.
    workload_->set_replicas_given(replicas.IsScalar() && object_["metadata.uid"].IsNull());
    workload_->set_replicas(
        static_cast<uint32_t>(std::clamp<long>(replicas.Integer(1), 0, 1'000'000)));
    Note("replicas", "spec.replicas", replicas.line);
    if (object_.kind != "Deployment") return;
    const bool recreate = object_["spec.strategy.type"].Text() == "Recreate";
    const Node& rolling = object_["spec.strategy.rollingUpdate"];
    workload_->set_max_surge(recreate ? "0" : rolling["maxSurge"].Text("25%"));
    workload_->set_max_unavailable(recreate ? "100%" : rolling["maxUnavailable"].Text("25%"));
    Note("max_unavailable", "spec.strategy",
         recreate ? object_["spec.strategy"].line : rolling["maxUnavailable"].line);
    Note("max_surge", "spec.strategy.rollingUpdate.maxSurge", rolling["maxSurge"].line);
  }

  void FillResources() {
    workload_->set_request_millicores(Millicores(PodResource(pod_, "requests", "cpu")));
    workload_->set_limit_millicores(Millicores(PodResource(pod_, "limits", "cpu")));
    if (workload_->limit_millicores() > 0) workload_->set_limit_period_seconds(kLimitPeriodSeconds);
    workload_->set_request_memory_bytes(Bytes(PodResource(pod_, "requests", "memory")));
    workload_->set_limit_memory_bytes(Bytes(PodResource(pod_, "limits", "memory")));
    for (const Node& container : (*pod_.spec)["containers"].items) {
      const Node& resources = container["resources"];
      Note("request_millicores", pod_.spec_path + ".containers.resources.requests.cpu",
           resources.At("requests.cpu").line);
      Note("limit_millicores", pod_.spec_path + ".containers.resources.limits.cpu",
           resources.At("limits.cpu").line);
      Note("limit_memory_bytes", pod_.spec_path + ".containers.resources.limits.memory",
           resources.At("limits.memory").line);
      Note("request_memory_bytes", pod_.spec_path + ".containers.resources.requests.memory",
           resources.At("requests.memory").line);
    }
  }

  void FillEnd() {
    const Node& grace = (*pod_.spec)["terminationGracePeriodSeconds"];
    workload_->set_termination_grace_seconds(static_cast<double>(grace.Integer(30)));
    Note("termination_grace_seconds", pod_.spec_path + ".terminationGracePeriodSeconds",
         grace.line);
    workload_->set_pre_stop_seconds(PreStopSeconds(pod_));
  }

  void FillConnections() {
    const std::string& role = workload_->role();
    workload_->set_uses_database(role != "database" && UsesDatabase(pod_, manifests_));
    if (const auto workers =
            FindCount(pod_, manifests_, {"workers"}, {"WORKERS", "WEB_CONCURRENCY"})) {
      workload_->set_workers(workers->value);
      Note("workers", workers->field, workers->line);
    } else {
      workload_->set_workers(1);
      NoteSingleThreaded();
    }
    // The praxis server takes one more connection a worker than its flag says, for the audit log,
    // and gives requests the deadline of its route table (all but a login's, 5 s).
    const auto own = FindCount(pod_, manifests_, {"database_connections"}, {});
    if (own) {
      workload_->set_audit_connections_per_worker(1);
      workload_->set_request_deadline_seconds(kRequestDeadlineSeconds);
    }
    FillHashing(own.has_value());
    std::optional<FoundValue> connections = FindCount(
        pod_, manifests_, {"database_connections", "database-connections"},
        {"DATABASE_CONNECTIONS", "DATABASE_POOL_SIZE", "DATABASE_POOL_MAX", "DB_POOL_SIZE",
         "DB_POOL_MAX", "PGPOOL_MAX", "SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE"});
    if (!connections) connections = FindUrlLimit(pod_, manifests_);
    if (connections) {
      workload_->set_connections_per_worker(connections->value);
      Note("connections_per_worker", connections->field, connections->line);
    }
    const auto depth = FindCount(pod_, manifests_, {"pipeline_depth"}, {"PIPELINE_DEPTH"});
    workload_->set_pipeline_depth(depth ? depth->value : 1);
    if (depth) Note("pipeline_depth", depth->field, depth->line);
  }

  // The praxis server's argon2id (19 MiB, two passes) takes 23 ms of CPU on one thread a worker; of
  // other programs somebody says it.
  void FillHashing(bool praxis_server) {
    const double seconds =
        Annotation(*pod_.metadata, "password-hash-seconds", praxis_server ? 0.023 : 0);
    if (seconds <= 0) return;
    workload_->set_password_hash_seconds(seconds);
    Note("password_hash_seconds", pod_.spec_path, pod_.spec->line);
    const auto threads = FindCount(pod_, manifests_, {"blocking_threads"}, {"UV_THREADPOOL_SIZE"});
    workload_->set_hashing_threads_per_worker(threads ? threads->value : 1);
  }

  // Node.js runs on one thread, so that one process is a known figure, not a default.
  void NoteSingleThreaded() {
    for (const Node* container : LongRunningContainers(pod_)) {
      for (const Variable& variable : Environment(*container, object_, manifests_)) {
        if (variable.name != "NODE_ENV") continue;
        Note("workers", pod_.spec_path + ".containers.env NODE_ENV", variable.line);
      }
    }
  }

  // Container start to readiness is nowhere in a manifest; the probe's first delay is the least it
  // can take.
  void FillStart() {
    const double delay = workload_->readiness_probe().initial_delay_seconds();
    workload_->set_start_seconds(Annotation(*pod_.metadata, "start-seconds", delay));
    workload_->set_image_pull_seconds(Annotation(*pod_.metadata, "image-pull-seconds", 0));
  }

  void AddSpread(const std::string& topology_key, uint32_t max_skew, bool required,
                 bool one_per_domain) {
    const bool zone = topology_key == "topology.kubernetes.io/zone" ||
                      topology_key == "failure-domain.beta.kubernetes.io/zone";
    if (!zone && topology_key != "kubernetes.io/hostname") return;
    Spread* spread = workload_->add_spread();
    spread->set_topology(zone ? "zone" : "hostname");
    spread->set_max_skew(max_skew);
    spread->set_required(required);
    spread->set_one_per_domain(one_per_domain);
  }

  // Constraints on the workload's own pods: what they say about others is no matter of placing it.
  void FillSpread() {
    for (const Node& constraint : (*pod_.spec)["topologySpreadConstraints"].items) {
      const Node& selector = constraint["labelSelector"];
      if (selector.IsMap() && !SelectorMatches(selector, pod_.labels)) continue;
      AddSpread(constraint["topologyKey"].Text(),
                static_cast<uint32_t>(std::clamp<long>(constraint["maxSkew"].Integer(1), 1, 1000)),
                constraint["whenUnsatisfiable"].Text("DoNotSchedule") == "DoNotSchedule", false);
    }
    const Node& affinity = (*pod_.spec)["affinity"]["podAntiAffinity"];
    for (const Node& term : affinity["requiredDuringSchedulingIgnoredDuringExecution"].items) {
      if (!SelectorMatches(term["labelSelector"], pod_.labels)) continue;
      AddSpread(term["topologyKey"].Text(), 1, true, true);
    }
    for (const Node& wish : affinity["preferredDuringSchedulingIgnoredDuringExecution"].items) {
      const Node& term = wish["podAffinityTerm"];
      if (!SelectorMatches(term["labelSelector"], pod_.labels)) continue;
      AddSpread(term["topologyKey"].Text(), 1, false, true);
    }
  }

  const Pod& pod_;
  const Object& object_;
  const Manifests& manifests_;
  Deployment* const deployment_;
  Workload* const workload_;
  const std::string path_;
};

}  // namespace

void DeriveWorkloads(const Manifests& manifests, Deployment* deployment) {
  for (const Object& object : manifests.objects) {
    const std::optional<Pod> pod = PodOf(object);
    if (pod) WorkloadBuilder(*pod, manifests, deployment).Build();
  }
}

}  // namespace model::kubernetes
