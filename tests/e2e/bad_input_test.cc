// What must not happen to a server of strangers: hostile requests. Each has one clear answer.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/e2e/served_stack.h"
#include "tests/support/raw_http.h"

namespace tests {
namespace {

const std::vector<std::string>& HostileTexts() {
  static const auto* const kTexts = new std::vector<std::string>{"'; DROP TABLE appointments; --",
                                                                 "' OR '1'='1",
                                                                 "\"},{\"role\":\"SUPER_ADMIN\"",
                                                                 "$1",
                                                                 "\\",
                                                                 "{}",
                                                                 "%00",
                                                                 "<script>alert(1)</script>",
                                                                 "../../etc/passwd",
                                                                 "NULL",
                                                                 "\xe2\x80\xa8",
                                                                 "\xf4\x8f\xbf\xbf",
                                                                 "\x01\x1f\x7f"};
  return *kTexts;
}

// No text, or none that any field takes.
boost::json::array NoTexts() {
  return {std::string("a\0b", 3),
          7,
          1e300,
          true,
          boost::json::array{1},
          boost::json::object{{"$ne", 1}},
          "",
          std::string(3500, 'x')};
}

class BadInputTest : public ServedStack {
 protected:
  struct Form {
    std::string path;
    std::string token;
    boost::json::object good;
  };

  // A good body with one field replaced, each time for another free slot.
  ApiAnswer Send(const Form& form, const std::string& field, const boost::json::value& value) {
    boost::json::object body = form.good;
    if (form.path == "/api/v1/appointments") {
      body["date"] = Visit(slot_)["date"];
      body["time"] = Visit(slot_++)["time"];
    }
    body[field] = value;
    return Ask("POST", form.path, form.token, boost::json::serialize(body));
  }

  // Free text comes back as it was sent; credentials are wrong ones; everything else is refused and
  // named.
  void ExpectTexts(const Form& form, const std::string& field) {
    if (field == "password") return;  // as good as any other; each costs a hash
    const bool free_text = field == "notes" || field == "value";
    const bool credential = field == "email" || field == "refreshToken";
    for (const std::string& text : HostileTexts()) {
      const ApiAnswer answer = Send(form, field, boost::json::string(text));
      EXPECT_EQ(answer.status, free_text    ? 201
                               : credential ? 401
                                            : 400)
          << field << "=" << text << " " << answer.body;
      if (!free_text && !credential) {
        EXPECT_EQ(FieldOf(answer), field) << text << answer.body;
      }
      if (field == "value") {
        EXPECT_EQ(answer.json.at("data").at("value").as_string(), text.c_str());
      }
    }
  }

  void ExpectMistakes(const Form& form, const std::string& field) {
    for (const boost::json::value& wrong : NoTexts()) {
      // A token may be as long as that.
      if (field == "refreshToken" && wrong.is_string() && wrong.get_string().size() == 3500) {
        continue;
      }
      const ApiAnswer answer = Send(form, field, wrong);
      EXPECT_EQ(answer.status, 400) << field << " " << answer.body;
      EXPECT_EQ(FieldOf(answer), field) << answer.body;
    }
  }

