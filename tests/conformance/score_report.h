#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/conformance/limited_host.h"
#include "tests/conformance/measured_point.h"
#include "tests/conformance/scoring.h"

// Everything a blind run found, as a table for people and as JSON.

namespace conformance {

struct PointReport {
  double share = 0;  // of saturation; 0: the crossing
  uint64_t users = 0;
  Figures predicted;
  std::vector<MeasuredPoint> measured;
  std::vector<Score> scores;
};

struct ScoreReport {
  HostLimits limits;
  double think_time_seconds = 0;
  std::string think_law = "exponential";
  bool crossing_wanted = true;  // predicted and measured
  double limit_ms = 0;
  double saturation_per_second = 0;     // when calibrated, without think time
  std::vector<double> saturation_seen;  // after each restart
  std::vector<double> calibrated_at;    // requests/s
  std::vector<PointReport> points;
  PointReport crossing;               // measured: every load tried
  std::vector<double> crossing_seen;  // users, one a restart that crossed
  int crossing_not_reached = 0;       // restarts that stayed below the limit at every load tried;
  // crossing_seen then holds the highest of those loads, a lower bound
  Score crossing_score;  // tolerance 5 %

  void FillScores();
  std::vector<const Score*> AllScores() const;
};

std::string ScoreTable(const ScoreReport& report);
std::string ScoreJson(const ScoreReport& report);

}  // namespace conformance
