#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

// The buckets of an HDR histogram for nanoseconds with 3 significant digits: the same layout as
// HdrHistogram's with lowest value 1, so that its log formats can be written without conversion.
//
// Values below 2048 ns have a bucket each. Above that every octave [2^k, 2^(k+1)) is divided into
// 1024 buckets of equal width, so a bucket is never wider than 1/1024 of its lowest value: any
// value reported for a bucket is within 0.1 % of any value recorded in it.
namespace model::histogram_layout {

inline constexpr int kSignificantDigits = 3;
inline constexpr int kSubBucketBits = 11;  // 2048 >= 2 * 10^3
inline constexpr int64_t kSubBuckets = int64_t{1} << kSubBucketBits;
inline constexpr int64_t kHalf = kSubBuckets / 2;

// 68.7 s: above the longest timeout anyone waits for. Larger values saturate.
inline constexpr int kHighestBits = 36;
inline constexpr int64_t kHighestTrackable = (int64_t{1} << kHighestBits) - 1;

// 27,648 buckets.
inline constexpr size_t kBuckets = (kHighestBits - kSubBucketBits + 2) * kHalf;

// The bucket of `ns`, which must be in [0, kHighestTrackable].
constexpr size_t IndexOf(int64_t ns) {
  const int exponent =
      64 - std::countl_zero(static_cast<uint64_t>(ns) | (kSubBuckets - 1)) - kSubBucketBits;
  return static_cast<size_t>(exponent * kHalf + (ns >> exponent));
}

// Width, lowest and highest value of a bucket.
constexpr int64_t WidthOf(size_t index) {
  const int64_t octave = static_cast<int64_t>(index) / kHalf - 1;
  return octave <= 0 ? 1 : int64_t{1} << octave;
}
constexpr int64_t LowestOf(size_t index) {
  const int64_t i = static_cast<int64_t>(index);
  const int64_t octave = i / kHalf - 1;
  return octave <= 0 ? i : (i % kHalf + kHalf) << octave;
}
constexpr int64_t HighestOf(size_t index) { return LowestOf(index) + WidthOf(index) - 1; }

static_assert(IndexOf(0) == 0);
static_assert(IndexOf(kSubBuckets - 1) == kSubBuckets - 1);
static_assert(IndexOf(kHighestTrackable) == kBuckets - 1);
static_assert(HighestOf(kBuckets - 1) == kHighestTrackable);

}  // namespace model::histogram_layout
