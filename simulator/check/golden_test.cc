// What arithmetic and inspection say of the three deployments that claims are judged against.

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "model/kubernetes/deployment_loader.h"
#include "model/kubernetes/pod_reading.h"
#include "simulator/check/check.h"
#include "simulator/check/format.h"

namespace simulator {
namespace {

struct Checked {
  model::CheckReport report;
  std::set<std::string> rules;
  std::map<std::string, double> facts;
};

Checked CheckFile(const std::string& path) {
  absl::StatusOr<model::kubernetes::Loaded> loaded = model::kubernetes::Load({path});
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  Checked checked;
  if (!loaded.ok()) return checked;
  checked.report = Check(*loaded);
  for (const model::Finding& finding : checked.report.findings())
    checked.rules.insert(finding.rule());
  for (const model::Fact& fact : checked.report.facts()) checked.facts[fact.name()] = fact.value();
  return checked;
}

std::string ArithmeticOf(const Checked& checked, const std::string& rule) {
  for (const model::Finding& finding : checked.report.findings()) {
    if (finding.rule() == rule) return finding.arithmetic();
  }
  return "";
}

TEST(AsDocumented, FindsWhatTheDocumentsContradict) {
  const Checked checked = CheckFile("claims/deployments/as-documented.yaml");
  for (const char* rule :
       {"connections-exceed-limit", "scale-down-slow", "redis-no-replicas", "single-database",
        "hpa-metric-not-exported", "hpa-vpa-conflict", "pdb-blocks-drain", "pdb-protects-little",
        "pdb-allows-quorum-loss", "redis-scaled-without-rebalancer", "redis-memory-trigger",
        "redis-eviction-policy", "synchronous-commit-off", "replicas-beside-hpa",
        "vpa-target-missing", "hpa-scale-down-blocked", "hpa-fixed-target", "login-wave"}) {
    EXPECT_EQ(checked.rules.count(rule), 1u) << rule;
  }
  EXPECT_EQ(ArithmeticOf(checked, "login-wave"),
            "10000 logins x 0.205 s / min(1 hashing threads, 2 cores) x 5 pods = 410 s > 10 s");
  EXPECT_EQ(ArithmeticOf(checked, "connections-exceed-limit"),
            "200 pods x 1 worker x 3 = 600 > 490 usable (500 - 10 for superusers)");
  EXPECT_EQ(ArithmeticOf(checked, "scale-down-slow").substr(0, 22), "200 -> 5 takes 98 min:");
  for (const char* read_charitably : {"postgres-config-not-mounted", "redis-not-created"}) {
    EXPECT_EQ(checked.rules.count(read_charitably), 0u) << read_charitably;
  }
}

TEST(AsDocumented, Figures) {
  const Checked checked = CheckFile("claims/deployments/as-documented.yaml");
  const std::map<std::string, double> expected = {{"max_pods", 200},
                                                  {"min_pods", 5},
                                                  {"pods_ratio", 40},
                                                  {"connections_needed", 600},
                                                  {"connections_usable", 490},
                                                  {"scale_down_seconds", 5880},
                                                  {"scale_up_seconds", 180},
                                                  {"cores_limit_max", 400},
                                                  {"cores_requested_max", 100},
                                                  {"database_cores", 4},
                                                  {"database_standbys", 0},
                                                  {"redis_replicas_per_master", 0}};
  for (const auto& [name, value] : expected) {
    ASSERT_EQ(checked.facts.count(name), 1u) << name;
    EXPECT_DOUBLE_EQ(checked.facts.at(name), value) << name;
  }
}

TEST(AsShipped, FindsWhatTheFilesDo) {
  const Checked checked = CheckFile("claims/deployments/as-shipped.yaml");
  for (const char* rule :
       {"postgres-config-not-mounted", "redis-not-created", "redis-no-replicas", "duplicate-object",
        "secret-tls-empty", "role-rules-misplaced", "host-not-a-service", "network-policy-open",
        "ingress-unknown-annotation", "liveness-equals-readiness", "request-not-usable"}) {
    EXPECT_EQ(checked.rules.count(rule), 1u) << rule;
  }
  EXPECT_DOUBLE_EQ(checked.facts.at("connections_usable"), 97);
  EXPECT_DOUBLE_EQ(checked.facts.at("max_pods"), 100);
  EXPECT_EQ(checked.rules.count("synchronous-commit-off"), 0u) << "the default is on";
}

TEST(AsShipped, EveryStatedDefectIsAFindingOfARule) {
  absl::StatusOr<model::kubernetes::Loaded> loaded =
      model::kubernetes::Load({"claims/deployments/as-shipped.yaml"});
  ASSERT_TRUE(loaded.ok());
  const model::CheckReport report = Check(*loaded);
  for (const model::StatedDefect& defect : loaded->deployment.stated_defects()) {
    bool found = false;
    for (const model::Finding& finding : report.findings()) {
      found = found || (finding.rule() == defect.rule() && finding.message() == defect.text() &&
                        finding.line() > 0);
    }
    EXPECT_TRUE(found) << defect.rule();
  }
}

TEST(Documents, RulesThatNeedObjectsDoNotClaimToHaveRun) {
  const Checked checked = CheckFile("claims/deployments/as-documented.yaml");
  for (const std::string& rule : checked.report.rules_run()) EXPECT_NE(rule, "run-as-root");
}

TEST(Documents, EveryValueNamesItsSource) {
  for (const char* name : {"as-documented", "as-shipped"}) {
    const absl::StatusOr<model::Deployment> deployment =
        model::LoadDeployment(std::string("claims/deployments/") + name + ".yaml");
    ASSERT_TRUE(deployment.ok()) << deployment.status();
    EXPECT_EQ(deployment->name(), name);
    for (const char* path :
         {"autoscalers.healthcare-api-hpa.max_replicas", "database.max_connections",
          "redis.redis.replicas_per_master", "workloads.healthcare-api.connections_per_worker"}) {
      ASSERT_EQ(deployment->origins().count(path), 1u) << path;
      EXPECT_FALSE(deployment->origins().at(path).source().empty()) << path;
    }
  }
}

TEST(Production, HasNoErrorAndFitsItsConnections) {
  const Checked checked = CheckFile("k8s/rendered/production.yaml");
  EXPECT_EQ(Count(checked.report).errors, 0) << FormatTable(checked.report, 0);
  EXPECT_LE(checked.facts.at("connections_needed_with_surge"),
            checked.facts.at("connections_usable"));
  EXPECT_LE(checked.facts.at("scale_down_total_seconds"), 15 * 60);
  EXPECT_GE(checked.facts.at("redis_replicas_per_master"), 1);
}

TEST(Production, PodsFlagIsWhatTheAutoscalerMayReach) {
  const absl::StatusOr<model::kubernetes::Loaded> loaded =
      model::kubernetes::Load({"k8s/rendered/production.yaml"});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const auto* object = loaded->manifests.Find("Deployment", "praxis-api", nullptr);
  ASSERT_NE(object, nullptr);
  const auto pod = model::kubernetes::PodOf(*object);
  ASSERT_TRUE(pod.has_value());
  const auto& container = *model::kubernetes::LongRunningContainers(*pod).front();
  const auto& autoscaler = loaded->deployment.autoscalers(0);
  const auto& workload = loaded->deployment.workloads(0);
  EXPECT_EQ(model::kubernetes::Flag(container, "pods").value_or(""),
            std::to_string(
                autoscaler.max_replicas() +
                model::kubernetes::Share(workload.max_surge(), autoscaler.max_replicas(), true)));
}

}  // namespace
}  // namespace simulator
