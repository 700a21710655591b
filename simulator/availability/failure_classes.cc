#include "simulator/availability/failure_classes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "simulator/availability/renewal.h"

namespace simulator::availability {
namespace {

// Kubernetes' default: a node that has not reported for so long is not ready, and its pods leave
// the endpoints (kube-controller-manager --node-monitor-grace-period; 50 s since 1.32).
constexpr double kNodeGraceSeconds = 40;
// A Redis replica is elected that long after the node timeout: 0.5 s + U(0, 0.5 s) + the vote
// (cluster specification), rounded up.
constexpr double kElectionSeconds = 2;
constexpr double kNodeTimeoutSeconds = 15;  // Redis' default

class Inspection {
 public:
  Inspection(const model::Deployment& deployment, const Inspected& inspected)
      : deployment_(deployment), inspected_(inspected) {
    for (const model::Workload& workload : deployment.workloads()) {
      if (workload.role() == "api" && (api_ == nullptr || workload.replicas() > api_->replicas())) {
        api_ = &workload;
      }
    }
    if (api_ != nullptr) pods_ = std::max(1u, api_->replicas());
    for (const model::Autoscaler& autoscaler : deployment.autoscalers()) {
      if (api_ != nullptr && autoscaler.target_name() == api_->name()) {
        pods_ = autoscaler.has_min_replicas() ? std::max(1u, autoscaler.min_replicas()) : 1;
      }
    }
    const bool database = deployment.database().max_connections() > 0;
    if (database && !Promotes()) critical_ = "the database";
    critical_servers_ = critical_.empty() ? 0 : 1;
    for (const model::RedisCluster& redis : deployment.redis()) {
      if (!Counts(redis) || redis.replicas_per_master() > 0) continue;
      critical_servers_ += redis.masters();
      critical_ += absl::StrCat(critical_.empty() ? "" : " and ", redis.masters(),
                                " Redis masters without replicas");
    }
  }

  FailureClass Pod() const {
    FailureClass one;
    one.name = "pod";
    one.components = pods_;
    one.impact = 1.0 / pods_;
    one.why = absl::StrCat("requests to 1 of ", pods_, " API pods, until it is no endpoint");
    if (pods_ > 1) {
      one.needed = inspected_.pods_needed > 0 ? std::min(inspected_.pods_needed, pods_) : pods_ - 1;
      const model::Probe& probe = api_ == nullptr ? model::Probe() : api_->readiness_probe();
      if (probe.period_seconds() > 0) {
        one.rule_seconds = probe.period_seconds() * std::max(1u, probe.failure_threshold());
        one.rule = absl::StrFormat("readiness probe: %d failures, %g s apart",
                                   std::max(1u, probe.failure_threshold()), probe.period_seconds());
      }
    }
    return one;
  }

  FailureClass Node() const {
    FailureClass one;
    one.name = "node";
    const uint32_t nodes = deployment_.nodes().count();
    one.components = nodes > 0 ? nodes : pods_;
    const std::string given = nodes > 0 ? "" : " (nodes not given: one for each API pod)";
    Spread(&one, absl::StrCat("nodes", given));
    if (critical_servers_ == 0) NodeRule(&one);
    return one;
  }

  FailureClass Zone() const {
    FailureClass one;
    one.name = "zone";
    const uint32_t zones = deployment_.nodes().zones();
    one.components = std::max(1u, zones);
    if (zones <= 1) {
      one.why =
          zones == 1 ? "everything is in one zone" : "zones not given: everything may be in one";
      return one;
    }
    Spread(&one, "zones");
    if (critical_servers_ == 0) NodeRule(&one);
    return one;
  }

  FailureClass Database() const {
    FailureClass one;
    one.name = "database";
    const model::Database& database = deployment_.database();
    if (database.max_connections() == 0) {
      one.impact = 0;
      one.why = "no database in the deployment";
      return one;
    }
    if (database.standbys() == 0) {
      one.why = "one PostgreSQL without a standby: all requests but cached reads, until it is back";
    } else if (!inspected_.failover_manager) {
      one.why = absl::StrCat(database.standbys(),
                             " standby but nothing that promotes it: all requests but cached "
                             "reads, until a person does");
    } else {
      one.why = absl::StrCat("the primary of ", database.standbys() + 1,
                             " servers: all requests but cached reads, until the failover is over");
      one.needed = 0;
    }
    return one;
  }

