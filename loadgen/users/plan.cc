#include "loadgen/users/plan.h"

#include <cmath>

#include "absl/strings/str_cat.h"

namespace loadgen {
namespace {

// Steps of the golden ratio and of the square root of 2 cover (0, 1) evenly from any start.
constexpr double kGoldenStep = 0.6180339887498949;
constexpr double kRootStep = 0.4142135623730951;

double Fraction(uint64_t n, double step) {
  const double x = (static_cast<double>(n) + 0.5) * step;
  return x - std::floor(x);
}

}  // namespace

uint16_t Plan::RoleOfUser(uint64_t n) const {
  double left = Fraction(n, kGoldenStep);
  for (size_t r = 0; r + 1 < roles.size(); ++r) {
    if (left < roles[r].share_of_users) return static_cast<uint16_t>(r);
    left -= roles[r].share_of_users;
  }
  return static_cast<uint16_t>(roles.size() - 1);
}

bool Plan::LogsIn(uint64_t n) const {
  return login_fraction >= 1 || Fraction(n, kRootStep) < login_fraction;
}

std::vector<uint64_t> CountRoles(const Plan& plan, uint64_t users) {
  std::vector<uint64_t> counts(plan.roles.size(), 0);
  for (uint64_t n = 0; n < users; ++n) ++counts[plan.RoleOfUser(n)];
  return counts;
}

absl::Status CheckIdentities(const Plan& plan, const Tokens& tokens, uint64_t users,
                             std::vector<std::string>* warnings) {
  const std::vector<uint64_t> counts = CountRoles(plan, users);
  for (size_t r = 0; r < plan.roles.size(); ++r) {
    const RolePlan& role = plan.roles[r];
    if (role.role.empty() || counts[r] == 0) continue;
    if (plan.login_fraction > 0 && !role.has_kind) {
      return absl::InvalidArgumentError(
          absl::StrCat("users of role ", role.role, " cannot sign in: the seed has none"));
    }
    if (plan.login_fraction >= 1) continue;
    const uint64_t have = tokens.OfRole(role.role).size();
    if (have == 0) {
      return absl::FailedPreconditionError(
          absl::StrCat(tokens.name(), ": no token of role ", role.role, ", but ", counts[r],
                       " users need one; mint them with //tools/mint"));
    }
    if (have < counts[r]) {
      warnings->push_back(absl::StrCat(counts[r], " users of role ", role.role, " share ", have,
                                       " tokens: sessions are reused"));
    }
  }
  return absl::OkStatus();
}

}  // namespace loadgen
