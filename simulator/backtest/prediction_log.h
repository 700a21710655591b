#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "boost/json/object.hpp"

namespace simulator {

// A log of predictions and of the scores that they got later: one JSON object a line, only ever
// appended. Each line ends with a member `chain`,
//
//   chain = SHA-256 in hex of (the previous line's chain, then this line without `,"chain":"..."`)
//
// with 64 zeros before the first line. So a line that is changed, dropped, moved or put in breaks
// the chain at or after it, and a reader refuses the file and names that line. What no chain can
// show is a log cut off at its end, or one written anew as a whole: whoever must not trust the
// log's owner keeps the head (the last line's chain) elsewhere when a prediction is sealed.
struct LogRecord {
  uint64_t line = 0;
  std::string kind;  // prediction | score
  boost::json::object body;
};

struct PredictionLog {
  std::string path;
  std::vector<LogRecord> records;
  std::string head;  // chain of the last line
};

// NotFound: no such file. DataLoss "FILE:LINE: ..." for a broken chain, a torn last line or
// whatever else this program did not write.
absl::StatusOr<PredictionLog> ReadPredictionLog(const std::string& path);

// Appends one record, flushed to the disk (fsync) before it returns the new head. `fill` sees the
// log as it stands and fills the body (with a string `kind`); processes that append at the same
// time wait for each other (flock), so what `fill` sees is what the record follows. A missing file
// and its folder are made. Errors: those of reading, of `fill`, or of the file system; then nothing
// was appended.
absl::StatusOr<std::string> AppendRecord(
    const std::string& path,
    const std::function<absl::Status(const PredictionLog&, boost::json::object*)>& fill);

}  // namespace simulator
