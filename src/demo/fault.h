// Fault: a fault that demo plants and heals, and the right answer about it (contract.md, "The demo's truth").
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "demo/postgres.h"
#include "demo/shop.h"

namespace culprit::demo {

// The right answer. A part that the fault does not have is empty or 0.
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
  std::string operation;  // the operation that becomes slow
};

class Fault {
 public:
  virtual ~Fault() = default;
  // When these return, the effect on the shop may not be visible yet.
  virtual Result<void> plant(Shop& shop, Postgres& server) = 0;
  virtual Result<void> heal(Shop& shop, Postgres& server) = 0;
  // Valid after plant().
  virtual Truth truth(const Shop& shop) const = 0;
  // Describes the remedy in a few words: "the index".
  virtual std::string remedy() const = 0;
  // Returns a process that belongs to the fault, or 0.
  virtual int pid() const { return 0; }
};

// Returns an error that lists the names if there is no such fault.
Result<std::unique_ptr<Fault>> make_fault(const std::string& name);

}  // namespace culprit::demo
