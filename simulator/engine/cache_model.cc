#include "simulator/engine/cache_model.h"

#include <algorithm>
#include <cmath>

namespace simulator {

CacheModel::CacheModel(std::vector<Group> groups, double ttl_seconds, double settle_seconds)
    : groups_(std::move(groups)), ttl_(ttl_seconds), settle_(settle_seconds) {
  for (const Group& group : groups_) {
    keys_ += group.keys;
    reads_ += group.keys * group.reads;
  }
}

// Over reads, not over keys.
template <typename KeyHitRate>
double CacheModel::Mean(KeyHitRate key_hit_rate) const {
  if (reads_ <= 0) return 0;
  double hits = 0;
  for (const Group& group : groups_) {
    if (group.reads > 0) hits += group.keys * group.reads * key_hit_rate(group);
  }
  return hits / reads_;
}

double CacheModel::HitRate(double requests) const {
  return Mean([&](const Group& group) {
    const double written = group.writes * requests;  // times, in a TTL
    const double alive = written > 1e-9 ? -std::expm1(-written) / written : 1;
    const double read = group.reads * requests * alive;
    return std::exp(-written * settle_ / ttl_) * read / (1 + read);
  });
}

double CacheModel::ColdHitRate(double requests, double elapsed) const {
  if (requests <= 0 || elapsed <= 0) return 0;
  const double opened = std::min(settle_, elapsed);
  return Mean([&](const Group& group) {
    const double read = group.reads * requests / elapsed;
    const double write = group.writes * requests / elapsed;
    // Until D: no write so far and a read before. Then what is not closed fills, what is full dies.
    const double at_opened = std::exp(-write * opened) * -std::expm1(-read * opened);
    const double limit = read / (read + write) * std::exp(-write * settle_);
    return elapsed <= settle_
               ? at_opened
               : limit + (at_opened - limit) * std::exp(-(read + write) * (elapsed - opened));
  });
}

}  // namespace simulator
