#pragma once

#include <chrono>
#include <string>
#include <vector>

// How a worker talks to its Redis Cluster. Copied at start-up; every limit holds per connection.

namespace server {

struct RedisOptions {
  std::vector<std::string> seeds;  // host:port, tried in turn for the slot map
  std::string password;            // "" when the cluster has none
  int in_flight_limit = 10000;
  std::chrono::milliseconds connect_timeout{1000};
  // A connection whose oldest command has been unanswered for this long is closed.
  std::chrono::milliseconds stuck_after{2000};
  std::chrono::milliseconds refresh_throttle{200};  // least time between fetches of the map
  std::chrono::milliseconds refresh_period{10000};
  // The wait before connecting again: doubled from the first to the most.
  std::chrono::milliseconds reconnect_first{50};
  std::chrono::milliseconds reconnect_most{2000};
};

}  // namespace server
