#include "tests/conformance/score_report.h"

#include <boost/json.hpp>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace conformance {
namespace {

constexpr double kCrossingTolerance = 0.05;

std::string Row(const std::string& point, uint64_t users, const Score& score) {
  const char* verdict = score.tolerance <= 0 ? "" : score.within() ? "within" : "MISS";
  return absl::StrFormat(
      "%-10s %6d  %-14s %10.2f %10.2f  %10.2f ..%10.2f  %+7.1f %%  %5s  %s\n", point, users,
      score.figure, score.predicted, score.centre, score.low, score.high, 100 * score.error,
      score.tolerance > 0 ? absl::StrFormat("%.0f %%", 100 * score.tolerance) : "-", verdict);
}

boost::json::value ToJson(const PointReport& point) {
  boost::json::object object;
  object["share_of_saturation"] = point.share;
  object["users"] = point.users;
  object["predicted"] = ToJson(point.predicted);
  boost::json::array measured;
  for (const MeasuredPoint& item : point.measured) measured.push_back(ToJson(item));
  object["measured"] = std::move(measured);
  boost::json::array scores;
  for (const Score& score : point.scores) scores.push_back(ToJson(score));
  object["scores"] = std::move(scores);
  return object;
}

}  // namespace

void ScoreReport::FillScores() {
  for (PointReport& point : points) {
    std::vector<Figures> measured;
    for (const MeasuredPoint& item : point.measured) measured.push_back(item.figures);
    point.scores = ScorePoint(point.predicted, measured);
  }
  crossing_score = MakeScore("crossing_users", static_cast<double>(crossing.users), crossing_seen,
                             kCrossingTolerance);
}

std::vector<const Score*> ScoreReport::AllScores() const {
  std::vector<const Score*> all;
  for (const PointReport& point : points) {
    for (const Score& score : point.scores) all.push_back(&score);
  }
  if (crossing_wanted) all.push_back(&crossing_score);
  return all;
}

std::string ScoreTable(const ScoreReport& report) {
  std::string table = absl::StrFormat(
      "%d pods of %g cores (%d workers), PostgreSQL %g cores, period %s, think time %g s\n"
      "saturation %.0f requests/s; calibrated at",
      report.limits.pods, report.limits.server_cores, report.limits.workers,
      report.limits.database_cores, absl::FormatDuration(report.limits.period),
      report.think_time_seconds, report.saturation_per_second);
  for (double load : report.calibrated_at) absl::StrAppendFormat(&table, " %.0f", load);
  absl::StrAppend(&table, " requests/s\n\n");
  absl::StrAppendFormat(&table, "%-10s %6s  %-14s %10s %10s  %22s  %9s  %5s\n", "load", "users",
                        "figure", "predicted", "measured", "smallest .. largest", "error", "limit");
  for (const PointReport& point : report.points) {
    for (const Score& score : point.scores) {
      absl::StrAppend(&table,
                      Row(absl::StrFormat("%.0f %%", 100 * point.share), point.users, score));
    }
  }
  if (!report.crossing_wanted) return table;
  absl::StrAppend(&table, Row(absl::StrFormat("p95 %g ms", report.limit_ms), report.crossing.users,
                              report.crossing_score));
  if (report.crossing_not_reached > 0) {
    absl::StrAppendFormat(
        &table,
        "%d of %d restarts stayed below %g ms at every load tried: their crossing "
        "is a lower bound, the highest of these loads\n",
        report.crossing_not_reached, report.crossing_seen.size(), report.limit_ms);
  }
  return table;
}

std::string ScoreJson(const ScoreReport& report) {
  boost::json::object object;
  object["limits"] = {{"pods", report.limits.pods},
                      {"server_cores", report.limits.server_cores},
                      {"database_cores", report.limits.database_cores},
                      {"period_seconds", absl::ToDoubleSeconds(report.limits.period)},
                      {"workers", report.limits.workers},
                      {"connections_per_worker", report.limits.connections_per_worker},
                      {"connection_limit", report.limits.connection_limit},
                      {"cache", report.limits.cache}};
  object["think_law"] = report.think_law;
  object["think_time_seconds"] = report.think_time_seconds;
  object["limit_ms"] = report.limit_ms;
  object["saturation_per_second"] = report.saturation_per_second;
  object["saturation_seen"] = boost::json::value_from(report.saturation_seen);
  object["calibrated_at"] = boost::json::value_from(report.calibrated_at);
  boost::json::array points;
  for (const PointReport& point : report.points) points.push_back(ToJson(point));
  object["points"] = std::move(points);
  if (report.crossing_wanted) {
    object["crossing"] = ToJson(report.crossing);
    object["crossing_not_reached"] = report.crossing_not_reached;
    object["crossing_score"] = ToJson(report.crossing_score);
  }
  return boost::json::serialize(object) + "\n";
}

}  // namespace conformance
