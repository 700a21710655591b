#include "simulator/analytic/jackson.h"

#include "absl/strings/str_cat.h"
#include "simulator/analytic/open_stations.h"

namespace simulator::analytic {

absl::StatusOr<Jackson> SolveJackson(double lambda, const std::vector<JacksonStation>& stations) {
  Jackson result;
  for (size_t i = 0; i < stations.size(); ++i) {
    const JacksonStation& station = stations[i];
    if (station.shards < 1) return absl::InvalidArgumentError("shards must be at least 1");
    const double flow = lambda * station.visits / static_cast<double>(station.shards);
    absl::StatusOr<OpenStation> solved = MMc(flow, station.mu, station.servers);
    if (!solved.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("station ", i + 1, ": ", solved.status().message()));
    }
    result.w.push_back(solved->w);
    result.rho.push_back(solved->rho);
    result.total_w += station.visits * solved->w;
  }
  result.total_l = lambda * result.total_w;
  return result;
}

}  // namespace simulator::analytic
