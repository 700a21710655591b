#include "simulator/hpa/vectors/kinds.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "boost/json/array.hpp"
#include "simulator/hpa/pod_sorting.h"
#include "simulator/hpa/quantity.h"
#include "simulator/hpa/replica_calculator.h"
#include "simulator/hpa/vectors/inputs.h"

namespace simulator::hpa {
namespace {

using boost::json::array;
using boost::json::object;

object ErrorOf(const absl::Status& status) { return {{"error", std::string(status.message())}}; }

array Names(const std::set<std::string>& names) { return array(names.begin(), names.end()); }

object ResourceUtilization(Fields& input, const Options& options) {
  const std::string resource = input.String("resource", "resource");
  const std::vector<Pod> pods = ReadPods(input, resource);
  const CalculationContext context{
      options, options.tolerance, 0, input.Int32("current_replicas"), 0, pods};
  absl::StatusOr<Proposal> proposal = ProposeUtilization(
      context, resource, "", input.Int32("target_utilization_pct"), ReadSamples(input));
  if (!proposal.ok()) return ErrorOf(proposal.status());
  return {{"replicas", proposal->replicas},
          {"utilization_pct", proposal->utilization_percent},
          {"raw_average_milli", proposal->usage_milli}};
}

object PodsMetric(Fields& input, const Options& options) {
  const std::string resource = input.String("resource", "");
  const std::vector<Pod> pods = ReadPods(input, resource);
  const CalculationContext context{
      options, options.tolerance, 0, input.Int32("current_replicas"), 0, pods};
  absl::StatusOr<Proposal> proposal =
      ProposeAverage(context, resource, input.Int("target_average_milli"), ReadSamples(input));
  if (!proposal.ok()) return ErrorOf(proposal.status());
  return {{"replicas", proposal->replicas}, {"average_milli", proposal->usage_milli}};
}

object Total(Fields& input, const Options& options, MetricType type, bool average) {
  const std::vector<Pod> pods = ReadPods(input, "");
  const CalculationContext context{options,
                                   options.tolerance,
                                   0,
                                   average ? 0 : input.Int32("current_replicas"),
                                   average ? input.Int32("status_replicas") : 0,
                                   pods};
  MetricSpec spec;
  spec.type = type;
  spec.target_average_milli = input.OptionalInt("target_average_milli");
  spec.target_value_milli = input.OptionalInt("target_value_milli");
  MetricReading reading;
  reading.values_milli = input.Ints("metric_values_milli");
  absl::StatusOr<Proposal> proposal = Propose(context, spec, reading);
  if (!proposal.ok()) return ErrorOf(proposal.status());
  return {{"replicas", proposal->replicas},
          {average ? "average_milli" : "usage_milli", proposal->usage_milli}};
}

object GroupPods(Fields& input, const Options& options) {
  const std::string resource = input.String("resource", "");
  const SortedPods sorted =
      SortPods(ReadPods(input, resource), ReadSamples(input), resource == "cpu", options, 0);
  return {{"ready_count", sorted.ready_count},
          {"unready", Names(sorted.unready)},
          {"missing", Names(sorted.missing)},
          {"ignored", Names(sorted.ignored)}};
}

object RequestOfPod(Fields& input, const Options&) {
  const std::string resource = input.String("resource", "cpu");
  Pod pod;
  pod.name = "pod";
  if (std::optional<int64_t> request = input.OptionalInt("pod_level_request_milli")) {
    pod.pod_level_request_milli[resource] = *request;
  }
  for (const std::optional<int64_t>& request : input.OptionalInts("containers_request_milli")) {
    ContainerRequests container{absl::StrCat("container", pod.containers.size() + 1), {}};
    if (request.has_value()) container.request_milli[resource] = *request;
    pod.containers.push_back(std::move(container));
  }
  absl::StatusOr<int64_t> sum = PodRequest(pod, resource, "", input.Bool("pod_level_gate", false));
  if (!sum.ok()) return ErrorOf(sum.status());
  return {{"request_milli", *sum}};
}

object LegacyLimits(Fields& input, const Options& options) {
  const Limited limited = LimitLegacyStep(
      input.Int32("current_replicas"), input.Int32("desired_replicas"), input.Int32("min_replicas"),
      input.Int32("max_replicas"), options.legacy_scale_up_factor, options.legacy_scale_up_minimum);
  return {{"replicas", limited.replicas}, {"reason", limited.reason}};
}

object LegacyStabilize(Fields& input, const Options& options) {
  RecommendationLog log(ReadRecommendations(input));
  const int32_t replicas =
      log.StabilizeLegacy(0, options.downscale_window_ns, input.Int32("desired_replicas"));
  return {{"replicas", replicas}, {"log_length", log.entries().size()}};
}

object BehaviorRuleLimit(Fields& input, const Options& options) {
  const std::string name = input.String("direction", "");
  if (name != "up" && name != "down") input.Fail("direction", "up or down");
  const Direction direction = name == "down" ? Direction::kDown : Direction::kUp;
  const ResolvedRules rules =
      Resolve(ReadRules(input.Object("rules")), direction, options.downscale_window_ns);
  const ScaleEvents events{ReadEvents(input, "scale_up_events"),
                           ReadEvents(input, "scale_down_events")};
  return {
      {"limit", LimitOf(rules, direction, input.Int32("current_replicas"), events, 0).replicas}};
}

object BehaviorRate(Fields& input, const Options& options) {
  const ResolvedRules up = Resolve(ReadRules(input.Object("scale_up_rules")), Direction::kUp,
                                   options.downscale_window_ns);
  const ResolvedRules down = Resolve(ReadRules(input.Object("scale_down_rules")), Direction::kDown,
                                     options.downscale_window_ns);
  const ScaleEvents events{ReadEvents(input, "scale_up_events"),
                           ReadEvents(input, "scale_down_events")};
  const Limited limited = LimitRate(up, down, events, 0, input.Int32("current_replicas"),
                                    input.Int32("desired_replicas"), input.Int32("min_replicas"),
                                    input.Int32("max_replicas"));
  return {{"replicas", limited.replicas}, {"reason", limited.reason}};
}

object BehaviorStabilize(Fields& input, const Options& options) {
  RecommendationLog log(ReadRecommendations(input));
  const int32_t replicas =
      log.StabilizeByBehavior(0, input.Ns("scale_up_window_s", 0),
                              input.Ns("scale_down_window_s", options.downscale_window_ns),
                              input.Int32("current_replicas"), input.Int32("desired_replicas"));
  array values;
  for (const Recommendation& entry : log.entries()) values.push_back(entry.replicas);
  return {{"replicas", replicas}, {"log_values", values}};
}

object StoreInDirection(Fields& input, const Options& options, Direction direction) {
  ScaleEventList events = ReadEvents(input, "events");
  const int32_t before = ChangeWithin(events, 0, input.Int32("query_period_s"));
  const int32_t change = input.Int32("replica_change");
  if (std::optional<Fields> fields = input.Object("rules")) {
    const ResolvedRules rules = Resolve(ReadRules(*fields), direction, options.downscale_window_ns);
    StoreScaleEvent(change, 0, LongestPeriodSeconds(rules), &events);
  }
  array after;
  for (const ScaleEvent& event : events) {
    after.push_back(object{{"change", event.change}, {"outdated", event.outdated}});
  }
  return {{"change_in_query_period_before", before}, {"events_after", after}};
}

// One table for both directions: the answers must agree.
object ScaleEventStore(Fields& input, const Options& options) {
  const object up = StoreInDirection(input, options, Direction::kUp);
  const object down = StoreInDirection(input, options, Direction::kDown);
  if (up == down) return up;
  return {{"up", up}, {"down", down}};
}

object Reconcile(Fields& input, const Options& options) {
  const Spec spec = ReadSpec(input);
  Autoscaler autoscaler(spec, options);
  if (input.Has("recommendations")) {
    autoscaler.RestoreRecommendations(RecommendationLog(ReadRecommendations(input)));
  }
  autoscaler.RestoreScaledToZero(input.Bool("scaled_to_zero_condition", false));
  const Decision decision = autoscaler.Reconcile(0, ReadObservation(input, spec));
  const Conditions& conditions = decision.conditions;
  return {{"replicas", decision.desired},
          {"scale_updated", decision.scale_written},
          {"reconcile_error", !decision.error.empty()},
          {"condition_reasons", object{{"AbleToScale", conditions.able_to_scale.reason},
                                       {"ScalingActive", conditions.scaling_active.reason},
                                       {"ScalingLimited", conditions.scaling_limited.reason}}}};
}

using Runner = object (*)(Fields&, const Options&);

template <MetricType type, bool average>
object TotalOf(Fields& input, const Options& options) {
  return Total(input, options, type, average);
}

const std::map<std::string, Runner>& Runners() {
  static const auto& runners = *new std::map<std::string, Runner>{
      {"replica_calc_resource_utilization", ResourceUtilization},
      {"replica_calc_pods_metric", PodsMetric},
      {"replica_calc_object_value", TotalOf<MetricType::kObject, false>},
      {"replica_calc_external_value", TotalOf<MetricType::kExternal, false>},
      {"replica_calc_object_average", TotalOf<MetricType::kObject, true>},
      {"replica_calc_external_average", TotalOf<MetricType::kExternal, true>},
      {"group_pods", GroupPods},
      {"pod_request", RequestOfPod},
      {"legacy_limits", LegacyLimits},
      {"legacy_stabilize", LegacyStabilize},
      {"behavior_rule_limit", BehaviorRuleLimit},
      {"behavior_rate", BehaviorRate},
      {"behavior_stabilize", BehaviorStabilize},
      {"scale_event_store", ScaleEventStore},
      {"reconcile", Reconcile},
  };
  return runners;
}

}  // namespace

absl::StatusOr<boost::json::object> RunKind(const std::string& kind, Fields& input,
                                            const Options& options) {
  const auto runner = Runners().find(kind);
  if (runner == Runners().end()) {
    return absl::InvalidArgumentError(absl::StrCat("unknown kind '", kind, "'"));
  }
  const Options with_input = ReadOptions(input, options);
  object answer = runner->second(input, with_input);
  if (!input.error().empty()) return absl::InvalidArgumentError(input.error());
  return answer;
}

}  // namespace simulator::hpa
