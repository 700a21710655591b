#include "model/histogram.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace model {

namespace layout = histogram_layout;

namespace {

constexpr double kTwoTo64 = 18446744073709551616.0;

uint64_t RankOf(double q, uint64_t count) {
  const double rank = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(count));
  return std::clamp<uint64_t>(static_cast<uint64_t>(rank), 1, count);
}

size_t BucketOf(int64_t ns) { return layout::IndexOf(std::min(ns, layout::kHighestTrackable)); }

// What a quantile that fell into this bucket is reported as.
int64_t Reported(size_t index, int64_t min_ns, int64_t max_ns) {
  // The last bucket also holds saturated values: their only known figure is the maximum.
  if (index == layout::kBuckets - 1) return max_ns;
  return std::clamp(layout::HighestOf(index), min_ns, max_ns);
}

}  // namespace

template <typename Count>
BasicHistogram<Count>::BasicHistogram()
    // calloc of this size maps fresh zero pages, which cost nothing until they are hit.
    : owned_(static_cast<Cells*>(std::calloc(1, sizeof(Cells)))), cells_(owned_.get()) {
  if (cells_ == nullptr) throw std::bad_alloc();
}

template <typename Count>
size_t BasicHistogram<Count>::FirstBucket() const {
  return BucketOf(cells_->min_ns);
}

template <typename Count>
size_t BasicHistogram<Count>::LastBucket() const {
  return BucketOf(cells_->max_ns);
}

template <typename Count>
void BasicHistogram<Count>::Clear() {
  if (!empty()) {
    const size_t first = FirstBucket();
    std::fill(cells_->cells + first, cells_->cells + LastBucket() + 1, Count{0});
  }
  std::memset(static_cast<void*>(cells_), 0, offsetof(Cells, cells));
}

template <typename Count>
double BasicHistogram<Count>::sum() const {
  return static_cast<double>(cells_->sum_high) * kTwoTo64 + static_cast<double>(cells_->sum_low);
}

template <typename Count>
double BasicHistogram<Count>::mean() const {
  return empty() ? 0.0 : sum() / static_cast<double>(count());
}

template <typename Count>
int64_t BasicHistogram<Count>::Quantile(double q) const {
  if (empty()) return 0;
  const uint64_t rank = RankOf(q, count());
  uint64_t seen = 0;
  for (size_t i = FirstBucket(), last = LastBucket(); i <= last; ++i) {
    seen += cells_->cells[i];
    if (seen >= rank) return Reported(i, min(), max());
  }
  return max();
}

template <typename Count>
uint64_t BasicHistogram<Count>::CountAtOrBelow(int64_t ns) const {
  if (empty() || ns < min()) return 0;
  if (ns >= max()) return count();
  uint64_t seen = 0;
  for (size_t i = FirstBucket(), last = BucketOf(ns); i <= last; ++i) seen += cells_->cells[i];
  return seen;
}

template <typename Count>
HistogramData BasicHistogram<Count>::ToProto() const {
  HistogramData data;
  data.set_significant_digits(layout::kSignificantDigits);
  data.set_highest_trackable_ns(layout::kHighestTrackable);
  data.set_total_count(count());
  data.set_saturated(saturated());
  data.set_sum_ns(sum());
  data.set_sum_ns_low(cells_->sum_low);
  data.set_sum_ns_high(cells_->sum_high);
  if (empty()) return data;
  data.set_min_ns(min());
  data.set_max_ns(max());
  size_t previous = 0;
  for (size_t i = FirstBucket(), last = LastBucket(); i <= last; ++i) {
    if (cells_->cells[i] == 0) continue;
    data.add_index_delta(static_cast<uint32_t>(i - previous));
    data.add_count(cells_->cells[i]);
    previous = i;
  }
  return data;
}

template <typename Count>
absl::StatusOr<BasicHistogram<Count>> BasicHistogram<Count>::FromProto(const HistogramData& data) {
  BasicHistogram histogram;
  if (data.total_count() == 0 && data.count_size() == 0) return histogram;
  if (data.significant_digits() != layout::kSignificantDigits ||
      data.highest_trackable_ns() != layout::kHighestTrackable) {
    return absl::InvalidArgumentError(
        absl::StrCat("histogram: expected ", layout::kSignificantDigits,
                     " significant digits up to ", layout::kHighestTrackable, " ns, found ",
                     data.significant_digits(), " up to ", data.highest_trackable_ns(), " ns"));
  }
  if (data.index_delta_size() != data.count_size()) {
    return absl::InvalidArgumentError(absl::StrCat("histogram: ", data.index_delta_size(),
                                                   " indexes but ", data.count_size(), " counts"));
  }
  Cells& c = *histogram.cells_;
  uint64_t index = 0;
  uint64_t total = 0;
  uint64_t first = 0;
  for (int i = 0; i < data.count_size(); ++i) {
    index += data.index_delta(i);
    const uint64_t n = data.count(i);
    if (index >= layout::kBuckets || (i > 0 && data.index_delta(i) == 0) || n == 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "histogram: entry ", i, ": expected an ascending index below ", layout::kBuckets,
          " with a count above 0, found index ", index, " count ", n));
    }
    if (n > static_cast<Count>(-1)) {
      return absl::InvalidArgumentError(
          absl::StrCat("histogram: entry ", i, ": count ", n, " does not fit a 32-bit cell"));
    }
    if (i == 0) first = index;
    c.cells[index] = static_cast<Count>(n);
    total += n;
  }
  // min and max bound the buckets that are looked at, so they must agree with the cells.
  const bool bounded = data.min_ns() >= 0 && data.max_ns() >= data.min_ns() &&
                       BucketOf(data.min_ns()) == first && BucketOf(data.max_ns()) == index;
  if (total != data.total_count() || !bounded) {
    return absl::InvalidArgumentError(
        absl::StrCat("histogram: counts add up to ", total, ", total_count says ",
                     data.total_count(), "; min ", data.min_ns(), " ns, max ", data.max_ns(), " ns",
                     bounded ? "" : " do not match the first and last bucket"));
  }
  c.total = total;
  c.saturated = data.saturated();
  c.min_ns = data.min_ns();
  c.max_ns = data.max_ns();
  c.sum_low = data.sum_ns_low();
  c.sum_high = data.sum_ns_high();
  return histogram;
}

int64_t QuantileOf(const HistogramData& data, double q) {
  if (data.total_count() == 0) return 0;
  const uint64_t rank = RankOf(q, data.total_count());
  uint64_t seen = 0;
  uint64_t index = 0;
  for (int i = 0; i < data.count_size() && i < data.index_delta_size(); ++i) {
    index += data.index_delta(i);
    seen += data.count(i);
    if (seen >= rank && index < layout::kBuckets) {
      return Reported(index, data.min_ns(), std::max(data.min_ns(), data.max_ns()));
    }
  }
  return data.max_ns();
}

double MeanOf(const HistogramData& data) {
  return data.total_count() == 0 ? 0.0 : data.sum_ns() / static_cast<double>(data.total_count());
}

absl::Status MergeInto(const HistogramData& from, HistogramData* into) {
  absl::StatusOr<Histogram> sum = Histogram::FromProto(*into);
  if (!sum.ok()) return sum.status();
  const absl::StatusOr<Histogram> part = Histogram::FromProto(from);
  if (!part.ok()) return part.status();
  sum->Merge(*part);
  *into = sum->ToProto();
  return absl::OkStatus();
}

template class BasicHistogram<uint64_t>;
template class BasicHistogram<uint32_t>;

}  // namespace model
