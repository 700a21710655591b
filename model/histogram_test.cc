#include "model/histogram.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace model {
namespace {

namespace layout = histogram_layout;

// Log-uniform over the range people measure, and a little below and above.
std::vector<int64_t> SomeTimes(uint64_t seed, size_t n) {
  std::mt19937_64 generator(seed);
  std::uniform_real_distribution<double> exponent(2.0, 11.0);
  std::vector<int64_t> times(n);
  for (int64_t& t : times) t = static_cast<int64_t>(std::pow(10.0, exponent(generator)));
  return times;
}

TEST(HistogramLayout, BucketsTileTheRangeAndAreNarrow) {
  int64_t expected = 0;
  for (size_t i = 0; i < layout::kBuckets; ++i) {
    ASSERT_EQ(layout::LowestOf(i), expected);
    ASSERT_EQ(layout::IndexOf(layout::LowestOf(i)), i);
    ASSERT_EQ(layout::IndexOf(layout::HighestOf(i)), i);
    ASSERT_LE(layout::WidthOf(i), std::max<int64_t>(1, layout::LowestOf(i) / 1000));
    expected = layout::HighestOf(i) + 1;
  }
  EXPECT_EQ(expected, layout::kHighestTrackable + 1);
}

TEST(Histogram, EmptyAnswersZero) {
  const Histogram h;
  EXPECT_TRUE(h.empty());
  EXPECT_EQ(h.Quantile(0.95), 0);
  EXPECT_EQ(h.mean(), 0.0);
  EXPECT_EQ(h.max(), 0);
  EXPECT_EQ(h.CountAtOrBelow(1000), 0u);
}

TEST(Histogram, QuantilesAreWithinAThousandth) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    std::vector<int64_t> times = SomeTimes(seed, 5000);
    for (int64_t& t : times) t = std::min(t, layout::kHighestTrackable);
    Histogram h;
    for (const int64_t t : times) h.Record(t);
    std::sort(times.begin(), times.end());
    for (const double q : {0.0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0}) {
      const size_t rank = std::max<size_t>(1, static_cast<size_t>(std::ceil(q * times.size())));
      const double exact = static_cast<double>(times[rank - 1]);
      EXPECT_NEAR(h.Quantile(q), exact, exact * 1e-3) << "q=" << q << " seed=" << seed;
      EXPECT_EQ(h.Quantile(q), QuantileOf(h.ToProto(), q));
    }
    EXPECT_EQ(h.min(), times.front());
    EXPECT_EQ(h.max(), times.back());
  }
}

TEST(Histogram, MeanIsExact) {
  Histogram h;
  h.RecordMany(1'000'001, 3);
  h.Record(5);
  EXPECT_DOUBLE_EQ(h.mean(), (3 * 1'000'001 + 5) / 4.0);
  EXPECT_DOUBLE_EQ(MeanOf(h.ToProto()), h.mean());
}

TEST(Histogram, SumSurvivesMoreThan64Bits) {
  Histogram h;
  for (int i = 0; i < 4; ++i) h.RecordMany(60'000'000'000, 1'000'000'000);
  EXPECT_DOUBLE_EQ(h.mean(), 60e9);
  const auto copy = Histogram::FromProto(h.ToProto());
  ASSERT_TRUE(copy.ok());
  EXPECT_DOUBLE_EQ(copy->mean(), 60e9);
}

