#include <gflags/gflags.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/signals.h"
#include "devstack/stack.h"
#include "tests/conformance/postgres_load.h"

// What a tuning is worth: the same reads and writes on a real PostgreSQL as it comes, at 200 busy
// connections, and with the documents' postgresql.conf, at 200 and 500. Each variant gets a fresh
// server and is measured in turn with the others, pass by pass; prints a Markdown table.

DEFINE_double(seconds, 3, "measured per load and pass; 0.2 to 60");
DEFINE_double(warm_up, 1, "before each; 0.05 to 60");
DEFINE_int32(passes, 3, "fresh servers of each variant; 1 to 20");
DEFINE_int32(rows, 1000000, "of the table; 1000 to 20000000");

namespace conformance {
namespace {

struct Variant {
  std::string name;
  int max_connections = 0;
  size_t busy = 0;
  std::string shared_buffers;
  std::vector<std::string> settings;
};

// Everything in the documents' postgresql.conf that acts on throughput.
std::vector<std::string> Bundle() {
  return {"superuser_reserved_connections = 10",
          "effective_cache_size = '12GB'",
          "maintenance_work_mem = '1GB'",
          "work_mem = '16MB'",
          "wal_buffers = '16MB'",
          "random_page_cost = 1.1",
          "effective_io_concurrency = 200",
          "max_wal_size = '4GB'",
          "min_wal_size = '1GB'",
          "checkpoint_timeout = '15min'",
          "checkpoint_completion_target = 0.9",
          "max_worker_processes = 8",
          "max_parallel_workers = 8",
          "max_parallel_workers_per_gather = 4",
          "synchronous_commit = off",
          "wal_writer_delay = '200ms'"};
}

std::vector<Variant> Variants() {
  return {{"as it comes, 200 connections", 220, 200, "128MB", {}},
          {"as it comes, 500 connections", 520, 500, "128MB", {}},
          {"tuned, 200 connections", 520, 200, "4GB", Bundle()},
          {"tuned, 500 connections", 520, 500, "4GB", Bundle()}};
}

// Statements per second of each pass, by statement.
using Rates = std::map<std::string, std::vector<double>>;

absl::Status Measure(const Variant& variant, base::StopSignals& stop, Rates* rates) {
  devstack::StackOptions options;
  options.with_redis = false;
  options.postgres.max_connections = variant.max_connections;
  options.postgres.shared_buffers = variant.shared_buffers;
  options.postgres.settings = variant.settings;
  options.cancelled = [&stop] { return stop.Pending(); };
  auto stack = devstack::Stack::Start(options);
  if (!stack.ok()) return stack.status();
  auto load =
      PostgresLoad::Create((*stack)->database_url(), (*stack)->postgres()->pid(), FLAGS_rows);
  if (!load.ok()) return load.status();
  if (auto opened = load->Resize(variant.busy); !opened.ok()) return opened.status();
  for (const char* statement : {"read", "write"}) {
    if (stop.Pending()) return absl::CancelledError("interrupted");
    auto span = load->Run(statement, absl::Seconds(FLAGS_warm_up), absl::Seconds(FLAGS_seconds));
    if (!span.ok()) return span.status();
    std::fprintf(stderr, "%s, %s: %.0f/s, database %.2f cores, driver %.2f cores\n",
                 variant.name.c_str(), statement, span->per_second(), span->database_cores,
                 span->driver_cores);
    (*rates)[statement].push_back(span->per_second());
  }
  return absl::OkStatus();
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::string Cells(const std::vector<double>& rates, double first) {
  const auto [least, most] = std::minmax_element(rates.begin(), rates.end());
  char text[128];
  std::snprintf(text, sizeof(text), "%.0f (%.0f - %.0f) | %.2f", Median(rates), *least, *most,
                Median(rates) / first);
  return text;
}

absl::Status Run() {
  if (!(FLAGS_seconds >= 0.2 && FLAGS_seconds <= 60 && FLAGS_warm_up >= 0.05 &&
        FLAGS_warm_up <= 60 && FLAGS_passes >= 1 && FLAGS_passes <= 20 && FLAGS_rows >= 1000 &&
        FLAGS_rows <= 20'000'000)) {
    return absl::InvalidArgumentError(
        "--seconds must be 0.2..60, --warm_up 0.05..60, --passes 1..20, --rows 1000..20000000");
  }
  base::StopSignals stop;
  const std::vector<Variant> variants = Variants();
  std::vector<Rates> rates(variants.size());
  for (int pass = 0; pass < FLAGS_passes; ++pass) {
    for (size_t i = 0; i < variants.size(); ++i) {
      if (absl::Status status = Measure(variants[i], stop, &rates[i]); !status.ok()) return status;
    }
  }
  std::printf(
      "| variant | reads/s, median (least - most) | x | writes/s, median (least - most) | x "
      "|\n|---|---|---|---|---|\n");
  for (size_t i = 0; i < variants.size(); ++i) {
    std::printf("| %s | %s | %s |\n", variants[i].name.c_str(),
                Cells(rates[i].at("read"), Median(rates[0].at("read"))).c_str(),
                Cells(rates[i].at("write"), Median(rates[0].at("write"))).c_str());
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace conformance

int main(int argc, char** argv) {
  gflags::SetUsageMessage("postgres_tuning [--passes N]");
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  const absl::Status status = conformance::Run();
  if (status.ok()) return 0;
  std::fprintf(stderr, "postgres_tuning: %s\n", std::string(status.message()).c_str());
  return 1;
}
