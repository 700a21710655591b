#include "report/storm_map.h"

#include <boost/json.hpp>

#include "absl/strings/str_cat.h"

namespace report {
namespace {

namespace json = boost::json;

// Reads members of one object; remembers the first that is missing.
class Reader {
 public:
  explicit Reader(const json::object& object) : object_(object) {}

  double Number(const char* name) {
    const json::value* value = object_.if_contains(name);
    if (value != nullptr && value->is_number()) return value->to_number<double>();
    Miss(name, "a number");
    return 0;
  }
  double NumberOr(const char* name, double other) const {
    const json::value* value = object_.if_contains(name);
    return value != nullptr && value->is_number() ? value->to_number<double>() : other;
  }
  std::string Text(const char* name) {
    const json::value* value = object_.if_contains(name);
    if (value != nullptr && value->is_string()) return std::string(value->get_string());
    Miss(name, "a text");
    return "";
  }
  std::vector<double> Numbers(const char* name) {
    std::vector<double> numbers;
    for (const json::value& value : List(name)) {
      if (!value.is_number()) Miss(name, "a list of numbers");
      numbers.push_back(value.is_number() ? value.to_number<double>() : 0);
    }
    return numbers;
  }
  const json::array& List(const char* name) {
    static const auto* const kNone = new json::array();
    const json::value* value = object_.if_contains(name);
    if (value != nullptr && value->is_array()) return value->get_array();
    Miss(name, "a list");
    return *kNone;
  }
  absl::Status status() const { return status_; }

 private:
  void Miss(const char* name, const char* what) {
    if (status_.ok()) {
      status_ = absl::InvalidArgumentError(absl::StrCat("expected ", what, " in `", name, "`"));
    }
  }

  const json::object& object_;
  absl::Status status_;
};

absl::Status ReadCells(Reader& reader, StormMap* map) {
  map->users = reader.Numbers("users");
  map->speeds = reader.Numbers("speeds");
  map->trigger_seconds = reader.Number("trigger_seconds");
  map->horizon_seconds = reader.Number("horizon_seconds");
  map->stuck_from_users = reader.NumberOr("stuck_from_users", 0);
  for (const json::value& value : reader.List("cells")) {
    if (!value.is_object()) return absl::InvalidArgumentError("expected objects in `cells`");
    Reader cell(value.get_object());
    map->cells.push_back({cell.Number("users"), cell.Number("speed"), cell.Text("state"),
                          cell.NumberOr("recovery_seconds", 0),
                          cell.NumberOr("goodput_before_per_second", 0),
                          cell.NumberOr("goodput_after_per_second", 0)});
    if (!cell.status().ok()) return cell.status();
  }
  if (map->cells.size() != map->users.size() * map->speeds.size()) {
    return absl::InvalidArgumentError("expected a cell for each of `users` and `speeds`");
  }
  return reader.status();
}

absl::Status ReadPoints(Reader& reader, StormMap* map) {
  for (const json::value& value : reader.List("points")) {
    if (!value.is_object()) return absl::InvalidArgumentError("expected objects in `points`");
    Reader point(value.get_object());
    map->hysteresis.push_back({point.Number("users"), point.Text("branch") == "down",
                               point.Number("goodput_per_second"),
                               point.Number("attempts_per_second"), point.NumberOr("p95_ms", 0)});
    if (!point.status().ok()) return point.status();
  }
  return reader.status();
}

}  // namespace

absl::StatusOr<StormMap> ParseStormMap(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse({text.data(), text.size()}, error);
  if (error || !value.is_object()) return absl::InvalidArgumentError("expected a JSON object");
  Reader reader(value.get_object());
  StormMap map;
  const std::string kind = reader.Text("kind");
  if (kind != "storm_map" && kind != "hysteresis") {
    return absl::InvalidArgumentError("expected `kind` storm_map or hysteresis");
  }
  map.scenario = reader.Text("scenario");
  map.deployment = reader.Text("deployment");
  map.profile = reader.Text("profile");
  const json::value* threshold = value.get_object().if_contains("threshold");
  if (threshold != nullptr && threshold->is_object()) {
    const Reader arithmetic(threshold->get_object());
    map.recovers_below_users = arithmetic.NumberOr("recovers_below_users", 0);
    map.too_much_above_users = arithmetic.NumberOr("too_much_above_users", 0);
  }
  const absl::Status status =
      kind == "storm_map" ? ReadCells(reader, &map) : ReadPoints(reader, &map);
  if (!status.ok()) return status;
  return map;
}

}  // namespace report
