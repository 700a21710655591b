// One oracle vector: a queueing model, its inputs and the figures expected of it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "boost/json/value.hpp"
#include "simulator/analytic/closed_networks.h"
#include "simulator/analytic/jackson.h"

namespace simulator::oracle {

// Inputs of all models; each model reads its own. Rates per second, times in seconds.
struct Inputs {
  double lambda = 0;
  double mu = 0;
  int64_t c = 1;
  int64_t k = 0;                            // mmck
  double theta = 0;                         // erlang_a
  double offered_load = 0;                  // erlang_b
  double service_mean = 0;                  // M/G/1
  double service_scv = 0;                   // variance / mean^2
  std::vector<double> phase_probabilities;  // mh2_1
  std::vector<double> phase_rates;
  int64_t users = 0;  // closed models
  double think = 0;
  double service = 0;  // repairman
  std::vector<analytic::ClosedStation> closed_stations;
  std::vector<analytic::JacksonStation> jackson_stations;
  double usl_lambda = 0;
  double sigma = 0;
  double kappa = 0;
  double concurrency = 0;
  std::vector<double> trace_interarrival;  // lindley
  std::vector<double> trace_service;
};

struct Vector {
  std::string id;
  std::string model;
  Inputs inputs;
  // In the file's order; a list "Wq" becomes "Wq[1]", "Wq[2]", ...
  std::vector<std::pair<std::string, double>> expected;
};

// Error: the vector cannot be read or its model is unknown; the text names field or model.
absl::StatusOr<Vector> ReadVector(const boost::json::value& value);

// The id of a vector that could not be read, or "?".
std::string IdOf(const boost::json::value& value);

}  // namespace simulator::oracle
