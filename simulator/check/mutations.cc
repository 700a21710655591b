#include "simulator/check/mutations.h"

namespace simulator::check {
namespace {

constexpr char kApiMemory[] = "limits: {cpu: \"2\", memory: 1Gi}";
constexpr char kCpuMetric[] =
    "- {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: "
    "65}}}";
constexpr char kPodsMetric[] =
    "- {type: Pods, pods: {metric: {name: rps}, target: {type: AverageValue, averageValue: 500}}}";

constexpr char kCacheAutoscaler[] = R"(
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: cache, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: cache}
  minReplicas: 6
  maxReplicas: 12
  metrics:
    - {type: Resource, resource: {name: memory, target: {type: Utilization, averageUtilization: 50}}}
)";

// One object in flow style, as a document of its own.
std::string Document(const std::string& api_version, const std::string& kind,
                     const std::string& name, const std::string& rest) {
  return "\n---\n{apiVersion: " + api_version + ", kind: " + kind + ", metadata: {name: " + name +
         ", namespace: shop}" + (rest.empty() ? "" : ", ") + rest + "}\n";
}

std::vector<Mutation> Scaling() {
  return {
      {"connections-exceed-limit", "value: \"4\"", "value: \"5\"", ""},  // 20 x 2 x 5 = 200 > 197
      {"connections-unknown", "- {name: DATABASE_POOL_SIZE, value: \"4\"}", "", ""},
      {"hpa-target-missing", "kind: Deployment, name: shop}\n  minReplicas",
       "kind: Deployment, name: shap}\n  minReplicas", ""},
      {"hpa-metric-not-exported", kCpuMetric, kPodsMetric, ""},
      {"hpa-scale-down-blocked", kCpuMetric, kPodsMetric, ""},
      {"hpa-vpa-conflict", "updateMode: \"Off\"", "updateMode: Auto", ""},
      {"vpa-target-missing", "targetRef: {apiVersion: apps/v1, kind: Deployment",
       "targetRef: {apiVersion: apps/v1, kind: StatefulSet", ""},
      {"hpa-without-request",
       "requests: {cpu: \"1\", memory: 1Gi}\n            limits: {cpu: \"2\"",
       "requests: {memory: 1Gi}\n            limits: {", ""},
      {"replicas-beside-hpa", "# replicas", "replicas: 4", ""},
      {"hpa-bounds", "minReplicas: 4", "minReplicas: 20", ""},
      {"hpa-duplicate-target", "", "",
       "\n---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n"
       "metadata: {name: again, namespace: shop}\nspec:\n"
       "  scaleTargetRef: {kind: Deployment, name: shop}\n  minReplicas: 2\n  maxReplicas: 9\n"},
      {"hpa-fixed-target", kCpuMetric, kPodsMetric, ""},
      {"hpa-flapping", "stabilizationWindowSeconds: 300", "stabilizationWindowSeconds: 0", ""},
      {"scale-down-slow", "{type: Percent, value: 50, periodSeconds: 60}",
       "{type: Pods, value: 1, periodSeconds: 60}", ""},  // 16 steps a minute apart
      {"scale-up-slow", "{type: Percent, value: 100, periodSeconds: 15}",
       "{type: Pods, value: 1, periodSeconds: 60}", ""},
      {"scaling-disabled", "stabilizationWindowSeconds: 300", "selectPolicy: Disabled", ""},
  };
}

std::vector<Mutation> Disruption() {
  return {
      {"pdb-selects-nothing", "maxUnavailable: 25%\n  selector: {matchLabels: {app: shop}}",
       "maxUnavailable: 25%\n  selector: {matchLabels: {app: shap}}", ""},
      {"pdb-blocks-drain", "maxUnavailable: 25%", "minAvailable: 4", ""},
      {"pdb-protects-nothing", "maxUnavailable: 25%", "maxUnavailable: 100%", ""},
      {"pdb-protects-little", "maxUnavailable: 25%", "minAvailable: 2", ""},
      {"pdb-allows-quorum-loss", "maxUnavailable: 1\n", "maxUnavailable: 2\n", ""},
      {"pdb-missing", "maxUnavailable: 25%\n  selector: {matchLabels: {app: shop}}",
       "maxUnavailable: 25%\n  selector: {matchLabels: {app: database}}", ""},
      {"rollout-outage", "strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}",
       "strategy: {type: Recreate}", ""},
      {"single-pod", "minReplicas: 4", "minReplicas: 1", ""},
  };
}

