#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/catalogue.h"
#include "model/profile.pb.h"
#include "model/scenario.pb.h"

namespace simulator {

// The hit rate of one cached operation, worked out instead of given: keys by the popularity of the
// entities that the scenario's feeders pick, a time to live that reads do not prolong, writes that
// bury a key.
//
// One key: reads and writes come as Poisson processes of rates r and w; a value lives T from its
// fill; after a write the key is empty, and nobody may fill it, for D. A read finds the value with
// the share of time in which it is there (PASTA), by renewal arguments exactly
//   h = e^(-w D) r m / (1 + r m),   m = (1 - e^(-w T)) / w   (T when w = 0)
// which is r T / (1 + r T) without writes. Loads count as instantaneous.
//
// Over time: in the first T of a run nothing expires, so a key is there once it was read (cold
// start); afterwards the formula with the mean rates of the last T (quasi-steady: the echo of a
// common cold start, keys that expire together, is left out).
//
// Keys of nearly equal rates (within 2 %) are one group, so an evaluation costs some hundred
// exponentials. Immutable; safe to share.
class CacheModel {
 public:
  // Per key, as shares of all requests of the scenario.
  struct Group {
    double keys = 0;
    double reads = 0;
    double writes = 0;
  };

  CacheModel(std::vector<Group> groups, double ttl_seconds, double settle_seconds);

  double ttl_seconds() const { return ttl_; }
  double keys() const { return keys_; }
  const std::vector<Group>& groups() const { return groups_; }

  // `requests`: how many of all operations came in the last `ttl_seconds`.
  double HitRate(double requests) const;
  // `requests` came in the `elapsed` (below ttl_seconds) since the cache was empty.
  double ColdHitRate(double requests, double elapsed) const;

 private:
  template <typename KeyHitRate>
  double Mean(KeyHitRate key_hit_rate) const;

  std::vector<Group> groups_;
  double ttl_;
  double settle_;
  double keys_ = 0;
  double reads_ = 0;
};

// How many entities there are. Every clinic is alike and has an equal share of the users.
struct CacheWorld {
  model::CatalogueSizes sizes;
  double users = 0;  // of the scenario, at most at a time
};

// The model of one operation. `demand` states its TTL (or `ttl_seconds` above 0 does), settle time
// and the writes that invalidate it. A key is the clinic and the entities named in the path of the
// steps that use the operation: ${doctor.id} and ${day} together, for example; ${user.id} is the
// user's own entry. An invalidating write means the key whose entities it names, or earlier steps
// of its journey do.
//
// InvalidArgument, with the reason, when the scenario does not determine the keys: no TTL, an
// extracted variable in the path, steps that name different entities, more than 4M keys a clinic.
absl::StatusOr<CacheModel> CompileCache(const model::Scenario& scenario,
                                        const model::OperationDemand& demand,
                                        const CacheWorld& world, double ttl_seconds);

}  // namespace simulator
