#include "model/kubernetes/deployment_loader.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

namespace model::kubernetes {
namespace {

Deployment Derive(const std::string& text) {
  const auto manifests = ParseManifests(text, "f.yaml");
  EXPECT_TRUE(manifests.ok()) << manifests.status();
  return manifests.ok() ? DeriveDeployment(*manifests, "test") : Deployment();
}

constexpr char kApi[] = R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: api}, annotations: {simulator.praxis/start-seconds: "4"}}
    spec:
      terminationGracePeriodSeconds: 45
      containers:
        - name: server
          args:
            - --workers=2
            - --database_connections
            - "5"
            - --database_url=$(DATABASE_URL)
          resources:
            requests: {cpu: 500m, memory: 1Gi}
            limits: {cpu: "2", memory: 2Gi}
          readinessProbe: {httpGet: {path: /health/ready}, periodSeconds: 5}
          lifecycle: {preStop: {sleep: {seconds: 10}}}
        - name: proxy
          resources: {limits: {cpu: 100m, memory: 128Mi}}
)";

TEST(Workload, IsReadFromThePod) {
  const Deployment deployment = Derive(kApi);
  ASSERT_EQ(deployment.workloads_size(), 1);
  const Workload& api = deployment.workloads(0);
  EXPECT_EQ(api.workers(), 2u);
  EXPECT_EQ(api.connections_per_worker(), 5u);
  EXPECT_EQ(api.audit_connections_per_worker(), 1u);
  EXPECT_EQ(api.request_deadline_seconds(), 2);
  EXPECT_EQ(api.pipeline_depth(), 1u);
  EXPECT_EQ(api.request_millicores(), 600u) << "a limit without a request is the request";
  EXPECT_EQ(api.limit_millicores(), 2100u);
  EXPECT_EQ(api.limit_memory_bytes(), (2ull << 30) + (128ull << 20));
  EXPECT_EQ(api.max_surge(), "25%");
  EXPECT_EQ(api.termination_grace_seconds(), 45);
  EXPECT_EQ(api.pre_stop_seconds(), 10);
  EXPECT_EQ(api.readiness_probe().path(), "/health/ready");
  EXPECT_EQ(api.readiness_probe().failure_threshold(), 3u);
  EXPECT_EQ(api.start_seconds(), 4);
  EXPECT_TRUE(api.uses_database());
  const Origin& origin = deployment.origins().at("workloads.api.connections_per_worker");
  EXPECT_EQ(origin.line(), 14u);
  EXPECT_EQ(origin.object(), "Deployment/api");
}

TEST(Workload, ConnectionsFromEnvironmentAndUrl) {
  const auto with = [](const std::string& env) {
    return Derive(
               "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: "
               "{spec: {containers: [{name: c, env: [" +
               env + "]}]}}}}")
        .workloads(0);
  };
  EXPECT_EQ(with("{name: DATABASE_POOL_SIZE, value: \"7\"}").connections_per_worker(), 7u);
  const Workload url = with("{name: DATABASE_URL, value: \"postgresql://h/d?connection_limit=9\"}");
  EXPECT_EQ(url.connections_per_worker(), 9u);
  EXPECT_TRUE(url.uses_database());
  EXPECT_EQ(with("{name: DATABASE_URL, value: \"postgresql://h/d\"}").connections_per_worker(), 0u);
}

TEST(Autoscaler, AllFields) {
  const Deployment deployment = Derive(R"(apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: h}
spec:
  scaleTargetRef: {kind: Deployment, name: api}
  maxReplicas: 9
  metrics:
    - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}
    - {type: Pods, pods: {metric: {name: rps}, target: {type: AverageValue, averageValue: "0.5"}}}
    - {type: ContainerResource, containerResource: {name: memory, container: c, target: {type: AverageValue, averageValue: 1Gi}}}
    - {type: External, external: {metric: {name: q}, target: {type: Value, value: 30}}}
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 0
      selectPolicy: Min
      tolerance: 0.05
      policies: [{type: Pods, value: 2, periodSeconds: 60}]
)");
  const Autoscaler& autoscaler = deployment.autoscalers(0);
  EXPECT_FALSE(autoscaler.has_min_replicas());
  EXPECT_EQ(autoscaler.min_replicas(), 1u);
  ASSERT_EQ(autoscaler.metrics_size(), 4);
  EXPECT_EQ(autoscaler.metrics(0).target_milli(), 70);
  EXPECT_EQ(autoscaler.metrics(1).target_milli(), 500);
  EXPECT_EQ(autoscaler.metrics(2).container(), "c");
  EXPECT_EQ(autoscaler.metrics(2).target_milli(), (1ll << 30) * 1000);
  EXPECT_EQ(autoscaler.metrics(3).target_type(), "Value");
  EXPECT_TRUE(autoscaler.has_behavior());
  EXPECT_FALSE(autoscaler.scale_up().present());
  EXPECT_TRUE(autoscaler.scale_down().has_stabilization_window());
  EXPECT_NEAR(autoscaler.scale_down().tolerance(), 0.05, 1e-12);
}

