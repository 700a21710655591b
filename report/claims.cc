#include "report/claims.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "model/yaml/message_reader.h"

namespace report {
namespace {

const std::set<std::string>& Methods() {
  static const auto* const kMethods = new std::set<std::string>{
      "inspection", "arithmetic", "simulation", "measurement", "profile_free", "frontier"};
  return *kMethods;
}

// What is wrong with `claim`; empty when nothing is.
std::string Problem(const model::Claim& claim) {
  if (claim.id().empty()) return "expected an `id`";
  if (claim.decisions().empty() && claim.undecided_because().empty()) {
    return "expected `decisions` or `undecided_because`";
  }
  for (const model::Decision& decision : claim.decisions()) {
    if (decision.deployment().empty()) return "a decision without `deployment`";
    if (!decision.undecided_because().empty()) {
      if (!decision.method().empty())
        return "a decision with both `method` and `undecided_because`";
      continue;
    }
    if (Methods().count(decision.method()) == 0) {
      return absl::StrCat("method `", decision.method(),
                          "`; expected inspection, arithmetic, simulation, measurement, "
                          "profile_free or frontier");
    }
    const bool profile_free = decision.method() == "profile_free";
    if (profile_free && decision.needs().empty()) return "method profile_free without `needs`";
    if (!profile_free && decision.expression().empty()) return "a decision without `expression`";
  }
  return "";
}

}  // namespace

absl::StatusOr<model::ClaimList> LoadClaims(const std::string& path) {
  auto claims = model::ReadYaml<model::ClaimList>(path);
  if (!claims.ok()) return claims;
  std::set<std::string> ids;
  for (const model::Claim& claim : claims->claims()) {
    std::string problem = Problem(claim);
    if (problem.empty() && !ids.insert(claim.id()).second) problem = "this id stands twice";
    if (!problem.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", claim.line(), ": claim `", claim.id(), "`: ", problem));
    }
  }
  return claims;
}

}  // namespace report
