#include "model/io.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/result.pb.h"

namespace model {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Temporary(const std::string& name) { return ::testing::TempDir() + "/io/" + name; }

TEST(Io, WritesAndReadsAMessage) {
  Result result;
  result.mutable_provenance()->set_seed(1ull << 63);
  result.add_series()->add_value(std::numeric_limits<double>::quiet_NaN());
  (*result.mutable_total()->mutable_outcomes())["ok"] = 7;
  const std::string path = Temporary("deep/result.json");
  ASSERT_TRUE(WriteJson(result, path).ok());
  const auto read = ReadJson<Result>(path);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->total().outcomes().at("ok"), 7u);
  EXPECT_EQ(read->provenance().seed(), 1ull << 63);
  EXPECT_TRUE(std::isnan(read->series(0).value(0)));
}

TEST(Io, JsonIsDeterministicWithFieldNamesAndDefaults) {
  OperationResult forwards;
  OperationResult backwards;
  for (int i = 0; i < 20; ++i) (*forwards.mutable_statuses())[std::to_string(i)] = 1;
  for (int i = 20; i-- > 0;) (*backwards.mutable_statuses())[std::to_string(i)] = 1;
  const std::string json = *ToJson(forwards);
  EXPECT_EQ(json, *ToJson(backwards));
  EXPECT_THAT(json, HasSubstr("\"bytes_sent\": \"0\""));
}

TEST(Io, ErrorsNameTheFile) {
  const auto missing = ReadJson<Result>("/no/such/file.json");
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.status().message()),
              StartsWith("/no/such/file.json: cannot open: No such file"));
  const std::string path = Temporary("bad.json");
  ASSERT_TRUE(WriteFile("{\"no_such_field\": 1}", path).ok());
  const auto unknown = ReadJson<Result>(path);
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(unknown.status().message()), StartsWith(path + ": expected a Result"));
  EXPECT_THAT(std::string(unknown.status().message()), HasSubstr("no_such_field"));
  EXPECT_FALSE(ReadFile("/").ok());
  EXPECT_FALSE(WriteFile("x", "/proc/no/such").ok());
}

TEST(Io, ReplacesWholeFiles) {
  const std::string path = Temporary("text");
  ASSERT_TRUE(WriteFile("long content", path).ok());
  ASSERT_TRUE(WriteFile("short", path).ok());
  EXPECT_EQ(*ReadFile(path), "short");
}

TEST(Io, Sha256KnownAnswer) {
  constexpr char kAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  EXPECT_EQ(Sha256Hex("abc"), kAbc);
  const std::string path = Temporary("abc");
  ASSERT_TRUE(WriteFile("abc", path).ok());
  EXPECT_EQ(*Sha256OfFile(path), kAbc);
}

}  // namespace
}  // namespace model
