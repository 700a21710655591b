#pragma once

#include <boost/json/object.hpp>
#include <span>
#include <string_view>

#include "server/postgres/segment.h"

namespace server {

// An object with one member a name, from the row's columns first, first + 1, ...: text, or null.
boost::json::object RowJson(const Rows& rows, int row, int first,
                            std::span<const std::string_view> names);

}  // namespace server
