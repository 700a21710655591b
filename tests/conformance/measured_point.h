#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "tests/conformance/scoring.h"

// What one measured run came to, and how it is kept in files.

namespace conformance {

// Cores are means of CPU used; shares of a group's periods that ended throttled.
struct MeasuredPoint {
  int restart = 0;
  uint64_t users = 0;
  Figures figures;
  bool valid = false;  // by the load generator's own judgement
  std::string started_at;
  double server_cores = 0;  // of all pods together
  double database_cores = 0;
  double redis_cores = 0;
  double server_throttled_share = 0;
  double database_throttled_share = 0;
};

boost::json::value ToJson(const Figures& figures);
boost::json::value ToJson(const MeasuredPoint& point);
boost::json::value ToJson(const Score& score);

// Of what ToJson made. InvalidArgument naming the field that is missing or of another type.
absl::StatusOr<Figures> FiguresFromJson(const boost::json::value& value);
absl::StatusOr<MeasuredPoint> MeasuredPointFromJson(const boost::json::value& value);

// "restart 2, 933 users: 1866 requests/s, mean 0.87 ms, ..." for people who watch.
std::string Describe(const MeasuredPoint& point);

}  // namespace conformance
