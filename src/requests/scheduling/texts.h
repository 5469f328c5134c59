// Texts: an interner of statements, so that a wait refers to a statement by a number of four bytes. Holds only texts
// that a protocol has already normalised and redacted.
//
// Keeps the newest statements, up to a number of them and to a sum of their sizes. The number of an older statement
// finds no text.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace culprit::requests {

enum class TextId : uint32_t { None = 0 };

// Properties of a statement, found from its words.
struct StatementTraits {
  bool ends_transaction = false;
  bool takes_locks = false;
};
// Returns true for COMMIT, ROLLBACK and their synonyms.
bool ends_transaction(std::string_view statement);
// Returns true if the statement may take a lock that blocks others: it writes, changes a table, or has a locking
// clause.
bool takes_locks(std::string_view statement);

class Texts {
 public:
  // Returns the number of a statement; None if the text is empty.
  TextId intern(std::string_view text) {
    if (text.empty()) return TextId::None;
    if (auto found = ids_.find(text); found != ids_.end()) return found->second;
    while (!texts_.empty() && (texts_.size() >= kMost || bytes_ + text.size() > kMostBytes)) {
      ids_.erase(std::string_view(texts_.front().text));
      bytes_ -= texts_.front().text.size();
      texts_.pop_front();
      ++first_;
      ++evicted_;
    }
    bytes_ += text.size();
    const TextId id{first_ + static_cast<uint32_t>(texts_.size())};
    ids_.emplace(texts_.emplace_back(Entry{std::string(text), {}, false}).text, id);
    return id;
  }
  // Returns the text of a number; empty if the number has none or its text was forgotten.
  std::string_view text(TextId id) const {
    const uint32_t at = static_cast<uint32_t>(id) - first_;
    return id == TextId::None || at >= texts_.size() ? std::string_view() : std::string_view(texts_[at].text);
  }
  // Returns the properties of a statement. They are computed at the first call.
  StatementTraits traits(TextId id) {
    const uint32_t at = static_cast<uint32_t>(id) - first_;
    if (id == TextId::None || at >= texts_.size()) return {};
    Entry& entry = texts_[at];
    if (!std::exchange(entry.read, true)) entry.traits = {ends_transaction(entry.text), takes_locks(entry.text)};
    return entry.traits;
  }
  size_t size() const { return texts_.size(); }
  size_t bytes() const { return bytes_; }
  // Returns the number of statements that were removed for new ones since the last call.
  size_t take_evicted() { return std::exchange(evicted_, 0); }

  // More distinct normalised statements than an application usually has. The limit bounds the memory when a program
  // generates statements.
  static constexpr size_t kMost = 65'536, kMostBytes = 64u << 20;

 private:
  struct Entry {
    std::string text;
    StatementTraits traits;
    bool read = false;  // `traits` has been computed
  };
  std::deque<Entry> texts_;  // a deque, because the keys of ids_ are views of these strings and must stay valid
  std::unordered_map<std::string_view, TextId> ids_;
  uint32_t first_ = 1;
  size_t bytes_ = 0;  // size of the texts in texts_
  size_t evicted_ = 0;
};

}  // namespace culprit::requests
