#include "simulator/imports/foreign_profile.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "simulator/calibration/regression.h"

namespace simulator {
namespace {

constexpr double kWorstRelativeError = 0.25;
constexpr double kQuartilesOfNormal = 1.349;  // standard deviations between them

// Demands of one resource (or counts of one kind) by operation.
struct Fit {
  std::vector<double> mean;
  std::vector<double> standard_error;
  std::vector<double> covariance;  // operations x operations
  double baseline = 0;
  const char* method = "not used";
};

std::vector<double> Totals(const ForeignObservation& seen) {
  std::vector<double> totals(seen.operations.size(), 0);
  for (const ForeignWindow& window : seen.windows) {
    for (size_t i = 0; i < totals.size(); ++i) totals[i] += window.requests[i];
  }
  return totals;
}

double Sum(const std::vector<double>& values) {
  double sum = 0;
  for (double value : values) sum += value;
  return sum;
}

// Relative standard error of the demand of the observed mix.
double MixError(const Fit& fit, const std::vector<double>& totals) {
  double mean = 0;
  double variance = 0;
  for (size_t a = 0; a < totals.size(); ++a) {
    mean += totals[a] * fit.mean[a];
    for (size_t b = 0; b < totals.size(); ++b) {
      variance += totals[a] * totals[b] * fit.covariance[a * totals.size() + b];
    }
  }
  return mean > 0 ? std::sqrt(std::max(0.0, variance)) / mean : 1e300;
}

// One demand and its variance for all operations.
Fit Shared(size_t operations, double mean, double variance, const char* method) {
  Fit fit;
  fit.mean.assign(operations, mean);
  fit.standard_error.assign(operations, std::sqrt(variance));
  fit.covariance.assign(operations * operations, variance);
  fit.method = method;
  return fit;
}

std::vector<Window> WindowsOf(const ForeignObservation& seen, const std::string& name,
                              bool one_operation) {
  std::vector<Window> windows;
  for (const ForeignWindow& window : seen.windows) {
    Window item;
    item.duration_seconds = window.seconds;
    item.busy_seconds = window.used.at(name);
    item.requests = window.requests;
    if (one_operation) item.requests = {Sum(window.requests)};
    windows.push_back(std::move(item));
  }
  return windows;
}

Fit Ratio(const ForeignObservation& seen, const std::string& name) {
  double used = 0;
  double requests = 0;
  for (const ForeignWindow& window : seen.windows) {
    used += window.used.at(name);
    requests += Sum(window.requests);
  }
  const double demand = used / requests;
  double squares = 0;
  for (const ForeignWindow& window : seen.windows) {
    squares += std::pow(window.used.at(name) - demand * Sum(window.requests), 2);
  }
  const auto n = static_cast<double>(seen.windows.size());
  const double variance = squares * n / (n - 1) / (requests * requests);
  return Shared(seen.operations.size(), demand, variance, "service demand law");
}

Fit FitOne(const ForeignObservation& seen, const std::string& name) {
  const size_t operations = seen.operations.size();
  const std::vector<double> totals = Totals(seen);
  double used = 0;
  for (const ForeignWindow& window : seen.windows) used += window.used.at(name);
  if (used <= 0) return Shared(operations, 0, 0, "not used");
  if (operations > 1) {
    const auto fitted = FitDemands(WindowsOf(seen, name, false), seen.operations);
    if (fitted.ok()) {
      Fit fit;
      for (const FittedDemand& demand : fitted->demands) {
        fit.mean.push_back(demand.mean_seconds);
        fit.standard_error.push_back(demand.standard_error_seconds);
      }
      fit.covariance = fitted->covariance;
      fit.baseline = fitted->baseline;
      fit.method = "regression by operation";
      if (MixError(fit, totals) < kWorstRelativeError) return fit;
    }
  }
  const auto fitted = FitDemands(WindowsOf(seen, name, true), {"all"});
  if (fitted.ok()) {
    Fit fit = Shared(operations, fitted->demands[0].mean_seconds, fitted->covariance[0],
                     "regression over all requests");
    fit.baseline = fitted->baseline;
    if (MixError(fit, totals) < kWorstRelativeError) return fit;
  }
  return Ratio(seen, name);
}

class Builder {
 public:
  Builder(const ForeignObservation& seen, const LoadTest& test, const Queries& queries)
      : seen_(seen), test_(test), queries_(queries), totals_(Totals(seen)) {}

  absl::StatusOr<model::Profile> Build() {
    const Fit server = FitNamed("server_cpu_seconds");
    const Fit database = FitNamed("database_cpu_seconds");
    const Fit redis = FitNamed("redis_cpu_seconds");
    const Fit statements = FitNamed("database_statements");
    const Fit commands = FitNamed("redis_commands");
    if (MixMean(server) <= 0) {
      return absl::FailedPreconditionError(
          "server_cpu_seconds: the server used no CPU for these requests: is that its query?");
    }
    for (size_t i = 0; i < seen_.operations.size(); ++i) {
      model::OperationDemand& operation = *profile_.add_operations();
      operation.set_operation(seen_.operations[i]);
      const double scv = DemandScv(i, server.mean[i], database.mean[i]);
      Set(server, i, operation.mutable_server_cpu_seconds());
      operation.mutable_server_cpu_seconds()->set_scv(scv);
      Set(database, i, operation.mutable_database_cpu_seconds());
      operation.mutable_database_cpu_seconds()->set_scv(scv);
      Set(redis, i, operation.mutable_redis_cpu_seconds());
      Set(statements, i, operation.mutable_database_statements());
      // Seen from outside a statement is a round trip.
      Set(statements, i, operation.mutable_database_round_trips());
      Set(commands, i, operation.mutable_redis_commands());
      const auto commits = queries_.commits_waited.find(seen_.operations[i]);
      if (commits != queries_.commits_waited.end()) operation.set_commits_waited(commits->second);
      operation.set_request_bytes(Bytes(test_.request_bytes, seen_.operations[i]));
      operation.set_response_bytes(Bytes(test_.response_bytes, seen_.operations[i]));
    }
    for (double value : server.covariance)
      profile_.mutable_server_cpu_covariance()->add_value(value);
    for (double value : database.covariance) {
      profile_.mutable_database_cpu_covariance()->add_value(value);
    }
    Resources(MixMean(redis), MixMean(commands));
    RoundTrip(server, database, statements, commands);
    Loads();
    profile_.set_requests_observed(static_cast<uint64_t>(Sum(totals_)));
    for (const std::string& warning : seen_.warnings) Warn(warning);
    return profile_;
  }

