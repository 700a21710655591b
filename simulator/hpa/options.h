// Controller flags, feature gates and the rules that differ between Kubernetes releases.
//
// A profile is a filled-in Options; each difference is a switch of its own, so that a run can be
// repeated with one rule changed.
#pragma once

#include <cstdint>

namespace simulator::hpa {

inline constexpr int64_t kSecond = 1'000'000'000;  // ns

// Fractions by which the usage ratio may leave 1 without any scaling.
struct Tolerance {
  double up = 0.1;
  double down = 0.1;
};

// kTwoSided: (1.0 - down) <= R and R <= (1.0 + up). kAbsolute (v1.32 and older): |1.0 - R| <= up,
// which differs at R = 1.1 exactly (within in the new form, outside in the old one).
enum class ToleranceForm { kTwoSided, kAbsolute };

// What a size of zero means. kScaledToZeroCondition: metrics run only if the autoscaler itself
// went to zero and the gate HPAScaleToZero is on. kMetricsRunWhenMinIsZero: the v1.28 rule.
enum class ZeroReplicasRule { kScaledToZeroCondition, kMetricsRunWhenMinIsZero };

struct Options {
  // Controller flags.
  int64_t sync_period_ns = 15 * kSecond;  // counted from the end of the last reconcile
  Tolerance tolerance;
  int64_t cpu_initialization_period_ns = 300 * kSecond;
  int64_t initial_readiness_delay_ns = 30 * kSecond;
  int64_t downscale_window_ns = 300 * kSecond;
  double legacy_scale_up_factor = 2.0;
  double legacy_scale_up_minimum = 4.0;

  // Feature gates.
  bool scale_to_zero_gate = false;
  bool configurable_tolerance_gate = true;
  bool pod_level_resources_gate = false;

  // Release differences.
  ToleranceForm tolerance_form = ToleranceForm::kTwoSided;
  bool missing_filled_to_target_above_100 = true;        // else 100 % of the request
  bool average_missing_filled_with_zero_at_one = false;  // R = 1 exactly, AverageValue path
  bool average_count_check = true;  // refuse a count against the direction, AverageValue path
  bool succeeded_pods_ignored = false;
  ZeroReplicasRule zero_replicas = ZeroReplicasRule::kScaledToZeroCondition;
  bool conflict_retried = true;  // a conflicting scale write is retried in the same reconcile
  bool first_reconcile_at_once = false;  // else one sync period after creation

  // The API carries startTime, lastTransitionTime and sample times in whole seconds.
  bool whole_second_times = true;

  // The newest rules that are in releases; the simulator's default.
  static Options Released() { return Options{}; }

  // Development sources after 2026-08.
  static Options Newest() {
    Options options;
    options.succeeded_pods_ignored = true;
    options.first_reconcile_at_once = true;
    return options;
  }

  static Options V1_28() {
    Options options;
    options.tolerance_form = ToleranceForm::kAbsolute;
    options.configurable_tolerance_gate = false;
    options.zero_replicas = ZeroReplicasRule::kMetricsRunWhenMinIsZero;
    options.conflict_retried = false;
    return options;
  }

  static Options V1_20() {
    Options options = V1_28();
    options.missing_filled_to_target_above_100 = false;
    options.average_missing_filled_with_zero_at_one = true;
    options.average_count_check = false;
    return options;
  }
};

}  // namespace simulator::hpa
