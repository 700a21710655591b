#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/deployment.pb.h"

// What can fail in a deployment, and what share of the requests each failure takes along, by
// inspection of the deployment: no rate is assumed here.
namespace simulator::availability {

struct FailureClass {
  std::string name;         // pod | node | zone | database | redis | bad_deployment | certificate
  uint32_t components = 1;  // how many can fail, each at the class's rate
  double impact = 1;        // share of the requests that fail while one of them is out
  std::string why;          // of the impact, in words
  // Of redundant components: at least so many must be up at the same time; 0: no such question.
  uint32_t needed = 0;
  // How long requests fail after one failure where a rule of the platform says so; 0: nobody does.
  double rule_seconds = 0;
  std::string rule;  // its source

  bool applies() const { return components > 0 && impact > 0; }
  // Share of all requests over time that fail by this class, when each component fails so often and
  // each failure lasts so long for users: n f R / (M + R).
  double Unavailability(double failures_per_year, double recovery_seconds) const;
  // The frontier: the longest recovery at which this class loses at most `share` of the requests.
  double LongestRecovery(double failures_per_year, double share) const;
  double HighestRate(double recovery_seconds, double share) const;
};

struct Inspected {
  // Something among the manifests promotes the standby (rule standby-without-failover).
  bool failover_manager = false;
  uint32_t pods_needed = 0;  // to carry the load; 0: all but one
};

// All seven classes, in the order above; those that a deployment cannot suffer have impact 0.
std::vector<FailureClass> ClassesOf(const model::Deployment& deployment,
                                    const Inspected& inspected);

// Minutes a year that one component of the class may be out, when the class may lose `share` of the
// requests.
double OutageMinutes(const FailureClass& failure, double share);

}  // namespace simulator::availability
