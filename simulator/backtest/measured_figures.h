#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/result.pb.h"

namespace simulator {

// What really happened, under the names of a prediction's quantities (docs/seal.md): p50_ms,
// p95_ms, p99_ms, mean_ms, throughput_per_second, error_rate, ... as far as the source knows them.
struct MeasuredFigures {
  std::map<std::string, double> values;
  std::string source;      // for people: "out/measured.json", "http://prom:9090 from .. to .."
  std::string sha256;      // of the file; empty when there is none
  std::string started_at;  // RFC 3339; empty: the source does not say
  uint64_t users = 0;      // 0: the source does not say
  double think_time_seconds = -1;     // negative: the source does not say
  std::vector<std::string> warnings;  // why these figures may not mean what they seem to
};

// Of a Result of ours (times from the intended start).
MeasuredFigures FiguresOf(const model::Result& result);

// Of several measurements of one point: the median of each value that all of them have.
MeasuredFigures MedianOf(const std::vector<MeasuredFigures>& repeats);

}  // namespace simulator
