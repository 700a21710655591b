#include "report/html/document.h"

#include "absl/strings/str_cat.h"
#include "report/html/chart_js.h"
#include "report/html/markup.h"
#include "report/html/page_css.h"
#include "report/html/page_js.h"

namespace report {

std::string RenderDocument(std::string_view title, std::string_view subtitle,
                           std::string_view body_html) {
  const std::string name = Escape(title);
  return absl::StrCat(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>", name,
      "</title>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n<style>\n",
      std::string(kPageCss), "</style></head>\n<body><main>\n<h1>", name, "</h1>\n",
      "<p class=\"soft\">", Escape(subtitle), "</p>\n", std::string(body_html),
      "<noscript>The plots need JavaScript; every figure of the first page and the tables do not."
      "</noscript>\n</main>\n<script>",
      std::string(kChartJs), "</script>\n<script>", std::string(kPageJs),
      "</script>\n</body></html>\n");
}

}  // namespace report
