#include "simulator/imports/foreign_profile.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "simulator/calibration/regression.h"

namespace simulator {
namespace {

constexpr double kWorstRelativeError = 0.25;
constexpr size_t kLeastWindows = 3;

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

// ---- observing

class Observer {
 public:
  Observer(const Prometheus& prometheus, const Queries& queries, const LoadTest& test,
           absl::Time from, absl::Duration window, size_t windows)
      : prometheus_(prometheus), queries_(queries), test_(test), from_(from), window_(window) {
    seen_.windows.resize(windows);
    complete_.assign(windows, true);
  }

  absl::StatusOr<ForeignObservation> Observe() {
    if (absl::Status status = Requests(); !status.ok()) return status;
    for (const auto* queries : {&queries_.busy, &queries_.counts}) {
      for (const auto& [name, query] : *queries) {
        if (absl::Status status = Used(name, query); !status.ok()) return status;
      }
    }
    return Complete();
  }

 private:
  absl::StatusOr<std::vector<PrometheusSeries>> Ask(const std::string& name,
                                                    const Queries::Query& query) const {
    const std::string what =
        query.where.empty() ? name : absl::StrCat(name, " (", query.where, ")");
    const auto windows = static_cast<int64_t>(seen_.windows.size());
    return prometheus_.QueryRange(what, query.text, from_ + window_, from_ + windows * window_,
                                  window_, window_);
  }

  // The window that ends at that time.
  size_t Index(double at_seconds) const {
    const double since = at_seconds - static_cast<double>(absl::ToUnixMillis(from_)) / 1000;
    return static_cast<size_t>(
        std::max(0.0, std::round(since / absl::ToDoubleSeconds(window_)) - 1));
  }

  absl::Status Requests() {
    if (queries_.requests.text.empty()) {
      seen_.operations = test_.operations;
      for (size_t i = 0; i < seen_.windows.size(); ++i) {
        const absl::Time begin = from_ + static_cast<int64_t>(i) * window_;
        const double all = test_.Requests(begin, begin + window_);
        for (double share : test_.share) seen_.windows[i].requests.push_back(all * share);
      }
      if (seen_.operations.size() > 1) {
        seen_.warnings.push_back(
            "no query for the requests of each operation: the load test's mix is taken as "
            "constant");
      }
      return absl::OkStatus();
    }
    const auto list = Ask("requests", queries_.requests);
    if (!list.ok()) return list.status();
    std::map<std::string, std::vector<double>> counts;
    std::vector<bool> any(seen_.windows.size(), false);
    for (const PrometheusSeries& series : *list) {
      const auto label = series.labels.find(queries_.operation_label);
      if (label == series.labels.end() || label->second.empty()) {
        return absl::InvalidArgumentError(
            absl::StrCat(queries_.requests.where, ": requests: a series has no label `",
                         queries_.operation_label, "`: use sum by (", queries_.operation_label,
                         ") (...) or set operation_label"));
      }
      std::vector<double>& row = counts[label->second];
      row.resize(seen_.windows.size(), 0);
      for (size_t i = 0; i < series.value.size(); ++i) {
        const size_t index = Index(series.at_seconds[i]);
        if (index >= row.size()) continue;
        row[index] += series.value[i];
        any[index] = true;
      }
    }
    for (const auto& [operation, row] : counts) {
      if (Sum(row) <= 0) continue;
      seen_.operations.push_back(operation);
      for (size_t i = 0; i < row.size(); ++i) seen_.windows[i].requests.push_back(row[i]);
    }
    for (size_t i = 0; i < any.size(); ++i) complete_[i] = complete_[i] && any[i];
    return absl::OkStatus();
  }

