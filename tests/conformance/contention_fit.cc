#include "tests/conformance/contention_fit.h"

#include <algorithm>
#include <cmath>
#include <eigen3/Eigen/Dense>
#include <limits>

namespace conformance {
namespace {

// Logarithms of demand, cores, sigma and kappa: all stay positive.
using Parameters = Eigen::Vector4d;

double Model(const Parameters& p, double n) {
  const double usl = n / (1 + std::exp(p[2]) * (n - 1) + std::exp(p[3]) * n * (n - 1));
  return std::min(std::exp(p[1]), usl) / std::exp(p[0]);
}

Eigen::VectorXd Residuals(const Parameters& p, const std::vector<CurvePoint>& points) {
  Eigen::VectorXd r(points.size());
  for (size_t i = 0; i < points.size(); ++i) {
    r[static_cast<Eigen::Index>(i)] = Model(p, points[i].connections) / points[i].per_second - 1;
  }
  return r;
}

Eigen::MatrixXd Jacobian(const Parameters& p, const std::vector<CurvePoint>& points) {
  Eigen::MatrixXd j(points.size(), 4);
  for (int k = 0; k < 4; ++k) {
    Parameters up = p, down = p;
    up[k] += 1e-5;
    down[k] -= 1e-5;
    j.col(k) = (Residuals(up, points) - Residuals(down, points)) / 2e-5;
  }
  return j;
}

Parameters Improve(Parameters p, const std::vector<CurvePoint>& points) {
  double damping = 1e-2;
  Eigen::VectorXd r = Residuals(p, points);
  for (int i = 0; i < 300 && damping < 1e12; ++i) {
    const Eigen::MatrixXd j = Jacobian(p, points);
    const Eigen::Matrix4d normal = j.transpose() * j + damping * Eigen::Matrix4d::Identity() * 1e-3;
    const Eigen::Vector4d step = -normal.ldlt().solve(j.transpose() * r);
    Parameters next = p + step.cwiseMax(-2).cwiseMin(2);
    next[2] = std::clamp(next[2], -30.0, 2.0);
    next[3] = std::clamp(next[3], -40.0, 2.0);
    const Eigen::VectorXd tried = Residuals(next, points);
    if (tried.squaredNorm() < r.squaredNorm()) {
      p = next;
      r = tried;
      damping = std::max(1e-9, damping / 3);
    } else {
      damping *= 4;
    }
  }
  return p;
}

}  // namespace

double ContentionFit::PerSecond(double n) const {
  return std::min(cores, n / (1 + sigma * (n - 1) + kappa * n * (n - 1))) / demand_seconds;
}

absl::StatusOr<ContentionFit> FitContention(const std::vector<CurvePoint>& points) {
  if (points.size() < 5) return absl::InvalidArgumentError("a curve needs at least 5 points");
  double most = 0, alone = std::numeric_limits<double>::max();
  for (const CurvePoint& point : points) {
    if (!(point.per_second > 0)) return absl::InvalidArgumentError("a throughput is not positive");
    most = std::max(most, point.per_second);
    alone = std::min(alone, point.per_second / point.connections);
  }
  for (const CurvePoint& point : points) {
    if (point.connections <= 1) alone = point.per_second;
  }
  Parameters best;
  double error = std::numeric_limits<double>::max();
  for (double sigma : {1e-4, 1e-2, 0.2}) {
    for (double kappa : {1e-8, 1e-5, 1e-3}) {
      const Parameters start(std::log(1 / alone), std::log(most / alone), std::log(sigma),
                             std::log(kappa));
      const Parameters p = Improve(start, points);
      const double squares = Residuals(p, points).squaredNorm();
      if (squares < error) {
        error = squares;
        best = p;
      }
    }
  }
  ContentionFit fit;
  fit.demand_seconds = std::exp(best[0]);
  fit.cores = std::exp(best[1]);
  fit.sigma = std::exp(best[2]);
  fit.kappa = std::exp(best[3]);
  const double n = static_cast<double>(points.size());
  fit.residual = std::sqrt(error / n);
  const Eigen::MatrixXd j = Jacobian(best, points);
  const Eigen::Matrix4d information = j.transpose() * j;
  const Eigen::Matrix4d covariance =
      (information + 1e-12 * Eigen::Matrix4d::Identity()).inverse() * error / std::max(1.0, n - 4);
  fit.sigma_standard_error = fit.sigma * std::sqrt(std::max(0.0, covariance(2, 2)));
  fit.kappa_standard_error = fit.kappa * std::sqrt(std::max(0.0, covariance(3, 3)));
  return fit;
}

}  // namespace conformance
