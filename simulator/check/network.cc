#include <algorithm>
#include <set>

#include "absl/strings/match.h"
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

constexpr const char* kNginx = "nginx.ingress.kubernetes.io/";

// What ingress-nginx knows; a made-up name is silently ignored.
bool IsKnownAnnotation(const std::string& name) {
  static const std::set<std::string>* const kKnown =
      new std::set<std::string>{"affinity",
                                "affinity-canary-behavior",
                                "affinity-mode",
                                "allowlist-source-range",
                                "app-root",
                                "auth-cache-duration",
                                "auth-cache-key",
                                "auth-keepalive",
                                "auth-keepalive-requests",
                                "auth-keepalive-share-vars",
                                "auth-keepalive-timeout",
                                "auth-method",
                                "auth-proxy-set-headers",
                                "auth-realm",
                                "auth-request-redirect",
                                "auth-response-headers",
                                "auth-secret",
                                "auth-secret-type",
                                "auth-signin",
                                "auth-signin-redirect-param",
                                "auth-snippet",
                                "auth-tls-error-page",
                                "auth-tls-match-cn",
                                "auth-tls-pass-certificate-to-upstream",
                                "auth-tls-secret",
                                "auth-tls-verify-client",
                                "auth-tls-verify-depth",
                                "auth-type",
                                "auth-url",
                                "backend-protocol",
                                "canary",
                                "canary-by-cookie",
                                "canary-by-header",
                                "canary-by-header-pattern",
                                "canary-by-header-value",
                                "canary-weight",
                                "canary-weight-total",
                                "client-body-buffer-size",
                                "configuration-snippet",
                                "connection-proxy-header",
                                "cors-allow-credentials",
                                "cors-allow-headers",
                                "cors-allow-methods",
                                "cors-allow-origin",
                                "cors-expose-headers",
                                "cors-max-age",
                                "custom-headers",
                                "custom-http-errors",
                                "default-backend",
                                "denylist-source-range",
                                "disable-proxy-intercept-errors",
                                "enable-access-log",
                                "enable-cors",
                                "enable-global-auth",
                                "enable-modsecurity",
                                "enable-opentelemetry",
                                "enable-owasp-core-rules",
                                "enable-rewrite-log",
                                "force-ssl-redirect",
                                "from-to-www-redirect",
                                "global-rate-limit",
                                "global-rate-limit-ignored-cidrs",
                                "global-rate-limit-key",
                                "global-rate-limit-window",
                                "http2-push-preload",
                                "limit-allowlist",
                                "limit-burst-multiplier",
                                "limit-connections",
                                "limit-rate",
                                "limit-rate-after",
                                "limit-rpm",
                                "limit-rps",
                                "limit-whitelist",
                                "load-balance",
                                "mirror-host",
                                "mirror-request-body",
                                "mirror-target",
                                "modsecurity-snippet",
                                "modsecurity-transaction-id",
                                "opentelemetry-operation-name",
                                "opentelemetry-trust-incoming-span",
                                "permanent-redirect",
                                "permanent-redirect-code",
                                "preserve-trailing-slash",
                                "proxy-body-size",
                                "proxy-buffer-size",
                                "proxy-buffering",
                                "proxy-buffers-number",
                                "proxy-busy-buffers-size",
                                "proxy-connect-timeout",
                                "proxy-cookie-domain",
                                "proxy-cookie-path",
                                "proxy-http-version",
                                "proxy-max-temp-file-size",
                                "proxy-next-upstream",
                                "proxy-next-upstream-timeout",
                                "proxy-next-upstream-tries",
                                "proxy-read-timeout",
                                "proxy-redirect-from",
                                "proxy-redirect-to",
                                "proxy-request-buffering",
                                "proxy-send-timeout",
                                "proxy-ssl-ciphers",
                                "proxy-ssl-name",
                                "proxy-ssl-protocols",
                                "proxy-ssl-secret",
                                "proxy-ssl-server-name",
                                "proxy-ssl-verify",
                                "proxy-ssl-verify-depth",
                                "relative-redirects",
                                "rewrite-target",
                                "satisfy",
                                "server-alias",
                                "server-snippet",
                                "service-upstream",
                                "session-cookie-change-on-failure",
                                "session-cookie-conditional-samesite-none",
                                "session-cookie-domain",
                                "session-cookie-expires",
                                "session-cookie-max-age",
                                "session-cookie-name",
                                "session-cookie-path",
                                "session-cookie-samesite",
                                "session-cookie-secure",
                                "ssl-ciphers",
                                "ssl-passthrough",
                                "ssl-prefer-server-ciphers",
                                "ssl-redirect",
                                "stream-snippet",
                                "temporal-redirect",
                                "temporal-redirect-code",
                                "upstream-hash-by",
                                "upstream-hash-by-subset",
                                "upstream-hash-by-subset-size",
                                "upstream-vhost",
                                "use-regex",
                                "whitelist-source-range",
                                "x-forwarded-prefix"};
  return kKnown->count(name) > 0;
}

void RunAnnotation(const Context& context, Reporter& reporter) {
  for (const Object& object : context.manifests.objects) {
    if (object.kind != "Ingress") continue;
    for (const Entry& annotation : object["metadata.annotations"].entries) {
      if (!absl::StartsWith(annotation.key, kNginx)) continue;
      const std::string name = annotation.key.substr(std::string(kNginx).size());
      if (IsKnownAnnotation(name)) continue;
      reporter.Find(
          At(object, absl::StrCat("metadata.annotations ", annotation.key), annotation.value),
          absl::StrCat("ingress-nginx has no annotation ", name, ": it is ignored"),
          absl::StrContains(name, "rate-limit") ? "limit-rps, limit-rpm or limit-connections"
                                                : "see ingress-nginx's list of annotations");
    }
  }
}

void RunTls(const Context& context, Reporter& reporter) {
  for (const Object& object : context.manifests.objects) {
    if (object.kind != "Ingress" || !object["spec.tls"].items.empty()) continue;
    reporter.Find(At(object, "spec.tls"), "serves without TLS",
                  "spec.tls with a certificate's Secret");
  }
}

void RunCors(const Context& context, Reporter& reporter) {
  for (const Object& object : context.manifests.objects) {
    if (object.kind != "Ingress") continue;
    const Node& origin = object["metadata.annotations"][absl::StrCat(kNginx, "cors-allow-origin")];
    if (origin.Text() != "*") continue;
    reporter.Find(At(object, "metadata.annotations cors-allow-origin", origin),
                  "any web page may call this API from a visitor's browser",
                  "name the front end's origins");
  }
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
      {"ingress-unknown-annotation", Finding::WARNING, true,
       "ingress-nginx knows every annotation under its name", RunAnnotation},
      {"ingress-without-tls", Finding::WARNING, true, "an Ingress serves TLS", RunTls},
      {"ingress-open-cors", Finding::WARNING, true, "CORS names its origins", RunCors},
  };
}

}  // namespace simulator::check
