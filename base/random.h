#pragma once

#include <array>
#include <cstdint>
#include <string_view>

// Named random streams by counter: Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy
// as 1, 2, 3", SC 2011), checked against the Random123 known answers.
//
//   RandomStream think(seed, replication, "users", "think_time");
//   double seconds = think.Exponential(10.0);
//
// A stream is a pure function of (seed, replication, component, purpose, index) and of how many
// numbers were drawn: the same names give the same numbers whatever else runs, in whatever order,
// in whatever process. Give each purpose its own stream and a change in one part of a model does
// not disturb the others (common random numbers); give each entity an `index` of its own (a user's
// number) when its draws must not depend on the interleaving with other entities.
//
// Independence. The 64-bit key is a bijection of `seed` for fixed other names, and of
// `replication`; the upper 64 bits of the 128-bit counter are a bijection of `index`. So streams
// that differ in exactly one of these never share a block. Streams that differ otherwise share
// blocks only when 128 hashed bits are equal: for n streams that has probability n^2 / 2^129.
// A stream has 2^65 numbers. Beyond that, statistical independence is Philox's (it passes
// BigCrush, also interleaved), not a theorem.
//
// A stream is 56 bytes, copyable (a copy continues identically), not thread-safe. Integer draws
// and Uniform01 are bit-identical everywhere; Exponential and Normal go through the C library's
// log, sqrt, cos, so they are identical only with the same libm.

namespace base {

// One block of Philox4x32-10: a keyed bijection of the counter. `counter` and result are four
// 32-bit words, least significant first.
std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

// Finaliser of SplitMix64 (Stafford's variant 13): a bijection of 64-bit words that mixes well.
uint64_t Mix64(uint64_t value);

// Stable 64-bit hash of a string (FNV-1a, then Mix64): the same on every machine and release.
// Not for untrusted keys in hash tables.
uint64_t StableHash(std::string_view text, uint64_t basis = 0);

class RandomStream {
 public:
  RandomStream(uint64_t seed, uint64_t replication, std::string_view component,
               std::string_view purpose, uint64_t index = 0);

  // The stream of the same names with another index; does not depend on what was drawn here.
  RandomStream WithIndex(uint64_t index) const;

  uint64_t NextU64() {
    if (used_ == 2) Refill();
    return buffer_[used_++];
  }
  // In the open interval (0, 1): 2^53 equally likely midpoints, never 0 and never 1.
  double Uniform01() {
    return (static_cast<double>(NextU64() >> 11) + 0.5) * (1.0 / 9007199254740992.0);
  }
  // In (low, high).
  double Uniform(double low, double high) { return low + (high - low) * Uniform01(); }
  // Mean in any unit; mean 0 gives 0. One number drawn.
  double Exponential(double mean);
  // Box-Muller, cosine branch only: always two numbers drawn, so draws stay aligned.
  double Normal(double mean = 0.0, double standard_deviation = 1.0);
  // Uniform on 0 .. bound-1 without bias (Lemire's multiplication with rejection). `bound` > 0.
  uint64_t UniformInt(uint64_t bound);
  // True with probability p (p <= 0 never, p >= 1 always). One number drawn.
  bool Bernoulli(double p) { return Uniform01() < p; }

  // UniformRandomBitGenerator, for std::shuffle and the like (whose results depend on the library).
  using result_type = uint64_t;
  static constexpr uint64_t min() { return 0; }
  static constexpr uint64_t max() { return ~uint64_t{0}; }
  uint64_t operator()() { return NextU64(); }

 private:
  RandomStream() = default;
  void Refill();

  uint64_t key_;
  uint64_t names_;         // Hash of the names, before the index is mixed in.
  uint64_t counter_high_;  // Upper half of the counter: names and index.
  uint64_t block_ = 0;     // Lower half of the counter.
  std::array<uint64_t, 2> buffer_{};
  uint64_t used_ = 2;
};

}  // namespace base
