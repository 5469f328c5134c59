// Names: texts, statements and places of call trees as small numbers, shared by the populations that are compared.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace culprit::analysis {

constexpr uint32_t kNone = ~uint32_t{0};

// A place's part in a call.
enum class Role : uint8_t { Work, Call, Served };

struct CallNode {
  uint32_t parent = kNone;
  uint32_t service = 0, label = 0;
  uint32_t statement = kNone;  // of a database call
  Role role = Role::Work;
  uint32_t peer = 0;  // Call: whom it calls, as far as the caller says
  uint32_t depth = 0;
  bool callee_seen = false;  // Call: its other end, or anything below it, was seen
  bool operator==(const CallNode&) const = default;
};

struct StatementName {
  uint32_t text = 0, instance = 0, system = 0;  // instance: the server's address
};

class Interner {
 public:
  Interner();

  uint32_t text(std::string_view text);
  const std::string& text(uint32_t id) const { return texts_[id]; }
  // `raw` with its literals removed; asked often with the same text.
  uint32_t statement_text(std::string_view raw);
  uint32_t statement(uint32_t text, uint32_t instance, uint32_t system);
  const StatementName& statement(uint32_t id) const { return statements_[id]; }
  // Statements of what is studied: of the same text at two instances each is its own. Those of a baseline are not told apart.
  void tell_apart(uint32_t statement) { apart_.insert(statement); }
  bool told_apart(uint32_t statement) const { return apart_.contains(statement); }
  // A server's address is its identity; which of its databases, not every connection tells.
  void note_database(uint32_t address, std::string_view database) { databases_[address].emplace(database); }
  // "127.0.0.1:5432/shop"; without the database where it is not known, or several.
  std::string instance(uint32_t address) const;
  // The place's number; where there are too many places, or too deep ones, its parent's.
  uint32_t place(const CallNode& place);
  const CallNode& place(uint32_t id) const { return places_[id]; }
  size_t places() const { return places_.size(); }

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, uint32_t, TextHash, std::equal_to<>> text_ids_, raw_;
  std::vector<std::string> texts_;
  std::unordered_map<uint64_t, std::vector<uint32_t>> statement_ids_, place_ids_;
  std::vector<StatementName> statements_;
  std::unordered_set<uint32_t> apart_;
  std::unordered_map<uint32_t, std::set<std::string>> databases_;  // by address
  std::vector<CallNode> places_;
};

}  // namespace culprit::analysis
