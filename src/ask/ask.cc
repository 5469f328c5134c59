#include "ask/ask.h"

#include <libpq-fe.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "ask/database_plugin.h"
#include "ask/passfile.h"
#include "ask/session.h"
#include "base/text.h"

namespace culprit::ask {

namespace {

int64_t wall_ns() {
  timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec * 1'000'000'000ll + time.tv_nsec;
}

// What one database was asked.
struct Asked {
  int locks = 0, plans = 0;
  std::set<std::string> refused;
};

struct Place {
  const DatabasePlugin* plugin = nullptr;
  Login login;
  std::optional<Session> session;
};

// "127.0.0.1:5432/shop" becomes ":5432/shop", as one server has several addresses.
std::string port_and_database(const std::string& instance) {
  size_t slash = instance.rfind('/');
  size_t colon = instance.rfind(':', slash);
  return colon == std::string::npos ? std::string() : instance.substr(colon);
}

class ServersInspector : public DatabaseInspector {
 public:
  explicit ServersInspector(Target target) : target_(std::move(target)) {}

  Result<void> connect_dsn();
  Result<void> find_any();
  Result<std::vector<LockWait>> lock_waits() override;
  Result<Plan> plan(const std::string& statement, const std::string& instance) override;
  std::vector<std::string> said() const override;

 private:
  void look_around();
  Session* session_of(const std::string& instance, Place& place);
  std::vector<std::pair<const std::string, Place>*> places_of(const std::string& instance);
  void refuse(const std::string& instance, const std::string& why) { asked_[instance].refused.insert(why); }

  const Target target_;
  std::map<std::string, Place> places_;  // key: instance
  std::map<std::string, Asked> asked_;
};

// Splits the DSN into its parameters here, so that no part of it is parsed as a connection string again.
Result<Login> login_of_dsn(const Target& target) {
  char* why = nullptr;
  std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfoParse(target.dsn.c_str(), &why),
                                                                       PQconninfoFree);
  std::unique_ptr<char, decltype(&PQfreemem)> message(why, PQfreemem);
  if (!options)
    return Error{Error::Kind::Usage, "--ask: " + std::string(trimmed(printable(why ? why : "no connection string"))),
                 "--ask postgresql://USER@HOST:5432/DATABASE"};
  Login login;
  std::map<std::string, std::string> given;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option)
    if (option->val != nullptr) given[option->keyword] = option->val;
  if (given.contains("password"))
    return Error{Error::Kind::Usage,
                 "--ask: a password in a connection string can be read by every user of this machine",
                 "put it into a file: --ask-passfile FILE, lines of host:port:database:user:password"};
  for (const char* file : {"passfile", "service"})
    if (given.contains(file))
      return Error{Error::Kind::Usage, std::string("--ask: no ") + file + " in a connection string"};
  if (!target.passfile.empty()) {
    Result<std::string> password = password_of_file(target.passfile, given);
    if (!password.has_value()) return std::move(password).error();
    if (!password.value().empty()) given["password"] = password.value();
  }
  given.try_emplace("passfile", "/dev/null");
  login.parameters.assign(given.begin(), given.end());
  return login;
}

bool has_password(const Login& login) {
  return std::any_of(login.parameters.begin(), login.parameters.end(),
                     [](const auto& parameter) { return parameter.first == "password"; });
}

Result<void> ServersInspector::connect_dsn() {
  Place place;
  place.plugin = &database_plugins()[0];
  place.login = TRY(login_of_dsn(target_));
  Result<Session> session = Session::open(place.login, target_.cancel);
  if (!session.has_value()) {
    Error error = std::move(session).error();
    error.message = "--ask: " + error.message;
    if (!target_.passfile.empty() && !has_password(place.login))
      error.message += "; no line of '" + target_.passfile + "' fits this connection";
    return error;
  }
  place.session = std::move(session).value();
  std::string host = place.session->host();
  if (host.empty() || host[0] == '/' || host == "localhost") host = "127.0.0.1";
  std::string instance = host + ":" + place.session->port() + "/" + place.session->database();
  places_.emplace(std::move(instance), std::move(place));
  return {};
}

