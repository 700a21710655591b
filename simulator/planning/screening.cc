#include "simulator/planning/screening.h"

#include <cmath>
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "report/evidence.h"

namespace simulator {
namespace {

constexpr double kSaturatedRatio = 1.25;
constexpr double kIdleRatio = 0.2;

void ForSimulated(const std::string& deployment, double users, model::VerdictReport* report,
                  const std::function<void(model::Verdict*)>& change) {
  for (model::Verdict& verdict : *report->mutable_verdicts()) {
    if (verdict.method() != "simulation" || verdict.deployment() != deployment) continue;
    const auto at = report::ParseOperatingPoint(verdict.at());
    if (at.ok() && at->users == users && at->faults.empty()) change(&verdict);
  }
}

void Append(const std::string& text, model::Verdict* verdict) {
  verdict->set_frontier(
      absl::StrCat(verdict->frontier(), verdict->frontier().empty() ? "" : "; ", text));
}

}  // namespace

Screening Screen(const Bounds& with_most_pods, const SimulationPoint& point) {
  Screening screening;
  if (with_most_pods.resources.empty()) return screening;
  const double offered = point.users / (point.think_seconds + with_most_pods.unloaded_seconds);
  const double ratio = offered / with_most_pods.MaxThroughput();
  if (ratio >= kSaturatedRatio) {
    screening.answer = Screening::kSaturated;
    const double waits = point.users / with_most_pods.MaxThroughput() - point.think_seconds;
    screening.text = absl::StrFormat(
        "%g s saturated by the bounds, not simulated (%s: at most %.0f of %.0f requests/s, mean "
        "response at least %.3g s)",
        point.think_seconds, with_most_pods.resources.front().name, with_most_pods.MaxThroughput(),
        offered, waits);
  } else if (ratio <= kIdleRatio) {
    screening.answer = Screening::kIdle;
    screening.text =
        absl::StrFormat("%g s idle by the bounds, not simulated (at most %.0f %% of %s)",
                        point.think_seconds, 100 * ratio, with_most_pods.resources.front().name);
  }
  return screening;
}

void NoteScreened(const SimulationPoint& point, const Screening& screening,
                  model::VerdictReport* report) {
  ForSimulated(point.deployment, point.users, report, [&](model::Verdict* verdict) {
    Append(screening.text, verdict);
    verdict->add_warnings(absl::StrFormat(
        "frontier at %g s: operational bounds only, no simulation backs it", point.think_seconds));
  });
}

void NoteKnee(const std::string& deployment, double users, const Bounds& with_most_pods,
              model::VerdictReport* report) {
  if (with_most_pods.resources.empty()) return;
  ForSimulated(deployment, users, report, [&](model::Verdict* verdict) {
    Append(
        absl::StrFormat("the bounds saturate below %.3g s (%s)", with_most_pods.ThinkAtKnee(users),
                        with_most_pods.resources.front().name),
        verdict);
  });
}

void RefuseOtherProfiles(const std::string& profile, model::VerdictReport* report) {
  for (model::Verdict& verdict : *report->mutable_verdicts()) {
    if (verdict.method() != "simulation" || verdict.profile() == profile) continue;
    if (verdict.outcome() == model::Verdict::HOLDS) report->set_holds(report->holds() - 1);
    if (verdict.outcome() == model::Verdict::FAILS) report->set_fails(report->fails() - 1);
    if (verdict.outcome() == model::Verdict::HOLDS_IF) report->set_holds_if(report->holds_if() - 1);
    if (verdict.outcome() != model::Verdict::UNDECIDED) {
      report->set_undecided(report->undecided() + 1);
    }
    verdict.set_outcome(model::Verdict::UNDECIDED);
    verdict.set_has_value(false);
    verdict.set_reason(absl::StrCat("needs the profile ", verdict.profile(),
                                    "; simulated with the profile ", profile));
  }
}

}  // namespace simulator