  FailureClass Redis() const {
    FailureClass one;
    one.name = "redis";
    one.impact = 0;
    one.why = "no Redis cluster that holds state: a lost cache costs the database, not requests";
    for (const model::RedisCluster& redis : deployment_.redis()) {
      if (!Counts(redis)) continue;
      const uint32_t masters = std::max(1u, redis.masters());
      one.components = masters;
      if (redis.replicas_per_master() == 0) {
        one.impact = 1;
        one.why = absl::StrCat(redis.name(), ": ", masters,
                               " masters without replicas; one lost stops the cluster "
                               "(cluster-require-full-coverage is on by default)");
        return one;
      }
      one.impact = 1;
      one.why = absl::StrCat(redis.name(), ": 1 of ", masters,
                             " masters; without its slots the cluster refuses all "
                             "(full coverage), until a replica is elected");
      const double timeout =
          redis.node_timeout_seconds() > 0 ? redis.node_timeout_seconds() : kNodeTimeoutSeconds;
      one.rule_seconds = timeout + kElectionSeconds;
      one.rule =
          absl::StrFormat("cluster specification: node timeout %g s, then the election", timeout);
    }
    return one;
  }

  FailureClass BadDeployment() const {
    FailureClass one;
    one.name = "bad_deployment";
    one.why = "an error that no probe sees reaches all pods by the end of the rollout";
    return one;
  }

  FailureClass Certificate() const {
    FailureClass one;
    one.name = "certificate";
    if (!deployment_.ingress().present() || !deployment_.ingress().tls()) {
      one.impact = 0;
      one.why = "no TLS at an ingress in the deployment";
      return one;
    }
    one.why = "no client connects to the ingress with an expired certificate";
    return one;
  }

 private:
  bool Promotes() const {
    return deployment_.database().standbys() > 0 && inspected_.failover_manager;
  }
  // A cache may be lost; state may not. A cluster of no stated role holds both.
  static bool Counts(const model::RedisCluster& redis) { return redis.role() != "cache"; }

  // One of n places is lost: a share of the pods, or all requests where it holds a server that
  // nothing replaces (each in a place of its own).
  void Spread(FailureClass* one, const std::string& places) const {
    const double n = one->components;
    const double critical = std::min<double>(critical_servers_, n);
    one->impact = (critical + (n - critical) / n) / n;
    one->why = absl::StrCat(
        "1 of ", one->components, " ", places, ": its share of the API pods",
        critical_servers_ > 0 ? absl::StrCat("; all requests where it holds ", critical_) : "");
  }
  static void NodeRule(FailureClass* one) {
    one->rule_seconds = kNodeGraceSeconds;
    one->rule = "Kubernetes' node-monitor-grace-period, 40 s (50 s since 1.32)";
  }

  const model::Deployment& deployment_;
  const Inspected inspected_;
  const model::Workload* api_ = nullptr;
  uint32_t pods_ = 1;
  uint32_t critical_servers_ = 0;
  std::string critical_;
};

}  // namespace

double FailureClass::Unavailability(double failures_per_year, double recovery_seconds) const {
  return components * impact * Down(failures_per_year, recovery_seconds);
}

double FailureClass::LongestRecovery(double failures_per_year, double share) const {
  if (!applies()) return kYearSeconds;
  return LongestRepair(failures_per_year, share / (components * impact));
}

double FailureClass::HighestRate(double recovery_seconds, double share) const {
  if (!applies()) return 1e9;
  return availability::HighestRate(recovery_seconds, share / (components * impact));
}

std::vector<FailureClass> ClassesOf(const model::Deployment& deployment,
                                    const Inspected& inspected) {
  const Inspection inspection(deployment, inspected);
  return {inspection.Pod(),        inspection.Node(),  inspection.Zone(),
          inspection.Database(),   inspection.Redis(), inspection.BadDeployment(),
          inspection.Certificate()};
}

double OutageMinutes(const FailureClass& failure, double share) {
  if (!failure.applies()) return kYearSeconds / 60;
  return std::min(1.0, share / (failure.components * failure.impact)) * kYearSeconds / 60;
}

}  // namespace simulator::availability