  int slot_ = 100;
};

TEST_F(BadInputTest, HttpMistakes) {
  RawConnection slow(server_->port());  // its time runs while the others are tried
  const absl::Time began = absl::Now();
  ASSERT_TRUE(
      slow.Send("POST /api/v1/auth/login HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n{\"em"));
  const std::string post = "POST /api/v1/auth/login HTTP/1.1\r\nHost: h\r\n";
  const std::vector<std::pair<std::string, int>> cases = {
      {"GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n", 404},
      {"GET /api/v1/appointments/../../metrics HTTP/1.1\r\nHost: h\r\n\r\n", 404},
      {"GET /health/live\xff HTTP/1.1\r\nHost: h\r\n\r\n", 404},
      {"TRACE /health HTTP/1.1\r\nHost: h\r\n\r\n", 405},
      {"PUT /api/v1/appointments HTTP/1.1\r\nHost: h\r\n\r\n", 405},
      {"GET /health HTTP/1.1\r\n\r\n", 400},
      {"GET /health HTTP/1.1\nHost: h\n\n", 400},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
      {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03", 10), 400},
      {std::string("GET /health HTTP/1.1\r\nHost: h\r\nX-Request-ID: a\0b\r\n\r\n", 52), 400},
      {"GET /health HTTP/1.1\r\nHost: h\r\nX: " + std::string(9000, 'a') + "\r\n\r\n", 431},
      {"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 431},
      {post + "Content-Length: 5000\r\n\r\n", 413},
      {post + "Content-Length: 18446744073709551615\r\n\r\n", 413},
      {post + "Content-Length: 99999999999999999999999\r\n\r\n", 400},
      {post + "Content-Length: -1\r\n\r\n", 400},
      {post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", 400},
      {post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF1\r\nx", 400},
      {post + "Transfer-Encoding: chunked\r\n\r\n1388\r\n" + std::string(5000, 'x'), 413},
      {post + "Content-Length: 2\r\n\r\n{}", 400}};
  for (const auto& [bytes, status] : cases) {
    const std::string answer = RawExchange(server_->port(), bytes);
    EXPECT_EQ(StatusOf(answer), status) << bytes.substr(0, 80) << "\n" << answer;
    EXPECT_TRUE(absl::StrContains(answer, R"("success":false)")) << answer;
    EXPECT_EQ(absl::StrContains(answer, "\r\nAllow: "), status == 405) << answer;
  }
  EXPECT_EQ(Ask("GET", "/api/v1/appointments").status, 401);
  const std::string late = slow.ReadAnswer(absl::Seconds(14));
  EXPECT_EQ(StatusOf(late), 408) << late;
  EXPECT_LT(absl::Now() - began, absl::Seconds(13));
}

TEST_F(BadInputTest, BodiesThatAreNoObjects) {
  const std::vector<std::string> bodies = {"{",
                                           "[]",
                                           "null",
                                           "1e999999",
                                           "{}{}",
                                           "{\"email\":}",
                                           "\xef\xbb\xbf{}",
                                           "{'email':1}",
                                           "{\"email\":\"\xff\xfe\",\"password\":\"x\"}",
                                           "{\"email\":\"\\ud800\",\"password\":\"x\"}",
                                           "{\"email\":\"\xed\xa0\x80\",\"password\":\"x\"}",
                                           std::string("{\0}", 3),
                                           std::string(3000, '['),
                                           "{\"email\":" + std::string(3000, '1') + "}"};
  for (const std::string& body : bodies) {
    const ApiAnswer answer = Ask("POST", "/api/v1/auth/login", "", body);
    EXPECT_EQ(answer.status, 400) << body.substr(0, 80) << answer.body;
  }
  std::string deep = "{\"email\":\"a\",\"password\":";
  for (int i = 0; i < 500; ++i) deep += "{\"a\":";
  EXPECT_EQ(Ask("POST", "/api/v1/auth/login", "", deep).status, 400);
}

// Every text field of every body, with what hurts parsers and databases.
TEST_F(BadInputTest, HostileTextInEveryField) {
  const std::vector<Form> forms = {
      {"/api/v1/appointments", receptionist_, Visit(0)},
      {"/api/v1/ehr/vitals", receptionist_, Vital()},
      {"/api/v1/auth/login", "", {{"email", "a@b.example"}, {"password", "x"}}},
      {"/api/v1/auth/refresh", "", {{"refreshToken", "x"}}}};
  for (const Form& form : forms) {
    boost::json::object fields = form.good;
    if (form.path == "/api/v1/appointments") fields["notes"] = "n";
    for (const auto& member : fields) {
      ExpectTexts(form, std::string(member.key()));
      ExpectMistakes(form, std::string(member.key()));
    }
  }
  EXPECT_GT(CountOf("SELECT count(*) FROM appointments"), 0);
}

TEST_F(BadInputTest, NotesComeBackUnharmedThroughTheDatabase) {
  boost::json::object visit = Visit(90);
  visit["notes"] = HostileTexts()[0];
  const ApiAnswer booked =
      Ask("POST", "/api/v1/appointments", receptionist_, boost::json::serialize(visit));
  ASSERT_EQ(booked.status, 201) << booked.body;
  const std::string id(booked.json.at("data").at("id").as_string());
  const ApiAnswer read = Ask("GET", "/api/v1/appointments/" + id, receptionist_);
  EXPECT_EQ(read.json.at("data").at("notes").as_string(), HostileTexts()[0].c_str());
}

TEST_F(BadInputTest, TimesThatDoNotExist) {
  for (const char* date : {"0000-01-01", "2031-02-30", "2031-13-01", "2031-1-1", "99999-01-01",
                           "-infinity", "today", "2031-01-01T00:00:00Z"}) {
    EXPECT_EQ(FieldOf(Ask("GET", DayPath(date), receptionist_)), "date") << date;
    EXPECT_EQ(FieldOf(Ask("GET", absl::StrCat("/api/v1/appointments?date=", date), receptionist_)),
              "date");
    boost::json::object visit = Visit(0);
    visit["date"] = date;
    const ApiAnswer answer =
        Ask("POST", "/api/v1/appointments", receptionist_, boost::json::serialize(visit));
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(FieldOf(answer), "date") << date;
  }
  for (const char* time : {"0000-01-01T00:00:00Z", "5-01-31T08:00:00Z", "294277-01-01T00:00:00Z",
                           "2030-01-31T08:00:00+16:00", "infinite-future", "infinity", "now"}) {
    boost::json::object vital = Vital();
    vital["recordedAt"] = time;
    const ApiAnswer answer =
        Ask("POST", "/api/v1/ehr/vitals", receptionist_, boost::json::serialize(vital));
    EXPECT_EQ(answer.status, 400) << time << answer.body;
    EXPECT_EQ(FieldOf(answer), "recordedAt") << time;
  }
  for (const char* query :
       {"page=0", "page=-1", "page=99999999999999999999", "page=1e3", "limit=101", "limit=0x10",
        "page=%00", "status=SCHEDULED%27", "doctorId=1", "doctorId=%27%20OR%201=1"}) {
    const ApiAnswer answer =
        Ask("GET", absl::StrCat("/api/v1/appointments?", query), receptionist_);
    EXPECT_EQ(answer.status, 400) << query;
    EXPECT_EQ(FieldOf(answer), std::string(query).substr(0, std::string(query).find('=')));
  }
}

TEST_F(BadInputTest, FiftyWantTheSameSlotAndOneGetsIt) {
  constexpr int kClients = 50;
  const boost::json::object visit = Visit(50);
  std::atomic<int> ready{0};
  std::atomic<int> booked{0};
  std::atomic<int> taken{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&] {
      ApiClient client(server_->port());
      client.SetToken(receptionist_);
      client.Get("/health/live").IgnoreError();
      for (++ready; ready < kClients;) std::this_thread::yield();
      const auto answer = client.Post("/api/v1/appointments", visit);
      if (!answer.ok()) return;
      booked += answer->status == 201;
      taken += answer->status == 409;
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(booked, 1);
  EXPECT_EQ(taken, kClients - 1);
  EXPECT_EQ(CountOf(absl::StrCat("SELECT count(*) FROM appointments WHERE doctor_id = '", doctor_,
                                 "' AND slot_start = '", std::string(visit.at("date").as_string()),
                                 " ", std::string(visit.at("time").as_string()), "'")),
            1);
}

}  // namespace
}  // namespace tests
