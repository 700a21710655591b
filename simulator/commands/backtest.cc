#include "simulator/commands/backtest.h"

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "model/io.h"
#include "model/result.pb.h"
#include "simulator/backtest/backtest.h"
#include "simulator/commands/arguments.h"
#include "simulator/commands/flag_values.h"
#include "simulator/imports/k6_summary.h"
#include "simulator/imports/prometheus.h"
#include "simulator/imports/queries.h"

namespace simulator {
namespace {

int Fail(const absl::Status& status, int code) {
  std::fprintf(stderr, "simulator backtest: %s\n", std::string(status.message()).c_str());
  return code;
}

struct Request {
  FlagMap flags;
  std::vector<std::string> measured;
  std::vector<std::string> k6;
  bool gate = false;
  absl::Time from;
  absl::Time to;
};

absl::Status ReadTimes(Request* request) {
  if (absl::Status status = RequireFlags(request->flags, {"from", "to"}); !status.ok()) {
    return status;
  }
  const auto from = ParseInstant("from", request->flags.at("from"));
  if (!from.ok()) return from.status();
  const auto to = ParseInstant("to", request->flags.at("to"));
  if (!to.ok()) return to.status();
  if (*to - *from < absl::Seconds(1)) {
    return absl::InvalidArgumentError("--to: expected at least a second after --from");
  }
  request->from = *from;
  request->to = *to;
  return absl::OkStatus();
}

absl::StatusOr<Request> ReadRequest(std::vector<std::string> args) {
  Request request;
  auto measured = TakeRepeated("measured", &args);
  if (!measured.ok()) return measured.status();
  auto k6 = TakeRepeated("k6", &args);
  if (!k6.ok()) return k6.status();
  request.measured = *std::move(measured);
  request.k6 = *std::move(k6);
  auto flags = ParseFlags(args, {"log", "id", "prometheus", "from", "to", "queries", "gate"});
  if (!flags.ok()) return flags.status();
  request.flags = *std::move(flags);
  if (absl::Status status = RequireFlags(request.flags, {"log"}); !status.ok()) return status;
  const bool prometheus = request.flags.contains("prometheus");
  const int sources =
      (request.measured.empty() ? 0 : 1) + (request.k6.empty() ? 0 : 1) + (prometheus ? 1 : 0);
  if (sources != 1) {
    return absl::InvalidArgumentError(
        "expected exactly one source: --measured FILE, --k6 FILE or --prometheus URL");
  }
  for (const char* name : {"from", "to", "queries"}) {
    if (!prometheus && request.flags.contains(name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", name, ": only together with --prometheus"));
    }
  }
  absl::Status status = ReadSwitch(request.flags, "gate", &request.gate);
  if (prometheus) status.Update(ReadTimes(&request));
  if (!status.ok()) return status;
  return request;
}

absl::StatusOr<MeasuredFigures> OfResult(const std::string& path) {
  const auto result = model::ReadJson<model::Result>(path);
  if (!result.ok()) return result.status();
  if (result->total().requests() == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": total.requests: expected at least one request"));
  }
  return FiguresOf(*result);
}

absl::StatusOr<MeasuredFigures> OfK6(const std::string& path) {
  const auto summary = ReadK6Summary(path);
  if (!summary.ok()) return summary.status();
  MeasuredFigures figures;
  for (const auto& [trend, name] :
       {std::pair{"avg", "mean_ms"}, {"med", "p50_ms"}, {"p(95)", "p95_ms"}, {"p(99)", "p99_ms"}}) {
    const auto found = summary->trend.find(trend);
    if (found != summary->trend.end()) figures.values[name] = found->second;
  }
  if (!summary->trend.contains("p(99)")) {
    figures.warnings.push_back(
        "k6 wrote no p(99): run it with --summary-trend-stats 'avg,min,med,max,p(90),p(95),p(99)'");
  }
  figures.values["throughput_per_second"] = summary->requests_per_second;
  figures.values["error_rate"] = summary->failed_share;
  figures.values["goodput_per_second"] = summary->requests_per_second * (1 - summary->failed_share);
  figures.users = summary->virtual_users;
  figures.warnings.push_back(
      "k6 counts the whole run, ramps too, and times from sending, not from the intended start");
  return figures;
}

absl::StatusOr<MeasuredFigures> OfFiles(const std::vector<std::string>& paths, bool k6) {
  std::vector<MeasuredFigures> repeats;
  for (const std::string& typed : paths) {
    const std::string path = UserPath(typed);
    auto figures = k6 ? OfK6(path) : OfResult(path);
    if (!figures.ok()) return figures.status();
    const auto digest = model::Sha256OfFile(path);
    if (!digest.ok()) return digest.status();
    figures->source = path;
    figures->sha256 = *digest;
    repeats.push_back(*std::move(figures));
  }
  return MedianOf(repeats);
}

absl::StatusOr<MeasuredFigures> OfPrometheus(const Request& request) {
  const auto prometheus = Prometheus::At(request.flags.at("prometheus"));
  if (!prometheus.ok()) return prometheus.status();
  absl::StatusOr<Queries> queries = request.flags.contains("queries")
                                        ? LoadQueries(UserPath(request.flags.at("queries")))
                                        : DefaultQueries();
  if (!queries.ok()) return queries.status();
  MeasuredFigures figures;
  for (const auto& [name, query] : queries->quantities) {
    const std::string what =
        query.where.empty() ? name : absl::StrCat(name, " (", query.where, ")");
    const auto value =
        prometheus->QueryOne(what, query.text, request.to, request.to - request.from);
    if (!value.ok()) return value.status();
    figures.values[name] = *value;
  }
  figures.started_at = absl::FormatTime(absl::RFC3339_full, request.from, absl::UTCTimeZone());
  figures.source =
      absl::StrCat(prometheus->url(), " from ", figures.started_at, " to ",
                   absl::FormatTime(absl::RFC3339_full, request.to, absl::UTCTimeZone()));
  if (!request.flags.contains("queries")) {
    figures.warnings.push_back(
        "times are those inside the server, and quantiles are interpolated between its buckets");
  }
  return figures;
}

absl::StatusOr<Backtest> Score(const Request& request) {
  const std::string path = UserPath(request.flags.at("log"));
  const auto log = ReadPredictionLog(path);
  if (!log.ok()) return log.status();
  const auto id = request.flags.find("id");
  const auto prediction = FindPrediction(*log, id == request.flags.end() ? "" : id->second);
  if (!prediction.ok()) return prediction.status();
  const auto measured = !request.measured.empty() ? OfFiles(request.measured, false)
                        : !request.k6.empty()     ? OfFiles(request.k6, true)
                                                  : OfPrometheus(request);
  if (!measured.ok()) return measured.status();
  auto backtest = ScorePrediction(*prediction, *measured);
  if (!backtest.ok()) return backtest.status();
  if (absl::Status status = RecordScore(*backtest, path); !status.ok()) return status;
  return backtest;
}

}  // namespace

int RunBacktest(std::vector<std::string> args) {
  const auto request = ReadRequest(std::move(args));
  if (!request.ok()) return Fail(request.status(), 2);
  const auto backtest = Score(*request);
  if (!backtest.ok()) return Fail(backtest.status(), 1);
  std::printf("%s%zu of %zu figures with a tolerance missed it\n", BacktestTable(*backtest).c_str(),
              backtest->Missed(), backtest->Toleranced());
  return request->gate && backtest->Missed() > 0 ? 1 : 0;
}

}  // namespace simulator
