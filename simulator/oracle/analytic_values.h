// The closed-form value of every quantity a vector asks for.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "simulator/oracle/vector.h"

namespace simulator::oracle {

// By quantity name. Quantiles ("Wq_p95") are solved when `vector` expects them and the model has a
// closed form for them (mm1, mmc). Error: the inputs have no steady state.
absl::StatusOr<std::map<std::string, double>> AnalyticValues(const Vector& vector);

// "Wq_p95" -> {"Wq", 0.95}; nothing for a name that is no quantile.
struct QuantileName {
  std::string base;  // "W" or "Wq"
  double p = 0;
};
std::optional<QuantileName> ParseQuantile(const std::string& name);

}  // namespace simulator::oracle
