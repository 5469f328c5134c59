#include "ask/ask.h"

#include <pwd.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>

#include "ask/locks.h"
#include "ask/plan.h"
#include "ask/postmaster.h"
#include "ask/session.h"
#include "base/text.h"

namespace culprit::ask {

namespace {

// Each database costs a connection of its own; a server with more than this in use is asked about the busiest.
constexpr const char* kDatabases =
    "SELECT datname FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND "
    "datname IS NOT NULL "
    "GROUP BY datname ORDER BY count(*) DESC, datname LIMIT 20";

int64_t wall_ns() {
  timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec * 1'000'000'000ll + time.tv_nsec;
}

// What was asked of one database.
struct Asked {
  int locks = 0, plans = 0;
  std::set<std::string> refused;
};

struct Place {
  std::string instance;  // "127.0.0.1:5432/shop"
  std::string database;
  Login login;
  std::optional<Session> session;
};

std::string user_name(uid_t uid) {
  passwd* entry = getpwuid(uid);
  // A container's user has no name here; its server's superuser is called postgres, unless somebody chose otherwise.
  return entry ? entry->pw_name : "postgres";
}

Login local_login(const Postmaster& postmaster, const std::string& database) {
  Login login;
  login.parameters = {
      {"port", std::to_string(postmaster.port)}, {"dbname", database}, {"user", user_name(postmaster.uid)}};
  login.parameters.push_back({"host", postmaster.socket_directory.empty() ? "127.0.0.1" : postmaster.socket_directory});
  login.as = postmaster.uid;
  return login;
}

std::string local_instance(const Postmaster& postmaster, const std::string& database) {
  return "127.0.0.1:" + std::to_string(postmaster.port) + "/" + database;
}

// "127.0.0.1:5432/shop" → ":5432/shop": one server has several addresses.
std::string port_and_database(const std::string& instance) {
  size_t slash = instance.rfind('/');
  size_t colon = instance.rfind(':', slash);
  return colon == std::string::npos ? std::string() : instance.substr(colon);
}

class PostgresqlInspector : public DatabaseInspector {
 public:
  explicit PostgresqlInspector(Target target) : target_(std::move(target)) {}

  Result<void> connect_dsn();
  Result<std::vector<LockWait>> lock_waits() override;
  Result<Plan> plan(const std::string& statement, const std::string& instance) override;
  std::vector<std::string> said() const override;

 private:
  void look_around();
  void look_at(const Postmaster& postmaster);
  bool wanted(const Postmaster& postmaster) const;
  std::vector<std::string> databases_of(const Postmaster& postmaster);
  Session* session_of(Place& place);
  std::vector<Place*> places_of(const std::string& instance);
  void refuse(const std::string& instance, const std::string& why) { asked_[instance].refused.insert(why); }

