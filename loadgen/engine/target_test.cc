#include "loadgen/engine/target.h"

#include "gtest/gtest.h"

namespace loadgen {
namespace {

TEST(Target, Parses) {
  const auto target = ParseTarget("http://127.0.0.1:8088/health/live?x=1");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->host, "127.0.0.1");
  EXPECT_EQ(target->host_header, "127.0.0.1:8088");
  EXPECT_EQ(target->path, "/health/live?x=1");
  EXPECT_EQ(ntohs(target->address.sin_port), 8088);
  EXPECT_EQ(ParseTarget("http://localhost")->path, "/");
  EXPECT_EQ(ntohs(ParseTarget("http://localhost")->address.sin_port), 80);
  EXPECT_EQ(ParseTarget("http://localhost?q")->path, "/?q");
}

TEST(Target, SeveralAreSeparatedByCommas) {
  const auto targets = ParseTargets("http://127.0.0.1:1,http://127.0.0.1:2");
  ASSERT_TRUE(targets.ok());
  ASSERT_EQ(targets->size(), 2u);
  EXPECT_EQ(ntohs((*targets)[1].address.sin_port), 2);
  EXPECT_FALSE(ParseTargets("http://127.0.0.1:1,").ok());
  std::string many = "http://127.0.0.1:1";
  for (int i = 0; i < 64; ++i) many += ",http://127.0.0.1:1";
  EXPECT_FALSE(ParseTargets(many).ok());
}

TEST(Target, Refuses) {
  for (const char* url :
       {"", "127.0.0.1:80", "https://127.0.0.1/", "http://", "http://:80/", "http://127.0.0.1:0/",
        "http://127.0.0.1:99999/", "http://127.0.0.1:x/", "http://127.0.0.1/a b",
        "http://user@127.0.0.1/", "http://127.0.0.1/\r\nX: y"}) {
    EXPECT_FALSE(ParseTarget(url).ok()) << url;
  }
}

TEST(Target, OnlyThisMachineUnlessAllowed) {
  EXPECT_TRUE(CheckTargetAllowed(*ParseTarget("http://127.9.9.9/"), "").ok());
  const Target other = *ParseTarget("http://192.0.2.7:8088/");
  EXPECT_FALSE(CheckTargetAllowed(other, "").ok());
  EXPECT_FALSE(CheckTargetAllowed(other, "192.0.2.70, example.org").ok());
  EXPECT_TRUE(CheckTargetAllowed(other, "example.org, 192.0.2.7").ok());
}

TEST(SourceAddresses, Parse) {
  EXPECT_EQ(ParseSourceAddresses("")->size(), 0u);
  EXPECT_EQ(ParseSourceAddresses("127.0.0.1")->size(), 1u);
  const auto range = ParseSourceAddresses("127.0.0.250-127.0.1.4,127.0.9.9");
  ASSERT_TRUE(range.ok());
  EXPECT_EQ(range->size(), 12u);
  for (const char* text : {"x", "127.0.0.2-127.0.0.1", "1.2.3.4-5", "127.0.0.1-127.255.0.0"}) {
    EXPECT_FALSE(ParseSourceAddresses(text).ok()) << text;
  }
}

TEST(Target, ProbeSaysWhatToDo) {
  const absl::Status status = ProbeTarget(*ParseTarget("http://127.0.0.1:1/"));
  EXPECT_EQ(status.message(),
            "cannot reach http://127.0.0.1:1/: Connection refused; is the server running on that "
            "port?");
}

}  // namespace
}  // namespace loadgen
