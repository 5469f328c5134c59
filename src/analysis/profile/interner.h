// Interner: numbers for texts, statements and nodes of call trees, shared by the profiles that are compared.
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

// The numbers count from 0, in the order of first use.
enum class TextId : uint32_t { Empty = 0 };
enum class StatementId : uint32_t { None = ~uint32_t{0} };
enum class NodeId : uint32_t { None = ~uint32_t{0} };

template <typename Id>
constexpr size_t index(Id id) {
  return static_cast<size_t>(id);
}
constexpr NodeId next(NodeId id) { return static_cast<NodeId>(static_cast<uint32_t>(id) + 1); }

// The part of a node in a call.
enum class Role : uint8_t { Work, Call, Served };

struct CallNode {
  NodeId parent = NodeId::None;
  TextId service = TextId::Empty, label = TextId::Empty;
  StatementId statement = StatementId::None;  // set for a database call
  Role role = Role::Work;
  TextId peer = TextId::Empty;  // for Call: the callee's name in the caller's span
  uint32_t depth = 0;
  bool callee_seen = false;  // for Call: the other end, or any span below it, was recorded
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
  // Interns the text `raw` of a database system without its literals; fast for repeated texts.
  TextId intern_statement_text(std::string_view raw, TextId system);
  // Merges statements that rarely repeat: statements with the same verb and tables become one, "SELECT … FROM orders",
  // for all later calls of intern_statement_text(). Returns whether any group was merged that was not merged before.
  bool sum_up_unrepeated();
  StatementId intern_statement(const StatementName& name);
  const StatementName& statement(StatementId id) const { return statements_[index(id)]; }
  // Keeps the statement separate for each instance: statements of the analysed source with the same text on two
  // instances are different. Statements of a baseline are not kept separate.
  void tell_apart(StatementId statement) { apart_.insert(statement); }
  bool told_apart(StatementId statement) const { return apart_.contains(statement); }
  // A server's address identifies it; not every connection shows which of its databases it uses.
  void note_database(TextId address, std::string_view database) { databases_[address].emplace(database); }
  // Returns "127.0.0.1:5432/shop"; without the database if it is unknown, or if there are several.
  std::string instance(TextId address) const;
  // Returns the node's number. If there are too many nodes, or the node is too deep, returns its parent's number. A
  // parent's number is smaller than its children's.
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
  std::unordered_map<TextId, RawTexts> raw_;  // key: database system
  std::vector<TextGroup> groups_;
  std::map<std::pair<TextId, TextId>, uint32_t> group_ids_;  // key: its text and system
  std::vector<std::string> texts_;
  std::unordered_map<uint64_t, std::vector<StatementId>> statement_ids_;
  std::unordered_map<uint64_t, std::vector<NodeId>> node_ids_;
  std::vector<StatementName> statements_;
  std::unordered_set<StatementId> apart_;
  std::unordered_map<TextId, std::set<std::string>> databases_;  // key: address
  std::vector<CallNode> nodes_;
};

}  // namespace culprit::analysis