 private:
  void Warn(const std::string& text) { profile_.mutable_provenance()->add_warnings(text); }

  Fit FitNamed(const std::string& name) {
    if (!seen_.windows.front().used.contains(name)) {
      return Shared(seen_.operations.size(), 0, 0, "not used");
    }
    Fit fit = FitOne(seen_, name);
    Warn(absl::StrFormat("%s: %s, %d windows; %.4g a second without requests", name, fit.method,
                         seen_.windows.size(), fit.baseline));
    return fit;
  }

  double MixMean(const Fit& fit) const {
    double mean = 0;
    for (size_t i = 0; i < totals_.size(); ++i) mean += totals_[i] * fit.mean[i];
    return mean / Sum(totals_);
  }

  void Set(const Fit& fit, size_t operation, model::Demand* demand) const {
    demand->set_mean(fit.mean[operation]);
    demand->set_standard_error(fit.standard_error[operation]);
    demand->set_scv(1);
    demand->set_n(static_cast<uint64_t>(totals_[operation]));
  }

  static double Bytes(const std::map<std::string, double>& bytes, const std::string& operation) {
    const auto found = bytes.find(operation);
    return found == bytes.end() ? 0 : found->second;
  }

  double Given(const std::string& name) const {
    const auto found = queries_.given.find(name);
    return found == queries_.given.end() ? 0 : found->second;
  }

  void Resources(double redis_seconds, double commands) {
    model::DatabaseProfile& database = *profile_.mutable_database();
    database.set_contention_source("none: not to be seen from outside");
    database.set_flush_seconds(Given("flush_seconds"));
    database.set_connect_seconds(Given("connect_seconds"));
    const double command = Given("redis_command_seconds");
    profile_.mutable_redis()->set_command_seconds(
        command > 0 ? command : (commands > 0 ? redis_seconds / commands : 0));
  }

  // Of an operation's CPU demands; they are drawn independently, so their variances add.
  double DemandScv(size_t operation, double server_seconds, double database_seconds) const {
    const auto found = test_.typical.find(seen_.operations[operation]);
    const double squares = server_seconds * server_seconds + database_seconds * database_seconds;
    if (found == test_.typical.end() || found->second.interquartile_seconds <= 0 || squares <= 0) {
      return 1;
    }
    const double deviation = found->second.interquartile_seconds / kQuartilesOfNormal;
    return std::min(1.0, deviation * deviation / squares);
  }

  // Of the mix; the mean where there are no medians.
  double ResponseOfMix(const char** which) const {
    double median = 0;
    for (size_t i = 0; i < seen_.operations.size(); ++i) {
      const auto found = test_.typical.find(seen_.operations[i]);
      if (found == test_.typical.end()) {
        *which = "mean";
        return test_.mean_response_seconds;
      }
      median += totals_[i] / Sum(totals_) * found->second.median_seconds;
    }
    *which = "median";
    return median;
  }

  void RoundTrip(const Fit& server, const Fit& database, const Fit& statements,
                 const Fit& commands) {
    double trip = Given("round_trip_seconds");
    if (!queries_.given.contains("round_trip_seconds")) {
      double flushes = 0;
      for (size_t i = 0; i < seen_.operations.size(); ++i) {
        flushes +=
            totals_[i] / Sum(totals_) * profile_.operations(static_cast<int>(i)).commits_waited();
      }
      const char* which = "";
      const double response = ResponseOfMix(&which);
      const double rest =
          response - MixMean(server) - MixMean(database) - flushes * Given("flush_seconds");
      trip = std::max(0.0, rest) / (1 + MixMean(statements) + std::min(1.0, MixMean(commands)));
      Warn(
          absl::StrFormat("round trip %.3g s: what remains of the %s response of %.4g s after "
                          "its CPU; right only when the load test's load was low",
                          trip, which, response));
    }
    profile_.mutable_redis()->set_network_round_trip_seconds(trip);
  }

  void Loads() {
    double highest = 0;
    double seconds = 0;
    for (const ForeignWindow& window : seen_.windows) {
      highest = std::max(highest, Sum(window.requests) / window.seconds);
      seconds += window.seconds;
    }
    model::LoadPoint& load = *profile_.add_loads();
    load.set_requests_per_second(highest);
    load.set_users(static_cast<uint32_t>(test_.users));
    load.set_duration_seconds(seconds);
  }

  const ForeignObservation& seen_;
  const LoadTest& test_;
  const Queries& queries_;
  const std::vector<double> totals_;
  model::Profile profile_;
};

}  // namespace

absl::StatusOr<model::Profile> ForeignProfile(const ForeignObservation& seen, const LoadTest& test,
                                              const Queries& queries) {
  return Builder(seen, test, queries).Build();
}

}  // namespace simulator