// Finds the servers of this machine. Those of other users are found, and logged into, by root only.
Result<void> ServersInspector::find_any() {
  look_around();
  if (geteuid() == 0 || !places_.empty()) return {};
  return Error{Error::Kind::Denied, "--ask without a DSN looks at the databases of other users, which takes root",
               "run it with sudo, or name the server: --ask postgresql://USER@HOST:5432/DATABASE"};
}

// Finds servers that started, and databases that came into use, since the last call.
void ServersInspector::look_around() {
  if (!target_.dsn.empty()) return;
  std::set<std::string> known;  // in the form ":5432/"
  for (const auto& [instance, place] : places_) {
    size_t slash = instance.rfind('/');
    size_t colon = instance.rfind(':', slash);
    if (colon != std::string::npos) known.insert(instance.substr(colon, slash + 1 - colon));
  }
  for (const DatabasePlugin& plugin : database_plugins()) {
    FoundServers found = plugin.find_servers(known, target_.data_directories, target_.cancel);
    for (const auto& [instance, why] : found.refused) refuse(instance, why);
    for (Database& database : found.databases)
      places_.try_emplace(std::move(database.instance), Place{&plugin, std::move(database.login), std::nullopt});
  }
}

Session* ServersInspector::session_of(const std::string& instance, Place& place) {
  if (place.session && place.session->usable()) return &*place.session;
  place.session.reset();
  Result<Session> session = Session::open(place.login, target_.cancel);
  if (!session.has_value()) {
    refuse(instance, session.error().message);
    return nullptr;
  }
  place.session = std::move(session).value();
  return &*place.session;
}

Result<std::vector<LockWait>> ServersInspector::lock_waits() {
  look_around();
  std::vector<LockWait> waits;
  for (auto& [instance, place] : places_) {
    TRY(check_cancelled(target_.cancel));
    Session* session = session_of(instance, place);
    if (!session) continue;
    LocksReply reply = place.plugin->lock_waits(*session, instance, wall_ns());
    ++asked_[instance].locks;
    if (reply.failure) refuse(instance, reply.failure->message);
    waits.insert(waits.end(), reply.waits.begin(), reply.waits.end());
  }
  return waits;
}

std::vector<std::pair<const std::string, Place>*> ServersInspector::places_of(const std::string& instance) {
  std::string wanted = port_and_database(instance);
  std::vector<std::pair<const std::string, Place>*> same, all;
  for (auto& place : places_) {
    all.push_back(&place);
    if (!wanted.empty() && port_and_database(place.first).starts_with(wanted)) same.push_back(&place);
  }
  // Behind a pooler, or in a container, the clients' port is not the server's port: then any server that has the tables
  // is used.
  return same.empty() ? all : same;
}

Result<Plan> ServersInspector::plan(const std::string& statement, const std::string& instance) {
  look_around();
  Plan plan;
  plan.unknown_why = "no server could be asked";
  for (auto* place : places_of(instance)) {
    TRY(check_cancelled(target_.cancel));
    Session* session = session_of(place->first, place->second);
    if (!session) continue;
    plan = place->second.plugin->plan(*session, statement);
    ++asked_[place->first].plans;
    if (plan.known) break;
  }
  return plan;
}

std::vector<std::string> ServersInspector::said() const {
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
  if (lines.empty()) lines.push_back("asked no database: no PostgreSQL server with sessions was found on this machine");
  return lines;
}

}  // namespace

Result<std::unique_ptr<DatabaseInspector>> make_inspector(const Target& target) {
  auto inspector = std::make_unique<ServersInspector>(target);
  TRY(target.dsn.empty() ? inspector->find_any() : inspector->connect_dsn());
  return std::unique_ptr<DatabaseInspector>(std::move(inspector));
}

}  // namespace culprit::ask
