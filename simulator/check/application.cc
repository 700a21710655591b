#include "simulator/check/rule.h"

namespace simulator::check {

// Read in the source of a program by a person; manifests do not show them.
Rules ApplicationRules() {
  using model::Finding;
  return {
      {"tenant-not-checked", Finding::ERROR, true,
       "the program checks clinic and owner of every record it serves", nullptr},
      {"audit-incomplete", Finding::ERROR, true,
       "the program leaves a record of every access to PHI", nullptr},
  };
}

}  // namespace simulator::check