TEST(Database, ReadsPgBouncersIni) {
  const Deployment deployment = Derive(
      "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: p}, spec: {template: {spec: "
      "{containers: [{name: c, image: \"postgres:16\"}]}}}}\n---\n"
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: b}, spec: {replicas: 3, template: "
      "{spec: {containers: [{name: c, image: \"bitnami/pgbouncer:1.22\", volumeMounts: [{name: v, "
      "mountPath: /etc/pgbouncer}]}], volumes: [{name: v, configMap: {name: i}}]}}}}\n---\n"
      "{apiVersion: v1, kind: ConfigMap, metadata: {name: i}, data: {pgbouncer.ini: "
      "\"[pgbouncer]\\n; pool_mode = session\\npool_mode = transaction\\n"
      "default_pool_size=40\\nmax_client_conn = 2000\\nquery_wait_timeout = 15\\n\"}}");
  EXPECT_EQ(deployment.database().pooler(), "transaction");
  EXPECT_EQ(deployment.database().pooler_pool_size(), 40u);
  EXPECT_EQ(deployment.database().pooler_max_client_connections(), 2000u);
  EXPECT_EQ(deployment.database().pooler_query_wait_seconds(), 15);
  EXPECT_EQ(deployment.database().pooler_processes(), 3u);
}

TEST(Database, DefaultsWhenItsConfigurationIsNotMounted) {
  const std::string config =
      "\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {postgresql.conf: "
      "\"max_connections = 500\\nsynchronous_commit = off\"}}";
  const std::string set =
      "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: p}, spec: {template: {spec: "
      "{containers: [{name: c, image: \"postgres:16\"MOUNT}]VOLUME}}}}";
  const auto with = [&](const std::string& mount, const std::string& volume) {
    std::string text = set;
    text.replace(text.find("MOUNT"), 5, mount);
    text.replace(text.find("VOLUME"), 6, volume);
    return Derive(text + config).database();
  };
  const Database bare = with("", "");
  EXPECT_FALSE(bare.configuration_mounted());
  EXPECT_EQ(bare.max_connections(), 100u);
  EXPECT_EQ(bare.superuser_reserved_connections(), 3u);
  EXPECT_TRUE(bare.synchronous_commit());
  const Database mounted = with(", volumeMounts: [{name: v, mountPath: /etc/postgresql}]",
                                ", volumes: [{name: v, configMap: {name: c}}]");
  EXPECT_TRUE(mounted.configuration_mounted());
  EXPECT_EQ(mounted.max_connections(), 500u);
  EXPECT_FALSE(mounted.synchronous_commit());
  EXPECT_EQ(with(", args: [\"-c\", \"max_connections=300\"]", "").max_connections(), 300u);
}

TEST(Redis, ReplicasComeFromWhatCreatesTheCluster) {
  const std::string set =
      "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: r}, spec: {replicas: 6, template: "
      "{spec: {containers: [{name: c, image: \"redis:7\", args: [\"--cluster-enabled yes "
      "--maxmemory 1gb --maxmemory-policy allkeys-lru\"]}]}}}}";
  const RedisCluster alone = Derive(set).redis(0);
  EXPECT_EQ(alone.masters(), 6u);
  EXPECT_FALSE(alone.cluster_created());
  EXPECT_EQ(alone.maxmemory_bytes(), 1ull << 30);
  EXPECT_EQ(alone.role(), "cache");
  const RedisCluster made =
      Derive(set +
             "\n---\n{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {template: "
             "{spec: {containers: [{name: c, image: \"redis:7\", command: [sh, -c, "
             "\"redis-cli --cluster create a b --cluster-replicas 1\"]}]}}}}")
          .redis(0);
  EXPECT_EQ(made.masters(), 3u);
  EXPECT_EQ(made.replicas_per_master(), 1u);
  EXPECT_TRUE(made.cluster_created());
}

TEST(Redis, AWorkloadOfReplicasBelongsToItsMaster) {
  const Deployment deployment = Derive(
      "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: m}, spec: {template: {spec: "
      "{containers: [{name: c, image: redis}]}}}}\n---\n"
      "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: r}, spec: {replicas: 2, template: "
      "{spec: {containers: [{name: c, image: redis, args: [\"--replicaof m 6379\"]}]}}}}");
  ASSERT_EQ(deployment.redis_size(), 1);
  EXPECT_EQ(deployment.redis(0).replicas_per_master(), 2u);
}

TEST(Derive, WhatAClusterMadeIsLeftOut) {
  const Deployment deployment = Derive(
      std::string(kApi) +
      "\n---\n{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: api-1, ownerReferences: "
      "[{kind: Deployment, name: api, controller: true}]}, spec: {template: {spec: {containers: "
      "[]}}}}");
  EXPECT_EQ(deployment.workloads_size(), 1);
}

