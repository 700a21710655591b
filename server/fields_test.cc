#include "server/fields.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "server/context.h"

namespace server {
namespace {

boost::json::object Parse(const char* text) { return boost::json::parse(text).as_object(); }

TEST(FieldReaderTest, ReadsEachKind) {
  const boost::json::object body = Parse(R"({"id":"0a1b2c3d-0000-4000-8000-0123456789ab",
      "date":"2028-02-29","time":"09:30","type":"B","value":36.6,"notes":"n"})");
  FieldReader fields(body);
  EXPECT_EQ(fields.Uuid("id"), "0a1b2c3d-0000-4000-8000-0123456789ab");
  EXPECT_EQ(fields.Date("date"), "2028-02-29");
  EXPECT_EQ(fields.Time("time"), "09:30");
  EXPECT_EQ(fields.OneOf("type", {"A", "B"}), "B");
  EXPECT_EQ(fields.Number("value", 0, 100), 36.6);
  EXPECT_EQ(fields.OptionalString("notes"), "n");
  EXPECT_EQ(fields.OptionalString("more"), std::nullopt);
  EXPECT_TRUE(fields.Finish().ok()) << fields.status();
}

std::string WrongField(const char* text) {
  const boost::json::object body = Parse(text);
  FieldReader fields(body);
  fields.Uuid("id");
  fields.Date("date");
  fields.OneOf("type", {"A", "B"});
  fields.Finish();
  return fields.status().ok() ? "" : ErrorField(fields.status());
}

TEST(FieldReaderTest, NamesTheFirstWrongField) {
  constexpr char kId[] = R"("id":"0a1b2c3d-0000-4000-8000-0123456789ab")";
  auto with = [&](const char* rest) { return "{" + std::string(kId) + rest + "}"; };
  EXPECT_EQ(WrongField(with(R"(,"date":"2026-01-31","type":"A")").c_str()), "");
  EXPECT_EQ(WrongField(R"({"date":"2026-01-31","type":"A"})"), "id");
  EXPECT_EQ(WrongField(R"({"id":7,"date":"2026-01-31","type":"A"})"), "id");
  EXPECT_EQ(WrongField(with(R"(,"date":"2026-02-30","type":"A")").c_str()), "date");
  EXPECT_EQ(WrongField(with(R"(,"date":null,"type":"A")").c_str()), "date");
  EXPECT_EQ(WrongField(with(R"(,"date":"2026-01-31","type":"C")").c_str()), "type");
  EXPECT_EQ(WrongField(with(R"(,"date":"2026-01-31","type":"A","tpye":"A")").c_str()), "tpye");
}

TEST(FieldReaderTest, Texts) {
  EXPECT_TRUE(IsUuid("0a1b2c3d-0000-4000-8000-0123456789ab"));
  EXPECT_FALSE(IsUuid("0A1B2C3D-0000-4000-8000-0123456789AB"));
  EXPECT_FALSE(IsUuid("0a1b2c3d00004000800001234567 89ab"));
  EXPECT_TRUE(IsDate("2026-12-31"));
  EXPECT_FALSE(IsDate("2026-13-01"));
  EXPECT_FALSE(IsDate("2026-1-01"));
  EXPECT_TRUE(IsTime("23:59"));
  EXPECT_FALSE(IsTime("24:00"));
}

TEST(FieldReaderTest, YearZeroDoesNotExist) {
  EXPECT_TRUE(IsDate("0001-01-01"));
  EXPECT_FALSE(IsDate("0000-01-01"));
}

TEST(FieldReaderTest, Timestamps) {
  for (const char* good :
       {"2030-01-31T08:00:00Z", "2030-01-31T08:00:00.123456789Z", "2030-01-31T08:00:00+05:30",
        "2030-01-31T23:59:59.5-15:59", "0001-01-01T00:00:00Z"}) {
    EXPECT_TRUE(IsTimestamp(good)) << good;
  }
  for (const char* bad : {"",
                          "2030-01-31",
                          "2030-01-31T08:00:00",
                          "2030-02-30T08:00:00Z",
                          "5-01-31T08:00:00Z",
                          "1-1-1T0:0:0Z",
                          "2030-1-31T08:00:00Z",
                          "0000-01-01T00:00:00Z",
                          "294277-01-01T00:00:00Z",
                          "12030-01-31T08:00:00Z",
                          "2030-01-31T08:00:00+16:00",
                          "2030-01-31T08:00:00+23:59",
                          "2030-01-31T08:00:00+00",
                          "2030-01-31T08:00:00.Z",
                          "2030-01-31T08:00:00.1234567890Z",
                          "2030-01-31T08:00:60Z",
                          "2030-01-31T24:00:00Z",
                          "2030-01-31 08:00:00Z",
                          "2030-01-31T08:00:00Z ",
                          "2030-01-31T08:00:00ZZ",
                          "2030-01-31T08:00:00.",
                          "infinity",
                          "2030-01-31T08:00:00.1"}) {
    EXPECT_FALSE(IsTimestamp(bad)) << bad;
  }
}

TEST(RequestContextTest, QueryAndBody) {
  Request request;
  request.query = "date=2026-01-31&name=a%20b+c&empty=&date=second&bad=%zz";
  request.body = R"( {"a":1} )";
  const Services services;
  RequestContext context{.route = Routes()[0], .request = request, .services = services};
  EXPECT_EQ(context.Query("date"), "2026-01-31");
  EXPECT_EQ(context.Query("name"), "a b c");
  EXPECT_EQ(context.Query("empty"), "");
  EXPECT_EQ(context.Query("bad"), "%zz");
  EXPECT_EQ(context.Query("none"), std::nullopt);
  ASSERT_TRUE(context.JsonBody().ok());
  EXPECT_EQ((*context.JsonBody())->at("a").as_int64(), 1);
}

TEST(RequestContextTest, BadBodies) {
  for (const char* body :
       {"", "{", "[1]", "1", "{} x", "{\"a\":}", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}) {
    Request request;
    request.body = body;
    const Services services;
    RequestContext context{.route = Routes()[0], .request = request, .services = services};
    EXPECT_EQ(context.JsonBody().status().code(), absl::StatusCode::kInvalidArgument) << body;
  }
}

}  // namespace
}  // namespace server
