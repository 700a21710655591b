#pragma once

#include <string>
#include <utility>
#include <vector>

#include "report/expression.h"

namespace report {

// Think times at which a frontier is worked out that needs no simulation.
inline constexpr double kThinkTimes[] = {5, 10, 20, 60, 120};

// "10 s"
std::string SecondsText(double seconds);

// Where the answer to one question changes over the think times.
class Frontier {
 public:
  // By ascending think time.
  void Add(double think_seconds, Truth answer);

  // "think time 5 s fails, 10 s holds; the answer changes between 5 s (fails) and 10 s (holds)";
  // empty with fewer than two answers.
  std::string Text() const;

 private:
  std::string WhereItChanges() const;

  std::vector<std::pair<double, std::string>> answers_;
};

}  // namespace report
