// Shop: the lab's services and their load, with a Postgres.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "demo/postgres.h"
#include "demo/process.h"

namespace culprit::demo {

struct Service {
  std::string name;
  int port = 0;
  Child process;
};

// The client's view of one operation in one phase.
struct Seen {
  std::string operation;
  int64_t p50_ns = 0, p95_ns = 0;
  int64_t requests = 0, errors = 0, unanswered = 0;
};

class Shop {
 public:
  // When it returns, all services are connected, all statements are prepared, and the load is running. `programs` is
  // the folder of the lab's programs.
  static Result<Shop> start(const std::string& place, const std::string& programs, Postgres& server, const User& user);

  // Changes a setting of a service, with immediate effect.
  Result<void> configure(const std::string& service, const std::string& name, const std::string& value);
  // Starts another program of the lab, as the shop's user.
  Result<Child> start_program(const std::string& program, std::vector<std::string> arguments, Program::Talk talk);

  // From now on the load counts requests under `phase`; empty: it counts none.
  Result<void> begin_phase(const std::string& phase);
  Result<std::vector<Seen>> seen(const std::string& phase);
  Result<std::string> load_json();

  const std::vector<Service>& services() const { return services_; }
  int pid_of(const std::string& service) const;
  int port_of(const std::string& service) const;
  int load_pid() const { return load_.pid(); }
  uint32_t load_seed() const { return load_seed_; }
  std::string backoffice_conninfo() const { return server_->conninfo("backoffice", ""); }
  // Ends the load, then the services from the front to the back.
  void stop();

 private:
  Shop(std::string place, Postgres& server, User user)
      : place_(std::move(place)), server_(&server), user_(std::move(user)) {}
  Result<void> copy_programs(const std::string& programs);
  Result<void> start_service(const std::string& name, std::vector<std::string> arguments);
  Result<void> wait_until_open(int port, Child& process);
  Result<std::vector<std::string>> tell_load(const std::string& command);
  Program program(const std::string& name, std::vector<std::string> arguments) const;

  std::string place_;
  Postgres* server_;
  User user_;
  std::vector<Service> services_;
  std::map<std::string, int> ports_;
  Child load_;
  uint32_t load_seed_ = 0;  // seed of its arrivals
};

}  // namespace culprit::demo