class Document : public testing::Test {
 protected:
  absl::StatusOr<Deployment> Read(const std::string& text) {
    const std::string path =
        (std::filesystem::path(testing::TempDir()) / "deployment.yaml").string();
    std::ofstream(path) << text;
    return LoadDeployment(path);
  }
};

TEST_F(Document, ReadsValuesWithTheirSources) {
  const auto deployment = Read(
      "deployment:\n  name: d\n  database:\n    source: S\n    max_connections: {value: 500, "
      "source: T}\n    memory_bytes: 16Gi\n");
  ASSERT_TRUE(deployment.ok()) << deployment.status();
  EXPECT_EQ(deployment->database().max_connections(), 500u);
  EXPECT_EQ(deployment->database().memory_bytes(), 16ull << 30);
  EXPECT_EQ(deployment->origins().at("database.max_connections").source(), "T");
  EXPECT_EQ(deployment->origins().at("database.memory_bytes").source(), "S");
  EXPECT_EQ(deployment->origins().at("database.memory_bytes").line(), 6u);
}

TEST_F(Document, RefusesMistakesWithTheirLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"deployment:\n  name: d\n  nodes: {count: 3, typo: 4}\n", ":3: `typo`: expected one of"},
      {"deployment:\n  name: d\n  nodes: {count: many}\n", ":3: `nodes.count`: expected a whole"},
      {"deployment:\n  name: d\n  nodes: {count: -2}\n", "in range"},
      {"deployment:\n  name: d\n  nodes: [1]\n", "expected a map"},
      {"deployment:\n  name: d\n  workloads: {name: a}\n", "expected a list"},
      {"deployment:\n  name: d\n  database: {memory_bytes: much}\n", "expected bytes"},
      {"deployment: {}\n", "expected the deployment's name"},
      {"deployment: {name: d}\nother: 1\n", ":2: `other`"}};
  for (const auto& [text, expected] : cases) {
    const auto deployment = Read(text);
    ASSERT_FALSE(deployment.ok()) << text;
    EXPECT_NE(deployment.status().message().find(expected), std::string::npos)
        << deployment.status().message();
  }
}

TEST(Workload, SpreadOfItsOwnPodsAndTheLimitsPeriod) {
  const std::string text =
      "apiVersion: apps/v1\n"
      "kind: Deployment\n"
      "metadata: {name: shop}\n"
      "spec:\n"
      "  selector: {matchLabels: {app: shop}}\n"
      "  template:\n"
      "    metadata: {labels: {app: shop}, annotations: {simulator.praxis/image-pull-seconds: "
      "'7'}}\n"
      "    spec:\n"
      "      topologySpreadConstraints:\n"
      "        - {maxSkew: 2, topologyKey: topology.kubernetes.io/zone,\n"
      "           whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: shop}}}\n"
      "        - {maxSkew: 1, topologyKey: topology.kubernetes.io/zone,\n"
      "           labelSelector: {matchLabels: {app: other}}}\n"
      "      affinity:\n"
      "        podAntiAffinity:\n"
      "          requiredDuringSchedulingIgnoredDuringExecution:\n"
      "            - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: "
      "shop}}}\n"
      "      containers:\n"
      "        - {name: shop, image: shop, resources: {limits: {cpu: 500m}}}\n";
  const auto manifests = ParseManifests(text, "f.yaml");
  ASSERT_TRUE(manifests.ok()) << manifests.status();
  const Deployment deployment = DeriveDeployment(*manifests, "x");
  const model::Workload& shop = deployment.workloads(0);
  EXPECT_EQ(shop.limit_period_seconds(), 0.1);
  EXPECT_EQ(shop.image_pull_seconds(), 7);
  ASSERT_EQ(shop.spread_size(), 2);
  EXPECT_EQ(shop.spread(0).topology(), "zone");
  EXPECT_EQ(shop.spread(0).max_skew(), 2u);
  EXPECT_FALSE(shop.spread(0).required());
  EXPECT_EQ(shop.spread(1).topology(), "hostname");
  EXPECT_TRUE(shop.spread(1).required());
  EXPECT_TRUE(shop.spread(1).one_per_domain());
}

// Whatever types stand where others are expected, deriving never crashes.
TEST(Derive, SurvivesAnyTypesAnywhere) {
  const std::string text = kApi;
  std::mt19937 random(11);
  const char* const values[] = {
      "[]", "{}", "-5", "99999999999999999999", "\"\"", "~", "[{}]", "{a: [b]}", "1e9", "200%"};
  for (int round = 0; round < 1000; ++round) {
    std::string changed = text;
    for (int i = 0; i < 2; ++i) {
      const size_t colon = changed.find(": ", random() % changed.size());
      if (colon == std::string::npos) continue;
      const size_t end = changed.find_first_of(",}\n", colon);
      changed.replace(colon + 2, end - colon - 2, values[random() % 10]);
    }
    const auto manifests = ParseManifests(changed, "f.yaml");
    if (manifests.ok()) DeriveDeployment(*manifests, "x");
  }
}

}  // namespace
}  // namespace model::kubernetes
