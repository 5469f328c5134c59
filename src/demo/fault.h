// Fault: something wrong that demo plants and heals, and what the right answer about it is (contract.md, "The demo's truth").
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "demo/postgres.h"
#include "demo/shop.h"

namespace culprit::demo {

// The right answer. Empty or 0 where it has no such part.
struct Truth {
  std::string fault;
  std::string finding_class, mechanism;
  std::string entity_kind, entity_name, entity_statement;
  int entity_pid = 0, entity_port = 0;
  int holder_pid = 0;  // PostgreSQL's process for that session
  int holder_client_pid = 0;
  std::string holder_program, holder_statement;
  std::string caller;
  int caller_pid = 0;
  std::string operation;  // what gets slow
};

class Fault {
 public:
  virtual ~Fault() = default;
  // After each the shop has had no time yet to show the effect.
  virtual Result<void> plant(Shop& shop, Postgres& server) = 0;
  virtual Result<void> heal(Shop& shop, Postgres& server) = 0;
  // Once planted.
  virtual Truth truth(const Shop& shop) const = 0;
  // What healing was, in a few words: "the index".
  virtual std::string remedy() const = 0;
  // A process that belongs to the fault, or 0.
  virtual int pid() const { return 0; }
};

// An error that lists the names where there is no such fault.
Result<std::unique_ptr<Fault>> make_fault(const std::string& name);

}  // namespace culprit::demo
