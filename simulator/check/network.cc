#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "simulator/check/rule.h"

namespace simulator::check {
namespace {

using model::kubernetes::Entry;
using model::kubernetes::Node;
using model::kubernetes::Object;
using model::kubernetes::Pod;
using model::kubernetes::SelectorMatches;
using model::kubernetes::SelectorText;

template <typename Function>
void ForPolicies(const Context& context, Function function) {
  for (const Object& object : context.manifests.objects) {
    if (object.kind == "NetworkPolicy") function(object);
  }
}

bool IsEmptySelector(const Node& selector) {
  return selector["matchLabels"].entries.empty() && selector["matchExpressions"].items.empty();
}

void RunSelects(const Context& context, Reporter& reporter) {
  ForPolicies(context, [&](const Object& policy) {
    const Node& selector = policy["spec.podSelector"];
    if (IsEmptySelector(selector) || context.pods.empty()) return;
    for (const Pod& pod : context.pods) {
      if (SameNamespace(*pod.owner, policy) && SelectorMatches(selector, pod.labels)) return;
    }
    reporter.Find(At(policy, "spec.podSelector", selector),
                  absl::StrCat("selects no pod (", SelectorText(selector), ")"),
                  "make the selector match the pods' labels");
  });
}

void RunOpen(const Context& context, Reporter& reporter) {
  ForPolicies(context, [&](const Object& policy) {
    for (const Node& rule : policy["spec.ingress"].items) {
      const Node& from = rule["from"];
      bool anyone = !rule.Has("from") || from.items.empty();
      for (const Node& peer : from.items) {
        anyone = anyone || peer.At("ipBlock.cidr").Text() == "0.0.0.0/0";
      }
      if (!anyone) continue;
      reporter.Find(At(policy, "spec.ingress.from", from.line != 0 ? from : rule),
                    "admits everyone: it cancels every narrower policy for these pods",
                    "name the peers (the ingress controller's namespace and pods)");
    }
  });
}

// Every namespace carries kubernetes.io/metadata.name; `name` only when someone put it there.
void RunNamespaceLabel(const Context& context, Reporter& reporter) {
  std::set<std::string> given;
  for (const Object& object : context.manifests.objects) {
    if (object.kind != "Namespace") continue;
    for (const auto& [key, value] : object.labels) given.insert(absl::StrCat(key, "=", value));
  }
  ForPolicies(context, [&](const Object& policy) {
    for (const char* direction : {"ingress", "egress"}) {
      for (const Node& rule : policy["spec"][direction].items) {
        for (const Node& peer : rule[direction[0] == 'i' ? "from" : "to"].items) {
          for (const Entry& label : peer.At("namespaceSelector.matchLabels").entries) {
            const std::string text = absl::StrCat(label.key, "=", label.value.Text());
            if (label.key == "kubernetes.io/metadata.name" || given.count(text) > 0) continue;
            reporter.Find(
                At(policy, absl::StrCat("spec.", direction, ".namespaceSelector"), label.value),
                absl::StrCat("namespaces do not carry the label ", text, " by default"),
                "use kubernetes.io/metadata.name");
          }
        }
      }
    }
  });
}

bool AllowsPort(const Node& rule, long wanted, const char* protocol) {
  const Node& ports = rule["ports"];
  if (!ports.IsSequence()) return true;
  return std::any_of(ports.items.begin(), ports.items.end(), [&](const Node& port) {
    return port["protocol"].Text("TCP") == protocol &&
           (!port.Has("port") || port["port"].Integer(-1) == wanted);
  });
}

bool LimitsEgress(const Object& policy) {
  for (const Node& type : policy["spec.policyTypes"].items) {
    if (type.text == "Egress") return true;
  }
  return policy["spec.egress"].IsSequence();
}

bool SelectsSame(const Object& a, const Object& b) {
  const Node& one = a["spec.podSelector"];
  const Node& two = b["spec.podSelector"];
  return IsEmptySelector(two) || SelectorText(one) == SelectorText(two);
}

void RunDns(const Context& context, Reporter& reporter) {
  ForPolicies(context, [&](const Object& policy) {
    if (!LimitsEgress(policy)) return;
    bool udp = false;
    bool tcp = false;
    ForPolicies(context, [&](const Object& other) {
      if (!LimitsEgress(other) || !SameNamespace(policy, other) || !SelectsSame(policy, other)) {
        return;
      }
      for (const Node& rule : other["spec.egress"].items) {
        udp = udp || AllowsPort(rule, 53, "UDP");
        tcp = tcp || AllowsPort(rule, 53, "TCP");
      }
    });
    if (policy["spec.egress"].items.empty() && IsEmptySelector(policy["spec.podSelector"])) return;
    if (udp && tcp) return;
    reporter.Find(At(policy, "spec.egress", policy["spec.egress"]),
                  absl::StrCat("limits egress without allowing DNS over ", udp ? "TCP" : "UDP",
                               !udp && !tcp ? " and TCP" : "", ": names are not found"),
                  "allow ports 53 UDP and TCP to kube-system");
  });
}

// A podSelector without a namespaceSelector looks into the policy's own namespace only.
void RunPeer(const Context& context, Reporter& reporter) {
  ForPolicies(context, [&](const Object& policy) {
    for (const char* direction : {"ingress", "egress"}) {
      for (const Node& rule : policy["spec"][direction].items) {
        for (const Node& peer : rule[direction[0] == 'i' ? "from" : "to"].items) {
          const Node& selector = peer["podSelector"];
          if (peer.Has("namespaceSelector") || IsEmptySelector(selector)) continue;
          const bool found =
              std::any_of(context.pods.begin(), context.pods.end(), [&](const Pod& pod) {
                return SameNamespace(*pod.owner, policy) && SelectorMatches(selector, pod.labels);
              });
          if (found || context.pods.empty()) continue;
          reporter.Find(At(policy, absl::StrCat("spec.", direction, ".podSelector"), selector),
                        absl::StrCat("no pod of this namespace is ", SelectorText(selector),
                                     ": the rule allows nothing"),
                        "correct the labels, or add a namespaceSelector for pods elsewhere");
        }
      }
    }
  });
}

void RunOutside(const Context& context, Reporter& reporter) {
  ForPolicies(context, [&](const Object& policy) {
    for (const Node& rule : policy["spec.egress"].items) {
      for (const Node& peer : rule["to"].items) {
        if (!peer.Has("namespaceSelector") || peer.Has("podSelector") ||
            !IsEmptySelector(peer["namespaceSelector"]) || !AllowsPort(rule, 443, "TCP")) {
          continue;
        }
        reporter.Find(At(policy, "spec.egress.to", peer),
                      "namespaceSelector: {} reaches pods of this cluster only, no outside address",
                      "an ipBlock of 0.0.0.0/0 except the private ranges, for outside services");
      }
    }
  });
}

}  // namespace

Rules NetworkRules() {
  using model::Finding;
  return {
      {"network-policy-selects-nothing", Finding::WARNING, true, "a NetworkPolicy selects pods",
       RunSelects},
      {"network-policy-open", Finding::WARNING, true, "a NetworkPolicy does not admit everyone",
       RunOpen},
      {"network-policy-namespace-label", Finding::WARNING, true,
       "namespaces are selected by a label they carry", RunNamespaceLabel},
      {"network-policy-peer-missing", Finding::WARNING, true,
       "peers without a namespaceSelector are pods of the policy's own namespace", RunPeer},
      {"network-policy-dns", Finding::WARNING, true, "limited egress still allows DNS", RunDns},
      {"network-policy-outside", Finding::NOTE, true,
       "egress to outside services names addresses, not namespaces", RunOutside},
  };
}

}  // namespace simulator::check
