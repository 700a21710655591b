#include "simulator/commands/check.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "model/kubernetes/deployment_loader.h"
#include "simulator/check/check.h"
#include "simulator/check/format.h"

namespace simulator {
namespace {

constexpr char kUsage[] =
    "usage: simulator check PATH... [--format table|json|github] [--out FILE]\n"
    "       simulator check --rules\n"
    "PATH: a manifest file, a folder (rendered when it has a kustomization), - for standard "
    "input,\n"
    "or a hand-written Deployment such as claims/deployments/as-documented.yaml\n";

constexpr int kClean = 0;
constexpr int kErrors = 1;
constexpr int kBadInput = 2;

struct Options {
  std::vector<std::string> paths;
  std::string format = "table";
  std::string out;
  bool rules = false;
  bool help = false;
};

// Value of `--name=value` or `--name value` at args[i]; moves i past it.
bool TakeValue(const std::vector<std::string>& args, const std::string& name, size_t* i,
               std::string* value) {
  const std::string& word = args[*i];
  if (absl::StartsWith(word, name + "=")) {
    *value = word.substr(name.size() + 1);
    return true;
  }
  if (word != name || *i + 1 >= args.size()) return false;
  *value = args[++*i];
  return true;
}

// Empty when all is well, else what is wrong.
std::string Parse(const std::vector<std::string>& args, Options* options) {
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string& word = args[i];
    if (word == "--help" || word == "-h") {
      options->help = true;
    } else if (word == "--rules") {
      options->rules = true;
    } else if (TakeValue(args, "--format", &i, &options->format) ||
               TakeValue(args, "--out", &i, &options->out)) {
      continue;
    } else if (absl::StartsWith(word, "-") && word != "-") {
      return absl::StrCat("unknown or incomplete flag ", word);
    } else {
      options->paths.push_back(word);
    }
  }
  if (options->format != "table" && options->format != "json" && options->format != "github") {
    return absl::StrCat("--format ", options->format, ": expected table, json or github");
  }
  if (options->paths.empty() && !options->rules && !options->help) return "name a file or folder";
  return "";
}

// `bazel run` starts programs elsewhere than the user typed the command.
void GoWhereTheUserIs() {
  const char* folder = std::getenv("BUILD_WORKING_DIRECTORY");
  std::error_code ignored;
  if (folder != nullptr) std::filesystem::current_path(folder, ignored);
}

int Print(const Options& options, const model::kubernetes::Loaded& input,
          const model::CheckReport& report) {
  const size_t objects = CountObjects(input);
  std::string text;
  if (options.format == "json") {
    absl::StatusOr<std::string> json = FormatJson(report);
    if (!json.ok()) {
      std::cerr << "simulator check: " << json.status().message() << "\n";
      return kBadInput;
    }
    text = *json;
  } else {
    text =
        options.format == "github" ? FormatGithub(report, objects) : FormatTable(report, objects);
  }
  if (options.out.empty()) {
    std::cout << text;
    return Count(report).errors > 0 ? kErrors : kClean;
  }
  std::ofstream file(options.out, std::ios::binary);
  file << text;
  file.close();
  if (!file) {
    std::cerr << "simulator check: " << options.out << ": cannot be written\n";
    return kBadInput;
  }
  std::cout << FormatSummary(report, objects) << "\n";
  return Count(report).errors > 0 ? kErrors : kClean;
}

}  // namespace

int RunCheck(std::vector<std::string> args) {
  Options options;
  const std::string mistake = Parse(args, &options);
  if (!mistake.empty()) {
    std::cerr << "simulator check: " << mistake << "\n" << kUsage;
    return kBadInput;
  }
  if (options.help) {
    std::cout << kUsage;
    return kClean;
  }
  if (options.rules) {
    std::cout << FormatRules();
    return kClean;
  }
  GoWhereTheUserIs();
  const absl::StatusOr<model::kubernetes::Loaded> input = model::kubernetes::Load(options.paths);
  if (!input.ok()) {
    std::cerr << "simulator check: " << input.status().message() << "\n";
    return kBadInput;
  }
  for (const std::string& note : input->manifests.notes) std::cerr << "note: " << note << "\n";
  return Print(options, *input, Check(*input));
}

}  // namespace simulator
