#include "simulator/calibration/regression.h"

#include <algorithm>
#include <cmath>
#include <eigen3/Eigen/Dense>

#include "absl/strings/str_cat.h"

namespace simulator {
namespace {

// A condition number of the weighted, scaled normal matrix above this says nothing about single
// operations any more: rounding and noise would decide.
constexpr double kWorstCondition = 1e7;

std::vector<int> RequestedOperations(const std::vector<Window>& windows, size_t operations) {
  std::vector<int> used;
  for (size_t op = 0; op < operations; ++op) {
    const bool requested = std::any_of(windows.begin(), windows.end(), [op](const Window& window) {
      return window.requests[op] > 0;
    });
    if (requested) used.push_back(static_cast<int>(op));
  }
  return used;
}

double TotalRequests(const Window& window) {
  double total = 0;
  for (double requests : window.requests) total += requests;
  return total;
}

int HighestLevel(const std::vector<Window>& windows) {
  int highest = 0;
  for (const Window& window : windows) highest = std::max(highest, window.level);
  return highest;
}

bool CountsWakeUps(const std::vector<Window>& windows) {
  return std::all_of(windows.begin(), windows.end(),
                     [](const Window& window) { return window.wake_ups >= 0; });
}

bool CountsSleep(const std::vector<Window>& windows) {
  return CountsWakeUps(windows) &&
         std::any_of(windows.begin(), windows.end(),
                     [](const Window& window) { return window.slept_seconds > 0; });
}

// Columns after those of the operations: wake-ups and sleep, or the levels below the highest.
Eigen::Index MoreColumns(const std::vector<Window>& windows) {
  if (CountsWakeUps(windows)) return CountsSleep(windows) ? 2 : 1;
  return HighestLevel(windows);
}

struct System {
  Eigen::MatrixXd design;  // weighted: windows x (1 + used operations + MoreColumns)
  Eigen::VectorXd busy;    // weighted
  Eigen::VectorXd scale;   // columns were divided by this
};

System BuildSystem(const std::vector<Window>& windows, const std::vector<int>& used) {
  System system;
  const auto rows = static_cast<Eigen::Index>(windows.size());
  const auto operations = static_cast<Eigen::Index>(used.size());
  const bool wake_ups = CountsWakeUps(windows);
  const Eigen::Index columns = 1 + operations + MoreColumns(windows);
  system.design.setZero(rows, columns);
  system.busy.resize(rows);
  for (Eigen::Index row = 0; row < rows; ++row) {
    const Window& window = windows[static_cast<size_t>(row)];
    const double weight = 1 / std::sqrt(std::max(1.0, TotalRequests(window)));
    system.design(row, 0) = weight * window.duration_seconds;
    if (wake_ups) {
      system.design(row, 1 + operations) = weight * window.wake_ups;
      if (columns > 2 + operations) {
        system.design(row, 2 + operations) = weight * window.slept_seconds;
      }
    } else if (window.level < HighestLevel(windows)) {
      system.design(row, 1 + operations + window.level) = weight * TotalRequests(window);
    }
    for (Eigen::Index column = 1; column <= operations; ++column) {
      const auto op = static_cast<size_t>(used[static_cast<size_t>(column - 1)]);
      system.design(row, column) = weight * window.requests[op];
    }
    system.busy(row) = weight * window.busy_seconds;
  }
  system.scale = system.design.colwise().norm().cwiseMax(1e-300);
  for (Eigen::Index column = 0; column < columns; ++column) {
    system.design.col(column) /= system.scale(column);
  }
  return system;
}

// The two columns with the largest correlation, for the error message.
std::string MostAlike(const System& system, const std::vector<int>& used,
                      const std::vector<std::string>& operations) {
  double best = -1;
  std::string pair;
  const auto operations_end = static_cast<Eigen::Index>(used.size() + 1);
  for (Eigen::Index a = 1; a < operations_end; ++a) {
    for (Eigen::Index b = a + 1; b < operations_end; ++b) {
      const double cosine = system.design.col(a).dot(system.design.col(b));
      if (cosine <= best) continue;
      best = cosine;
      pair =
          absl::StrCat(operations[static_cast<size_t>(used[static_cast<size_t>(a - 1)])], " and ",
                       operations[static_cast<size_t>(used[static_cast<size_t>(b - 1)])]);
    }
  }
  return pair;
}

// What a request costs more at each level than at the highest, through its wake-ups.
std::vector<double> ExtrasOf(const std::vector<Window>& windows, double wake_up_seconds,
                             double per_slept_second) {
  std::vector<double> requests(static_cast<size_t>(HighestLevel(windows)) + 1, 0);
  std::vector<double> extras(requests.size(), 0);
  for (const Window& window : windows) {
    requests[static_cast<size_t>(window.level)] += TotalRequests(window);
    extras[static_cast<size_t>(window.level)] +=
        window.wake_ups * wake_up_seconds + window.slept_seconds * per_slept_second;
  }
  for (size_t i = 0; i < extras.size(); ++i) extras[i] /= std::max(1.0, requests[i]);
  const double highest = extras.back();
  for (double& extra : extras) extra -= highest;
  return extras;
}

absl::Status CheckShapes(const std::vector<Window>& windows, size_t operations) {
  for (const Window& window : windows) {
    if (window.requests.size() != operations) {
      return absl::InvalidArgumentError(absl::StrCat("a window has ", window.requests.size(),
                                                     " operations, expected ", operations));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<RegressionFit> Fit(const std::vector<Window>& windows,
                                  const std::vector<std::string>& operations) {
  if (absl::Status status = CheckShapes(windows, operations.size()); !status.ok()) return status;
  const std::vector<int> used = RequestedOperations(windows, operations.size());
  const size_t unknowns = 1 + used.size() + static_cast<size_t>(MoreColumns(windows));
  if (windows.size() < unknowns + 3) {
    return absl::FailedPreconditionError(
        absl::StrCat("calibration has ", windows.size(), " windows for ", unknowns,
                     " unknowns; expected at least ", unknowns + 3));
  }
  const System system = BuildSystem(windows, used);
  const Eigen::MatrixXd normal = system.design.transpose() * system.design;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> spectrum(normal);
  const double smallest = spectrum.eigenvalues().minCoeff();
  if (smallest <= 0 || spectrum.eigenvalues().maxCoeff() / smallest > kWorstCondition) {
    return absl::FailedPreconditionError(
        absl::StrCat("the request mixes are too alike to tell operations apart: ",
                     MostAlike(system, used, operations), " move together"));
  }
  const Eigen::VectorXd solution = system.design.colPivHouseholderQr().solve(system.busy);
  const Eigen::VectorXd residual = system.busy - system.design * solution;
  const double variance = residual.squaredNorm() / static_cast<double>(windows.size() - unknowns);
  const Eigen::MatrixXd inverse = normal.inverse();

  RegressionFit fit;
  fit.windows = static_cast<int>(windows.size());
  fit.residual_share = residual.norm() / std::max(1e-300, system.busy.norm());
  fit.baseline = std::max(0.0, solution(0) / system.scale(0));
  fit.baseline_standard_error = std::sqrt(variance * inverse(0, 0)) / system.scale(0);
  const auto more = static_cast<Eigen::Index>(1 + used.size());
  if (CountsWakeUps(windows)) {
    fit.wake_up.mean_seconds = std::max(0.0, solution(more) / system.scale(more));
    fit.wake_up.standard_error_seconds =
        std::sqrt(variance * inverse(more, more)) / system.scale(more);
    for (const Window& window : windows) fit.wake_up.requests += window.wake_ups;
    if (CountsSleep(windows)) {
      fit.slept_second.mean_seconds = solution(more + 1) / system.scale(more + 1);
      fit.slept_second.standard_error_seconds =
          std::sqrt(variance * inverse(more + 1, more + 1)) / system.scale(more + 1);
      for (const Window& window : windows) fit.slept_second.requests += window.wake_ups;
    }
    fit.extra_seconds = ExtrasOf(windows, fit.wake_up.mean_seconds, fit.slept_second.mean_seconds);
  } else {
    for (int level = 0; level < HighestLevel(windows); ++level) {
      fit.extra_seconds.push_back(solution(more + level) / system.scale(more + level));
    }
    fit.extra_seconds.push_back(0);
  }
  fit.covariance.assign(operations.size() * operations.size(), 0);
  for (size_t a = 0; a < used.size(); ++a) {
    for (size_t b = 0; b < used.size(); ++b) {
      const auto row = static_cast<Eigen::Index>(a + 1);
      const auto column = static_cast<Eigen::Index>(b + 1);
      const auto cell =
          static_cast<size_t>(used[a]) * operations.size() + static_cast<size_t>(used[b]);
      fit.covariance[cell] =
          variance * inverse(row, column) / (system.scale(row) * system.scale(column));
    }
  }
  fit.demands.resize(operations.size());
  for (size_t i = 0; i < used.size(); ++i) {
    const auto column = static_cast<Eigen::Index>(i + 1);
    FittedDemand& demand = fit.demands[static_cast<size_t>(used[i])];
    demand.mean_seconds = std::max(0.0, solution(column) / system.scale(column));
    demand.standard_error_seconds =
        std::sqrt(variance * inverse(column, column)) / system.scale(column);
    for (const Window& window : windows) {
      demand.requests += window.requests[static_cast<size_t>(used[i])];
    }
  }
  return fit;
}

}  // namespace

absl::StatusOr<RegressionFit> FitDemands(const std::vector<Window>& windows,
                                         const std::vector<std::string>& operations) {
  auto fit = Fit(windows, operations);
  if (!fit.ok() || !CountsSleep(windows)) return fit;
  const FittedDemand& slept = fit->slept_second;
  const bool seen = slept.mean_seconds > 2 * slept.standard_error_seconds;
  if (seen && fit->wake_up.mean_seconds > 0) return fit;
  std::vector<Window> without = windows;
  for (Window& window : without) window.slept_seconds = 0;
  return Fit(without, operations);
}

namespace {

// Demands below zero were cut to zero one by one, which makes the others too large together: all
// are scaled so that the common mix costs what its mix was found to cost.
void ScaleToMix(const std::vector<Window>& windows, const std::vector<bool>& same_mix,
                double mix_seconds, RegressionFit* fit) {
  double requests = 0;
  double busy = 0;
  for (size_t i = 0; i < windows.size(); ++i) {
    if (!same_mix[i]) continue;
    requests += TotalRequests(windows[i]);
    for (size_t op = 0; op < fit->demands.size(); ++op) {
      busy += windows[i].requests[op] * fit->demands[op].mean_seconds;
    }
  }
  if (busy <= 0 || mix_seconds <= 0) return;
  const double factor = mix_seconds * requests / busy;
  for (FittedDemand& demand : fit->demands) {
    demand.mean_seconds *= factor;
    demand.standard_error_seconds *= factor;
  }
  for (double& covariance : fit->covariance) covariance *= factor * factor;
}

}  // namespace

absl::StatusOr<RegressionFit> FitInTwoSteps(const std::vector<Window>& windows,
                                            const std::vector<bool>& same_mix,
                                            const std::vector<std::string>& operations) {
  if (!CountsWakeUps(windows)) return FitDemands(windows, operations);
  std::vector<Window> mixed;
  for (size_t i = 0; i < windows.size(); ++i) {
    if (!same_mix[i]) continue;
    mixed.push_back(windows[i]);
    mixed.back().requests = {TotalRequests(windows[i])};
  }
  auto mix = FitDemands(mixed, {"the mix"});
  if (!mix.ok() || mix->wake_up.mean_seconds <= 0) return FitDemands(windows, operations);
  std::vector<Window> rest = windows;
  for (Window& window : rest) {
    window.busy_seconds -= window.wake_ups * mix->wake_up.mean_seconds +
                           window.slept_seconds * mix->slept_second.mean_seconds;
    window.wake_ups = -1;
    window.level = 0;
  }
  auto fit = FitDemands(rest, operations);
  if (!fit.ok()) return fit;
  ScaleToMix(windows, same_mix, mix->demands[0].mean_seconds, &*fit);
  fit->wake_up = mix->wake_up;
  fit->slept_second = mix->slept_second;
  fit->extra_seconds = ExtrasOf(windows, mix->wake_up.mean_seconds, mix->slept_second.mean_seconds);
  return fit;
}

}  // namespace simulator