std::vector<Mutation> Databases() {
  return {
      {"postgres-config-not-mounted", "- {name: config, mountPath: /etc/postgresql}", "", ""},
      {"postgres-config-not-read",
       "args: [\"-c\", \"config_file=/etc/postgresql/postgresql.conf\"]", "", ""},
      {"single-database", "replicas: 2", "replicas: 1", ""},
      {"standby-without-failover", "env: [{name: PATRONI_SCOPE, value: shop}]", "",
       Document("apps/v1", "StatefulSet", "standby",
                "spec: {selector: {matchLabels: {app: standby}}, template: {metadata: {labels: "
                "{app: standby}}, spec: {containers: [{name: a, image: \"postgres:16.4\", command: "
                "[pg_basebackup]}]}}}")},
      {"database-without-backup", "archive_command = 'pgbackrest archive-push %p'", "", ""},
      {"shared-buffers-vs-memory", "shared_buffers = 4GB", "shared_buffers = 12GB", ""},
      {"work-mem-vs-memory", "work_mem = 16MB", "work_mem = 128MB", ""},
      {"synchronous-commit-off", "synchronous_commit = on", "synchronous_commit = off", ""},
      {"redis-no-replicas", "--cluster-replicas 1", "--cluster-replicas 0", ""},
      {"redis-not-created", "--cluster create", "--cluster info", ""},
      {"redis-scaled-without-rebalancer", "", "", kCacheAutoscaler},
      {"redis-too-few-masters", "replicas: 6", "replicas: 4", ""},
      {"redis-eviction-policy", "metadata: {labels: {app: cache}}",
       "metadata: {labels: {app: cache, redis-role: state}}", ""},
      {"redis-maxmemory", "maxmemory 1536mb", "maxmemory 2gb", ""},
      {"redis-memory-trigger", "", "", kCacheAutoscaler},
      {"redis-failover-slow", "cluster-node-timeout 5000", "cluster-node-timeout 15000", ""},
      {"redis-full-coverage", "cluster-require-full-coverage no", "", ""},
      {"redis-database-number", "redis://cache:6379", "redis://cache:6379/2", ""},
      {"redis-without-password", "requirepass from-the-environment", "", ""},
  };
}

std::vector<Mutation> References() {
  return {
      {"config-missing", "{name: shop-config, key: greeting}", "{name: shap-config, key: greeting}",
       ""},
      {"config-key-missing", "key: greeting", "key: farewell", ""},
      {"secret-missing", "secretKeyRef: {name: shop,", "secretKeyRef: {name: shap,", ""},
      {"config-not-used",
       "- {name: GREETING, valueFrom: {configMapKeyRef: {name: shop-config, "
       "key: greeting}}}",
       "", ""},
      {"secret-key-unused", "database-url: \"\"", "database-url: \"\", mail-key: \"\"", ""},
      {"secret-tls-empty", "data: {tls.crt: \"\", tls.key: \"\"}", "", ""},
      {"host-not-a-service", "redis://cache:6379", "redis://kache:6379", ""},
      {"service-selects-nothing", "selector: {app: shop}\n  ports",
       "selector: {app: shap}\n  ports", ""},
      {"service-port-mismatch", "targetPort: http}", "targetPort: web}", ""},
      {"service-monitor-selects-nothing", "endpoints: [{port: http}]", "endpoints: [{port: web}]",
       ""},
      {"workload-selector-mismatch", "selector: {matchLabels: {app: shop}}\n  strategy",
       "selector: {matchLabels: {app: shap}}\n  strategy", ""},
      {"ingress-backend-missing", "backend: {service: {name: shop,",
       "backend: {service: {name: shap,", ""},
      {"statefulset-service-missing", "serviceName: cache", "serviceName: kache", ""},
      {"network-policy-selects-nothing", "podSelector: {matchLabels: {app: shop}}",
       "podSelector: {matchLabels: {app: shap}}", ""},
      {"network-policy-open",
       "from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}]",
       "from: []", ""},
      {"network-policy-namespace-label", "kubernetes.io/metadata.name: ingress-nginx",
       "name: ingress-nginx", ""},
      {"network-policy-peer-missing", "{podSelector: {matchLabels: {app: database}}}",
       "{podSelector: {matchLabels: {app: datebase}}}", ""},
      {"network-policy-dns", ", {protocol: TCP, port: 53}", "", ""},
      {"network-policy-outside",
       "- to: [{podSelector: {matchLabels: {app: database}}}]\n"
       "      ports: [{protocol: TCP, port: 5432}]",
       "- to: [{namespaceSelector: {}}]\n      ports: [{protocol: TCP, port: 443}]", ""},
      {"ingress-unknown-annotation", "nginx.ingress.kubernetes.io/limit-rps",
       "nginx.ingress.kubernetes.io/rate-limit", ""},
      {"ingress-without-tls", "tls: [{hosts: [shop.example], secretName: shop-tls}]", "", ""},
      {"ingress-open-metrics", "{path: /api,", "{path: /,", ""},
      {"ingress-open-cors", "https://shop.example", "\"*\"", ""},
  };
}