  const Target target_;
  std::map<std::string, Place> places_;  // by instance
  std::map<std::string, Asked> asked_;
};

Result<void> PostgresqlInspector::connect_dsn() {
  Place place;
  place.login.parameters = {{"dbname", target_.dsn}};
  place.session = TRY(Session::open(place.login));
  place.database = place.session->database();
  std::string host = place.session->host();
  if (host.empty() || host[0] == '/' || host == "localhost") host = "127.0.0.1";
  place.instance = host + ":" + place.session->port() + "/" + place.database;
  std::string instance = place.instance;
  places_.emplace(instance, std::move(place));
  return {};
}

bool PostgresqlInspector::wanted(const Postmaster& postmaster) const {
  const std::vector<std::string>& only = target_.data_directories;
  return only.empty() || std::find(only.begin(), only.end(), postmaster.data_directory) != only.end();
}

// Any database will do to ask which are in use; not every server has one called postgres.
std::vector<std::string> PostgresqlInspector::databases_of(const Postmaster& postmaster) {
  std::string why;
  for (const char* first : {"postgres", "template1"}) {
    Result<Session> session = Session::open(local_login(postmaster, first));
    if (!session.has_value()) {
      why = why.empty() ? session.error().message : why;
      continue;
    }
    std::vector<std::string> databases;
    Reply reply = session.value().run(kDatabases);
    for (const std::vector<std::string>& row : reply.rows) databases.push_back(row[0]);
    return databases;
  }
  refuse("127.0.0.1:" + std::to_string(postmaster.port), why);
  return {};
}

void PostgresqlInspector::look_at(const Postmaster& postmaster) {
  for (const std::string& database : databases_of(postmaster)) {
    Place place;
    place.instance = local_instance(postmaster, database);
    place.database = database;
    place.login = local_login(postmaster, database);
    std::string instance = place.instance;
    places_.try_emplace(instance, std::move(place));
  }
}

// A server may have come, or a database into use, since the last time.
void PostgresqlInspector::look_around() {
  if (!target_.dsn.empty()) return;
  for (const Postmaster& postmaster : find_postmasters()) {
    std::string port = ":" + std::to_string(postmaster.port) + "/";
    bool known = std::any_of(places_.begin(), places_.end(),
                             [&](const auto& place) { return place.first.find(port) != std::string::npos; });
    if (!known && wanted(postmaster)) look_at(postmaster);
  }
}

Session* PostgresqlInspector::session_of(Place& place) {
  if (place.session && place.session->usable()) return &*place.session;
  place.session.reset();
  Result<Session> session = Session::open(place.login);
  if (!session.has_value()) {
    refuse(place.instance, session.error().message);
    return nullptr;
  }
  place.session = std::move(session).value();
  return &*place.session;
}

Result<std::vector<LockWait>> PostgresqlInspector::lock_waits() {
  look_around();
  std::vector<LockWait> waits;
  for (auto& [instance, place] : places_) {
    Session* session = session_of(place);
    if (!session) continue;
    LocksReply reply = ask_locks(*session, instance, wall_ns());
    ++asked_[instance].locks;
    if (reply.failure) refuse(instance, reply.failure->message);
    waits.insert(waits.end(), reply.waits.begin(), reply.waits.end());
  }
  return waits;
}

std::vector<Place*> PostgresqlInspector::places_of(const std::string& instance) {
  std::string wanted = port_and_database(instance);
  std::vector<Place*> same, all;
  for (auto& [name, place] : places_) {
    all.push_back(&place);
    if (!wanted.empty() && port_and_database(name).starts_with(wanted)) same.push_back(&place);
  }
  // Behind a pooler, or in a container, the port that clients use is not the server's: then any that knows the tables.
  return same.empty() ? all : same;
}

Result<Plan> PostgresqlInspector::plan(const std::string& statement, const std::string& instance) {
  look_around();
  Plan plan;
  plan.unknown_why = "no server could be asked";
  for (Place* place : places_of(instance)) {
    Session* session = session_of(*place);
    if (!session) continue;
    plan = ask_plan(*session, statement);
    ++asked_[place->instance].plans;
    if (plan.known) break;
  }
  return plan;
}

std::vector<std::string> PostgresqlInspector::said() const {
  std::vector<std::string> lines;
  for (const auto& [instance, asked] : asked_) {
    std::string what;
    if (asked.locks > 0)
      what += "pg_blocking_pids" + (asked.locks > 1 ? " " + format_count(asked.locks) + " times" : std::string());
    if (asked.plans > 0) {
      what += (what.empty() ? "" : ", ") + std::string("EXPLAIN of ") + format_count(asked.plans) +
              (asked.plans == 1 ? " statement" : " statements");
    }
    if (!what.empty()) lines.push_back("asked " + instance + ": " + what);
    for (const std::string& why : asked.refused) lines.push_back("could not ask " + instance + ": " + why);
  }
  if (lines.empty()) lines.push_back("asked nobody: no PostgreSQL server with sessions was found on this machine");
  return lines;
}

}  // namespace

Result<std::unique_ptr<DatabaseInspector>> make_inquiry(const Target& whom) {
  auto inquiry = std::make_unique<PostgresqlInspector>(whom);
  if (!whom.dsn.empty()) TRY(inquiry->connect_dsn());
  return std::unique_ptr<DatabaseInspector>(std::move(inquiry));
}

}  // namespace culprit::ask
