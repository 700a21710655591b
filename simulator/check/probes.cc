#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "simulator/check/rule.h"

namespace simulator::check {
namespace {

using model::kubernetes::Node;
using model::kubernetes::Pod;

bool HasProbe(const Pod& pod, const char* probe) {
  for (const Node& container : (*pod.spec)["containers"].items) {
    if (container[probe].IsMap()) return true;
  }
  return false;
}

bool IsServing(const Context& context, const Pod& pod) {
  const std::string role = model::kubernetes::RoleOf(pod, context.manifests);
  return role == "api" || role == "database" || role == "redis" || role == "pooler";
}

void RunReadiness(const Context& context, Reporter& reporter) {
  for (const Pod& pod : context.pods) {
    if (!IsServing(context, pod) || HasProbe(pod, "readinessProbe")) continue;
    reporter.Find(At(*pod.owner, pod.spec_path + ".containers.readinessProbe"),
                  "no readiness probe: traffic arrives before it can answer",
                  "httpGet on a path that says whether it can serve");
  }
}

void RunLiveness(const Context& context, Reporter& reporter) {
  for (const Pod& pod : context.pods) {
    if (!IsServing(context, pod) || HasProbe(pod, "livenessProbe")) continue;
    reporter.Find(At(*pod.owner, pod.spec_path + ".containers.livenessProbe"),
                  "no liveness probe: a process that hangs stays",
                  "httpGet on a path that depends on nothing else");
  }
}

void RunSame(const Context& context, Reporter& reporter) {
  for (const Pod& pod : context.pods) {
    for (const Node& container : (*pod.spec)["containers"].items) {
      const Node& live = container.At("livenessProbe.httpGet.path");
      const Node& ready = container.At("readinessProbe.httpGet.path");
      if (!live.IsScalar() || live.text != ready.Text()) continue;
      reporter.Find(At(*pod.owner, pod.spec_path + ".containers.livenessProbe", live),
                    absl::StrCat("liveness and readiness ask the same path ", live.text,
                                 ": a broken dependency either restarts every pod or drains none"),
                    "liveness: depends on nothing; readiness: depends on what serving needs");
    }
  }
}

void RunDepends(const Context& context, Reporter& reporter) {
  for (const Pod& pod : context.pods) {
    for (const Node& container : (*pod.spec)["containers"].items) {
      const Node& path = container.At("livenessProbe.httpGet.path");
      if (!absl::StrContains(path.Text(), "ready") && !absl::StrContains(path.Text(), "detailed")) {
        continue;
      }
      reporter.Find(At(*pod.owner, pod.spec_path + ".containers.livenessProbe", path),
                    absl::StrCat("liveness asks ", path.text,
                                 ", which depends on others: their outage restarts every pod"),
                    "a path that only says the process runs");
    }
  }
}

void RunProbePort(const Context& context, Reporter& reporter) {
  for (const Pod& pod : context.pods) {
    for (const Node& container : (*pod.spec)["containers"].items) {
      if (!container["ports"].IsSequence()) continue;
      for (const char* probe : {"livenessProbe", "readinessProbe", "startupProbe"}) {
        const Node& port = container[probe].At("httpGet.port");
        // A number needs no entry among the ports; a name does.
        if (!port.IsScalar() || port.Integer(-1) >= 0) continue;
        bool found = false;
        for (const Node& offered : container["ports"].items) {
          found = found || offered["containerPort"].Text() == port.text ||
                  offered["name"].Text() == port.text;
        }
        if (found) continue;
        reporter.Find(At(*pod.owner, absl::StrCat(pod.spec_path, ".containers.", probe), port),
                      absl::StrCat("asks port ", port.text, ", which the container does not open"),
                      "use a containerPort");
      }
    }
  }
}

void RunGrace(const Context& context, Reporter& reporter) {
  for (const model::Workload& workload : context.deployment.workloads()) {
    if (workload.pre_stop_seconds() <= 0 ||
        workload.pre_stop_seconds() < workload.termination_grace_seconds()) {
      continue;
    }
    reporter.Find(At(context.deployment,
                     absl::StrCat("workloads.", workload.name(), ".termination_grace_seconds")),
                  "the grace period ends before preStop does: requests in flight are cut",
                  "terminationGracePeriodSeconds above preStop + the longest request",
                  absl::StrFormat("preStop %g s >= grace %g s", workload.pre_stop_seconds(),
                                  workload.termination_grace_seconds()));
  }
}

void RunPreStop(const Context& context, Reporter& reporter) {
  for (const Pod& pod : context.pods) {
    if (model::kubernetes::RoleOf(pod, context.manifests) != "api" ||
        pod.owner->kind != "Deployment") {
      continue;
    }
    bool any = false;
    for (const Node& container : (*pod.spec)["containers"].items) {
      any = any || container.At("lifecycle.preStop").IsMap();
    }
    if (any) continue;
    reporter.Find(At(*pod.owner, pod.spec_path + ".containers.lifecycle"),
                  "no preStop: the pod stops while endpoints still send to it",
                  "preStop sleep of 5-15 s, or the same delay in the process");
  }
}

}  // namespace

Rules ProbeRules() {
  using model::Finding;
  return {
      {"no-readiness-probe", Finding::WARNING, true, "serving pods have a readiness probe",
       RunReadiness},
      {"no-liveness-probe", Finding::NOTE, true, "serving pods have a liveness probe", RunLiveness},
      {"liveness-equals-readiness", Finding::WARNING, true,
       "liveness and readiness ask different questions", RunSame},
      {"liveness-depends", Finding::WARNING, true, "liveness depends on nothing else", RunDepends},
      {"probe-port-missing", Finding::ERROR, true, "probes ask a port that is open", RunProbePort},
      {"grace-shorter-than-prestop", Finding::ERROR, false, "the grace period outlasts preStop",
       RunGrace},
      {"no-prestop", Finding::NOTE, true, "serving pods wait before they stop", RunPreStop},
  };
}

}  // namespace simulator::check
