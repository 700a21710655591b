#include "tests/conformance/campaign_score.h"

#include <boost/json.hpp>
#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace conformance {
namespace {

constexpr double kCrossingTolerance = 0.05;
constexpr double kErrorsWorthARow = 0.001;

// Of a name in Score: what people read, its factor and the digits.
struct Column {
  const char* title;
  double factor;
  int digits;
};

Column ColumnOf(const std::string& figure) {
  static const auto* const kUnits = new std::map<std::string, Column>{
      {"mean_ms", {"mean ms", 1, 2}},       {"p50_ms", {"p50 ms", 1, 2}},
      {"p95_ms", {"p95 ms", 1, 2}},         {"p99_ms", {"p99 ms", 1, 2}},
      {"throughput", {"requests/s", 1, 1}}, {"error_rate", {"errors %", 100, 2}},
      {"crossing_users", {"users", 1, 0}}};
  const auto found = kUnits->find(figure);
  return found == kUnits->end() ? Column{figure.c_str(), 1, 3} : found->second;
}

std::string Percent(double share) { return absl::StrFormat("%+.1f %%", 100 * share); }

const char* Verdict(const Score& score) {
  return score.tolerance <= 0 ? "" : score.within() ? "within" : "miss";
}

std::string Where(const ScoredPoint& scored) {
  const PlannedPoint& point = scored.point;
  std::string text =
      absl::StrCat(point.variant, ", ", point.load(), " (", point.users, " users, ",
                   scored.records.size(), scored.records.size() == 1 ? " restart" : " restarts");
  if (scored.invalid > 0) absl::StrAppend(&text, ", ", scored.invalid, " invalid runs");
  if (scored.not_reached > 0) {
    absl::StrAppend(&text, ", not reached in ", scored.not_reached, ": lower bound");
  }
  return text + ")";
}

const Score* Find(const ScoredPoint& point, const std::string& figure) {
  for (const Score& score : point.scores) {
    if (score.figure == figure) return &score;
  }
  return nullptr;
}

std::string ErrorCell(const ScoredPoint& point, const std::string& figure) {
  const Score* score = Find(point, figure);
  if (score == nullptr) return "";
  return absl::StrCat(Percent(score->error), score->tolerance > 0 && !score->within() ? "*" : "");
}

}  // namespace

ScoredPoint ScoreRecords(const PlannedPoint& point, const std::vector<Record>& records) {
  ScoredPoint scored;
  scored.point = point;
  scored.records = records;
  std::vector<Figures> measured;
  std::vector<double> crossings;
  std::vector<double> errors;
  bool any_errors = point.predicted.error_rate > kErrorsWorthARow;
  for (const Record& record : records) {
    scored.invalid += record.point.valid ? 0 : 1;
    measured.push_back(record.point.figures);
    errors.push_back(record.point.figures.error_rate);
    any_errors = any_errors || errors.back() > kErrorsWorthARow;
    if (!record.crossing.has_value() || record.crossing->users <= 0) continue;
    crossings.push_back(record.crossing->users);
    scored.not_reached += record.crossing->reached ? 0 : 1;
  }
  if (point.crossing()) {
    scored.scores = {MakeScore("crossing_users", static_cast<double>(point.users), crossings,
                               kCrossingTolerance)};
    return scored;
  }
  scored.scores = ScorePoint(point.predicted, measured);
  if (any_errors) {
    scored.scores.push_back(MakeScore("error_rate", point.predicted.error_rate, errors, 0));
  }
  return scored;
}

int CampaignScore::scored() const {
  int count = 0;
  for (const ScoredPoint& point : points) {
    for (const Score& score : point.scores) count += score.tolerance > 0 ? 1 : 0;
  }
  return count;
}

int CampaignScore::missed() const {
  int count = 0;
  for (const ScoredPoint& point : points) {
    for (const Score& score : point.scores) count += score.tolerance > 0 && !score.within();
  }
  return count;
}

std::string CampaignTable(const CampaignScore& score) {
  std::string table =
      "| variant, load | figure | predicted | median | smallest .. largest | error | tolerance | "
      "|\n|---|---|---|---|---|---|---|---|\n";
  for (const ScoredPoint& point : score.points) {
    std::string where = Where(point);
    for (const Score& item : point.scores) {
      const Column column = ColumnOf(item.figure);
      auto number = [&](double value) {
        return absl::StrFormat("%.*f", column.digits, column.factor * value);
      };
      absl::StrAppend(&table, "| ", where, " | ", column.title, " | ", number(item.predicted),
                      " | ", number(item.centre), " | ", number(item.low), " .. ",
                      number(item.high), " | ",
                      std::isfinite(item.error) ? Percent(item.error) : "-", " | ",
                      item.tolerance > 0 ? absl::StrFormat("%.0f %%", 100 * item.tolerance) : "-",
                      " | ", Verdict(item), " |\n");
      where.clear();
    }
  }
  return table;
}

std::string CampaignSummary(const CampaignScore& score) {
  std::string table =
      "| variant | load | requests/s | mean | p95 | p99 | p95 ms predicted / median (smallest .. "
      "largest) | restarts |\n|---|---|---|---|---|---|---|---|\n";
  for (const ScoredPoint& point : score.points) {
    const bool crossing = point.point.crossing();
    const Score* main = Find(point, crossing ? "crossing_users" : "p95_ms");
    absl::StrAppend(&table, "| ", point.point.variant, " | ", point.point.load(), " | ");
    for (const char* figure : {"throughput", "mean_ms", "p95_ms", "p99_ms"}) {
      absl::StrAppend(&table, crossing ? "" : ErrorCell(point, figure), " | ");
    }
    if (crossing) {
      absl::StrAppendFormat(&table, "%.0f / %.0f (%.0f .. %.0f) users, %s", main->predicted,
                            main->centre, main->low, main->high,
                            ErrorCell(point, "crossing_users"));
    } else {
      absl::StrAppendFormat(&table, "%.2f / %.2f (%.2f .. %.2f)", main->predicted, main->centre,
                            main->low, main->high);
    }
    absl::StrAppend(&table, " | ", point.records.size(), " |\n");
  }
  return table;
}

std::string CampaignJson(const CampaignScore& score) {
  boost::json::array points;
  for (const ScoredPoint& point : score.points) {
    boost::json::array scores;
    for (const Score& item : point.scores) scores.push_back(ToJson(item));
    boost::json::array runs;
    for (const Record& record : point.records) runs.push_back(ToJson(record.point));
    points.push_back({{"variant", point.point.variant},
                      {"share_of_saturation", point.point.share},
                      {"users", point.point.users},
                      {"predicted", ToJson(point.point.predicted)},
                      {"scores", std::move(scores)},
                      {"runs", std::move(runs)},
                      {"not_reached", point.not_reached},
                      {"invalid", point.invalid}});
  }
  const boost::json::object all = {
      {"saturation_per_second", score.sealed.saturation_per_second},
      {"calibrated_at", boost::json::value_from(score.sealed.calibrated_at)},
      {"scored", score.scored()},
      {"missed", score.missed()},
      {"points", std::move(points)}};
  return boost::json::serialize(all) + "\n";
}

}  // namespace conformance
