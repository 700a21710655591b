#include "simulator/oracle/simulated_values.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "simulator/oracle/analytic_values.h"
#include "simulator/oracle/estimator.h"
#include "simulator/oracle/exact_runs.h"
#include "simulator/oracle/markov_station.h"
#include "simulator/oracle/network.h"
#include "simulator/oracle/single_server.h"

namespace simulator::oracle {
namespace {

constexpr int64_t kMaxCustomers = 600'000'000;
constexpr double kGridStep = 0.015;
constexpr int kGridPoints = 5;

using Estimates = std::map<std::string, Simulated>;

bool IsMarkov(const std::string& model) {
  return model == "mm1" || model == "mmc" || model == "mmck" || model == "erlang_b" ||
         model == "erlang_a" || model == "repairman";
}

bool IsSingleServer(const std::string& model) {
  return model == "md1" || model == "mg1_lognormal" || model == "mh2_1";
}

bool IsNetwork(const std::string& model) { return model == "jackson" || model == "closed_network"; }

// Customers an unbounded queue needs to forget: about 1 / (1 - sqrt(rho))^2. Queues bounded by
// capacity, users or impatience forget sooner.
int64_t Memory(double rho, bool bounded) {
  const double gap = 1 - std::sqrt(std::min(rho, 0.9999));
  return static_cast<int64_t>(std::min(1 / (gap * gap), bounded ? 10'000.0 : 1e9));
}

struct RunLength {
  int64_t warm_up = 200'000;
  int64_t batch = 25'000;
};

RunLength LengthFor(double rho, bool bounded, int64_t users) {
  const int64_t memory = Memory(rho, bounded);
  RunLength length;
  length.warm_up += 20 * memory + 10 * users;
  length.batch += 4 * memory;
  return length;
}

MarkovStationSpec SpecOf(const Vector& vector) {
  const Inputs& in = vector.inputs;
  MarkovStationSpec spec;
  spec.lambda = in.lambda;
  spec.mu = in.mu;
  spec.servers = in.c;
  if (vector.model == "mmck") spec.capacity = in.k;
  if (vector.model == "erlang_a") spec.theta = in.theta;
  if (vector.model == "erlang_b") {
    spec.lambda = in.offered_load;
    spec.mu = 1;
    spec.capacity = in.c;
  }
  if (vector.model == "repairman") {
    spec.users = in.users;
    spec.think = in.think;
    spec.mu = 1 / in.service;
  }
  return spec;
}

// Tail counts around where the quantile is expected. The counting points decide only how narrow
// the answer is: a quantile elsewhere shows as "outside".
void AddQuantiles(const Vector& vector, const std::map<std::string, double>& analytic,
                  MarkovStationSpec* spec, Quantities* quantities) {
  int next_count = kFirstPoint;
  for (const char* base : {"Wq", "W"}) {
    auto* groups = std::string(base) == "W" ? &spec->response_points : &spec->wait_points;
    for (const auto& [name, unused] : vector.expected) {
      const std::optional<QuantileName> quantile = ParseQuantile(name);
      if (!quantile.has_value() || quantile->base != base) continue;
      QuantileGrid grid;
      grid.name = name;
      grid.tail = 1 - quantile->p;
      grid.first_count = next_count;
      grid.denominator = kAccepted;
      const double center = analytic.at(name);
      const int half = center > 0 ? kGridPoints / 2 : 0;
      for (int i = -half; i <= half; ++i) grid.x.push_back(center * (1 + kGridStep * i));
      next_count += static_cast<int>(grid.x.size());
      groups->push_back(grid.x);
      quantities->quantiles.push_back(grid);
    }
  }
}

void AddMarkovRatios(const std::string& model, const MarkovStationSpec& spec,
                     Quantities* quantities) {
  const bool all_arrivals = model == "erlang_a";
  const double per_server = 1 / static_cast<double>(spec.servers);
  quantities->customers = kOffered;
  quantities->ratios = {
      {"rho", kBusyTime, kTime, per_server},
      {"P_wait", kWaited, all_arrivals ? kOffered : kAccepted, 1},
      {"Lq", kWaitingTime, kTime, 1},
      {"L", kInSystemTime, kTime, 1},
      {"X", kServed, kTime, 1},
      {"Wq", kSumWait, kWaitsEnded, 1},
      {"W", kSumResponse, kServed, 1},
      {"R", kSumResponse, kServed, 1},
      {"P_block", kBlocked, kOffered, 1},
      {"P_abandon", kAbandoned, kOffered, 1},
      {"carried", kBusyTime, kTime, 1},
  };
}

// Only what the vector asks for: a quantity nobody wants must not prolong the run.
void KeepExpected(const Vector& vector, Quantities* quantities) {
  const auto wanted = [&](const Ratio& ratio) {
    return std::any_of(vector.expected.begin(), vector.expected.end(),
                       [&](const auto& expected) { return expected.first == ratio.name; });
  };
  auto& ratios = quantities->ratios;
  ratios.erase(std::remove_if(ratios.begin(), ratios.end(),
                              [&](const Ratio& ratio) { return !wanted(ratio); }),
               ratios.end());
}

absl::StatusOr<Estimates> RunMarkov(const Vector& vector, double confidence, uint64_t seed) {
  if (vector.model == "repairman" && vector.inputs.think <= 0) {
    return absl::UnimplementedError("a think time of 0 is not simulated");
  }
  absl::StatusOr<std::map<std::string, double>> analytic = AnalyticValues(vector);
  if (!analytic.ok()) return analytic.status();
  MarkovStationSpec spec = SpecOf(vector);
  Quantities quantities;
  AddMarkovRatios(vector.model, spec, &quantities);
  AddQuantiles(vector, *analytic, &spec, &quantities);
  KeepExpected(vector, &quantities);
  const BirthDeathControl control(ChainOf(spec), FunctionsOf(spec));
  const bool bounded = spec.capacity > 0 || spec.users > 0 || spec.theta > 0;
  const auto rho = analytic->find("rho");
  const RunLength length =
      LengthFor(rho == analytic->end() ? 0.9 : rho->second, bounded, spec.users);
  return RunUntilPrecise(
      [&](uint64_t replication) {
        return std::make_unique<MarkovStation>(spec, control, seed, replication, length.warm_up,
                                               length.batch);
      },
      quantities, confidence, kMaxCustomers);
}

Estimates RunSingleServer(const Vector& vector, double confidence, uint64_t seed) {
  const Inputs& in = vector.inputs;
  SingleServerSpec spec;
  spec.lambda = in.lambda;
  spec.law = vector.model == "md1"             ? ServiceLaw::kDeterministic
             : vector.model == "mg1_lognormal" ? ServiceLaw::kLognormal
                                               : ServiceLaw::kHyperexponential;
  spec.service_mean = in.service_mean;
  spec.service_scv = in.service_scv;
  spec.phase_probabilities = in.phase_probabilities;
  spec.phase_rates = in.phase_rates;
  Quantities quantities;
  quantities.customers = kCustomers;
  quantities.ratios = {
      {"rho", kServiceTime, kElapsed, 1},  {"Wq", kWaitTime, kCustomers, 1},
      {"W", kResponseTime, kCustomers, 1}, {"Lq", kWaitTime, kElapsed, 1},
      {"L", kResponseTime, kElapsed, 1},
  };
  KeepExpected(vector, &quantities);
  const RunLength length = LengthFor(in.lambda * in.service_mean, false, 0);
  return RunUntilPrecise(
      [&](uint64_t replication) {
        return std::make_unique<SingleServer>(spec, seed, replication, length.warm_up,
                                              length.batch);
      },
      quantities, confidence, kMaxCustomers);
}

// Sums of station k in a network's batches.
int StationSumOf(size_t k, StationSum sum) {
  return kStations + static_cast<int>(k) * kPerStation + sum;
}

Estimates RunNetwork(const Vector& vector, double confidence, uint64_t seed) {
  const Inputs& in = vector.inputs;
  NetworkSpec spec;
  Quantities quantities;
  quantities.customers = kWalks;
  auto& ratios = quantities.ratios;
  double rho = 0.5;
  if (vector.model == "jackson") {
    spec.lambda = in.lambda;
    ratios = {{"W", kWalkTime, kWalks, 1}, {"L", kPresentTime, kSpan, 1}};
    for (const analytic::JacksonStation& station : in.jackson_stations) {
      const std::string k = absl::StrCat(spec.stations.size() + 1);
      const size_t at = spec.stations.size();
      const double servers = static_cast<double>(station.servers * station.shards);
      ratios.push_back({"W" + k, StationSumOf(at, kVisitTime), StationSumOf(at, kVisits), 1});
      ratios.push_back({"rho" + k, StationSumOf(at, kServiceGiven), kSpan, 1 / servers});
      spec.stations.push_back({station.visits, 1 / station.mu, station.servers, station.shards});
      rho = std::max(rho, in.lambda * station.visits / station.mu / servers);
    }
  } else {
    spec.users = in.users;
    spec.think = in.think;
    ratios = {{"X", kWalks, kSpan, 1}, {"R", kWalkTime, kWalks, 1}};
    for (const analytic::ClosedStation& station : in.closed_stations) {
      const std::string k = absl::StrCat(spec.stations.size() + 1);
      const size_t at = spec.stations.size();
      const double servers = static_cast<double>(station.servers);
      ratios.push_back({"Q" + k, StationSumOf(at, kNumberTime), kSpan, 1});
      ratios.push_back({"R" + k, StationSumOf(at, kVisitTime), kWalks, 1});
      ratios.push_back({"U" + k, StationSumOf(at, kServiceGiven), kSpan, 1 / servers});
      spec.stations.push_back({1, station.demand, station.servers, 1});
    }
  }
  KeepExpected(vector, &quantities);
  const RunLength length = LengthFor(rho, spec.users > 0, spec.users);
  return RunUntilPrecise(
      [&](uint64_t replication) {
        return std::make_unique<Network>(spec, seed, replication, length.warm_up, length.batch);
      },
      quantities, confidence, kMaxCustomers);
}

// The mean is the same for every law of the work: three laws are run, and the estimate farthest
// from the closed form, in half-widths, stands for all.
absl::StatusOr<Estimates> RunSharing(const Vector& vector, double confidence, uint64_t seed) {
  const absl::StatusOr<std::map<std::string, double>> analytic = AnalyticValues(vector);
  if (!analytic.ok()) return analytic.status();
  const Inputs& in = vector.inputs;
  Quantities quantities;
  quantities.customers = kShared;
  quantities.ratios = {{"rho", kSharedBusy, kSharedSpan, 1},
                       {"W", kSharedTime, kShared, 1},
                       {"L", kSharedNumber, kSharedSpan, 1}};
  KeepExpected(vector, &quantities);
  const RunLength length = LengthFor(in.lambda * in.service_mean, false, 0);
  constexpr double kScvs[] = {0, 1, 2};
  Estimates worst;
  std::map<std::string, double> distances;
  for (const double scv : kScvs) {
    const SharingSpec spec{in.lambda, in.service_mean, scv};
    const Estimates estimates = RunUntilPrecise(
        [&](uint64_t replication) {
          return std::make_unique<SharedStation>(spec, seed, replication, length.warm_up,
                                                 length.batch);
        },
        quantities, std::pow(confidence, 1.0 / std::size(kScvs)), kMaxCustomers);
    for (const auto& [name, estimate] : estimates) {
      const double distance =
          std::abs(estimate.value - analytic->at(name)) / (estimate.high - estimate.low + 1e-300);
      const auto [known, added] = distances.try_emplace(name, distance);
      if (!added && distance <= known->second && estimate.trouble.empty()) continue;
      known->second = distance;
      worst[name] = estimate;
    }
  }
  return worst;
}

}  // namespace

SimulationKind SimulationOf(const std::string& model) {
  if (model == "usl" || model == "lindley") return SimulationKind::kExact;
  if (IsMarkov(model) || IsSingleServer(model) || IsNetwork(model) || model == "mg1_ps") {
    return SimulationKind::kStatistical;
  }
  return SimulationKind::kNone;
}

absl::StatusOr<Estimates> SimulatedValues(const Vector& vector, double confidence, uint64_t seed) {
  if (vector.model == "usl") return RunSaturated(vector.inputs);
  if (vector.model == "lindley") return RunTrace(vector.inputs);
  if (IsMarkov(vector.model)) return RunMarkov(vector, confidence, seed);
  if (IsSingleServer(vector.model)) return RunSingleServer(vector, confidence, seed);
  if (IsNetwork(vector.model)) return RunNetwork(vector, confidence, seed);
  if (vector.model == "mg1_ps") return RunSharing(vector, confidence, seed);
  return absl::UnimplementedError(absl::StrCat(vector.model, " is not simulated"));
}

}  // namespace simulator::oracle
