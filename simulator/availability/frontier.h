#pragma once

#include <string>
#include <vector>

#include "simulator/availability/class_file.h"
#include "simulator/availability/failure_classes.h"

// The frontier of an availability target over failure rate x recovery time: what each class of
// failures may be, not one number from assumed rates.
namespace simulator::availability {

struct ClassFrontier {
  FailureClass failure;
  StatedClass stated;  // empty name: nothing was stated
  double share = 0;    // of all requests over time that this class may lose
  struct Point {
    double failures_per_year = 0;  // of one component
    double recovery_seconds = 0;   // at most, as users see it
    double repair_seconds = 0;     // at most, of redundant components; 0: no such question
  };
  std::vector<Point> points;
  double used = 0;  // by the stated figures, same unit as share; 0: none stated
};

struct Frontier {
  double target = 0;  // 0.9999
  std::vector<ClassFrontier> classes;
  // Every class that applies has figures with a source: only then may they be added up.
  bool all_sourced = false;
};

// Redundant components (pods) use half of their share for the time until others take over, half for
// the time in which too few are up.
Frontier MakeFrontier(double target, const std::vector<FailureClass>& classes,
                      const std::vector<StatedClass>& stated,
                      const std::vector<double>& failures_per_year);

// "4.2 s", "7.5 min", "3.1 h", "12 days"
std::string Span(double seconds);

}  // namespace simulator::availability
