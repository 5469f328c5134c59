// Interner: texts, statements and nodes of call trees as small numbers, shared by the profiles that are compared.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace culprit::analysis {

// Each counts from 0 in the order in which it was first seen.
enum class TextId : uint32_t { Empty = 0 };
enum class StatementId : uint32_t { None = ~uint32_t{0} };
enum class NodeId : uint32_t { None = ~uint32_t{0} };

template <typename Id>
constexpr size_t index(Id id) {
  return static_cast<size_t>(id);
}
constexpr NodeId next(NodeId id) { return static_cast<NodeId>(static_cast<uint32_t>(id) + 1); }

// A node's part in a call.
enum class Role : uint8_t { Work, Call, Served };

struct CallNode {
  NodeId parent = NodeId::None;
  TextId service = TextId::Empty, label = TextId::Empty;
  StatementId statement = StatementId::None;  // of a database call
  Role role = Role::Work;
  TextId peer = TextId::Empty;  // Call: the callee, as far as the caller says
  uint32_t depth = 0;
  bool callee_seen = false;  // Call: its other end, or anything below it, was seen
  bool operator==(const CallNode&) const = default;
};

struct StatementName {
  TextId text = TextId::Empty, instance = TextId::Empty, system = TextId::Empty;  // instance: the server's address
};

class Interner {
 public:
  Interner();

  TextId intern(std::string_view text);
  const std::string& text(TextId id) const { return texts_[index(id)]; }
  // `raw`, of a database system, with its literals removed; asked often with the same text.
  TextId intern_statement_text(std::string_view raw, TextId system);
  // From now on the statements of one verb and the same tables whose texts hardly repeat, as asked for until now, are one:
  // "SELECT … FROM orders". Whether there are any that were not before.
  bool sum_up_unrepeated();
  StatementId intern_statement(const StatementName& name);
  const StatementName& statement(StatementId id) const { return statements_[index(id)]; }
  // Statements of what is studied: of the same text at two instances each is its own. Those of a baseline are not told apart.
  void tell_apart(StatementId statement) { apart_.insert(statement); }
  bool told_apart(StatementId statement) const { return apart_.contains(statement); }
  // A server's address is its identity; which of its databases, not every connection tells.
  void note_database(TextId address, std::string_view database) { databases_[address].emplace(database); }
  // "127.0.0.1:5432/shop"; without the database where it is not known, or several.
  std::string instance(TextId address) const;
  // The node's number; where there are too many nodes, or too deep ones, its parent's. A parent's is the smaller.
  NodeId intern_node(const CallNode& node);
  const CallNode& node(NodeId id) const { return nodes_[index(id)]; }
  NodeId end_of_nodes() const { return static_cast<NodeId>(nodes_.size()); }

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  static constexpr uint32_t kNoGroup = ~uint32_t{0};
  struct GroupedText {
    TextId text = {};
    uint32_t group = kNoGroup;
  };
  struct TextGroup {
    TextId text = {};  // "SELECT … FROM orders"
    std::unordered_set<TextId> texts;
    int64_t calls = 0;
    bool summed_up = false;
  };
  using RawTexts = std::unordered_map<std::string, GroupedText, TextHash, std::equal_to<>>;
  uint32_t group_of(std::string_view normalised, TextId system);
  TextId counted(const GroupedText& grouped);

  std::unordered_map<std::string, TextId, TextHash, std::equal_to<>> text_ids_;
  std::unordered_map<TextId, RawTexts> raw_;  // by system
  std::vector<TextGroup> groups_;
  std::map<std::pair<TextId, TextId>, uint32_t> group_ids_;  // by its text and system
  std::vector<std::string> texts_;
  std::unordered_map<uint64_t, std::vector<StatementId>> statement_ids_;
  std::unordered_map<uint64_t, std::vector<NodeId>> node_ids_;
  std::vector<StatementName> statements_;
  std::unordered_set<StatementId> apart_;
  std::unordered_map<TextId, std::set<std::string>> databases_;  // by address
  std::vector<CallNode> nodes_;
};

}  // namespace culprit::analysis