  absl::Status Used(const std::string& name, const Queries::Query& query) {
    const auto list = Ask(name, query);
    const bool missing = absl::IsNotFound(list.status());
    if (missing && !query.chosen && name != "server_cpu_seconds") {
      seen_.warnings.push_back(absl::StrCat(name, ": no data: taken as not used"));
      for (ForeignWindow& window : seen_.windows) window.used[name] = 0;
      return absl::OkStatus();
    }
    if (!list.ok()) return list.status();
    if (list->size() != 1) {
      return absl::InvalidArgumentError(
          absl::StrCat(query.where.empty() ? prometheus_.url() : query.where, ": ", name,
                       ": gives ", list->size(), " series, expected one: put sum(...) around it"));
    }
    std::vector<bool> there(seen_.windows.size(), false);
    const PrometheusSeries& series = list->front();
    for (size_t i = 0; i < series.value.size(); ++i) {
      const size_t index = Index(series.at_seconds[i]);
      if (index >= there.size()) continue;
      seen_.windows[index].used[name] = std::max(0.0, series.value[i]);
      there[index] = true;
    }
    for (size_t i = 0; i < there.size(); ++i) complete_[i] = complete_[i] && there[i];
    return absl::OkStatus();
  }

  absl::StatusOr<ForeignObservation> Complete() {
    ForeignObservation complete = seen_;
    complete.windows.clear();
    double requests = 0;
    for (size_t i = 0; i < complete_.size(); ++i) {
      if (!complete_[i]) continue;
      seen_.windows[i].seconds = absl::ToDoubleSeconds(window_);
      requests += Sum(seen_.windows[i].requests);
      complete.windows.push_back(std::move(seen_.windows[i]));
    }
    if (complete.windows.size() < kLeastWindows) {
      return absl::FailedPreconditionError(absl::StrFormat(
          "%d of %d windows have data of every query, expected at least %d: a longer time, or a "
          "shorter --window (but several scrapes long)",
          complete.windows.size(), complete_.size(), kLeastWindows));
    }
    if (requests <= 0) {
      return absl::FailedPreconditionError(
          "no request finished in this time: do --from and --to lie inside the load test?");
    }
    return complete;
  }

  const Prometheus& prometheus_;
  const Queries& queries_;
  const LoadTest& test_;
  const absl::Time from_;
  const absl::Duration window_;
  ForeignObservation seen_;
  std::vector<bool> complete_;
};

// ---- the profile

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
      Set(server, i, operation.mutable_server_cpu_seconds());
      Set(database, i, operation.mutable_database_cpu_seconds());
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

  // What remains of a mean response after CPU and flushes, spread over the hops; that holds at low
  // load only, where there is next to no queueing.
  void RoundTrip(const Fit& server, const Fit& database, const Fit& statements,
                 const Fit& commands) {
    double trip = Given("round_trip_seconds");
    if (!queries_.given.contains("round_trip_seconds")) {
      double flushes = 0;
      for (size_t i = 0; i < seen_.operations.size(); ++i) {
        flushes +=
            totals_[i] / Sum(totals_) * profile_.operations(static_cast<int>(i)).commits_waited();
      }
      const double rest = test_.mean_response_seconds - MixMean(server) - MixMean(database) -
                          flushes * Given("flush_seconds");
      trip = std::max(0.0, rest) / (1 + MixMean(statements) + std::min(1.0, MixMean(commands)));
      Warn(
          absl::StrFormat("round trip %.3g s: what remains of the mean response of %.4g s after "
                          "its CPU; right only when the load test's load was low",
                          trip, test_.mean_response_seconds));
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

absl::StatusOr<ForeignObservation> ObserveForeign(const Prometheus& prometheus,
                                                  const Queries& queries, const LoadTest& test,
                                                  absl::Time from, absl::Time to,
                                                  absl::Duration window) {
  const auto windows = static_cast<size_t>((to - from) / window);
  if (windows < kLeastWindows) {
    return absl::FailedPreconditionError(absl::StrCat("--from to --to holds ", windows,
                                                      " windows of ", absl::FormatDuration(window),
                                                      ", expected at least ", kLeastWindows));
  }
  return Observer(prometheus, queries, test, from, window, windows).Observe();
}

absl::StatusOr<model::Profile> ForeignProfile(const ForeignObservation& seen, const LoadTest& test,
                                              const Queries& queries) {
  return Builder(seen, test, queries).Build();
}

}  // namespace simulator
