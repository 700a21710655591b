// The clinic's operations on real PostgreSQL and Redis, called as the dispatcher calls them.

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/appointments/handlers.h"
#include "server/audit/audit_log.h"
#include "server/cache/record_cache.h"
#include "server/ehr/handlers.h"
#include "server/postgres/database.h"
#include "server/testing/fake_request.h"
#include "server/testing/run_task.h"
#include "server/testing/test_database.h"
#include "server/testing/test_redis.h"

namespace server {
namespace {

using std::chrono::seconds;

const std::string kSecret(32, 's');
const std::string kAppointments = "/api/v1/appointments";

class HandlersTest : public ::testing::Test {
 protected:
  HandlersTest()
      : database_(loop_, stack_.app_options()),
        redis_(loop_, TestRedis::Get().options()),
        cache_(&redis_, kSecret) {
    services_.database = &database_;
    services_.cache = &cache_;
    database_.Start();
    redis_.Start();
    EXPECT_TRUE(RunTask(loop_, database_.Ready(In(seconds(5)))).ok());
    EXPECT_TRUE(RunTask(loop_, redis_.Ready(In(seconds(10)))).ok());
  }

  Response Call(Handler handler, std::string_view operation, const model::Entity& who,
                std::string target, std::string body = "") {
    FakeRequest request(services_, operation, who, std::move(target), std::move(body));
    Response response = RunTask(loop_, handler(request.context()));
    subject_ = request.context().audit_subject;
    cost_ = request.context().cost;
    return response;
  }
  std::string Booking(const model::Entity& patient, const model::Entity& doctor,
                      std::string_view date, std::string_view time) {
    return absl::StrCat(R"({"patientId":")", patient.id, R"(","doctorId":")", doctor.id,
                        R"(","date":")", std::string(date), R"(","time":")", std::string(time),
                        R"(","type":"IN_PERSON"})");
  }
  Response Book(const model::Entity& who, const model::Entity& patient, const model::Entity& doctor,
                std::string_view date, std::string_view time) {
    return Call(HandleCreateAppointment, "appointments.create", who, kAppointments,
                Booking(patient, doctor, date, time));
  }
  boost::json::value Availability(const model::Entity& doctor, std::string_view date) {
    const Response response = Call(HandleAvailability, "appointments.availability", patient_a_,
                                   absl::StrCat(kAppointments, "/doctor/", doctor.id,
                                                "/availability?date=", std::string(date)));
    EXPECT_EQ(response.status, 200) << response.message;
    return boost::json::parse(response.data);
  }
  Response Get(const model::Entity& who, const std::string& id) {
    return Call(HandleGetAppointment, "appointments.get", who, kAppointments + "/" + id);
  }
  Response Cancel(const model::Entity& who, const std::string& id) {
    return Call(HandleCancelAppointment, "appointments.cancel", who, kAppointments + "/" + id);
  }
  Response Record(const model::Entity& who, const model::Entity& patient) {
    return Call(HandleComprehensiveRecord, "ehr.comprehensive", who,
                "/api/v1/ehr/comprehensive/" + patient.id);
  }
  Response AddVital(const model::Entity& who, const std::string& body) {
    return Call(HandleAddVitals, "ehr.add_vitals", who, "/api/v1/ehr/vitals", body);
  }
  std::string IdOf(const Response& response) {
    EXPECT_EQ(response.status, 201) << response.message;
    return std::string(boost::json::parse(response.data).at("id").as_string());
  }

  TestDatabase& stack_ = TestDatabase::Get();
  const model::Catalogue& catalogue_ = stack_.catalogue();
  // Even numbers are clinic a's, odd ones clinic b's.
  const model::Entity doctor_a_ = catalogue_.doctor(0);
  const model::Entity doctor_b_ = catalogue_.doctor(1);
  const model::Entity patient_a_ = catalogue_.patient(0);
  const model::Entity patient_a2_ = catalogue_.patient(2);
  const model::Entity patient_b_ = catalogue_.patient(1);
  const model::Entity desk_a_ = catalogue_.receptionist(0);
  boost::asio::io_context loop_{1};
  Database database_;
  RedisCluster redis_;
  RecordCache cache_;
  Services services_;
  AuditSubject subject_;
  RequestCost cost_;
};

TEST_F(HandlersTest, ABookedSlotIsTakenAtOnceForEverybody) {
  EXPECT_EQ(Availability(doctor_a_, "2031-03-01").at("availableSlots").as_array().size(), 18u);
  const std::string id = IdOf(Book(patient_a_, patient_a_, doctor_a_, "2031-03-01", "10:30"));
  EXPECT_EQ(cost_.round_trips, 1);
  const auto day = Availability(doctor_a_, "2031-03-01");
  EXPECT_EQ(day.at("bookedSlots").as_array().size(), 1u);
  EXPECT_EQ(day.at("bookedSlots").at(0), "10:30");
  EXPECT_EQ(stack_.Ask("SELECT resource || ' ' || action || ' ' || actor_role FROM audit_log WHERE "
                       "resource = 'appointment/" +
                       id + "'"),
            "appointment/" + id + " appointments.create PATIENT");
  EXPECT_EQ(Cancel(patient_a_, id).status, 200);
  EXPECT_EQ(Availability(doctor_a_, "2031-03-01").at("bookedSlots").as_array().size(), 0u);
  EXPECT_EQ(Cancel(patient_a_, id).status, 409);
  EXPECT_EQ(Book(desk_a_, patient_a2_, doctor_a_, "2031-03-01", "10:30").status, 201);
}

