#include <gflags/gflags.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/paths.h"
#include "base/signals.h"
#include "devstack/stack.h"
#include "model/io.h"
#include "model/profile.pb.h"
#include "simulator/stations/group_commit.h"
#include "simulator/stations/shared_processor.h"
#include "tests/conformance/contention_fit.h"
#include "tests/conformance/postgres_load.h"

// A real PostgreSQL at 1 to 500 busy connections, reads and writes, beside the simulator's
// contention curve. The connections' driver shares the machine with it. Prints Markdown tables.

DEFINE_double(seconds, 2, "measured per point and pass; 0.2 to 60");
DEFINE_double(warm_up, 0.4, "before each point; 0.05 to 60");
DEFINE_double(prior_sigma, 0.002, "of the curve printed beside");
DEFINE_double(prior_kappa, 1e-8, "of the curve printed beside");
DEFINE_string(out, "", "where the fragment of a Profile is written; empty: nowhere");

namespace conformance {
namespace {

constexpr int kRows = 100000;
const std::vector<size_t> kConnections = {1, 2, 4, 8, 16, 32, 64, 100, 200, 350, 500};

struct Point {
  size_t connections = 0;
  std::vector<LoadSpan> spans;
  double Mean(double (*value)(const LoadSpan&)) const {
    double sum = 0;
    for (const LoadSpan& span : spans) sum += value(span);
    return sum / static_cast<double>(spans.size());
  }
  double per_second() const {
    return Mean([](const LoadSpan& span) { return span.per_second(); });
  }
  double cpu_seconds() const {
    return Mean([](const LoadSpan& span) { return span.database_cpu_seconds(); });
  }
};
using Series = std::map<size_t, Point>;

// The simulator's stations under the same closed load: processor sharing by the curve and group
// commit (flush 0: none), n jobs that come back at once.
double Simulated(double demand_seconds, double flush_seconds, double cores, double sigma,
                 double kappa, size_t n) {
  simulator::SharedProcessor processor(
      simulator::SharedProcessor::ContentionTable(cores, sigma, kappa, n));
  simulator::GroupCommit log;
  std::multimap<simulator::Nanos, uint32_t> flushing;
  const simulator::Nanos flush = simulator::ToNanos(flush_seconds);
  const simulator::Nanos end = simulator::ToNanos(20);
  const auto next_demand = [state = uint64_t{1}, demand_seconds]() mutable {
    state = state * 6364136223846793005u + 1442695040888963407u;  // exponential
    const double u = (static_cast<double>(state >> 11) + 0.5) / 9007199254740992.0;
    return -std::log(u) * demand_seconds * 1e9;
  };
  auto demand = next_demand;
  for (uint32_t job = 0; job < n; ++job) processor.Enter(0, demand(), job);
  uint64_t done = 0;
  for (;;) {
    const simulator::Nanos flushed = flushing.empty() ? simulator::kNever : flushing.begin()->first;
    const simulator::Nanos now = std::min(processor.NextTime(), flushed);
    if (now >= end) break;
    if (flushed <= processor.NextTime()) {
      ++done;
      processor.Enter(now, demand(), flushing.begin()->second);
      flushing.erase(flushing.begin());
      continue;
    }
    const uint32_t job = processor.Depart(now);
    if (flush > 0) {
      flushing.emplace(log.Admit(now, [flush] { return flush; }), job);
    } else {
      ++done;
      processor.Enter(now, demand(), job);
    }
  }
  return static_cast<double>(done) / 20;
}

absl::Status Measure(PostgresLoad& load, size_t n, std::map<std::string, Series>* series) {
  for (const char* statement : {"read", "write"}) {
    absl::StatusOr<LoadSpan> span =
        load.Run(statement, absl::Seconds(FLAGS_warm_up), absl::Seconds(FLAGS_seconds));
    if (!span.ok()) return span.status();
    Point& point = (*series)[statement][n];
    point.connections = n;
    point.spans.push_back(*span);
    std::fprintf(stderr, "%s, %zu connections: %.0f/s, database %.2f cores, driver %.2f cores\n",
                 statement, n, span->per_second(), span->database_cores, span->driver_cores);
  }
  return absl::OkStatus();
}

void PrintTable(const std::string& name, const Series& series, const ContentionFit& fit,
                double flush_seconds) {
  std::printf(
      "\n%s\n\n| connections | measured /s | passes differ | CPU us/statement | database cores "
      "| driver cores | fitted curve /s | simulated, prior curve /s |\n"
      "|---|---|---|---|---|---|---|---|\n",
      name.c_str());
  double cores = 0;  // that the database had beside the driver, at most
  for (const auto& [n, point] : series) {
    cores = std::max(cores, point.Mean([](const LoadSpan& span) { return span.database_cores; }));
  }
  for (const auto& [n, point] : series) {
    const double low = point.spans.front().per_second();
    const double high = point.spans.back().per_second();
    std::printf("| %zu | %.0f | %.1f %% | %.0f | %.2f | %.2f | %.0f | %.0f |\n", n,
                point.per_second(), 100 * std::abs(high - low) / point.per_second(),
                1e6 * point.cpu_seconds(),
                point.Mean([](const LoadSpan& span) { return span.database_cores; }),
                point.Mean([](const LoadSpan& span) { return span.driver_cores; }),
                fit.PerSecond(static_cast<double>(n)),
                Simulated(series.begin()->second.cpu_seconds(), flush_seconds, cores,
                          FLAGS_prior_sigma, FLAGS_prior_kappa, n));
  }
  std::printf(
      "\n200 -> 500 connections alone: x %.2f. Fit: demand %.0f us, cores %.2f, sigma %.3g "
      "+- %.2g, kappa %.3g +- %.2g (standard errors), residual %.1f %%.\n",
      series.at(500).per_second() / series.at(200).per_second(), 1e6 * fit.demand_seconds,
      fit.cores, fit.sigma, fit.sigma_standard_error, fit.kappa, fit.kappa_standard_error,
      100 * fit.residual);
}

absl::StatusOr<ContentionFit> Fit(const Series& series) {
  std::vector<CurvePoint> points;
  for (const auto& [n, point] : series) {
    for (const LoadSpan& span : point.spans) {
      points.push_back({static_cast<double>(n), span.per_second()});
    }
  }
  return FitContention(points);
}

absl::Status Run() {
  if (!(FLAGS_seconds >= 0.2 && FLAGS_seconds <= 60 && FLAGS_warm_up >= 0.05 &&
        FLAGS_warm_up <= 60)) {
    return absl::InvalidArgumentError("--seconds must be 0.2..60, --warm_up 0.05..60");
  }
  base::StopSignals stop;
  devstack::StackOptions options;
  options.with_redis = false;
  options.postgres.max_connections = 520;
  options.postgres.settings = {"max_wal_size = '4GB'", "checkpoint_timeout = '30min'"};
  options.cancelled = [&stop] { return stop.Pending(); };
  auto stack = devstack::Stack::Start(options);
  if (!stack.ok()) return stack.status();
  auto load = PostgresLoad::Create((*stack)->database_url(), (*stack)->postgres()->pid(), kRows);
  if (!load.ok()) return load.status();
  std::map<std::string, Series> series;
  double connect_seconds = 0;
  double memory = 0;
  std::vector<size_t> passes = kConnections;
  passes.insert(passes.end(), kConnections.rbegin(), kConnections.rend());
  for (size_t n : passes) {
    if (stop.Pending()) return absl::CancelledError("interrupted");
    const absl::StatusOr<double> connect = load->Resize(n);
    if (!connect.ok()) return connect.status();
    if (n == 500 && *connect > 0) connect_seconds = *connect;
    if (absl::Status status = Measure(*load, n, &series); !status.ok()) return status;
    if (n == 500) memory = load->MemoryPerBackend();
  }
  const auto reads = Fit(series["read"]);
  if (!reads.ok()) return reads.status();
  const auto writes = Fit(series["write"]);
  if (!writes.ok()) return writes.status();
  // One connection's writes: CPU and flush one after the other.
  const Point& one = series["write"].at(1);
  const double flush = std::max(
      0.0, one.Mean([](const LoadSpan& span) { return span.mean_seconds; }) - one.cpu_seconds());
  PrintTable("Reads: an index range of 400 rows", series["read"], *reads, 0);
  PrintTable("Writes: one row and its commit", series["write"], *writes, flush);
  std::printf(
      "\nA new connection: %.2f ms of the database's CPU; a backend after both statements: "
      "%.1f MB of its own; flush %.2f ms.\n",
      1e3 * connect_seconds, memory / 1e6, 1e3 * flush);
  if (FLAGS_out.empty()) return absl::OkStatus();
  model::Profile fragment;
  fragment.set_name("contention curve");
  model::DatabaseProfile& database = *fragment.mutable_database();
  // Fewer cores than a larger database has hide what contention costs there.
  database.set_contention_source(absl::StrCat("measured with ", std::thread::hardware_concurrency(),
                                              " cores, the driver's among them; not for more"));
  database.set_contention_sigma(reads->sigma);
  database.set_contention_kappa(reads->kappa);
  database.set_contention_sigma_standard_error(reads->sigma_standard_error);
  database.set_contention_kappa_standard_error(reads->kappa_standard_error);
  database.set_contention_connections_max(500);
  database.set_connect_seconds(connect_seconds);
  database.set_memory_per_connection_bytes(memory);
  return model::WriteJson(fragment, base::ResolvePath(FLAGS_out));
}

}  // namespace
}  // namespace conformance

int main(int argc, char** argv) {
  gflags::SetUsageMessage("postgres_curve [--out FILE]");
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  const absl::Status status = conformance::Run();
  if (status.ok()) return 0;
  std::fprintf(stderr, "postgres_curve: %s\n", std::string(status.message()).c_str());
  return 1;
}
