#include "model/kubernetes/derive.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "model/kubernetes/deployment_loader.h"
#include "model/kubernetes/document_reader.h"
#include "model/kubernetes/quantity.h"

namespace model::kubernetes {
namespace {

constexpr double kScrapeSeconds = 15;  // metrics-server --metric-resolution
constexpr double kSyncSeconds = 15;    // --horizontal-pod-autoscaler-sync-period

std::vector<std::string> WorkloadsMatching(const Manifests& manifests, const Object& selector_owner,
                                           const Node& selector, bool structured) {
  std::vector<std::string> names;
  for (const Object& object : manifests.objects) {
    const std::optional<Pod> pod = PodOf(object);
    if (!pod || !SameNamespace(object, selector_owner)) continue;
    const bool matches = structured ? SelectorMatches(selector, pod->labels)
                                    : LabelsMatch(ReadLabels(selector), pod->labels);
    if (matches) names.push_back(object.name);
  }
  return names;
}

bool IngressNames(const Manifests& manifests, const std::string& service) {
  for (const Object& object : manifests.objects) {
    if (object.kind != "Ingress") continue;
    for (const Node& rule : object["spec.rules"].items) {
      for (const Node& path : rule.At("http.paths").items) {
        if (path.At("backend.service.name").Text() == service) return true;
      }
    }
    if (object["spec.defaultBackend.service.name"].Text() == service) return true;
  }
  return false;
}

void DeriveBudget(const Manifests& manifests, const Object& object, Deployment* deployment) {
  DisruptionBudget* budget = deployment->add_disruption_budgets();
  budget->set_name(object.name);
  budget->set_min_available(object["spec.minAvailable"].Text());
  budget->set_max_unavailable(object["spec.maxUnavailable"].Text());
  const Node& selector = object["spec.selector"];
  if (selector.IsMap()) {
    for (const std::string& name : WorkloadsMatching(manifests, object, selector, true)) {
      budget->add_workloads(name);
    }
  }
  SetOrigin(deployment, absl::StrCat("disruption_budgets.", object.name), object, "", object.line);
}

}  // namespace

void SetOrigin(Deployment* deployment, const std::string& path, const Object& object,
               const std::string& field, int line) {
  Origin& origin = (*deployment->mutable_origins())[path];
  origin.set_file(object.file);
  origin.set_line(static_cast<uint32_t>(line));
  origin.set_object(object.Id());
  origin.set_field(field);
}

double Annotation(const Node& metadata, absl::string_view name, double otherwise) {
  double value = 0;
  const std::string text =
      metadata["annotations"][absl::StrCat("simulator.praxis/", std::string(name))].Text();
  return absl::SimpleAtod(text, &value) && value >= 0 ? value : otherwise;
}

void DeriveServices(const Manifests& manifests, Deployment* deployment) {
  for (const Object& object : manifests.objects) {
    if (object.kind == "PodDisruptionBudget") DeriveBudget(manifests, object, deployment);
    if (object.kind == "Ingress" || object.kind == "HTTPRoute") {
      deployment->mutable_ingress()->set_present(true);
      if (!object["spec.tls"].items.empty()) deployment->mutable_ingress()->set_tls(true);
      SetOrigin(deployment, "ingress", object, "", object.line);
    }
    if (object.kind != "Service") continue;
    Service* service = deployment->add_services();
    service->set_name(object.name);
    SetOrigin(deployment, absl::StrCat("services.", object.name), object, "", object.line);
    const Node& selector = object["spec.selector"];
    if (selector.IsMap() && !selector.entries.empty()) {
      for (const std::string& name : WorkloadsMatching(manifests, object, selector, false)) {
        service->add_workloads(name);
      }
    }
    // kube-proxy chooses a pod for each connection; an ingress for each request.
    service->set_balancing(IngressNames(manifests, object.name) ? "per_request" : "per_connection");
  }
}

void DeriveNodes(const Manifests& manifests, Deployment* deployment) {
  for (const Object& object : manifests.objects) {
    if (object.kind == "Node") {
      Nodes* nodes = deployment->mutable_nodes();
      nodes->set_count(nodes->count() + 1);
      const auto cpu = ParseQuantityMilli(object["status.allocatable.cpu"].Text());
      const auto memory = ParseQuantityUnits(object["status.allocatable.memory"].Text());
      if (cpu.ok() && *cpu > 0) nodes->set_millicores(static_cast<uint32_t>(*cpu & 0x7fffffff));
      if (memory.ok() && *memory > 0) nodes->set_memory_bytes(static_cast<uint64_t>(*memory));
      SetOrigin(deployment, "nodes", object, "status.allocatable", object.line);
    }
    if (object.kind != "Namespace") continue;
    const Node& metadata = object["metadata"];
    const double count = Annotation(metadata, "node-count", 0);
    if (count < 1 || count > 1e6) continue;
    Nodes* nodes = deployment->mutable_nodes();
    nodes->set_count(static_cast<uint32_t>(count));
    nodes->set_millicores(static_cast<uint32_t>(Annotation(metadata, "node-millicores", 0)));
    nodes->set_memory_bytes(static_cast<uint64_t>(Annotation(metadata, "node-memory-bytes", 0)));
    nodes->set_zones(static_cast<uint32_t>(Annotation(metadata, "node-zones", 1)));
    nodes->set_max_count(static_cast<uint32_t>(Annotation(metadata, "node-max-count", count)));
    nodes->set_autoscaled(nodes->max_count() > nodes->count());
    nodes->set_start_seconds(Annotation(metadata, "node-start-seconds", 0));
    SetOrigin(deployment, "nodes", object, "metadata.annotations", metadata.line);
  }
}

void DeriveMetrics(const Manifests& manifests, Deployment* deployment) {
  MetricsPipeline* metrics = deployment->mutable_metrics();
  metrics->set_scrape_seconds(kScrapeSeconds);
  metrics->set_hpa_sync_seconds(kSyncSeconds);
  for (const Object& object : manifests.objects) {
    if (object.kind == "APIService" && absl::StrContains(object.name, ".metrics.k8s.io") &&
        !absl::EndsWith(object.name, "beta1.metrics.k8s.io")) {
      metrics->set_custom_metrics_adapter(true);
    }
    const std::optional<Pod> pod = PodOf(object);
    if (!pod) continue;
    for (const Node* container : LongRunningContainers(*pod)) {
      const std::string image = ImageName((*container)["image"].Text());
      if (absl::StrContains(image, "prometheus-adapter") || absl::StrContains(image, "keda")) {
        metrics->set_custom_metrics_adapter(true);
      }
    }
  }
  if (!metrics->custom_metrics_adapter()) return;
  // The adapter serves a metric that its mounted rules name; the text decides.
  for (const Autoscaler& autoscaler : deployment->autoscalers()) {
    for (const MetricTarget& metric : autoscaler.metrics()) {
      if (metric.type() == "Resource" || metric.type() == "ContainerResource") continue;
      for (const Object& object : manifests.objects) {
        if (object.kind != "ConfigMap") continue;
        bool named = false;
        for (const Entry& entry : object["data"].entries) {
          named = named || absl::StrContains(entry.value.Text(), metric.name());
        }
        if (!named) continue;
        metrics->add_exported_metrics(metric.name());
        break;
      }
    }
  }
}

Deployment DeriveDeployment(const Manifests& manifests, const std::string& name) {
  Deployment deployment;
  deployment.set_name(name);
  deployment.set_digest(manifests.digest);
  DeriveWorkloads(manifests, &deployment);
  DeriveAutoscalers(manifests, &deployment);
  DeriveServices(manifests, &deployment);
  DeriveDatabase(manifests, &deployment);
  DeriveRedis(manifests, &deployment);
  DeriveNodes(manifests, &deployment);
  DeriveMetrics(manifests, &deployment);
  return deployment;
}

namespace {

std::string NameOf(const std::string& path) {
  if (path == "-") return "stdin";
  std::filesystem::path file = std::filesystem::path(path).lexically_normal();
  if (!file.has_filename()) file = file.parent_path();
  const std::string stem = file.stem().string();
  return stem.empty() || stem == "." ? "manifests" : stem;
}

absl::StatusOr<Deployment> ReadHandWritten(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return absl::NotFoundError(absl::StrCat(file, ": cannot be read"));
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  absl::StatusOr<std::vector<Node>> documents = ParseDocuments(text, file);
  if (!documents.ok()) return documents.status();
  if (documents->size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat(file, ":1: expected one document"));
  }
  return ReadDeploymentDocument(documents->front(), file);
}

}  // namespace

