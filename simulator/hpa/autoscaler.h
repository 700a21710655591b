// The Horizontal Pod Autoscaler of one workload, decision by decision as the real controller.
//
// The owner calls Reconcile() once per sync with what the API would show at that instant; the
// object keeps what the controller keeps in memory between reconciles: the log of recommendations,
// the scale events of both directions and the ScaledToZero condition. It owns no clock, no thread
// and no pods. Not thread-safe; one object per HorizontalPodAutoscaler.
//
// Timing is the caller's: the next reconcile is due options.sync_period_ns after the END of this
// one; give each reconcile a small positive duration (10 ms), because on an exact 15 s grid the
// equality cases of windows and periods fire, which a real controller practically never meets.
//
//   Autoscaler autoscaler(spec, Options::Released());
//   Decision decision = autoscaler.Reconcile(now_ns, observation);
//   if (decision.scale_written) workload.Resize(decision.desired);   // decision.explanation says
//   why
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "simulator/hpa/options.h"
#include "simulator/hpa/recommendation_log.h"
#include "simulator/hpa/scale_events.h"
#include "simulator/hpa/scaling_policies.h"
#include "simulator/hpa/types.h"

namespace simulator::hpa {

enum class SelectorState { kUsable, kEmptyOrUnparsable, kAmbiguous };

// What the API server and the metrics pipeline show at one instant. `readings[i]` belongs to
// `spec.metrics[i]` (one reading for cpu when the list is empty). No scale: it could not be read.
struct Observation {
  std::optional<Scale> scale;
  SelectorState selector = SelectorState::kUsable;
  std::vector<Pod> pods;  // all pods under the selector, whatever their phase or owner
  std::vector<MetricReading> readings;
};

// A condition of the autoscaler's status; an empty reason: not set by this reconcile.
struct Condition {
  bool status = false;
  std::string reason;  // the controller's own word, e.g. "ScaleDownStabilized"
  std::string message;
};

struct Conditions {
  Condition able_to_scale;
  Condition scaling_active;
  Condition scaling_limited;
};

// What one metric said: `proposal` replicas, or why it is invalid.
struct MetricOutcome {
  std::optional<int32_t> proposal;
  std::string error;
  std::string text;  // "cpu 84 % of 70 % -> 12"
};

struct Decision {
  int32_t current = 0;  // scale.spec.replicas before
  int32_t desired = 0;  // status.desiredReplicas after
  bool scale_written = false;
  std::optional<int32_t> proposal;  // largest valid proposal; absent: metrics not read or unusable
  std::optional<int32_t> stabilized;  // after the stabilization windows
  std::string error;                  // the reconcile's error; it may still have scaled
  Conditions conditions;
  std::vector<MetricOutcome> metrics;
  std::string explanation;  // one line in words, for reports
};

enum class WriteOutcome { kWritten, kConflict, kFailed };

// Writes spec.replicas of the target. Called up to five times per reconcile while it
// answers kConflict and options.conflict_retried is on, else once.
using ScaleWriter = std::function<WriteOutcome(int32_t replicas)>;

class Autoscaler {
 public:
  Autoscaler(Spec spec, Options options);

  // One reconcile. `now_ns` must not go backwards. Without a writer every write succeeds.
  Decision Reconcile(int64_t now_ns, const Observation& observation,
                     const ScaleWriter& write = nullptr);

  const Spec& spec() const { return spec_; }
  const Options& options() const { return options_; }

  // The controller's memory, for tests and for starting in the middle of a history.
  // A controller restart is a new object: the first reconcile then holds the current size.
  void RestoreRecommendations(RecommendationLog log) { log_ = std::move(log); }
  void RestoreScaledToZero(bool scaled_to_zero) { scaled_to_zero_ = scaled_to_zero; }
  ScaleEvents* mutable_events() { return &events_; }
  bool scaled_to_zero() const { return scaled_to_zero_; }

 private:
  bool MayLeaveZero(int32_t min_replicas) const;
  // Metrics, then stabilization and limits. Absent: no usable decision.
  std::optional<Limited> DecideFromMetrics(int64_t now_ns, const Observation& observation,
                                           Decision* decision);
  Limited LimitLegacy(int64_t now_ns, int32_t proposal, Decision* decision);
  Limited LimitByBehavior(int64_t now_ns, int32_t proposal, Decision* decision);
  // Writes desired and records the event; a failed write leaves the current size.
  void WriteScale(int64_t now_ns, const ScaleWriter& write, Decision* decision);
  int32_t MinReplicas() const { return spec_.min_replicas.value_or(1); }
  bool HasObjectOrExternalMetric() const;
  Tolerance EffectiveTolerance() const;

  Spec spec_;
  Options options_;
  std::optional<RecommendationLog> log_;
  ScaleEvents events_;
  bool scaled_to_zero_ = false;
};

}  // namespace simulator::hpa