TEST_F(HandlersTest, OfFiftyAtOnceExactlyOneGetsTheSlot) {
  std::vector<std::unique_ptr<FakeRequest>> requests;
  std::vector<base::Task<Response>> tasks;
  for (int i = 0; i < 50; ++i) {
    const model::Entity patient = catalogue_.patient(static_cast<uint64_t>(i % 5 * 2));
    requests.push_back(
        std::make_unique<FakeRequest>(services_, "appointments.create", desk_a_, kAppointments,
                                      Booking(patient, doctor_a_, "2031-04-01", "09:00")));
    tasks.push_back(HandleCreateAppointment(requests.back()->context()));
  }
  int booked = 0;
  for (const Response& response : RunAll(loop_, std::move(tasks))) {
    EXPECT_TRUE(response.status == 201 || response.status == 409) << response.message;
    booked += response.status == 201 ? 1 : 0;
  }
  EXPECT_EQ(booked, 1);
  EXPECT_EQ(stack_.Ask("SELECT count(*) FROM appointments WHERE slot_start = '2031-04-01 09:00'"),
            "1");
  EXPECT_EQ(stack_.Ask("SELECT count(*) FROM audit_gaps()"), "0");
}

TEST_F(HandlersTest, OtherClinicsDoNotExist) {
  const std::string id = IdOf(Book(patient_a_, patient_a_, doctor_a_, "2031-05-01", "11:00"));
  EXPECT_EQ(Get(doctor_a_, id).status, 200);
  EXPECT_EQ(Get(doctor_b_, id).status, 404);
  EXPECT_EQ(Cancel(doctor_b_, id).status, 404);
  EXPECT_EQ(Record(doctor_b_, patient_a_).status, 404);
  EXPECT_EQ(Record(doctor_a_, patient_a_).status, 200);
  // Also when the record lies in the cache already.
  EXPECT_EQ(Record(doctor_b_, patient_a_).status, 404);
  EXPECT_EQ(Book(desk_a_, patient_b_, doctor_a_, "2031-05-01", "12:00").status, 404);
  const Response foreign = Book(desk_a_, patient_a_, doctor_b_, "2031-05-01", "12:00");
  EXPECT_EQ(foreign.status, 404);
  EXPECT_EQ(foreign.message, "no such doctor in this clinic");
  EXPECT_EQ(
      AddVital(doctor_b_, R"({"userId":")" + patient_a_.id + R"(","type":"WEIGHT","value":"70"})")
          .status,
      404);
}

TEST_F(HandlersTest, PatientsHaveTheirOwnOnly) {
  const std::string id = IdOf(Book(desk_a_, patient_a2_, doctor_a_, "2031-06-01", "11:00"));
  EXPECT_EQ(Get(patient_a2_, id).status, 200);
  EXPECT_EQ(subject_.patient_ids, std::vector<std::string>{patient_a2_.id});
  EXPECT_EQ(Get(patient_a_, id).status, 404);
  EXPECT_EQ(Cancel(patient_a_, id).status, 404);
  EXPECT_EQ(Book(patient_a_, patient_a2_, doctor_a_, "2031-06-01", "12:00").status, 403);
  EXPECT_EQ(Record(patient_a_, patient_a2_).status, 403);
  const Response mine = Call(HandleMyAppointments, "appointments.mine", patient_a2_,
                             kAppointments + "/my-appointments?date=2031-06-01");
  EXPECT_EQ(boost::json::parse(mine.data).at("pagination").at("total"), 1);
}

TEST_F(HandlersTest, ListsArePagedAndFiltered) {
  for (const char* time : {"09:00", "09:30", "10:00"}) {
    IdOf(Book(desk_a_, patient_a_, doctor_a_, "2031-07-01", time));
  }
  const auto list = [&](const std::string& query) {
    const Response response =
        Call(HandleListAppointments, "appointments.list", desk_a_, kAppointments + "?" + query);
    EXPECT_EQ(response.status, 200) << response.message;
    return boost::json::parse(response.data);
  };
  const auto page = list("doctorId=" + doctor_a_.id + "&date=2031-07-01&page=2&limit=2");
  ASSERT_EQ(page.at("appointments").as_array().size(), 1u);
  EXPECT_EQ(page.at("appointments").at(0).at("time"), "10:00");
  EXPECT_EQ(page.at("appointments").at(0).at("patientId").as_string(), patient_a_.id);
  EXPECT_EQ(page.at("pagination").at("total"), 3);
  EXPECT_EQ(page.at("pagination").at("totalPages"), 2);
  EXPECT_EQ(subject_.patient_ids.size(), 1u);
  EXPECT_EQ(list("date=2031-07-01&status=CANCELLED").at("pagination").at("total"), 0);
  EXPECT_EQ(list("date=2031-07-01&page=9").at("appointments").as_array().size(), 0u);
  EXPECT_EQ(list("date=2031-07-01&page=9").at("pagination").at("total"), 3);
  EXPECT_TRUE(page.at("appointments").at(0).at("notes").is_null());
  EXPECT_EQ(list("date=2031-07-01").at("pagination").at("total"), 3);
}

