#include "simulator/commands/arguments.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "boost/json/stream_parser.hpp"

namespace simulator {
namespace {

std::string KnownFlags(const std::vector<std::string>& known) {
  return absl::StrJoin(known, ", ", [](std::string* out, const std::string& name) {
    absl::StrAppend(out, "--", name);
  });
}

}  // namespace

absl::StatusOr<std::map<std::string, std::string>> ParseFlags(
    const std::vector<std::string>& args, const std::vector<std::string>& known) {
  std::map<std::string, std::string> flags;
  for (size_t i = 0; i < args.size(); ++i) {
    if (args[i].rfind("--", 0) != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("unexpected argument '", args[i], "'; flags: ", KnownFlags(known)));
    }
    const size_t equals = args[i].find('=');
    const std::string name =
        args[i].substr(2, equals == std::string::npos ? std::string::npos : equals - 2);
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown flag --", name, "; flags: ", KnownFlags(known)));
    }
    if (equals != std::string::npos) {
      flags[name] = args[i].substr(equals + 1);
    } else if (i + 1 < args.size()) {
      flags[name] = args[++i];
    } else {
      return absl::InvalidArgumentError(absl::StrCat("--", name, " needs a value"));
    }
  }
  return flags;
}

std::string UserPath(const std::string& path) {
  const char* typed_in = std::getenv("BUILD_WORKING_DIRECTORY");
  if (typed_in == nullptr) return path;
  return (std::filesystem::path(typed_in) / path).string();
}

absl::StatusOr<boost::json::value> ReadJsonFile(const std::string& path) {
  std::error_code ignored;
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path, ignored)) {
    return absl::NotFoundError(absl::StrCat(path, ": cannot be read; expected a JSON file"));
  }
  std::stringstream buffer;
  buffer << file.rdbuf();
  const std::string text = buffer.str();
  boost::json::stream_parser parser;
  boost::system::error_code error;
  const size_t read = parser.write_some(text.data(), text.size(), error);
  const bool trailing = !error && text.find_first_not_of(" \t\r\n", read) != std::string::npos;
  if (error || trailing || !parser.done()) {
    const auto line = 1 + std::count(text.begin(), text.begin() + read, '\n');
    return absl::InvalidArgumentError(absl::StrCat(path, ":", line, ": not valid JSON: ",
                                                   error      ? error.message()
                                                   : trailing ? "text after the end of the document"
                                                              : "the document is incomplete"));
  }
  return parser.release();
}

}  // namespace simulator
