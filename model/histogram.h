#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model/histogram.pb.h"
#include "model/histogram_layout.h"

namespace model {

// What a histogram remembers. All-zero bytes are an empty histogram, so cells may be placed in
// freshly mapped (shared) memory; only the pages of buckets that were hit become resident. The sums
// are integers: merging is exact, whatever the order.
template <typename Count>
struct HistogramCells {
  uint64_t total;
  uint64_t saturated;  // values above the highest trackable one; they are in the last bucket
  uint64_t clipped;    // values a full 32-bit cell could not count; they are not in `total`
  int64_t min_ns;
  int64_t max_ns;
  uint64_t sum_low;  // 128-bit sum of the recorded values, ns
  uint64_t sum_high;
  Count cells[histogram_layout::kBuckets];
};

// An HDR histogram of times in nanoseconds: 3 significant digits from 1 us to 68.7 s (below 2 us
// even exact), fixed memory (216 KiB; 108 KiB with 32-bit cells), exact merge.
//
// Record() takes a few nanoseconds and never allocates. Negative times count as 0; times above the
// range count in the last bucket and in saturated(), while max() and mean() still use their true
// value.
//
// One thread (or process) writes. Another one may read or Merge() from it meanwhile through shared
// cells: it sees every value that was complete some moment before, which is what a progress line
// needs; after the writer has stopped it sees all.
template <typename Count>
class BasicHistogram {
 public:
  using Cells = HistogramCells<Count>;

  // Owns its cells.
  BasicHistogram();
  // Uses the caller's cells, which must outlive it and are not cleared.
  explicit BasicHistogram(Cells* cells) : cells_(cells) {}
  BasicHistogram(BasicHistogram&& other) noexcept = default;
  BasicHistogram& operator=(BasicHistogram&& other) noexcept = default;

  void Record(int64_t ns) { RecordMany(ns, 1); }
  void Record(absl::Duration time) { Record(absl::ToInt64Nanoseconds(time)); }
  void RecordMany(int64_t ns, uint64_t times);

  // Adds another histogram's values: bucket-identical to having recorded them here.
  template <typename OtherCount>
  void Merge(const BasicHistogram<OtherCount>& other);

  // Forgets all; costs what the range between min and max spans, for windows of a second.
  void Clear();

  uint64_t count() const { return cells_->total; }
  uint64_t saturated() const { return cells_->saturated; }
  uint64_t clipped() const { return cells_->clipped; }
  bool empty() const { return count() == 0; }
  int64_t min() const { return cells_->min_ns; }  // ns; 0 when empty
  int64_t max() const { return cells_->max_ns; }  // ns; 0 when empty
  double mean() const;                            // ns; 0 when empty
  double sum() const;                             // ns

  // The value at or below which a fraction q (0..1) of the values lie: the ceil(q * count)-th
  // smallest, reported as the highest value of its bucket (HdrHistogram's convention), but never
  // above max(). Within 0.1 % of the true one. 0 when empty.
  int64_t Quantile(double q) const;

  // How many values are at or below `ns`, counting whole buckets.
  uint64_t CountAtOrBelow(int64_t ns) const;

  HistogramData ToProto() const;
  // InvalidArgument for another layout, for counts that do not add up or indexes out of range.
  static absl::StatusOr<BasicHistogram> FromProto(const HistogramData& data);

  const Cells& cells() const { return *cells_; }

 private:
  struct Free {
    void operator()(Cells* cells) const { std::free(cells); }
  };

  void Widen(int64_t low, int64_t high);
  void AddSum(uint64_t low, uint64_t high);
  // The buckets that may be non-zero; call only when not empty.
  size_t FirstBucket() const;
  size_t LastBucket() const;

  std::unique_ptr<Cells, Free> owned_;
  Cells* cells_;
};

using Histogram = BasicHistogram<uint64_t>;
// Half the memory, for one-second windows and per-worker parts; a cell that is full (4.29e9) stops
// counting and says so in clipped().
using CompactHistogram = BasicHistogram<uint32_t>;

// Quantile of serialised data without unpacking it into 216 KiB; same convention. ns, 0 when empty.
int64_t QuantileOf(const HistogramData& data, double q);
// Mean of serialised data, ns; 0 when empty.
double MeanOf(const HistogramData& data);
// Adds `from` to `into`, exactly. InvalidArgument when one is malformed.
absl::Status MergeInto(const HistogramData& from, HistogramData* into);

extern template class BasicHistogram<uint64_t>;
extern template class BasicHistogram<uint32_t>;

// ---- inline: the hot path

template <typename Count>
void BasicHistogram<Count>::RecordMany(int64_t ns, uint64_t times) {
  if (times == 0) return;
  if (ns < 0) ns = 0;
  Cells& c = *cells_;
  int64_t capped = ns;
  if (ns > histogram_layout::kHighestTrackable) {
    capped = histogram_layout::kHighestTrackable;
    c.saturated += times;
  }
  Count& cell = c.cells[histogram_layout::IndexOf(capped)];
  if constexpr (sizeof(Count) < sizeof(uint64_t)) {
    const uint64_t room = static_cast<uint64_t>(static_cast<Count>(-1)) - cell;
    if (times > room) {
      c.clipped += times - room;
      times = room;
      if (times == 0) return;
    }
  }
  Widen(ns, ns);
  cell += static_cast<Count>(times);
  const unsigned __int128 sum = static_cast<unsigned __int128>(ns) * times;
  AddSum(static_cast<uint64_t>(sum), static_cast<uint64_t>(sum >> 64));
  c.total += times;
}

template <typename Count>
void BasicHistogram<Count>::Widen(int64_t low, int64_t high) {
  Cells& c = *cells_;
  if (c.total == 0) {
    c.min_ns = low;
    c.max_ns = high;
    return;
  }
  if (low < c.min_ns) c.min_ns = low;
  if (high > c.max_ns) c.max_ns = high;
}

template <typename Count>
void BasicHistogram<Count>::AddSum(uint64_t low, uint64_t high) {
  Cells& c = *cells_;
  c.sum_low += low;
  c.sum_high += high + (c.sum_low < low ? 1 : 0);
}

template <typename Count>
template <typename OtherCount>
void BasicHistogram<Count>::Merge(const BasicHistogram<OtherCount>& other) {
  const HistogramCells<OtherCount>& from = other.cells();
  if (from.total == 0) return;
  const int64_t low = from.min_ns;
  const int64_t high = from.max_ns;
  const auto index = [](int64_t ns) {
    return histogram_layout::IndexOf(
        ns < histogram_layout::kHighestTrackable ? ns : histogram_layout::kHighestTrackable);
  };
  Widen(low, high);
  uint64_t merged = 0;
  uint64_t lost = 0;
  for (size_t i = index(low), last = index(high); i <= last; ++i) {
    uint64_t n = from.cells[i];
    if constexpr (sizeof(Count) < sizeof(uint64_t)) {
      const uint64_t room = static_cast<uint64_t>(static_cast<Count>(-1)) - cells_->cells[i];
      if (n > room) {
        lost += n - room;
        n = room;
      }
    }
    cells_->cells[i] += static_cast<Count>(n);
    merged += n;
  }
  AddSum(from.sum_low, from.sum_high);
  // The cells just added, not from.total: they agree even while the other side is being written.
  cells_->total += merged;
  cells_->saturated += from.saturated;
  cells_->clipped += from.clipped + lost;
}

}  // namespace model
