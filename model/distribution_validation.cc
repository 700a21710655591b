#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "model/distribution.h"

namespace model {
namespace {

constexpr uint32_t kMostPhases = 1000;

absl::Status Wrong(const std::string& field, const std::string& expected, double found) {
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": expected ", expected, ", found ", found));
}

bool IsTime(double seconds) { return std::isfinite(seconds) && seconds >= 0; }

absl::Status ValidateConstant(const Distribution::Constant& law) {
  if (!IsTime(law.value_seconds())) {
    return Wrong("constant", "a time of 0 or more", law.value_seconds());
  }
  return absl::OkStatus();
}

absl::Status ValidateUniform(const Distribution::Uniform& law) {
  if (!IsTime(law.min_seconds())) {
    return Wrong("uniform: min", "a time of 0 or more", law.min_seconds());
  }
  if (!IsTime(law.max_seconds()) || law.max_seconds() < law.min_seconds()) {
    return Wrong("uniform: max", "at least min", law.max_seconds());
  }
  return absl::OkStatus();
}

absl::Status ValidateExponential(const Distribution::Exponential& law) {
  if (!IsTime(law.mean_seconds()) || law.mean_seconds() == 0) {
    return Wrong("exponential: mean", "a time above 0", law.mean_seconds());
  }
  return absl::OkStatus();
}

absl::Status ValidateLognormal(const Distribution::Lognormal& law) {
  if (!IsTime(law.median_seconds()) || law.median_seconds() == 0) {
    return Wrong("lognormal: median", "a time above 0", law.median_seconds());
  }
  if (!IsTime(law.p95_seconds()) || law.p95_seconds() <= law.median_seconds()) {
    return Wrong("lognormal: p95", "more than the median", law.p95_seconds());
  }
  return absl::OkStatus();
}

absl::Status ValidateErlang(const Distribution::Erlang& law) {
  if (!IsTime(law.mean_seconds()) || law.mean_seconds() == 0) {
    return Wrong("erlang: mean", "a time above 0", law.mean_seconds());
  }
  if (law.phases() < 1 || law.phases() > kMostPhases) {
    return Wrong("erlang: phases", "1..1000", law.phases());
  }
  return absl::OkStatus();
}

absl::Status ValidateEmpirical(const Distribution::Empirical& law) {
  const int n = law.quantile_size();
  if (n < 2 || n != law.value_seconds_size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("empirical: expected at least 2 quantiles and as many values, found ", n,
                     " and ", law.value_seconds_size()));
  }
  if (law.quantile(0) != 0) return Wrong("empirical: first quantile", "0", law.quantile(0));
  if (law.quantile(n - 1) != 1) return Wrong("empirical: last quantile", "1", law.quantile(n - 1));
  for (int i = 0; i < n; ++i) {
    if (!IsTime(law.value_seconds(i))) {
      return Wrong("empirical: value", "a time of 0 or more", law.value_seconds(i));
    }
    if (i == 0) continue;
    if (!(law.quantile(i) > law.quantile(i - 1))) {
      return Wrong("empirical: quantile", "more than the one before", law.quantile(i));
    }
    if (law.value_seconds(i) < law.value_seconds(i - 1)) {
      return Wrong("empirical: value", "at least the one before", law.value_seconds(i));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateDistribution(const Distribution& law) {
  switch (law.law_case()) {
    case Distribution::kConstant:
      return ValidateConstant(law.constant());
    case Distribution::kUniform:
      return ValidateUniform(law.uniform());
    case Distribution::kExponential:
      return ValidateExponential(law.exponential());
    case Distribution::kLognormal:
      return ValidateLognormal(law.lognormal());
    case Distribution::kErlang:
      return ValidateErlang(law.erlang());
    case Distribution::kEmpirical:
      return ValidateEmpirical(law.empirical());
    case Distribution::LAW_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(
      "expected one of constant, uniform, exponential, lognormal, erlang, empirical");
}

}  // namespace model
