#include "simulator/stations/shared_processor.h"

#include <algorithm>
#include <cmath>

namespace simulator {

SharedProcessor::SharedProcessor(std::vector<double> total_rate)
    : total_rate_(std::move(total_rate)) {}

void SharedProcessor::Advance(Nanos now) {
  const double elapsed = static_cast<double>(now - last_);
  const double jobs = static_cast<double>(heap_.size());
  clock_ += elapsed * rate_;
  given_ += elapsed * rate_ * jobs;
  busy_ += elapsed * std::min({jobs, cores_, ceiling_});
  last_ = now;
}

void SharedProcessor::Schedule() {
  if (heap_.empty()) {
    rate_ = 0;
    next_ = kNever;
    return;
  }
  const size_t n = std::min(heap_.size(), total_rate_.size() - 1);
  ceiling_ = next_ceiling_;
  rate_ = std::min(total_rate_[n] * speed_, ceiling_) / static_cast<double>(heap_.size());
  if (rate_ <= 0) {
    next_ = kNever;
    return;
  }
  // A femtosecond of slack absorbs the rounding of V, so that equal tags leave together.
  const double wait = std::max(0.0, (heap_.front().tag - clock_) / rate_ - 1e-6);
  next_ = last_ + static_cast<Nanos>(std::ceil(wait));
}

void SharedProcessor::Enter(Nanos now, double demand, uint32_t job) {
  Advance(now);
  heap_.push_back({clock_ + demand, sequence_++, job});
  std::push_heap(heap_.begin(), heap_.end(),
                 [](const Entry& a, const Entry& b) { return Before(b, a); });
  Schedule();
}

uint32_t SharedProcessor::Depart(Nanos now) {
  Advance(now);
  std::pop_heap(heap_.begin(), heap_.end(),
                [](const Entry& a, const Entry& b) { return Before(b, a); });
  const uint32_t job = heap_.back().job;
  given_ -= clock_ - heap_.back().tag;  // the departure is up to a nanosecond late
  heap_.pop_back();
  Schedule();
  return job;
}

void SharedProcessor::SetSpeed(Nanos now, double factor) {
  Advance(now);
  speed_ = factor;
  Schedule();
}

double SharedProcessor::Abandon(Nanos now) {
  Advance(now);
  const double left = Remaining(now);
  heap_.clear();
  Schedule();
  return left;
}

double SharedProcessor::ServiceGiven(Nanos now) const {
  return given_ + static_cast<double>(now - last_) * rate_ * static_cast<double>(heap_.size());
}

double SharedProcessor::Remaining(Nanos now) const {
  const double clock = clock_ + static_cast<double>(now - last_) * rate_;
  double sum = 0;
  for (const Entry& entry : heap_) sum += entry.tag - clock;
  return sum;
}

double SharedProcessor::BusyIntegral(Nanos now) const {
  return busy_ + static_cast<double>(now - last_) *
                     std::min({static_cast<double>(heap_.size()), cores_, ceiling_});
}

std::vector<double> SharedProcessor::ContentionTable(double cores, double sigma, double kappa,
                                                     size_t maximum) {
  std::vector<double> table(std::max<size_t>(maximum, 1) + 1, 0.0);
  for (size_t i = 1; i < table.size(); ++i) {
    const double n = static_cast<double>(i);
    table[i] = std::min(cores, n / (1 + sigma * (n - 1) + kappa * n * (n - 1)));
  }
  return table;
}

}  // namespace simulator
