#include "tests/conformance/measured_point.h"

#include <boost/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace conformance {
namespace {

template <typename Object>
struct Field {
  const char* name;
  double Object::*value;
};

constexpr Field<Figures> kFigures[] = {
    {"mean_ms", &Figures::mean_ms},       {"p50_ms", &Figures::p50_ms},
    {"p95_ms", &Figures::p95_ms},         {"p99_ms", &Figures::p99_ms},
    {"throughput", &Figures::throughput}, {"error_rate", &Figures::error_rate}};
constexpr Field<MeasuredPoint> kUse[] = {
    {"server_cores", &MeasuredPoint::server_cores},
    {"database_cores", &MeasuredPoint::database_cores},
    {"redis_cores", &MeasuredPoint::redis_cores},
    {"server_throttled_share", &MeasuredPoint::server_throttled_share},
    {"database_throttled_share", &MeasuredPoint::database_throttled_share}};

template <typename Object, size_t n>
absl::Status ReadFields(const boost::json::value& value, const Field<Object> (&fields)[n],
                        Object* into) {
  if (!value.is_object()) return absl::InvalidArgumentError("expected an object");
  for (const Field<Object>& field : fields) {
    const boost::json::value* found = value.get_object().if_contains(field.name);
    if (found == nullptr || !found->is_number()) {
      return absl::InvalidArgumentError(absl::StrCat("`", field.name, "`: expected a number"));
    }
    into->*field.value = found->to_number<double>();
  }
  return absl::OkStatus();
}

}  // namespace

boost::json::value ToJson(const Figures& figures) {
  boost::json::object object;
  for (const auto& field : kFigures) object[field.name] = figures.*field.value;
  return object;
}

boost::json::value ToJson(const MeasuredPoint& point) {
  boost::json::object object = {{"restart", point.restart},
                                {"users", point.users},
                                {"figures", ToJson(point.figures)},
                                {"valid", point.valid},
                                {"started_at", point.started_at}};
  for (const auto& field : kUse) object[field.name] = point.*field.value;
  return object;
}

boost::json::value ToJson(const Score& score) {
  boost::json::object object;
  object["figure"] = score.figure;
  object["predicted"] = score.predicted;
  object["measured"] = boost::json::value_from(score.measured);
  if (!score.measured.empty()) {
    object["median"] = score.centre;
    object["error"] = score.error;
  }
  if (score.tolerance > 0) {
    object["tolerance"] = score.tolerance;
    object["within"] = score.within();
  }
  return object;
}

absl::StatusOr<Figures> FiguresFromJson(const boost::json::value& value) {
  Figures figures;
  absl::Status status = ReadFields(value, kFigures, &figures);
  if (!status.ok()) return status;
  return figures;
}

absl::StatusOr<MeasuredPoint> MeasuredPointFromJson(const boost::json::value& value) {
  MeasuredPoint point;
  if (absl::Status status = ReadFields(value, kUse, &point); !status.ok()) return status;
  const boost::json::object& object = value.get_object();
  const boost::json::value* restart = object.if_contains("restart");
  const boost::json::value* users = object.if_contains("users");
  const boost::json::value* figures = object.if_contains("figures");
  const boost::json::value* valid = object.if_contains("valid");
  const boost::json::value* started = object.if_contains("started_at");
  if (restart == nullptr || !restart->is_int64() || users == nullptr || !users->is_number() ||
      figures == nullptr || valid == nullptr || !valid->is_bool() || started == nullptr ||
      !started->is_string()) {
    return absl::InvalidArgumentError(
        "expected `restart`, `users`, `figures`, `valid` and `started_at`");
  }
  auto read = FiguresFromJson(*figures);
  if (!read.ok()) return read.status();
  point.figures = *read;
  point.restart = static_cast<int>(restart->get_int64());
  point.users = users->to_number<uint64_t>();
  point.valid = valid->get_bool();
  point.started_at = std::string(started->get_string());
  return point;
}

std::string Describe(const MeasuredPoint& point) {
  return absl::StrFormat(
      "restart %d, %d users: %.0f requests/s, mean %.2f ms, p50 %.2f, p95 %.2f, p99 %.2f, errors "
      "%.2f %%%s; cores: server %.3f, PostgreSQL %.3f, Redis %.3f; throttled periods: %.0f %%, "
      "%.0f %%",
      point.restart, point.users, point.figures.throughput, point.figures.mean_ms,
      point.figures.p50_ms, point.figures.p95_ms, point.figures.p99_ms,
      100 * point.figures.error_rate, point.valid ? "" : " INVALID", point.server_cores,
      point.database_cores, point.redis_cores, 100 * point.server_throttled_share,
      100 * point.database_throttled_share);
}

}  // namespace conformance
