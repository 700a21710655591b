#include "server/postgres/segment.h"

#include <charconv>

namespace server {
namespace {

int64_t ParseInteger(std::string_view text) {
  int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

int64_t Rows::Integer(int row, int column) const { return ParseInteger(Text(row, column)); }

int64_t Rows::affected() const { return ParseInteger(PQcmdTuples(result_.get())); }

}  // namespace server
