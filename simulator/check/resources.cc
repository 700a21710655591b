#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "model/kubernetes/quantity.h"
#include "simulator/check/rule.h"

namespace simulator::check {
namespace {

using model::kubernetes::Entry;
using model::kubernetes::Node;
using model::kubernetes::Pod;

std::string FieldOf(const Pod& pod, const Node& container, const std::string& rest) {
  return absl::StrCat(pod.spec_path, ".containers[", container["name"].Text(), "].", rest);
}

void RunRequests(const Context& context, Reporter& reporter) {
  for (const Pod& pod : context.pods) {
    for (const Node* container : model::kubernetes::LongRunningContainers(pod)) {
      std::vector<std::string> missing;
      for (const char* resource : {"cpu", "memory"}) {
        const Node& resources = (*container)["resources"];
        if (!resources["requests"].Has(resource) && !resources["limits"].Has(resource)) {
          missing.push_back(resource);
        }
      }
      if (missing.empty()) continue;
      reporter.Find(At(*pod.owner, FieldOf(pod, *container, "resources.requests"), *container),
                    absl::StrCat("no request of ", absl::StrJoin(missing, " and "),
                                 ": the scheduler places it anywhere, and it is evicted first"),
                    "set resources.requests from measured use");
    }
  }
}

void RunLimits(const Context& context, Reporter& reporter) {
  for (const Pod& pod : context.pods) {
    for (const Node* container : model::kubernetes::LongRunningContainers(pod)) {
      if ((*container).At("resources.limits").Has("memory")) continue;
      reporter.Find(At(*pod.owner, FieldOf(pod, *container, "resources.limits"), *container),
                    "no memory limit: a leak takes the node with it",
                    "set resources.limits.memory");
    }
  }
}

void RunBelow(const Context& context, Reporter& reporter) {
  for (const Pod& pod : context.pods) {
    for (const Node* container : model::kubernetes::AllContainers(pod)) {
      const Node& resources = (*container)["resources"];
      for (const Entry& limit : resources["limits"].entries) {
        const Node& request = resources["requests"][limit.key];
        const auto most = model::kubernetes::ParseQuantityMilli(limit.value.Text());
        const auto least = model::kubernetes::ParseQuantityMilli(request.Text());
        if (!most.ok() || !least.ok() || *most >= *least) continue;
        reporter.Find(
            At(*pod.owner, FieldOf(pod, *container, "resources.limits." + limit.key), limit.value),
            "the limit is below the request: the API server refuses the pod",
            "raise the limit or lower the request",
            absl::StrCat(limit.value.Text(), " < ", request.Text()));
      }
    }
  }
}

void RunQuantity(const Context& context, Reporter& reporter) {
  for (const Pod& pod : context.pods) {
    for (const Node* container : model::kubernetes::AllContainers(pod)) {
      for (const char* which : {"requests", "limits"}) {
        for (const Entry& entry : (*container)["resources"][which].entries) {
          const auto quantity = model::kubernetes::ParseQuantityMilli(entry.value.Text());
          if (quantity.ok()) continue;
          reporter.Find(
              At(*pod.owner,
                 FieldOf(pod, *container, absl::StrCat("resources.", which, ".", entry.key)),
                 entry.value),
              std::string(quantity.status().message()), "write it as a quantity");
        }
      }
    }
  }
}

// What a process can use: one core each, when the program runs on one thread.
void RunUnusable(const Context& context, Reporter& reporter) {
  for (const model::Workload& workload : context.deployment.workloads()) {
    if (workload.role() != "api" || workload.workers() == 0) continue;
    // Only where the number of processes is known: other programs use all cores with threads.
    const std::string path = absl::StrCat("workloads.", workload.name(), ".workers");
    if (context.deployment.origins().count(path) == 0) continue;
    const uint32_t usable = workload.workers() * 1000;
    if (workload.request_millicores() <= usable) continue;
    reporter.Find(
        At(context.deployment, absl::StrCat("workloads.", workload.name(), ".request_millicores")),
        "requests more CPU than its worker processes can use, if each runs one event loop: a "
        "utilization target may never be reached",
        "as many workers as requested cores",
        absl::StrFormat("%d x 1 core < %.3g cores requested", workload.workers(),
                        workload.request_millicores() / 1000.0));
  }
}

bool RequiresOwnHosts(const Pod& pod) {
  for (const Node& term :
       pod.spec->At("affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution")
           .items) {
    if (term["topologyKey"].Text() == "kubernetes.io/hostname" &&
        model::kubernetes::SelectorMatches(term["labelSelector"], pod.labels)) {
      return true;
    }
  }
  return false;
}

void RunSpread(const Context& context, Reporter& reporter) {
  const model::Nodes& nodes = context.deployment.nodes();
  for (const Pod& pod : context.pods) {
    if (!RequiresOwnHosts(pod)) continue;
    const model::Workload* workload = context.Workload(pod.owner->name);
    if (workload == nullptr) continue;
    const uint32_t pods = context.MaxPods(*workload);
    const uint32_t available = std::max(nodes.count(), nodes.max_count());
    if (pods < 2 || (available > 0 && pods <= available)) continue;
    model::Finding& finding = reporter.Find(
        At(*pod.owner, pod.spec_path + ".affinity.podAntiAffinity"),
        available > 0 ? "more pods than nodes: required anti-affinity leaves some pending"
                      : "required anti-affinity: every pod needs a node of its own",
        "preferred anti-affinity, topologySpreadConstraints, or enough nodes",
        available > 0 ? absl::StrCat(pods, " pods > ", available, " nodes")
                      : absl::StrCat(pods, " pods need ", pods, " nodes"));
    if (available == 0) finding.set_severity(model::Finding::NOTE);
  }
}

void RunFits(const Context& context, Reporter& reporter) {
  const model::Nodes& nodes = context.deployment.nodes();
  if (nodes.count() == 0) return;
  for (const model::Workload& workload : context.deployment.workloads()) {
    const bool cpu = nodes.millicores() > 0 && workload.request_millicores() > nodes.millicores();
    const bool memory =
        nodes.memory_bytes() > 0 && workload.request_memory_bytes() > nodes.memory_bytes();
    if (!cpu && !memory) continue;
    reporter.Find(At(context.deployment, absl::StrCat("workloads.", workload.name())),
                  absl::StrCat("requests more ", cpu ? "CPU" : "memory", " than a node has"),
                  "smaller requests or larger nodes",
                  cpu ? absl::StrCat(workload.request_millicores(), "m > ", nodes.millicores(), "m")
                      : absl::StrCat(workload.request_memory_bytes(), " > ", nodes.memory_bytes()));
  }
}

void RunCapacity(const Context& context, Reporter& reporter) {
  const model::Nodes& nodes = context.deployment.nodes();
  const double count = std::max(nodes.count(), nodes.max_count());
  if (count < 1 || nodes.millicores() == 0) return;
  double wanted = 0;
  for (const model::Workload& workload : context.deployment.workloads()) {
    const uint32_t pods =
        workload.kind() == "DaemonSet" ? nodes.count() : context.MaxPods(workload);
    if (workload.role() != "job")
      wanted += static_cast<double>(pods) * workload.request_millicores();
  }
  const double offered = count * nodes.millicores();
  if (wanted <= offered) return;
  reporter.Find(At(context.deployment, "nodes"),
                "all pods at their largest scale request more CPU than the nodes have",
                "more nodes, a node autoscaler, or smaller maxReplicas",
                absl::StrFormat("%.4g cores > %.4g cores", wanted / 1000, offered / 1000));
}

// Limits may be overcommitted, but then they promise more than there is when all work at once.
void RunOvercommitted(const Context& context, Reporter& reporter) {
  const model::Nodes& nodes = context.deployment.nodes();
  const double count = std::max(nodes.count(), nodes.max_count());
  if (count < 1 || nodes.millicores() == 0) return;
  double limits = 0;
  for (const model::Workload& workload : context.deployment.workloads()) {
    if (workload.role() == "job") continue;
    const uint32_t pods =
        workload.kind() == "DaemonSet" ? nodes.count() : context.MaxPods(workload);
    limits += static_cast<double>(pods) *
              std::max(workload.limit_millicores(), workload.request_millicores());
  }
  const double offered = count * nodes.millicores();
  if (limits <= offered) return;
  reporter.Find(At(context.deployment, "nodes"),
                "the CPU limits of all pods at their largest scale add up to more than the nodes "
                "have: under load at once each gets its share by requests, not its limit",
                "requests equal to limits where latency matters, or more nodes",
                absl::StrFormat("%.4g cores > %.4g cores", limits / 1000, offered / 1000));
}

void RunState(const Context& context, Reporter& reporter) {
  for (const Pod& pod : context.pods) {
    const std::string role = model::kubernetes::RoleOf(pod, context.manifests);
    for (const Node& volume : (*pod.spec)["volumes"].items) {
      const std::string name = volume["name"].Text();
      if (volume.Has("hostPath")) {
        reporter.Find(At(*pod.owner, pod.spec_path + ".volumes", volume),
                      absl::StrCat("volume ", name, " is a folder of the node (hostPath)"),
                      "a PersistentVolumeClaim");
      }
      if (role != "database" || !volume.Has("emptyDir")) continue;
      for (const Node* container : model::kubernetes::LongRunningContainers(pod)) {
        for (const Node& mount : (*container)["volumeMounts"].items) {
          if (mount["name"].Text() != name ||
              !absl::StrContains(mount["mountPath"].Text(), "postgresql/data")) {
            continue;
          }
          reporter.Find(At(*pod.owner, pod.spec_path + ".volumes", volume),
                        "the database's files are in an emptyDir: they are gone with the pod",
                        "volumeClaimTemplates of a StatefulSet");
        }
      }
    }
  }
}

}  // namespace

Rules ResourceRules() {
  using model::Finding;
  return {
      {"missing-requests", Finding::WARNING, true, "every container requests CPU and memory",
       RunRequests},
      {"missing-memory-limit", Finding::WARNING, true, "every container has a memory limit",
       RunLimits},
      {"limit-below-request", Finding::ERROR, true, "limits are not below requests", RunBelow},
      {"quantity-invalid", Finding::ERROR, true, "requests and limits are quantities", RunQuantity},
      {"request-not-usable", Finding::WARNING, false,
       "the CPU request is not above what the worker processes can use", RunUnusable},
      {"spread-needs-nodes", Finding::WARNING, true,
       "required anti-affinity finds a node for every pod", RunSpread},
      {"pod-larger-than-node", Finding::ERROR, false, "a pod fits onto a node", RunFits},
      {"nodes-too-small", Finding::WARNING, false, "the nodes hold every pod at its largest scale",
       RunCapacity},
      {"cpu-limits-overcommitted", Finding::NOTE, false,
       "the nodes hold every pod's CPU limit at its largest scale", RunOvercommitted},
      {"state-on-node", Finding::WARNING, true, "no hostPath, no database in an emptyDir",
       RunState},
  };
}

}  // namespace simulator::check
