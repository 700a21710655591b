#include "simulator/imports/foreign_observation.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace simulator {
namespace {

constexpr size_t kLeastWindows = 3;

double Sum(const std::vector<double>& values) {
  double sum = 0;
  for (double value : values) sum += value;
  return sum;
}

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

}  // namespace simulator
