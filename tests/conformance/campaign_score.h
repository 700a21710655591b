#pragma once

#include <string>
#include <vector>

#include "tests/conformance/campaign_store.h"
#include "tests/conformance/scoring.h"

// A campaign's result: every prediction beside its restarts, as Markdown that docs/validation.md
// can take as it is, and as JSON.

namespace conformance {

struct ScoredPoint {
  PlannedPoint point;
  std::vector<Record> records;
  // Figures of the point, with an `error_rate` (no tolerance) where either side has one above
  // 0.1 %; of the crossing only `crossing_users`, tolerance 5 %.
  std::vector<Score> scores;
  int not_reached = 0;  // restarts whose crossing is a lower bound
  int invalid = 0;      // by the load generator's judgement
};

struct CampaignScore {
  SealedCampaign sealed;
  std::vector<ScoredPoint> points;  // that were measured at least once

  int scored() const;  // figures with a tolerance
  int missed() const;  // of these: outside of it
};

ScoredPoint ScoreRecords(const PlannedPoint& point, const std::vector<Record>& records);

// One row a figure: predicted, median, smallest .. largest, error, tolerance, within or miss.
std::string CampaignTable(const CampaignScore& score);
// One row a point: the errors alone.
std::string CampaignSummary(const CampaignScore& score);
std::string CampaignJson(const CampaignScore& score);

}  // namespace conformance
