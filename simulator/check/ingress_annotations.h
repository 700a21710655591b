#pragma once

#include <string_view>

// The annotations that ingress-nginx reads, by name. It ignores every other name under its prefix
// without a word, so that a misspelt limit limits nothing.

namespace simulator::check {

inline constexpr char kIngressNginxPrefix[] = "nginx.ingress.kubernetes.io/";

// `name` comes without the prefix: "limit-rps".
bool IsIngressNginxAnnotation(std::string_view name);

}  // namespace simulator::check
