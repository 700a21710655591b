#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/kubernetes/quantity.h"
#include "simulator/check/rule.h"

// What a runtime is told about its heap (Node.js, Java) against the memory of its container.

namespace simulator::check {
namespace {

using model::kubernetes::Node;
using model::kubernetes::Object;
using model::kubernetes::Pod;

constexpr double kMiB = 1024 * 1024;

// "1536" of "--max-old-space-size=1536" or "1g" of "-Xmx1g", in MiB.
std::optional<uint64_t> HeapMiB(const std::string& text) {
  uint64_t value = 0;
  const size_t node = text.find("--max-old-space-size=");
  if (node != std::string::npos) {
    const size_t from = node + 21;
    const size_t to = text.find_first_not_of("0123456789", from);
    if (absl::SimpleAtoi(text.substr(from, to - from), &value)) return value;
  }
  const size_t java = text.find("-Xmx");
  if (java == std::string::npos) return std::nullopt;
  const size_t end = text.find_first_not_of("0123456789", java + 4);
  if (!absl::SimpleAtoi(text.substr(java + 4, end - java - 4), &value)) return std::nullopt;
  const char unit = end == std::string::npos ? 'b' : text[end];
  if (unit == 'g' || unit == 'G') return value * 1024;
  if (unit == 'm' || unit == 'M') return value;
  return std::nullopt;
}

struct Heap {
  double mib = 0;
  std::string variable;
};

// The heap that a container's environment allows.
std::optional<Heap> HeapOf(const Context& context, const Pod& pod, const Node& container) {
  for (const auto& variable :
       model::kubernetes::Environment(container, *pod.owner, context.manifests)) {
    const std::optional<uint64_t> mib = HeapMiB(variable.value);
    if (mib) return Heap{static_cast<double>(*mib), variable.name};
  }
  return std::nullopt;
}

// A quantity of bytes in MiB; nothing when there is none.
std::optional<double> MiB(const Node& quantity) {
  const auto bytes = model::kubernetes::ParseQuantityUnits(quantity.Text());
  if (!bytes.ok() || *bytes <= 0) return std::nullopt;
  return static_cast<double>(*bytes) / kMiB;
}

Place LimitOf(const Pod& pod, const Node& container) {
  return At(*pod.owner,
            absl::StrCat(pod.spec_path, ".containers[", container["name"].Text(),
                         "].resources.limits.memory"),
            container.At("resources.limits.memory"));
}

// A heap that may grow beyond the container's limit ends in an OOM kill, not in a collection; one
// far below it leaves memory that is paid for and never used.
void RunHeap(const Context& context, Reporter& reporter, bool beyond) {
  constexpr double kLeastShare = 0.4;
  for (const Pod& pod : context.pods) {
    for (const Node* container : model::kubernetes::LongRunningContainers(pod)) {
      const std::optional<double> limit = MiB(container->At("resources.limits.memory"));
      const std::optional<Heap> heap = HeapOf(context, pod, *container);
      if (!limit || !heap) continue;
      if (beyond && heap->mib >= *limit) {
        reporter.Find(LimitOf(pod, *container),
                      absl::StrCat(heap->variable,
                                   " lets the heap grow to the memory limit or beyond it: the "
                                   "container is killed before it collects its garbage"),
                      "a heap of at most about three quarters of the limit",
                      absl::StrFormat("%.0f MiB >= %.0f MiB", heap->mib, *limit));
      }
      if (!beyond && heap->mib < kLeastShare * *limit) {
        reporter.Find(LimitOf(pod, *container),
                      absl::StrCat(heap->variable,
                                   " keeps the heap far below the memory limit: "
                                   "the rest cannot be used"),
                      "a heap of about three quarters of the limit, or a smaller limit",
                      absl::StrFormat("%.0f MiB of %.0f MiB = %.0f %%", heap->mib, *limit,
                                      100 * heap->mib / *limit));
      }
    }
  }
}

// A VPA that may set less memory than the heap needs has the container killed.
void RunFloor(const Context& context, Reporter& reporter) {
  for (const Object& vpa : context.manifests.objects) {
    if (vpa.kind != "VerticalPodAutoscaler") continue;
    if (vpa["spec.updatePolicy.updateMode"].Text("Auto") == "Off") continue;
    for (const Pod& pod : context.pods) {
      if (pod.owner->kind != vpa["spec.targetRef.kind"].Text() ||
          pod.owner->name != vpa["spec.targetRef.name"].Text()) {
        continue;
      }
      for (const Node* container : model::kubernetes::LongRunningContainers(pod)) {
        const std::optional<Heap> heap = HeapOf(context, pod, *container);
        for (const Node& policy : vpa["spec.resourcePolicy.containerPolicies"].items) {
          const std::string name = policy["containerName"].Text("*");
          if (name != "*" && name != (*container)["name"].Text()) continue;
          const Node& least = policy.At("minAllowed.memory");
          const std::optional<double> floor = MiB(least);
          if (!heap || !floor || *floor >= heap->mib) continue;
          reporter.Find(At(vpa, "spec.resourcePolicy.containerPolicies.minAllowed.memory", least),
                        absl::StrCat("may give ", pod.owner->Id(), " less memory than ",
                                     heap->variable, " lets its heap take"),
                        "minAllowed.memory above the heap",
                        absl::StrFormat("%.0f MiB < heap %.0f MiB", *floor, heap->mib));
        }
      }
    }
  }
}

}  // namespace

Rules HeapRules() {
  using model::Finding;
  return {
      {"heap-exceeds-memory", Finding::WARNING, true,
       "a configured heap leaves room below the memory limit",
       [](const Context& context, Reporter& reporter) { RunHeap(context, reporter, true); }},
      {"memory-beyond-heap", Finding::NOTE, true,
       "a configured heap can use most of the memory limit",
       [](const Context& context, Reporter& reporter) { RunHeap(context, reporter, false); }},
      {"vpa-below-heap", Finding::WARNING, true, "a VPA's least memory holds the configured heap",
       RunFloor},
  };
}

}  // namespace simulator::check
