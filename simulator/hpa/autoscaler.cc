#include "simulator/hpa/autoscaler.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "simulator/hpa/explanation.h"
#include "simulator/hpa/replica_calculator.h"
#include "simulator/hpa/scaling_policies.h"

namespace simulator::hpa {
namespace {

constexpr int kMaxWriteAttempts = 5;

int64_t FloorToSecond(int64_t ns) {
  const int64_t remainder = ns % kSecond;
  return ns - (remainder < 0 ? remainder + kSecond : remainder);
}

// Times as they come through the API. Windows keep their fraction.
void TruncateTimes(Observation* observation) {
  for (Pod& pod : observation->pods) {
    if (pod.start_ns.has_value()) pod.start_ns = FloorToSecond(*pod.start_ns);
    pod.ready_transition_ns = FloorToSecond(pod.ready_transition_ns);
  }
  for (MetricReading& reading : observation->readings) {
    for (auto& [name, sample] : reading.samples) sample.time_ns = FloorToSecond(sample.time_ns);
  }
}

std::string InvalidReason(MetricType type) {
  switch (type) {
    case MetricType::kResource:
      return "FailedGetResourceMetric";
    case MetricType::kContainerResource:
      return "FailedGetContainerResourceMetric";
    case MetricType::kPods:
      return "FailedGetPodsMetric";
    case MetricType::kObject:
      return "FailedGetObjectMetric";
    case MetricType::kExternal:
      return "FailedGetExternalMetric";
    case MetricType::kInvalid:
      break;
  }
  return "InvalidMetricSourceType";
}

Condition SelectorCondition(SelectorState selector) {
  if (selector == SelectorState::kAmbiguous) {
    return {false, "AmbiguousSelector", "pods are selected by more than one autoscaler"};
  }
  return {false, "InvalidSelector", "the selector is empty or cannot be parsed"};
}

}  // namespace

Autoscaler::Autoscaler(Spec spec, Options options) : spec_(std::move(spec)), options_(options) {
  if (spec_.metrics.empty()) {
    MetricSpec cpu;
    cpu.target_utilization_percent = 80;
    spec_.metrics.push_back(cpu);
  }
}

bool Autoscaler::HasObjectOrExternalMetric() const {
  return std::any_of(spec_.metrics.begin(), spec_.metrics.end(), [](const MetricSpec& metric) {
    return metric.type == MetricType::kObject || metric.type == MetricType::kExternal;
  });
}

Tolerance Autoscaler::EffectiveTolerance() const {
  Tolerance tolerance = options_.tolerance;
  if (!options_.configurable_tolerance_gate || !spec_.behavior.has_value()) return tolerance;
  tolerance.up = spec_.behavior->scale_up.tolerance.value_or(tolerance.up);
  tolerance.down = spec_.behavior->scale_down.tolerance.value_or(tolerance.down);
  return tolerance;
}

bool Autoscaler::MayLeaveZero(int32_t min_replicas) const {
  if (options_.zero_replicas == ZeroReplicasRule::kMetricsRunWhenMinIsZero) {
    return min_replicas == 0;
  }
  return options_.scale_to_zero_gate && scaled_to_zero_ &&
         (min_replicas != 0 || HasObjectOrExternalMetric());
}

Decision Autoscaler::Reconcile(int64_t now_ns, const Observation& observation,
                               const ScaleWriter& write) {
  Decision decision;
  if (!observation.scale.has_value()) {
    decision.error = "failed to query scale subresource";
    decision.conditions.able_to_scale = {false, "FailedGetScale", decision.error};
    decision.explanation = decision.error;
    return decision;
  }
  decision.current = decision.desired = observation.scale->spec_replicas;
  decision.conditions.able_to_scale = {true, "SucceededGetScale", "the scale could be read"};
  if (!log_.has_value()) {
    log_.emplace();
    log_->Append(decision.current, now_ns);
  }
  std::string limit;
  if (decision.current == 0 && !MayLeaveZero(MinReplicas())) {
    decision.conditions.scaling_active = {false, "ScalingDisabled",
                                          "scaling is disabled since the replica count is zero"};
  } else if (decision.current > spec_.max_replicas) {
    decision.desired = spec_.max_replicas;
    limit = "the current size is above maxReplicas";
  } else if (decision.current != 0 && decision.current < MinReplicas()) {
    decision.desired = MinReplicas();
    limit = "the current size is below minReplicas";
  } else if (std::optional<Limited> limited = DecideFromMetrics(now_ns, observation, &decision)) {
    decision.desired = limited->replicas;
    limit = DescribeLimit(*limited);
  }
  if (decision.desired != decision.current) WriteScale(now_ns, write, &decision);
  decision.explanation = Explain(decision, limit);
  return decision;
}

std::optional<Limited> Autoscaler::DecideFromMetrics(int64_t now_ns, const Observation& observation,
                                                     Decision* decision) {
  if (observation.selector != SelectorState::kUsable) {
    decision->conditions.scaling_active = SelectorCondition(observation.selector);
    decision->error = decision->conditions.scaling_active.message;
    return std::nullopt;
  }
  Observation seen = observation;
  if (options_.whole_second_times) TruncateTimes(&seen);
  seen.readings.resize(spec_.metrics.size());
  const CalculationContext context{options_,          EffectiveTolerance(),        now_ns,
                                   decision->current, seen.scale->status_replicas, seen.pods};
  Condition first_invalid;
  for (size_t i = 0; i < spec_.metrics.size(); ++i) {
    absl::StatusOr<Proposal> proposal = Propose(context, spec_.metrics[i], seen.readings[i]);
    MetricOutcome outcome;
    outcome.text = DescribeMetric(spec_.metrics[i], proposal);
    if (proposal.ok()) {
      outcome.proposal = proposal->replicas;
      decision->proposal =
          std::max(decision->proposal.value_or(proposal->replicas), proposal->replicas);
    } else {
      outcome.error = std::string(proposal.status().message());
      if (first_invalid.reason.empty()) {
        first_invalid = {false, InvalidReason(spec_.metrics[i].type), outcome.error};
      }
    }
    decision->metrics.push_back(std::move(outcome));
  }
  const bool some_invalid = !first_invalid.reason.empty();
  if (some_invalid) decision->error = first_invalid.message;
  // No scale-down on partial data: the invalid metric might have asked for more.
  if (!decision->proposal.has_value() ||
      (some_invalid && *decision->proposal < decision->current)) {
    decision->proposal.reset();
    decision->conditions.scaling_active = first_invalid;
    return std::nullopt;
  }
  decision->conditions.scaling_active = {true, "ValidMetricFound", "a valid metric was found"};
  const int32_t wanted = std::max(*decision->proposal, 0);
  const Limited limited = spec_.behavior.has_value() ? LimitByBehavior(now_ns, wanted, decision)
                                                     : LimitLegacy(now_ns, wanted, decision);
  decision->conditions.scaling_limited = {limited.replicas != decision->stabilized, limited.reason,
                                          ""};
  return limited;
}

Limited Autoscaler::LimitLegacy(int64_t now_ns, int32_t proposal, Decision* decision) {
  const int32_t stabilized = log_->StabilizeLegacy(now_ns, options_.downscale_window_ns, proposal);
  decision->stabilized = stabilized;
  decision->conditions.able_to_scale =
      stabilized != proposal
          ? Condition{true, "ScaleDownStabilized", "recent recommendations were higher"}
          : Condition{true, "ReadyForNewScale", "the recommendation is taken as it is"};
  return LimitLegacyStep(decision->current, stabilized, MinReplicas(), spec_.max_replicas,
                         options_.legacy_scale_up_factor, options_.legacy_scale_up_minimum);
}

Limited Autoscaler::LimitByBehavior(int64_t now_ns, int32_t proposal, Decision* decision) {
  const int64_t window_ns = options_.downscale_window_ns;
  const ResolvedRules up = Resolve(spec_.behavior->scale_up, Direction::kUp, window_ns);
  const ResolvedRules down = Resolve(spec_.behavior->scale_down, Direction::kDown, window_ns);
  const int32_t stabilized =
      log_->StabilizeByBehavior(now_ns, up.stabilization_window_ns, down.stabilization_window_ns,
                                decision->current, proposal);
  decision->stabilized = stabilized;
  if (stabilized == proposal) {
    decision->conditions.able_to_scale = {true, "ReadyForNewScale",
                                          "the recommendation is taken as it is"};
  } else if (proposal >= decision->current) {
    decision->conditions.able_to_scale = {true, "ScaleUpStabilized",
                                          "recent recommendations were lower"};
  } else {
    decision->conditions.able_to_scale = {true, "ScaleDownStabilized",
                                          "recent recommendations were higher"};
  }
  Limited limited = LimitRate(up, down, events_, now_ns, decision->current, stabilized,
                              MinReplicas(), spec_.max_replicas);
  // Only from zero can a size below min come out: min binds downward moves alone.
  if (decision->current == 0 && limited.replicas < MinReplicas()) {
    limited = {MinReplicas(), "TooFewReplicas", ""};
  }
  return limited;
}

void Autoscaler::WriteScale(int64_t now_ns, const ScaleWriter& write, Decision* decision) {
  WriteOutcome outcome = WriteOutcome::kWritten;
  if (write) {
    const int attempts = options_.conflict_retried ? kMaxWriteAttempts : 1;
    for (int attempt = 0; attempt < attempts; ++attempt) {
      outcome = write(decision->desired);
      if (outcome != WriteOutcome::kConflict) break;
    }
  }
  if (outcome != WriteOutcome::kWritten) {
    decision->desired = decision->current;
    decision->error = "failed to rescale: the scale subresource could not be written";
    decision->conditions.able_to_scale = {false, "FailedUpdateScale", decision->error};
    return;
  }
  decision->scale_written = true;
  decision->conditions.able_to_scale = {true, "SucceededRescale",
                                        absl::StrCat("the new size is ", decision->desired)};
  scaled_to_zero_ = decision->desired == 0 && decision->current > 0 && MinReplicas() == 0 &&
                    HasObjectOrExternalMetric();
  if (!spec_.behavior.has_value()) return;
  const bool up = decision->desired > decision->current;
  const ResolvedRules rules =
      Resolve(up ? spec_.behavior->scale_up : spec_.behavior->scale_down,
              up ? Direction::kUp : Direction::kDown, options_.downscale_window_ns);
  const int32_t change =
      up ? decision->desired - decision->current : decision->current - decision->desired;
  StoreScaleEvent(change, now_ns, LongestPeriodSeconds(rules), up ? &events_.up : &events_.down);
}

}  // namespace simulator::hpa
