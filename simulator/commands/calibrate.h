// `simulator calibrate --prometheus URL --from T --to T --result measured.json`: a Profile of a
// service that is not ours (docs/calibrate.md). A running server of ours is calibrated more closely
// by //tools/calibrate.
#pragma once

#include <string>
#include <vector>

namespace simulator {

// --prometheus URL --from T --to T, what the load test says (--result FILE of ours, or --k6 FILE
// with --operation NAME for its requests), --queries FILE, --window 15s, --name, --out FILE
// (required). Exit code: 1 when something cannot be read, answered or fitted, 2 for a wrong flag.
int RunCalibrate(std::vector<std::string> args);

}  // namespace simulator
