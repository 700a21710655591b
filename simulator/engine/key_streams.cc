#include "simulator/engine/key_streams.h"

#include <algorithm>

namespace simulator {

uint64_t KeyStreams::keys() const {
  uint64_t keys = clinics;
  if (reads.empty()) return 0;
  for (const std::vector<double>& entity : reads[0].cumulative) keys *= entity.size();
  return keys;
}

uint64_t KeyStreams::Draw(const Stream& stream, base::RandomStream& random) const {
  uint64_t key = clinics > 1 ? random.UniformInt(clinics) : 0;
  for (const std::vector<double>& cumulative : stream.cumulative) {
    const auto at = std::lower_bound(cumulative.begin(), cumulative.end() - 1, random.Uniform01());
    key = key * cumulative.size() + static_cast<uint64_t>(at - cumulative.begin());
  }
  return key;
}

uint64_t KeyStreams::DrawRead(base::RandomStream& random) const {
  if (reads.size() == 1) return Draw(reads[0], random);
  double total = 0;
  for (const Stream& stream : reads) total += stream.share;
  double left = random.Uniform01() * total;
  for (const Stream& stream : reads) {
    left -= stream.share;
    if (left <= 0) return Draw(stream, random);
  }
  return Draw(reads.back(), random);
}

uint64_t KeyStreams::DrawWrite(const std::string& operation, base::RandomStream& random) const {
  double total = 0;
  for (const Stream& stream : writes) total += stream.operation == operation ? stream.share : 0;
  double left = random.Uniform01() * total;
  const Stream* last = nullptr;
  for (const Stream& stream : writes) {
    if (stream.operation != operation) continue;
    last = &stream;
    left -= stream.share;
    if (left <= 0) break;
  }
  return Draw(*last, random);
}

bool KeyStreams::Writes(const std::string& operation) const {
  return std::any_of(writes.begin(), writes.end(),
                     [&](const Stream& stream) { return stream.operation == operation; });
}

}  // namespace simulator
