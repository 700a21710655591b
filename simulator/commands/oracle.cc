#include "simulator/commands/oracle.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "boost/json/array.hpp"
#include "boost/json/object.hpp"
#include "simulator/commands/arguments.h"
#include "simulator/oracle/analytic_values.h"
#include "simulator/oracle/simulated_values.h"
#include "simulator/oracle/vector.h"

namespace simulator {
namespace {

constexpr double kFamilyConfidence = 0.99;
constexpr double kAnalyticPrecision = 1e-6;
constexpr uint64_t kDefaultSeed = 1;

using oracle::Simulated;
using oracle::SimulationKind;

int Complain(const std::string& message) {
  std::fprintf(stderr, "simulator oracle: %s\n", message.c_str());
  return 2;
}

bool Near(double expected, double got, double relative) {
  return std::abs(expected - got) <= relative * std::abs(expected) || expected == got;
}

// Sidak: each quantity's confidence so that all of them hold together.
double ConfidenceOfOne(const std::vector<absl::StatusOr<oracle::Vector>>& vectors) {
  size_t quantities = 0;
  for (const auto& vector : vectors) {
    if (!vector.ok()) continue;
    if (oracle::SimulationOf(vector->model) == SimulationKind::kStatistical) {
      quantities += vector->expected.size();
    }
  }
  return std::pow(kFamilyConfidence, 1.0 / static_cast<double>(std::max<size_t>(quantities, 1)));
}

struct Checked {
  std::string simulated = "analytic only";
  std::string interval = "-";
  std::string n = "-";
  std::string trouble;
};

Checked CheckSimulated(double expected, const std::string& name,
                       const std::map<std::string, Simulated>& simulated) {
  Checked checked;
  const auto found = simulated.find(name);
  if (found == simulated.end()) {
    checked.simulated = "-";
    checked.trouble = "not measured by the simulation";
    return checked;
  }
  const Simulated& value = found->second;
  checked.simulated = absl::StrFormat("%.8g", value.value);
  checked.interval = absl::StrFormat("[%.8g, %.8g]", value.low, value.high);
  checked.n = absl::StrCat(value.n);
  // The last digits of sums of many terms are no evidence.
  const double rounding = 1e-9 * std::abs(expected);
  if (!value.trouble.empty()) {
    checked.trouble = value.trouble;
  } else if (expected < value.low - rounding || expected > value.high + rounding) {
    checked.trouble = "expected value outside the interval";
  }
  return checked;
}

void PrintRow(const std::string& id, const std::string& name, double expected,
              const std::string& analytic, const Checked& checked) {
  std::printf("%s %s expected %.10g analytic %s simulated %s interval %s n %s %s%s%s\n", id.c_str(),
              name.c_str(), expected, analytic.c_str(), checked.simulated.c_str(),
              checked.interval.c_str(), checked.n.c_str(), checked.trouble.empty() ? "ok" : "FAIL",
              checked.trouble.empty() ? "" : ": ", checked.trouble.c_str());
  std::fflush(stdout);
}

bool RunVector(const oracle::Vector& vector, double confidence, uint64_t seed) {
  const auto analytic = oracle::AnalyticValues(vector);
  if (!analytic.ok()) {
    std::printf("%s FAIL: %s\n", vector.id.c_str(),
                std::string(analytic.status().message()).c_str());
    return false;
  }
  const bool simulate = oracle::SimulationOf(vector.model) != SimulationKind::kNone;
  absl::StatusOr<std::map<std::string, Simulated>> simulated = std::map<std::string, Simulated>();
  if (simulate) simulated = oracle::SimulatedValues(vector, confidence, seed);
  bool passed = true;
  for (const auto& [name, expected] : vector.expected) {
    Checked checked;
    if (!simulated.ok()) {
      checked.simulated = "-";
      checked.trouble = std::string(simulated.status().message());
    } else if (simulate) {
      checked = CheckSimulated(expected, name, *simulated);
    }
    const auto found = analytic->find(name);
    const bool known = found != analytic->end();
    if (!known || !Near(expected, found->second, kAnalyticPrecision)) {
      checked.trouble = known ? "the closed form differs by more than 1e-6"
                              : absl::StrCat("unknown quantity of ", vector.model);
    }
    PrintRow(vector.id, name, expected, known ? absl::StrFormat("%.10g", found->second) : "-",
             checked);
    passed = passed && checked.trouble.empty();
  }
  return passed;
}

absl::StatusOr<uint64_t> SeedOf(const std::map<std::string, std::string>& flags) {
  uint64_t seed = kDefaultSeed;
  const auto given = flags.find("seed");
  if (given != flags.end() && !absl::SimpleAtoi(given->second, &seed)) {
    return absl::InvalidArgumentError("--seed needs a whole number");
  }
  return seed;
}

}  // namespace

int RunOracle(std::vector<std::string> args) {
  auto flags = ParseFlags(args, {"vectors", "seed"});
  if (!flags.ok()) return Complain(std::string(flags.status().message()));
  if (!flags->contains("vectors")) return Complain("--vectors FILE is needed");
  const auto seed = SeedOf(*flags);
  if (!seed.ok()) return Complain(std::string(seed.status().message()));
  const std::string path = UserPath((*flags)["vectors"]);
  auto document = ReadJsonFile(path);
  if (!document.ok()) return Complain(std::string(document.status().message()));
  const auto* root = document->if_object();
  const auto* list = root == nullptr ? nullptr : root->if_contains("vectors");
  if (list == nullptr || !list->is_array()) {
    return Complain(absl::StrCat(path, ":1: vectors: expected an object with a list `vectors`"));
  }
  std::vector<absl::StatusOr<oracle::Vector>> vectors;
  for (const auto& value : list->get_array()) vectors.push_back(oracle::ReadVector(value));
  const double confidence = ConfidenceOfOne(vectors);
  int passed = 0;
  int failed = 0;
  for (size_t i = 0; i < vectors.size(); ++i) {
    bool ok = false;
    const auto start = std::chrono::steady_clock::now();
    if (vectors[i].ok()) {
      ok = RunVector(*vectors[i], confidence, *seed);
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      std::fprintf(stderr, "%s: %.1f s\n", vectors[i]->id.c_str(), took.count());
    } else {
      std::printf("%s FAIL: %s\n", oracle::IdOf(list->get_array()[i]).c_str(),
                  std::string(vectors[i].status().message()).c_str());
    }
    ++(ok ? passed : failed);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace simulator
