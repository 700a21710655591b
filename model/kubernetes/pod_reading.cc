#include "model/kubernetes/pod_reading.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "model/kubernetes/quantity.h"

namespace model::kubernetes {
namespace {

constexpr std::array<absl::string_view, 8> kDatabaseVariables = {
    "DATABASE_URL", "PGHOST", "POSTGRES_HOST", "POSTGRES_URL",
    "DB_HOST",      "DB_URL", "DATABASE_HOST", "SPRING_DATASOURCE_URL"};

void AddFromConfigMap(const Object* map, absl::string_view prefix, int line,
                      std::vector<Variable>* variables) {
  if (map == nullptr) return;
  for (const Entry& entry : (*map)["data"].entries) {
    variables->push_back({absl::StrCat(prefix, entry.key), entry.value.Text(), true, line});
  }
}

Variable FromReference(const Node& variable, const Object& owner, const Manifests& manifests) {
  Variable result{variable["name"].Text(), variable["value"].Text(), true, variable.line};
  const Node& from = variable["valueFrom"];
  if (from.IsNull()) return result;
  result.known = false;
  const Node& reference = from["configMapKeyRef"];
  const Object* map = manifests.Find("ConfigMap", reference["name"].Text(), &owner);
  if (map == nullptr) return result;
  const Node& value = (*map)["data"][reference["key"].Text()];
  result.value = value.Text();
  result.known = value.IsScalar();
  return result;
}

bool IsExporter(absl::string_view image) { return absl::StrContains(image, "exporter"); }

// Tools around a database that are not the database.
bool IsTool(const std::string& image) {
  for (const char* tool : {"exporter", "operator", "backup", "commander", "insight", "sentinel",
                           "postgrest", "migrat", "admin"}) {
    if (absl::StrContains(image, tool)) return true;
  }
  return false;
}

std::string RoleOfImage(const std::string& image) {
  const std::string name = ImageName(image);
  if (IsTool(name)) return "";
  for (const char* pooler : {"pgbouncer", "pgcat", "odyssey", "pgpool"}) {
    if (absl::StrContains(name, pooler)) return "pooler";
  }
  if (absl::StrContains(name, "postgres") || absl::StrContains(name, "timescaledb") ||
      name == "spilo") {
    return "database";
  }
  for (const char* redis : {"redis", "valkey", "keydb", "dragonfly"}) {
    if (absl::StrContains(name, redis)) return "redis";
  }
  return "";
}

bool ServiceSelects(const Pod& pod, const Manifests& manifests) {
  for (const Object& object : manifests.objects) {
    if (object.kind != "Service" || !SameNamespace(object, *pod.owner)) continue;
    const Labels wanted = ReadLabels(object["spec.selector"]);
    if (!wanted.empty() && LabelsMatch(wanted, pod.labels)) return true;
  }
  return false;
}

}  // namespace

std::vector<const Node*> LongRunningContainers(const Pod& pod) {
  std::vector<const Node*> containers;
  for (const Node& container : (*pod.spec)["containers"].items) containers.push_back(&container);
  for (const Node& container : (*pod.spec)["initContainers"].items) {
    if (container["restartPolicy"].Text() == "Always") containers.push_back(&container);
  }
  return containers;
}

std::vector<const Node*> AllContainers(const Pod& pod) {
  std::vector<const Node*> containers;
  for (const char* list : {"containers", "initContainers"}) {
    for (const Node& container : (*pod.spec)[list].items) containers.push_back(&container);
  }
  return containers;
}

std::optional<int64_t> ContainerResource(const Node& container, absl::string_view which,
                                         absl::string_view resource) {
  const Node& resources = container["resources"];
  const Node* value = &resources[which][resource];
  if (!value->IsScalar() && which == "requests") value = &resources["limits"][resource];
  if (!value->IsScalar()) return std::nullopt;
  absl::StatusOr<int64_t> quantity = ParseQuantityMilli(value->text);
  if (!quantity.ok()) return std::nullopt;
  return *quantity;
}

std::optional<int64_t> PodResource(const Pod& pod, absl::string_view which,
                                   absl::string_view resource) {
  int64_t sum = 0;
  bool any = false;
  for (const Node* container : LongRunningContainers(pod)) {
    const std::optional<int64_t> one = ContainerResource(*container, which, resource);
    if (!one) return std::nullopt;
    any = true;
    if (__builtin_add_overflow(sum, *one, &sum)) return std::nullopt;
  }
  if (!any) return std::nullopt;
  return sum;
}

std::vector<std::string> Words(const Node& container) {
  std::vector<std::string> words;
  for (const char* list : {"command", "args"}) {
    for (const Node& part : container[list].items) {
      for (absl::string_view word :
           absl::StrSplit(part.text, absl::ByAnyChar(" \t\n"), absl::SkipEmpty())) {
        words.emplace_back(word);
      }
    }
  }
  return words;
}

std::optional<std::string> Flag(const Node& container, absl::string_view name) {
  const std::vector<std::string> words = Words(container);
  for (size_t i = 0; i < words.size(); ++i) {
    absl::string_view word = words[i];
    if (word.empty() || word[0] != '-') continue;
    word.remove_prefix(1);
    if (!word.empty() && word[0] == '-') word.remove_prefix(1);
    if (word == name && i + 1 < words.size()) return words[i + 1];
    if (word.size() > name.size() && word.substr(0, name.size()) == name &&
        word[name.size()] == '=') {
      return std::string(word.substr(name.size() + 1));
    }
  }
  return std::nullopt;
}

std::vector<Variable> Environment(const Node& container, const Object& owner,
                                  const Manifests& manifests) {
  std::vector<Variable> variables;
  for (const Node& from : container["envFrom"].items) {
    AddFromConfigMap(manifests.Find("ConfigMap", from.At("configMapRef.name").Text(), &owner),
                     from["prefix"].Text(), from.line, &variables);
    const Object* secret = manifests.Find("Secret", from.At("secretRef.name").Text(), &owner);
    if (secret == nullptr) continue;
    for (const char* part : {"data", "stringData"}) {
      for (const Entry& entry : (*secret)[part].entries) {
        variables.push_back({from["prefix"].Text() + entry.key, "", false, from.line});
      }
    }
  }
  for (const Node& variable : container["env"].items) {
    variables.push_back(FromReference(variable, owner, manifests));
  }
  return variables;
}

std::vector<ConfigUse> ConfigMapsOf(const Pod& pod) {
  std::vector<ConfigUse> uses;
  auto add_volume = [&](const Node& volume, const std::string& map) {
    if (map.empty()) return;
    ConfigUse use{map, false, ""};
    for (const Node* container : AllContainers(pod)) {
      for (const Node& mount : (*container)["volumeMounts"].items) {
        if (mount["name"].Text() != volume["name"].Text()) continue;
        use.mounted = true;
        if (use.mount_path.empty()) use.mount_path = mount["mountPath"].Text();
      }
    }
    uses.push_back(use);
  };
  for (const Node& volume : (*pod.spec)["volumes"].items) {
    add_volume(volume, volume.At("configMap.name").Text());
    for (const Node& source : volume.At("projected.sources").items) {
      add_volume(volume, source.At("configMap.name").Text());
    }
  }
  for (const Node* container : AllContainers(pod)) {
    for (const Node& from : (*container)["envFrom"].items) {
      if (from.Has("configMapRef"))
        uses.push_back({from.At("configMapRef.name").Text(), false, ""});
    }
    for (const Node& variable : (*container)["env"].items) {
      const Node& reference = variable.At("valueFrom.configMapKeyRef");
      if (reference.IsMap()) uses.push_back({reference["name"].Text(), false, ""});
    }
  }
  return uses;
}

std::string WhatItRuns(const Pod& pod, const Manifests& manifests) {
  std::string text;
  for (const Node* container : AllContainers(pod)) {
    for (const std::string& word : Words(*container)) absl::StrAppend(&text, word, " ");
    for (const char* hook :
         {"lifecycle.postStart.exec.command", "lifecycle.preStop.exec.command"}) {
      for (const Node& word : container->At(hook).items) absl::StrAppend(&text, word.text, " ");
    }
    for (const Variable& variable : Environment(*container, *pod.owner, manifests)) {
      absl::StrAppend(&text, variable.name, "=", variable.value, "\n");
    }
  }
  for (const ConfigUse& use : ConfigMapsOf(pod)) {
    const Object* map = use.mounted ? manifests.Find("ConfigMap", use.name, pod.owner) : nullptr;
    if (map == nullptr) continue;
    for (const Entry& entry : (*map)["data"].entries) {
      absl::StrAppend(&text, entry.value.Text(), "\n");
    }
  }
  return text;
}

std::string ImageName(const std::string& image) {
  absl::string_view name = image;
  name = name.substr(0, name.find('@'));
  const size_t slash = name.rfind('/');
  if (slash != absl::string_view::npos) name.remove_prefix(slash + 1);
  return std::string(name.substr(0, name.find(':')));
}

std::string RoleOf(const Pod& pod, const Manifests& manifests) {
  const std::string& kind = pod.owner->kind;
  if (kind == "Job" || kind == "CronJob") return "job";
  for (const Node& container : (*pod.spec)["containers"].items) {
    std::string role = RoleOfImage(container["image"].Text());
    if (!role.empty()) return role;
  }
  if (kind != "DaemonSet" && ServiceSelects(pod, manifests)) return "api";
  return UsesDatabase(pod, manifests) ? "worker" : "other";
}

bool UsesDatabase(const Pod& pod, const Manifests& manifests) {
  for (const Node* container : LongRunningContainers(pod)) {
    const std::string image = ImageName((*container)["image"].Text());
    if (IsExporter(image)) continue;
    if (Flag(*container, "database_url") || Flag(*container, "database-url")) return true;
    for (const Variable& variable : Environment(*container, *pod.owner, manifests)) {
      if (std::find(kDatabaseVariables.begin(), kDatabaseVariables.end(), variable.name) !=
              kDatabaseVariables.end() ||
          absl::StartsWith(variable.value, "postgres://") ||
          absl::StartsWith(variable.value, "postgresql://")) {
        return true;
      }
    }
  }
  return false;
}

uint32_t Share(const std::string& share, uint32_t replicas, bool round_up) {
  int64_t value = 0;
  if (absl::EndsWith(share, "%")) {
    if (!absl::SimpleAtoi(absl::string_view(share).substr(0, share.size() - 1), &value) ||
        value < 0 || value > 1000) {
      return 0;
    }
    const int64_t hundredths = value * replicas;
    return static_cast<uint32_t>((hundredths + (round_up ? 99 : 0)) / 100);
  }
  if (!absl::SimpleAtoi(share, &value) || value < 0 || value > 1'000'000'000) return 0;
  return static_cast<uint32_t>(value);
}

}  // namespace model::kubernetes
