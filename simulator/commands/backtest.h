// `simulator backtest --log predictions.jsonl --measured FILE | --k6 FILE | --prometheus URL`: how
// far a sealed prediction was off (docs/seal.md).
#pragma once

#include <string>
#include <vector>

namespace simulator {

// --log FILE, --id ID (default: the last prediction), and one source:
//   --measured FILE       a Result of ours; several times: the median of the runs
//   --k6 FILE             a summary of k6; several times: the median
//   --prometheus URL --from T --to T [--queries FILE]
// --gate on: exit code 1 when a figure misses its tolerance. Else 0; 1 when something cannot be
// read, answered or scored, or the log was tampered with; 2 for a wrong flag.
int RunBacktest(std::vector<std::string> args);

}  // namespace simulator