std::vector<Mutation> Pods() {
  return {
      {"missing-requests", "requests: {cpu: 100m, memory: 32Mi}", "requests: {memory: 32Mi}", ""},
      {"missing-memory-limit", kApiMemory, "limits: {cpu: \"2\"}", ""},
      {"limit-below-request", kApiMemory, "limits: {cpu: 500m, memory: 1Gi}", ""},
      {"quantity-invalid", kApiMemory, "limits: {cpu: \"2\", memory: 1GB}", ""},
      {"request-not-usable", "requests: {cpu: \"1\", memory: 1Gi}",
       "requests: {cpu: \"3\", memory: 1Gi}", ""},
      {"spread-needs-nodes", "node-count: \"40\"", "node-count: \"5\"", ""},
      {"pod-larger-than-node", "node-millicores: \"16000\"", "node-millicores: \"3000\"", ""},
      {"nodes-too-small", "node-count: \"40\"", "node-count: \"2\"", ""},
      {"cpu-limits-overcommitted", "node-count: \"40\"", "node-count: \"3\"", ""},
      {"heap-exceeds-memory", "size=768", "size=1536", ""},
      {"memory-beyond-heap", "size=768", "size=256", ""},
      {"vpa-below-heap", "updateMode: \"Off\"", "updateMode: Initial", ""},
      // 10,000 x 0.05 s / (4 pods x 2 threads) = 62 s
      {"login-wave", "password-hash-seconds: \"0.005\"", "password-hash-seconds: \"0.05\"", ""},
      {"state-on-node", "# volume of the data", "- {name: host, hostPath: {path: /srv}}", ""},
      {"no-readiness-probe", "readinessProbe: {httpGet: {path: /ready, port: http}}", "", ""},
      {"no-liveness-probe", "livenessProbe: {httpGet: {path: /live, port: http}}", "", ""},
      {"liveness-equals-readiness", "path: /live", "path: /ready", ""},
      {"liveness-depends", "path: /live", "path: /health/ready", ""},
      {"probe-port-missing", "{path: /live, port: http}", "{path: /live, port: admin}", ""},
      {"grace-shorter-than-prestop", "terminationGracePeriodSeconds: 30",
       "terminationGracePeriodSeconds: 5", ""},
      {"no-prestop", "lifecycle: {preStop: {exec: {command: [sleep, \"10\"]}}}", "", ""},
      {"run-as-root", "securityContext: {runAsNonRoot: true, runAsUser: 1000}", "", ""},
      {"writable-root-filesystem", "securityContext: {readOnlyRootFilesystem: true}", "", ""},
      {"privileged-container", "securityContext: {readOnlyRootFilesystem: true}",
       "securityContext: {readOnlyRootFilesystem: true, privileged: true}", ""},
      {"image-without-version", "registry.example/shop:1.2.3", "registry.example/shop:latest", ""},
      {"role-rules-misplaced", "rules:\n  - {apiGroups", "spec:\n rules:\n  - {apiGroups", ""},
      {"rbac-wildcard", "resources: [pods], verbs: [get]", "resources: [\"*\"], verbs: [\"*\"]",
       ""},
      {"role-binding-target-missing", "kind: Role, name: reader", "kind: Role, name: raeder", ""},
      {"service-account-missing", "serviceAccountName: shop", "serviceAccountName: shap", ""},
      {"service-account-unused", "", "", Document("v1", "ServiceAccount", "idle", "")},
      {"token-mounted", "serviceAccountName: shop\n      automountServiceAccountToken: false",
       "serviceAccountName: shop\n      automountServiceAccountToken: true", ""},
      {"duplicate-object", "", "",
       Document("v1", "ConfigMap", "shop-config", "data: {greeting: again}")},
      {"api-version-removed", "apiVersion: policy/v1\n", "apiVersion: policy/v1beta1\n", ""},
      {"object-without-name", "metadata: {name: reader, namespace: shop}",
       "metadata: {namespace: shop}", ""},
  };
}

}  // namespace

const std::vector<Mutation>& AllMutations() {
  static const std::vector<Mutation>* const kAll = [] {
    auto* all = new std::vector<Mutation>();
    for (const auto& family : {Scaling(), Disruption(), Databases(), References(), Pods()}) {
      all->insert(all->end(), family.begin(), family.end());
    }
    return all;
  }();
  return *kAll;
}

}  // namespace simulator::check
