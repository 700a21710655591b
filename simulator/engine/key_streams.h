#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"

namespace simulator {

// Which keys of a cached operation the scenario reads and writes: a clinic and the entities named
// in the path, each by its popularity. Keys are numbered from 0. Immutable.
struct KeyStreams {
  struct Stream {
    std::string operation;  // that reads or writes
    double share = 0;       // of all requests
    // Per entity of the key, by rank in the clinic: cumulative shares, the last is 1.
    std::vector<std::vector<double>> cumulative;
  };
  uint64_t clinics = 1;
  std::vector<Stream> reads;
  std::vector<Stream> writes;

  uint64_t keys() const;
  // A key that a read touches.
  uint64_t DrawRead(base::RandomStream& random) const;
  // A key that a write of `operation` touches; there must be a stream of it.
  uint64_t DrawWrite(const std::string& operation, base::RandomStream& random) const;
  bool Writes(const std::string& operation) const;

 private:
  uint64_t Draw(const Stream& stream, base::RandomStream& random) const;
};

}  // namespace simulator