TEST_F(HandlersTest, ARecordShowsANewVitalAtOnce) {
  const auto vitals = [&] {
    const Response response = Record(doctor_a_, patient_a_);
    EXPECT_EQ(response.status, 200) << response.message;
    return boost::json::parse(response.data).at("vitals").as_array();
  };
  const size_t before = vitals().size();
  vitals();
  RunFor(loop_, std::chrono::milliseconds(10));
  vitals();
  EXPECT_EQ(cost_.cache_hits, 1);
  const Response added = AddVital(doctor_a_, R"({"userId":")" + patient_a_.id +
                                                 R"(","type":"HEART_RATE","value":"72",)"
                                                 R"("recordedAt":"2031-01-01T08:00:00+02:00"})");
  const std::string id = IdOf(added);
  EXPECT_EQ(boost::json::parse(added.data).at("recordedAt"), "2031-01-01T06:00:00.000Z");
  const auto after = vitals();
  EXPECT_EQ(after.size(), before + 1);
  EXPECT_EQ(after[0].at("id").as_string(), id);
  EXPECT_EQ(stack_.Ask("SELECT subject_id FROM audit_log WHERE resource = 'vital/" + id + "'"),
            patient_a_.id);
}

TEST_F(HandlersTest, ARecordHasAllItsParts) {
  const Response response = Record(patient_a_, patient_a_);
  ASSERT_EQ(response.status, 200) << response.message;
  const auto record = boost::json::parse(response.data);
  EXPECT_EQ(record.at("userId").as_string(), patient_a_.id);
  EXPECT_EQ(record.at("lastName").as_string(), patient_a_.last_name);
  EXPECT_EQ(record.at("medicalHistory").as_array().size(), 2u);
  EXPECT_EQ(record.at("allergies").as_array().size(), 1u);
  EXPECT_EQ(record.at("medications").as_array().size(), 2u);
  EXPECT_EQ(record.at("labReports").as_array().size(), 3u);
  EXPECT_EQ(record.at("immunizations").as_array().size(), 1u);
  EXPECT_TRUE(record.at("medications").at(0).at("endDate").is_null());
  EXPECT_EQ(record.at("labReports").at(0).at("unit").as_string().size() > 0, true);
}

TEST_F(HandlersTest, MistakesNameTheirField) {
  const auto field = [&](const std::string& body) {
    const Response response =
        Call(HandleCreateAppointment, "appointments.create", desk_a_, kAppointments, body);
    EXPECT_EQ(response.status, 400) << body;
    return response.error_field;
  };
  const std::string good = Booking(patient_a_, doctor_a_, "2031-01-01", "09:00");
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string body = good;
    return body.replace(body.find(from), from.size(), to);
  };
  EXPECT_EQ(field(with("2031-01-01", "2031-02-30")), "date");
  EXPECT_EQ(field(with("09:00", "09:10")), "time");
  EXPECT_EQ(field(with("IN_PERSON", "BY_OWL")), "type");
  EXPECT_EQ(field(with(patient_a_.id, "42")), "patientId");
  EXPECT_EQ(field(with("\"type\"", "\"kind\":1,\"type\"")), "kind");
  EXPECT_EQ(field(with("\"type\"", "\"notes\":\"a\\u0000b\",\"type\"")), "notes");
  const auto list = [&](const std::string& query) {
    return Call(HandleListAppointments, "appointments.list", desk_a_, kAppointments + "?" + query)
        .error_field;
  };
  EXPECT_EQ(list("limit=101"), "limit");
  EXPECT_EQ(list("page=0"), "page");
  EXPECT_EQ(list("status=LOST"), "status");
  EXPECT_EQ(list("doctorId=x"), "doctorId");
  EXPECT_EQ(Call(HandleAvailability, "appointments.availability", desk_a_,
                 kAppointments + "/doctor/" + doctor_a_.id + "/availability")
                .error_field,
            "date");
  EXPECT_EQ(Get(desk_a_, "nonsense").error_field, "id");
  EXPECT_EQ(AddVital(doctor_a_, R"({"userId":")" + patient_a_.id +
                                    R"(","type":"WEIGHT","value":"70","recordedAt":"yesterday"})")
                .error_field,
            "recordedAt");
}

}  // namespace
}  // namespace server
