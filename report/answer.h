#pragma once

#include <string>
#include <vector>

#include "model/result.pb.h"
#include "model/verdict.pb.h"
#include "report/expression.h"

// What a Result answers, in sentences: the first page of a run.

namespace report {

// One threshold of the scenario, judged on the whole interval of its quantity where it has one.
struct ThresholdAnswer {
  std::string text;      // "p(95) of http_req_duration < 200 ms"
  std::string quantity;  // "p95_ms"; "" when no quantity of the Result stands for it
  Interval value;
  double limit = 0;
  model::Verdict::Outcome outcome = model::Verdict::UNDECIDED;
};

struct HeadlineFigure {
  std::string name;  // of the quantity
  Interval value;
  std::string parts;  // what the interval is made of; "" for a point
};

struct Answer {
  std::string question;
  model::Verdict::Outcome outcome = model::Verdict::UNDECIDED;
  std::string sentence;
  std::vector<ThresholdAnswer> thresholds;
  std::vector<HeadlineFigure> figures;  // three to five
  std::string first_bottleneck;         // "database_cpu 84 % of 32"; "" when not reported
  std::string second_bottleneck;
};

// holds: every threshold holds with its whole interval; fails: one fails with its whole interval;
// holds if: an interval holds both answers; undecided: no thresholds, or the Result is not valid.
Answer AnswerOf(const model::Result& result);

}  // namespace report
