#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/catalogue.h"
#include "model/profile.pb.h"
#include "model/scenario.pb.h"
#include "simulator/engine/key_streams.h"

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
// When memory is short a value may end earlier; the formula stays, with its mean life m (discounted
// at rate w) under the eviction policy:
//   least recently used  evicted when not read for the characteristic time (Che's approximation,
//                        cache_memory.h): m = int_0^T G(t) e^(-w t) dt, G(t) = P(no gap of reads
//                        above tc by t); exact for T <= 2 tc and T = infinity, between them the
//                        tail is exponential with the right area
//   random               evicted at a constant rate
//   shortest time left   the TTL is cut
//   none                 a fill succeeds with some probability only
//
// Keys of nearly equal rates (within 2 %) are one group, so an evaluation costs some hundred
// exponentials. Immutable; safe to share.
enum class Eviction : uint8_t { kNone, kLeastRecent, kRandom, kShortestTtl, kRefuse };

// How short memory is: what `level` means depends on the policy; infinity: it is not short.
struct MemoryPressure {
  Eviction policy = Eviction::kNone;
  // Seconds: characteristic time, mean time until evicted, or cut TTL. kRefuse: the share of fills
  // that succeed, 1 when memory is not short.
  double level = 0;
};

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
  double settle_seconds() const { return settle_; }
  // Which keys are read and written; empty when not compiled from a scenario.
  const KeyStreams& streams() const { return streams_; }
  void set_streams(KeyStreams streams) { streams_ = std::move(streams); }
  double keys() const { return keys_; }
  const std::vector<Group>& groups() const { return groups_; }

  // `requests`: how many of all operations came in the last `ttl_seconds`.
  double HitRate(double requests) const;
  // The same when memory is short.
  double HitRate(double requests, const MemoryPressure& pressure) const;
  // Mean number of values in memory, and of the markers that writes leave for the settle time.
  struct Residents {
    double values = 0;
    double markers = 0;
    double fills_per_second = 0;  // wanted: misses outside the settle time
  };
  Residents InMemory(double requests, const MemoryPressure& pressure) const;
  // `requests` came in the `elapsed` (below ttl_seconds) since the cache was empty.
  double ColdHitRate(double requests, double elapsed) const;

 private:
  double Life(double read, double written, const MemoryPressure& pressure) const;
  template <typename KeyHitRate>
  double Mean(KeyHitRate key_hit_rate) const;

  std::vector<Group> groups_;
  KeyStreams streams_;
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
