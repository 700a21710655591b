#pragma once

#include <string>
#include <string_view>

// The frame of every page: one file with style, plotting library and script inside.

namespace report {

// UTF-8. `title` is text, `body_html` is markup of this room. The file needs no network and nothing
// beside it.
std::string RenderDocument(std::string_view title, std::string_view subtitle,
                           std::string_view body_html);

}  // namespace report