absl::StatusOr<Loaded> Load(const std::vector<std::string>& paths) {
  absl::StatusOr<Manifests> manifests = ReadManifests(paths);
  if (!manifests.ok()) return manifests.status();
  Loaded loaded;
  loaded.manifests = *std::move(manifests);
  if (loaded.manifests.documents.empty()) {
    loaded.deployment = DeriveDeployment(loaded.manifests, NameOf(paths.front()));
    return loaded;
  }
  const std::string& file = loaded.manifests.documents.front();
  if (loaded.manifests.documents.size() > 1 || !loaded.manifests.objects.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        file, ":1: a hand-written `deployment:` must be the only input, without other files"));
  }
  if (file == "stdin") {
    return absl::InvalidArgumentError("stdin:1: a hand-written `deployment:` must be a file");
  }
  absl::StatusOr<Deployment> deployment = ReadHandWritten(file);
  if (!deployment.ok()) return deployment.status();
  loaded.deployment = *std::move(deployment);
  loaded.deployment.set_digest(loaded.manifests.digest);
  return loaded;
}

}  // namespace model::kubernetes

namespace model {

absl::StatusOr<Deployment> LoadDeployment(const std::string& path) {
  absl::StatusOr<kubernetes::Loaded> loaded = kubernetes::Load({path});
  if (!loaded.ok()) return loaded.status();
  return std::move(loaded->deployment);
}

}  // namespace model
