#include "base/random.h"

#include <cmath>
#include <numbers>

namespace base {
namespace {

constexpr uint32_t kMultiplier0 = 0xD2511F53;
constexpr uint32_t kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9;
constexpr uint32_t kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;
constexpr uint64_t kGolden = 0x9E3779B97F4A7C15;

inline std::array<uint32_t, 4> PhiloxRounds(std::array<uint32_t, 4> c, uint32_t k0, uint32_t k1) {
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t p0 = uint64_t{kMultiplier0} * c[0];
    const uint64_t p1 = uint64_t{kMultiplier1} * c[2];
    c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(p1),
         static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<uint32_t>(p0)};
    k0 += kWeyl0;
    k1 += kWeyl1;
  }
  return c;
}

}  // namespace

std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  return PhiloxRounds(counter, key[0], key[1]);
}

uint64_t Mix64(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}

uint64_t StableHash(std::string_view text, uint64_t basis) {
  uint64_t hash = 0xCBF29CE484222325 ^ Mix64(basis);
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return Mix64(hash + text.size());
}

RandomStream::RandomStream(uint64_t seed, uint64_t replication, std::string_view component,
                           std::string_view purpose, uint64_t index) {
  // Two unrelated hashes of the names; mixing between component and purpose keeps ("ab", "c") and
  // ("a", "bc") apart.
  const uint64_t first = StableHash(purpose, StableHash(component, 1));
  const uint64_t second = StableHash(purpose, StableHash(component, 2));
  key_ = Mix64(Mix64(Mix64(seed + kGolden) + replication) + first);
  names_ = second;
  counter_high_ = Mix64(names_ + index * kGolden);
}

RandomStream RandomStream::WithIndex(uint64_t index) const {
  RandomStream other;
  other.key_ = key_;
  other.names_ = names_;
  other.counter_high_ = Mix64(names_ + index * kGolden);
  return other;
}

void RandomStream::Refill() {
  const std::array<uint32_t, 4> words = PhiloxRounds(
      {static_cast<uint32_t>(block_), static_cast<uint32_t>(block_ >> 32),
       static_cast<uint32_t>(counter_high_), static_cast<uint32_t>(counter_high_ >> 32)},
      static_cast<uint32_t>(key_), static_cast<uint32_t>(key_ >> 32));
  ++block_;
  buffer_ = {(uint64_t{words[1]} << 32) | words[0], (uint64_t{words[3]} << 32) | words[2]};
  used_ = 0;
}

double RandomStream::Exponential(double mean) { return -mean * std::log(Uniform01()); }

double RandomStream::Normal(double mean, double standard_deviation) {
  const double radius = std::sqrt(-2.0 * std::log(Uniform01()));
  const double angle = 2.0 * std::numbers::pi * Uniform01();
  return mean + standard_deviation * radius * std::cos(angle);
}

uint64_t RandomStream::UniformInt(uint64_t bound) {
  unsigned __int128 product = static_cast<unsigned __int128>(NextU64()) * bound;
  uint64_t low = static_cast<uint64_t>(product);
  if (low < bound) {
    const uint64_t threshold = -bound % bound;
    while (low < threshold) {
      product = static_cast<unsigned __int128>(NextU64()) * bound;
      low = static_cast<uint64_t>(product);
    }
  }
  return static_cast<uint64_t>(product >> 64);
}

}  // namespace base
