#include "simulator/check/availability_facts.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "simulator/availability/frontier.h"

namespace simulator::check {
namespace {

constexpr double kTarget = 0.9999;
constexpr char kRule[] = "standby-without-failover";

}  // namespace

bool PromotesStandby(const model::Deployment& deployment, const model::CheckReport& report) {
  if (deployment.database().standbys() == 0) return false;
  const bool ran = std::find(report.rules_run().begin(), report.rules_run().end(), kRule) !=
                   report.rules_run().end();
  return ran && std::none_of(report.findings().begin(), report.findings().end(),
                             [](const model::Finding& finding) { return finding.rule() == kRule; });
}

void AddAvailabilityFacts(const model::Deployment& deployment, model::CheckReport* report) {
  using namespace availability;  // NOLINT
  const Frontier frontier = MakeFrontier(
      kTarget, ClassesOf(deployment, {PromotesStandby(deployment, *report), 0}), {}, {});
  int classes = 0;
  for (const ClassFrontier& one : frontier.classes) classes += one.failure.applies() ? 1 : 0;
  for (const ClassFrontier& one : frontier.classes) {
    if (!one.failure.applies()) continue;
    model::Fact& fact = *report->add_facts();
    fact.set_name("outage_minutes_" + one.failure.name);
    fact.set_value(OutageMinutes(one.failure, one.share));
    fact.set_unit("min/year");
    fact.set_arithmetic(absl::StrFormat("52.6 min / %d classes / (%d x %.3g of the requests): %s",
                                        classes, one.failure.components, one.failure.impact,
                                        one.failure.why));
  }
}

}  // namespace simulator::check
