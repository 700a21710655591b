#include "simulator/commands/calibrate.h"

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/build_info.h"
#include "model/io.h"
#include "model/profile.pb.h"
#include "simulator/commands/arguments.h"
#include "simulator/commands/flag_values.h"
#include "simulator/imports/foreign_observation.h"
#include "simulator/imports/foreign_profile.h"
#include "simulator/imports/k6_summary.h"

namespace simulator {
namespace {

int Fail(const absl::Status& status, int code) {
  std::fprintf(stderr, "simulator calibrate: %s\n", std::string(status.message()).c_str());
  return code;
}

struct Request {
  FlagMap flags;
  absl::Time from;
  absl::Time to;
  double window_seconds = 15;
};

absl::StatusOr<Request> ReadRequest(const std::vector<std::string>& args) {
  auto flags = ParseFlags(args, {"prometheus", "from", "to", "result", "k6", "operation", "queries",
                                 "window", "name", "out"});
  if (!flags.ok()) return flags.status();
  Request request;
  request.flags = *std::move(flags);
  absl::Status status = RequireFlags(request.flags, {"prometheus", "from", "to", "out"});
  if (!status.ok()) return status;
  if (request.flags.contains("result") == request.flags.contains("k6")) {
    return absl::InvalidArgumentError("expected either --result FILE or --k6 FILE");
  }
  if (request.flags.contains("operation") && !request.flags.contains("k6")) {
    return absl::InvalidArgumentError("--operation: only together with --k6");
  }
  const auto from = ParseInstant("from", request.flags.at("from"));
  if (!from.ok()) return from.status();
  const auto to = ParseInstant("to", request.flags.at("to"));
  if (!to.ok()) return to.status();
  if (*to <= *from) return absl::InvalidArgumentError("--to: expected a time after --from");
  request.from = *from;
  request.to = *to;
  status = ReadSeconds(request.flags, "window", &request.window_seconds);
  if (!status.ok()) return status;
  if (request.window_seconds < 0.5 || request.window_seconds > 3600) {
    return absl::InvalidArgumentError(
        absl::StrCat("--window: expected 0.5s to 1h, found '", request.flags.at("window"), "'"));
  }
  return request;
}

absl::StatusOr<LoadTest> ReadLoadTest(const FlagMap& flags) {
  if (flags.contains("k6")) {
    const auto summary = ReadK6Summary(UserPath(flags.at("k6")));
    if (!summary.ok()) return summary.status();
    return LoadTestOf(*summary, flags.contains("operation") ? flags.at("operation") : "request");
  }
  const std::string path = UserPath(flags.at("result"));
  const auto result = model::ReadJson<model::Result>(path);
  if (!result.ok()) return result.status();
  auto test = LoadTestOf(*result);
  if (test.ok()) return test;
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", std::string(test.status().message())));
}

absl::StatusOr<model::Profile> MakeProfile(const Request& request) {
  const auto test = ReadLoadTest(request.flags);
  if (!test.ok()) return test.status();
  const auto queries = request.flags.contains("queries")
                           ? LoadQueries(UserPath(request.flags.at("queries")))
                           : absl::StatusOr<Queries>(DefaultQueries());
  if (!queries.ok()) return queries.status();
  const auto prometheus = Prometheus::At(request.flags.at("prometheus"));
  if (!prometheus.ok()) return prometheus.status();
  const auto seen = ObserveForeign(*prometheus, *queries, *test, request.from, request.to,
                                   absl::Seconds(request.window_seconds));
  if (!seen.ok()) return seen.status();
  auto profile = ForeignProfile(*seen, *test, *queries);
  if (!profile.ok()) return profile.status();
  profile->set_name(request.flags.contains("name") ? request.flags.at("name") : "foreign");
  model::Provenance& provenance = *profile->mutable_provenance();
  provenance.set_engine("calibrate");
  provenance.set_version(base::ThisBuild().version);
  provenance.set_commit(base::ThisBuild().commit);
  provenance.set_target(prometheus->url());
  provenance.set_started_at(
      absl::FormatTime(absl::RFC3339_full, request.from, absl::UTCTimeZone()));
  provenance.set_valid(true);
  return profile;
}

std::string Milliseconds(const model::Demand& demand) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.4g +- %.2g", 1e3 * demand.mean(),
                1e3 * demand.standard_error());
  return text;
}

void Print(const model::Profile& profile) {
  std::printf("profile %s: %llu requests seen, up to %.0f/s\n", profile.name().c_str(),
              static_cast<unsigned long long>(profile.requests_observed()),
              profile.loads(0).requests_per_second());
  std::printf("%-30s %20s %20s %12s %12s\n", "operation", "server CPU ms", "database CPU ms",
              "statements", "Redis");
  for (const model::OperationDemand& operation : profile.operations()) {
    std::printf("%-30s %20s %20s %12.3g %12.3g\n", operation.operation().c_str(),
                Milliseconds(operation.server_cpu_seconds()).c_str(),
                Milliseconds(operation.database_cpu_seconds()).c_str(),
                operation.database_statements().mean(), operation.redis_commands().mean());
  }
  for (const std::string& warning : profile.provenance().warnings()) {
    std::printf("note: %s\n", warning.c_str());
  }
}

}  // namespace

int RunCalibrate(std::vector<std::string> args) {
  const auto request = ReadRequest(args);
  if (!request.ok()) return Fail(request.status(), 2);
  const auto profile = MakeProfile(*request);
  if (!profile.ok()) return Fail(profile.status(), 1);
  Print(*profile);
  const absl::Status written = model::WriteJson(*profile, UserPath(request->flags.at("out")));
  return written.ok() ? 0 : Fail(written, 1);
}

}  // namespace simulator
