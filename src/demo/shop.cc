#include "demo/shop.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/check.h"
#include "base/text.h"
#include "demo/files.h"

namespace culprit::demo {

namespace {

constexpr const char* kPrograms[] = {"gateway", "orders", "catalogue", "shipping", "load", "backoffice", "transcoder"};
// Each service's settings with their healthy values.
constexpr const char* kOrdersSettings = "invoices = join\nimport = batch\n";
constexpr const char* kShippingSettings = "delay_ms = 0\n";
constexpr int kAnswerMs = 10'000;
// A request behind a lock ends with an error after this time.
constexpr const char* kLockTimeout = "-c lock_timeout=800";

bool answers(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bool open = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return open;
}

}  // namespace

Result<Shop> Shop::start(const std::string& place, const std::string& programs, Postgres& server, const User& user) {
  Shop shop(place, server, user);
  TRY(shop.copy_programs(programs));
  for (const char* service : {"shipping", "orders", "catalogue", "gateway"}) shop.ports_[service] = TRY(free_port());
  std::map<std::string, int>& ports = shop.ports_;
  TRY(shop.start_service("shipping", {"--config", place + "/shipping.conf"}));
  TRY(shop.start_service("orders", {"--config", place + "/orders.conf", "--shipping", std::to_string(ports["shipping"]),
                                    "--db", server.conninfo("orders", kLockTimeout)}));
  TRY(shop.start_service("catalogue", {"--db", server.conninfo("catalogue", kLockTimeout)}));
  TRY(shop.start_service(
      "gateway", {"--orders", std::to_string(ports["orders"]), "--catalogue", std::to_string(ports["catalogue"])}));
  // The arrivals differ in every run; the seed is in truth.json. Seven hex digits fit into the load's int.
  shop.load_seed_ = static_cast<uint32_t>(std::strtoul(random_hex(4).substr(1).c_str(), nullptr, 16));
  shop.load_ = TRY(shop.start_program(
      "load", {"--port", std::to_string(ports["gateway"]), "--seed", std::to_string(shop.load_seed_)},
      Program::Talk::Yes));
  TRY(shop.load_.read_line(kAnswerMs));
  return shop;
}

Result<void> Shop::copy_programs(const std::string& programs) {
  // The programs are copied, because the shop's user may have no access to culprit's folder.
  TRY(make_directory(place_ + "/bin", 0755, User{}));
  for (const char* name : kPrograms) {
    Result<void> copied = copy_program(programs + "/" + name, place_ + "/bin/" + name);
    if (!copied.has_value()) {
      return Error{Error::Kind::NotFound, "the shop's programs are missing: " + copied.error().message,
                   "build them: ./dev build"};
    }
  }
  TRY(write_file(place_ + "/orders.conf", kOrdersSettings, 0644, User{}));
  TRY(write_file(place_ + "/shipping.conf", kShippingSettings, 0644, User{}));
  return write_file(place_ + "/shop.log", "", 0644, user_);
}

Program Shop::program(const std::string& name, std::vector<std::string> arguments) const {
  Program program;
  program.arguments = std::move(arguments);
  program.arguments.insert(program.arguments.begin(), place_ + "/bin/" + name);
  // The password is in the environment: every user can read a command line.
  program.environment = {"PATH=/usr/bin:/bin", "HOME=" + place_, "LC_ALL=C.UTF-8", "PGPASSWORD=" + server_->password()};
  program.directory = place_;
  program.output = place_ + "/shop.log";
  program.user = user_;
  return program;
}

Result<Child> Shop::start_program(const std::string& name, std::vector<std::string> arguments, Program::Talk talk) {
  Program wanted = program(name, std::move(arguments));
  wanted.talk = talk;
  return Child::start(wanted);
}

Result<void> Shop::start_service(const std::string& name, std::vector<std::string> arguments) {
  int port = ports_[name];
  arguments.insert(arguments.begin(), {"--port", std::to_string(port)});
  services_.push_back({name, port, TRY(start_program(name, std::move(arguments), Program::Talk::No))});
  return wait_until_open(port, services_.back().process);
}

Result<void> Shop::wait_until_open(int port, Child& process) {
  for (int waited_ms = 0; waited_ms < kAnswerMs && process.running(); waited_ms += 20) {
    if (answers(port)) return {};
    TRY(pause_for(20));
  }
  Result<std::string> log = read_file(place_ + "/shop.log");
  return Error{Error::Kind::Unavailable,
               process.name() + " does not start: " + (log.has_value() ? log.value() : std::string())};
}

Result<void> Shop::configure(const std::string& service, const std::string& name, const std::string& value) {
  std::string path = place_ + "/" + service + ".conf", changed;
  std::string text = TRY(read_file(path));
  for (std::string_view line : split(text, '\n')) {
    if (line.empty()) continue;
    bool this_one = line.substr(0, name.size() + 1) == name + " ";
    changed += (this_one ? name + " = " + value : std::string(line)) + "\n";
  }
  TRY(write_file(path, changed, 0644, User{}));
  for (Service& one : services_) {
    if (one.name == service) one.process.send(SIGHUP);
  }
  return {};
}

Result<std::vector<std::string>> Shop::tell_load(const std::string& command) {
  TRY(load_.write_line(command));
  std::vector<std::string> lines;
  for (;;) {
    Result<std::string> line = load_.read_line(kAnswerMs);
    if (!line.has_value()) return line.error();
    if (line.value() == ".") return lines;
    lines.push_back(line.value());
  }
}

Result<void> Shop::begin_phase(const std::string& phase) {
  TRY(tell_load(phase.empty() ? "phase" : "phase " + phase));
  return {};
}

Result<std::vector<Seen>> Shop::seen(const std::string& phase) {
  std::vector<Seen> operations;
  for (const std::string& line : TRY(tell_load("table " + phase))) {
    Seen seen;
    int at = 0;
    if (sscanf(line.c_str(), "%ld %ld %ld %ld %ld %n", &seen.p50_ns, &seen.p95_ns, &seen.requests, &seen.errors,
               &seen.unanswered, &at) < 5) {
      return Error{Error::Kind::Corrupt, "the load says '" + line + "'"};
    }
    seen.operation = line.substr(at);
    operations.push_back(seen);
  }
  return operations;
}

Result<std::string> Shop::load_json() {
  std::string path = place_ + "/load.json";
  TRY(write_file(path, "", 0644, user_));
  TRY(tell_load("write " + path));
  return read_file(path);
}

int Shop::pid_of(const std::string& service) const {
  for (const Service& one : services_) {
    if (one.name == service) return one.process.pid();
  }
  return 0;
}

int Shop::port_of(const std::string& service) const {
  auto found = ports_.find(service);
  CHECK(found != ports_.end(), "a service of the shop");
  return found->second;
}

void Shop::stop() {
  load_.stop(SIGTERM);
  for (size_t i = services_.size(); i-- > 0;) services_[i].process.stop(SIGTERM);
}

}  // namespace culprit::demo
