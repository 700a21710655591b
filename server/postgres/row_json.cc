#include "server/postgres/row_json.h"

namespace server {

boost::json::object RowJson(const Rows& rows, int row, int first,
                            std::span<const std::string_view> names) {
  boost::json::object object;
  object.reserve(names.size());
  int column = first;
  for (const std::string_view name : names) {
    if (rows.IsNull(row, column)) {
      object.emplace(name, nullptr);
    } else {
      object.emplace(name, rows.Text(row, column));
    }
    ++column;
  }
  return object;
}

}  // namespace server
