#include "simulator/commands/page.h"

#include <cstdio>
#include <filesystem>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "model/io.h"
#include "report/html/collection_page.h"
#include "simulator/commands/arguments.h"

namespace simulator {
namespace {

int Fail(const absl::Status& status, int code) {
  std::fprintf(stderr, "simulator page: %s\n", std::string(status.message()).c_str());
  return code;
}

// "before=old.json" or "old.json", which is called old.
std::pair<std::string, std::string> NameAndPath(const std::string& text) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits('=', 1));
  if (!parts.second.empty()) return parts;
  return {std::filesystem::path(text).stem().string(), text};
}

absl::Status AddFile(const std::string& text, report::Collection* collection) {
  const auto [name, path] = NameAndPath(text);
  const auto content = model::ReadFile(UserPath(path));
  if (!content.ok()) return content.status();
  const absl::Status added = collection->Add(name, *content);
  if (added.ok()) return added;
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", std::string(added.message())));
}

}  // namespace

int RunPage(std::vector<std::string> args) {
  std::vector<std::string> flags;
  std::vector<std::string> files;
  for (size_t i = 0; i < args.size(); ++i) {
    if (!absl::StartsWith(args[i], "--")) {
      files.push_back(args[i]);
      continue;
    }
    flags.push_back(args[i]);
    if (!absl::StrContains(args[i], '=') && i + 1 < args.size()) flags.push_back(args[++i]);
  }
  const auto given = ParseFlags(flags, {"out"});
  if (!given.ok()) return Fail(given.status(), 2);
  if (!given->contains("out") || files.empty()) {
    return Fail(absl::InvalidArgumentError("expected --out page.html [NAME=]FILE..."), 2);
  }
  report::Collection collection;
  for (const std::string& file : files) {
    if (absl::Status status = AddFile(file, &collection); !status.ok()) return Fail(status, 1);
  }
  const auto page = collection.Render();
  if (!page.ok()) return Fail(page.status(), 1);
  const std::string path = UserPath(given->at("out"));
  if (absl::Status status = model::WriteFile(*page, path); !status.ok()) return Fail(status, 1);
  std::printf("%s\n", path.c_str());
  return 0;
}

}  // namespace simulator