TEST(Histogram, NegativeCountsAsZeroAndTooLongSaturates) {
  Histogram h;
  h.Record(-5);
  h.Record(200'000'000'000);
  EXPECT_EQ(h.count(), 2u);
  EXPECT_EQ(h.saturated(), 1u);
  EXPECT_EQ(h.min(), 0);
  EXPECT_EQ(h.max(), 200'000'000'000);
  EXPECT_EQ(h.Quantile(1.0), 200'000'000'000);
}

TEST(Histogram, MergeOfPartsIsTheWhole) {
  for (const size_t parts : {1, 2, 7, 64}) {
    const std::vector<int64_t> times = SomeTimes(parts, 4000);
    Histogram whole;
    std::vector<CompactHistogram> part(parts);
    for (size_t i = 0; i < times.size(); ++i) {
      whole.Record(times[i]);
      part[i % parts].Record(times[i]);
    }
    Histogram forwards;
    for (size_t i = 0; i < parts; ++i) forwards.Merge(part[i]);
    Histogram backwards;
    for (size_t i = parts; i-- > 0;) backwards.Merge(part[i]);
    // Pairs first: (a+b)+(c+d)+...
    Histogram nested;
    for (size_t i = 0; i < parts; i += 2) {
      Histogram pair;
      pair.Merge(part[i]);
      if (i + 1 < parts) pair.Merge(part[i + 1]);
      nested.Merge(pair);
    }
    const std::string expected = whole.ToProto().SerializeAsString();
    EXPECT_EQ(forwards.ToProto().SerializeAsString(), expected);
    EXPECT_EQ(backwards.ToProto().SerializeAsString(), expected);
    EXPECT_EQ(nested.ToProto().SerializeAsString(), expected);
  }
}

TEST(Histogram, ProtoRoundTripAndMergeInto) {
  Histogram a;
  Histogram b;
  for (const int64_t t : SomeTimes(3, 1000)) a.Record(t);
  for (const int64_t t : SomeTimes(4, 1000)) b.Record(t);
  HistogramData sum;  // empty message: an empty histogram
  ASSERT_TRUE(MergeInto(a.ToProto(), &sum).ok());
  ASSERT_TRUE(MergeInto(b.ToProto(), &sum).ok());
  a.Merge(b);
  EXPECT_EQ(sum.SerializeAsString(), a.ToProto().SerializeAsString());
}

TEST(Histogram, MalformedProtoIsRefused) {
  Histogram h;
  h.Record(1000);
  h.Record(2000000);
  HistogramData wrong_total = h.ToProto();
  wrong_total.set_total_count(5);
  HistogramData wrong_index = h.ToProto();
  wrong_index.set_index_delta(1, 1u << 30);
  HistogramData wrong_digits = h.ToProto();
  wrong_digits.set_significant_digits(2);
  HistogramData wrong_bounds = h.ToProto();
  wrong_bounds.set_max_ns(1500);
  for (const auto& data : {wrong_total, wrong_index, wrong_digits, wrong_bounds}) {
    EXPECT_EQ(Histogram::FromProto(data).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(Histogram, ClearForgetsAll) {
  CompactHistogram h;
  for (const int64_t t : SomeTimes(5, 1000)) h.Record(t);
  h.Clear();
  h.Record(1234);
  CompactHistogram fresh;
  fresh.Record(1234);
  EXPECT_EQ(h.ToProto().SerializeAsString(), fresh.ToProto().SerializeAsString());
}

TEST(Histogram, FullCompactCellIsReported) {
  CompactHistogram h;
  h.RecordMany(1000, 4'294'967'295u);
  h.RecordMany(1000, 10);
  EXPECT_EQ(h.count(), 4'294'967'295u);
  EXPECT_EQ(h.clipped(), 10u);
}

TEST(Histogram, UsesCallersCells) {
  auto cells = std::make_unique<HistogramCells<uint32_t>>();  // zeroed
  CompactHistogram writer(cells.get());
  writer.Record(5000);
  const CompactHistogram reader(cells.get());
  EXPECT_EQ(reader.count(), 1u);
}

TEST(Histogram, CountsAtOrBelow) {
  Histogram h;
  for (int i = 1; i <= 100; ++i) h.Record(i * 1'000'000);
  EXPECT_EQ(h.CountAtOrBelow(50'000'000), 50u);
  EXPECT_EQ(h.CountAtOrBelow(200'000'000), 100u);
  EXPECT_EQ(h.CountAtOrBelow(10), 0u);
}

}  // namespace
}  // namespace model
