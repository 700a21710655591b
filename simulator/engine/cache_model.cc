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

namespace {

// int_0^d u e^(-w u) du
double FirstMoment(double w, double d) {
  if (w * d < 1e-4) return d * d * (0.5 - w * d / 3);
  return (1 - std::exp(-w * d) * (1 + w * d)) / (w * w);
}

// int_0^d e^(-w u) du
double Area(double w, double d) { return w * d < 1e-9 ? d : -std::expm1(-w * d) / w; }

// Least recently used, in units of the TTL: evicted after `gap` without a read.
double LeastRecentLife(double r, double w, double gap) {
  if (gap >= 1) return Area(w, 1);
  const double q = std::exp(-r * gap);
  const double x = q * std::exp(-w * gap);
  if (w + r * x < 1e-9) return Area(w, 1);  // read too often to be evicted ever
  const double d = std::min(gap, 1 - gap);
  const double known =
      Area(w, gap) + std::exp(-w * gap) * ((1 - q) * Area(w, d) - r * q * FirstMoment(w, d));
  if (2 * gap >= 1) return known;
  // For ever: (1 - x) / (w + r x), by the renewal at each read.
  const double rest = (1 - x) / (w + r * x) - known;
  const double height = std::exp(-2 * w * gap) * (1 - q - r * q * gap);
  if (rest <= 1e-12 || height <= 0) return known;
  return known - rest * std::expm1(-height / rest * (1 - 2 * gap));
}

}  // namespace

// Mean time that a value is in memory, writes discounted, in TTLs; `read` and `written` are times
// in a TTL. A fill that succeeds with probability p makes the empty time 1 / (r p): as if the life
// were p times as long.
double CacheModel::Life(double read, double written, const MemoryPressure& pressure) const {
  switch (pressure.policy) {
    case Eviction::kLeastRecent:
      return LeastRecentLife(read, written, pressure.level / ttl_);
    case Eviction::kRandom:
      return Area(written + ttl_ / pressure.level, 1);
    case Eviction::kShortestTtl:
      return Area(written, std::min(1.0, pressure.level / ttl_));
    case Eviction::kRefuse:
      return pressure.level * Area(written, 1);
    case Eviction::kNone:
      break;
  }
  return Area(written, 1);
}

double CacheModel::HitRate(double requests, const MemoryPressure& pressure) const {
  return Mean([&](const Group& group) {
    const double written = group.writes * requests;
    const double read = group.reads * requests * Life(group.reads * requests, written, pressure);
    return std::exp(-written * settle_ / ttl_) * read / (1 + read);
  });
}

CacheModel::Residents CacheModel::InMemory(double requests, const MemoryPressure& pressure) const {
  Residents residents;
  for (const Group& group : groups_) {
    const double written = group.writes * requests;
    const double read = group.reads * requests * Life(group.reads * requests, written, pressure);
    const double open = std::exp(-written * settle_ / ttl_);
    residents.values += group.keys * open * read / (1 + read);
    residents.markers += group.keys * (1 - open);
    residents.fills_per_second += group.keys * group.reads * requests / ttl_ * open / (1 + read);
  }
  return residents;
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
