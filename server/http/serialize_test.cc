#include "server/http/serialize.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <string>

namespace server {
namespace {

std::string Text(const Response& response, const ResponseFrame& frame = {}) {
  Stamp stamp;
  stamp.Set(1'769'851'800'123'000'000);
  std::string out;
  AppendResponse(response, frame, stamp, &out);
  return out;
}

std::string Body(const std::string& text) { return text.substr(text.find("\r\n\r\n") + 4); }

TEST(SerializeTest, Success) {
  const std::string text = Text(OkJson("[1]", "done"), {.request_id = "r-1"});
  EXPECT_EQ(
      Body(text),
      R"({"success":true,"data":[1],"message":"done","timestamp":"2026-01-31T09:30:00.123Z"})");
  EXPECT_NE(text.find("Date: Sat, 31 Jan 2026 09:30:00 GMT\r\n"), std::string::npos);
  EXPECT_NE(text.find("X-Request-ID: r-1\r\n"), std::string::npos);
  EXPECT_EQ(text.find("Connection"), std::string::npos);
}

TEST(SerializeTest, EmptyDataIsNull) {
  EXPECT_EQ(Body(Text(OkJson(""))),
            R"({"success":true,"data":null,"timestamp":"2026-01-31T09:30:00.123Z"})");
}

TEST(SerializeTest, FailureNamesTheFieldAndEscapes) {
  const Response response = ErrorResponse(FieldError("date", "say \"when\"\n"));
  EXPECT_EQ(response.status, 400);
  const auto body = boost::json::parse(Body(Text(response))).as_object();
  EXPECT_FALSE(body.at("success").as_bool());
  EXPECT_EQ(body.at("error").at("code").as_string(), "VALIDATION_ERROR");
  EXPECT_EQ(body.at("error").at("field").as_string(), "date");
  EXPECT_EQ(body.at("error").at("message").as_string(), "say \"when\"\n");
}

TEST(SerializeTest, UnavailableTellsWhenToRetryAndNotWhy) {
  const Response response = ErrorResponse(absl::UnavailableError("host db-7 refused"));
  const std::string text = Text(response);
  EXPECT_EQ(text.rfind("HTTP/1.1 503 Service Unavailable\r\n", 0), 0u);
  EXPECT_NE(text.find("Retry-After: 1\r\n"), std::string::npos);
  EXPECT_EQ(text.find("db-7"), std::string::npos);
}

TEST(SerializeTest, StatusCodes) {
  EXPECT_EQ(ErrorResponse(absl::UnauthenticatedError("")).status, 401);
  EXPECT_EQ(ErrorResponse(absl::PermissionDeniedError("")).status, 403);
  EXPECT_EQ(ErrorResponse(absl::NotFoundError("")).status, 404);
  EXPECT_EQ(ErrorResponse(absl::AlreadyExistsError("")).status, 409);
  EXPECT_EQ(ErrorResponse(absl::ResourceExhaustedError("")).status, 503);
  EXPECT_EQ(ErrorResponse(absl::DeadlineExceededError("")).status, 503);
  EXPECT_EQ(ErrorResponse(absl::InternalError("x")).status, 500);
  EXPECT_EQ(ErrorResponse(absl::UnknownError("x")).message, "internal error");
}

TEST(SerializeTest, ExtraHeadersAndHead) {
  Response response = OkJson("1");
  response.extra_headers = "Allow: GET\r\n";
  const std::string text = Text(response, {.close = true, .head_only = true});
  EXPECT_NE(text.find("\r\nAllow: GET\r\n"), std::string::npos);
  EXPECT_NE(text.find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_EQ(Body(text), "");
}

TEST(StampTest, MovesWithTime) {
  Stamp stamp;
  stamp.Set(1'769'851'800'999'000'000);
  EXPECT_EQ(stamp.iso(), "2026-01-31T09:30:00.999Z");
  stamp.Set(1'769'851'801'000'000'000);
  EXPECT_EQ(stamp.iso(), "2026-01-31T09:30:01.000Z");
}

}  // namespace
}  // namespace server
