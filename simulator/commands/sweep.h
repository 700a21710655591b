// `simulator sweep FILE`: predictions over a grid or list of settings, on this machine or as shards
// on many (docs/sweep.md).
#pragma once

#include <string>
#include <vector>

namespace simulator {

//   sweep FILE [--threads N] [--out FOLDER]        all of it; FOLDER gets points.jsonl, points.csv
//   sweep FILE --shard I/N --out FOLDER            its I-th share (from 0); shard-I-of-N.json
//   sweep --merge SHARD... [--out FOLDER]          joins the shards: the same bytes as all of it
// The table goes to standard output, progress to standard error. Exit code: 1 when a file cannot be
// read or does not fit, 2 for a wrong flag.
int RunSweep(std::vector<std::string> args);

}  // namespace simulator
