#include "simulator/imports/queries.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "model/yaml/node.h"

namespace simulator {
namespace {

// Of our server, without its own probes and scrapes.
constexpr char kOurs[] = "operation!~\"metrics|health.*\"";

std::string Quantile(const char* q) {
  return absl::StrCat("1000 * histogram_quantile(", q,
                      ", sum by (le) (rate(praxis_request_seconds_bucket{", kOurs, "}[$window])))");
}

constexpr std::string_view kQuantities[] = {"mean_ms",
                                            "p50_ms",
                                            "p95_ms",
                                            "p99_ms",
                                            "error_rate",
                                            "pods_end",
                                            "pods_max",
                                            "throughput_per_second",
                                            "goodput_per_second",
                                            "server_cpu_cores",
                                            "database_cpu_cores",
                                            "database_connections_max",
                                            "redis_shard_utilisation_max"};

using Names = std::vector<std::string_view>;

absl::Status ReadQueries(const model::YamlMap& root, std::string_view key, const Names& allowed,
                         std::map<std::string, Queries::Query>* queries) {
  const model::YamlNode* node = root.Find(key);
  if (node == nullptr) return absl::OkStatus();
  const auto map = node->AsMap(allowed);
  if (!map.ok()) return map.status();
  queries->clear();
  for (const model::YamlMap::Entry& entry : map->entries()) {
    const auto text = entry.value.AsString();
    if (!text.ok()) return text.status();
    (*queries)[entry.key] = {*text, true, absl::StrCat(node->file(), ":", entry.line)};
  }
  return absl::OkStatus();
}

absl::Status ReadNumbers(const model::YamlMap& root, std::string_view key, const Names* allowed,
                         std::map<std::string, double>* numbers) {
  const model::YamlNode* node = root.Find(key);
  if (node == nullptr) return absl::OkStatus();
  const auto map = allowed != nullptr ? node->AsMap(*allowed) : node->AsMapOfAny();
  if (!map.ok()) return map.status();
  for (const model::YamlMap::Entry& entry : map->entries()) {
    const auto number = entry.value.AsNumber();
    if (!number.ok()) return number.status();
    if (*number < 0) return entry.value.Error("expected a number, 0 or more");
    (*numbers)[entry.key] = *number;
  }
  return absl::OkStatus();
}

absl::Status ReadRequests(const model::YamlMap& root, Queries* queries) {
  if (const model::YamlNode* node = root.Find("requests"); node != nullptr) {
    const auto text = node->AsString();
    if (!text.ok()) return text.status();
    queries->requests = {*text, true, absl::StrCat(node->file(), ":", node->line())};
  }
  if (const model::YamlNode* node = root.Find("operation_label"); node != nullptr) {
    const auto text = node->AsString();
    if (!text.ok()) return text.status();
    queries->operation_label = *text;
  }
  return absl::OkStatus();
}

}  // namespace

Queries DefaultQueries() {
  const std::string all = absl::StrCat("sum(rate(praxis_requests_total{", kOurs, "}[$window]))");
  Queries queries;
  for (const auto& [name, text] : std::map<std::string, std::string>{
           {"throughput_per_second", all},
           {"error_rate", absl::StrCat("(sum(rate(praxis_requests_total{", kOurs,
                                       ",status_class=\"5xx\"}[$window])) or vector(0)) / ", all)},
           {"mean_ms", absl::StrCat("1000 * sum(rate(praxis_request_seconds_sum{", kOurs,
                                    "}[$window])) / sum(rate(praxis_request_seconds_count{", kOurs,
                                    "}[$window]))")},
           {"p50_ms", Quantile("0.5")},
           {"p95_ms", Quantile("0.95")},
           {"p99_ms", Quantile("0.99")},
           {"server_cpu_cores", "sum(rate(praxis_process_cpu_seconds_total[$window]))"}}) {
    queries.quantities[name] = {text, false, ""};
  }
  const auto cpu = [](const char* pods) {
    return absl::StrCat("sum(increase(container_cpu_usage_seconds_total{container!=\"\",pod=~\"",
                        pods, "\"}[$window]))");
  };
  queries.operation_label = "operation";
  queries.busy["server_cpu_seconds"] = {cpu(".*api.*"), false, ""};
  queries.busy["database_cpu_seconds"] = {cpu(".*postgres.*"), false, ""};
  queries.busy["redis_cpu_seconds"] = {cpu(".*redis.*"), false, ""};
  queries.counts["database_statements"] = {"sum(increase(pg_stat_statements_calls_total[$window]))",
                                           false, ""};
  queries.counts["redis_commands"] = {"sum(increase(redis_commands_processed_total[$window]))",
                                      false, ""};
  return queries;
}

absl::StatusOr<Queries> LoadQueries(const std::string& path) {
  const auto node = model::YamlNode::Load(path);
  if (!node.ok()) return node.status();
  const auto root = node->AsMap(
      {"quantities", "requests", "operation_label", "busy", "counts", "given", "commits_waited"});
  if (!root.ok()) return root.status();
  Queries queries = DefaultQueries();
  const Names given = {"round_trip_seconds", "flush_seconds", "connect_seconds",
                       "redis_command_seconds"};
  absl::Status status =
      ReadQueries(*root, "quantities", Names(std::begin(kQuantities), std::end(kQuantities)),
                  &queries.quantities);
  status.Update(ReadRequests(*root, &queries));
  status.Update(ReadQueries(*root, "busy",
                            {"server_cpu_seconds", "database_cpu_seconds", "redis_cpu_seconds"},
                            &queries.busy));
  status.Update(
      ReadQueries(*root, "counts", {"database_statements", "redis_commands"}, &queries.counts));
  status.Update(ReadNumbers(*root, "given", &given, &queries.given));
  status.Update(ReadNumbers(*root, "commits_waited", nullptr, &queries.commits_waited));
  if (!status.ok()) return status;
  if (root->Has("busy") && !queries.busy.contains("server_cpu_seconds")) {
    return root->Find("busy")->Error("expected at least server_cpu_seconds");
  }
  return queries;
}

}  // namespace simulator
