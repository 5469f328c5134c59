#include <algorithm>
#include <cstring>
#include <functional>
#include <unordered_map>
#include <vector>

#include "base/packed.h"
#include "model/batch_codec.h"
#include "model/span_ids.h"
#include "model/tables.h"

namespace culprit {

namespace {

// The texts of a batch without repetitions, in order of their first use.
class Dictionary {
 public:
  uint64_t index(std::string_view text) {
    expanded_ += text.size();
    // A few texts are very frequent. A comparison with the last text of the same shape is quicker than a hash.
    Recent& recent = recent_[shape(text)];
    if (recent.known && recent.text == text) return recent.index;
    auto [at, fresh] = index_.try_emplace(text, texts_.size());
    if (fresh) texts_.push_back(text);
    recent = {at->first, at->second, true};
    return at->second;
  }
  std::string encoded() const {
    PackedWriter out;
    out.varint(texts_.size());
    for (std::string_view text : texts_) out.text(text);
    return out.take();
  }
  size_t expanded() const { return expanded_; }

 private:
  static constexpr size_t kRecent = 1024;
  struct Recent {
    std::string_view text;
    uint64_t index = 0;
    bool known = false;
  };
  static size_t shape(std::string_view text) {
    if (text.size() < 8) return (text.size() * 131 + (text.empty() ? 0 : static_cast<uint8_t>(text.back()))) % kRecent;
    uint64_t first = 0, last = 0;
    std::memcpy(&first, text.data(), 8);
    std::memcpy(&last, text.data() + text.size() - 8, 8);
    return ((first ^ last * 0x9e3779b97f4a7c15ull) * 0x9e3779b97f4a7c15ull + text.size()) >> 54;
  }

  std::vector<Recent> recent_ = std::vector<Recent>(kRecent);
  std::unordered_map<std::string_view, uint64_t> index_;
  std::vector<std::string_view> texts_;
  size_t expanded_ = 0;
};

template <class Row>
class TableEncoder {
 public:
  TableEncoder(Dictionary& dictionary, const std::vector<const Row*>& rows, PackedWriter& out)
      : dictionary_(dictionary), rows_(rows), out_(out) {}

  template <class Get>
  void number(uint32_t id, const char*, Get get, std::string_view = {}) {
    column(id, get, [&](auto value) { column_.zigzag(static_cast<int64_t>(value)); });
  }
  template <class Get, size_t N>
  void names(uint32_t id, const char* name, Get get, const std::string_view (&)[N], std::string_view = {}) {
    number(id, name, get);
  }
  template <class Get>
  void resource(uint32_t id, const char* name, Get get, std::string_view) {
    number(id, name, get);
  }
  void own_id(const char*, std::string_view) {}
  template <class Get>
  void derived(const char*, Get, std::string_view) {}
  template <class Get>
  void trace_id(uint32_t high, uint32_t low, const char* name, Get get, std::string_view = {}) {
    fixed(high, name, [get](const Row& row) { return std::invoke(get, row).high; });
    fixed(low, name, [get](const Row& row) { return std::invoke(get, row).low; });
  }
  template <class Get>
  void trace_high(uint32_t id, const char* name, Get get, std::string_view) {
    fixed(id, name, [get](const Row& row) { return std::invoke(get, row).high; });
  }
  template <class Get, size_t N>
  void waits(uint32_t known, uint32_t first, Get get, const char* const (&)[N]) {
    number(known, "known", [get](const Row& row) { return std::invoke(get, row).known; });
    for (uint32_t wait = 0; wait < N; ++wait)
      number(first + wait, "ns", [get, wait](const Row& row) { return std::invoke(get, row).ns[wait]; });
  }
  template <class Get>
  void span_attributes(uint32_t id, Get get) {
    attributes(id, "attributes", "attribute_types", get);
  }
  template <class Get>
  void delta(uint32_t id, const char*, Get get, std::string_view = {}) {
    uint64_t previous = 0;
    column(id, get, [&](int64_t value) {
      column_.zigzag(static_cast<int64_t>(static_cast<uint64_t>(value) - previous));
      previous = static_cast<uint64_t>(value);
    });
  }
  template <class Get>
  void fixed(uint32_t id, const char*, Get get, std::string_view = {}) {
    column(id, get, [&](uint64_t value) { column_.u64(value); });
  }
  // Reals are always written, because zero is rarely the default of their field.
  template <class Get>
  void real(uint32_t id, const char*, Get get, std::string_view = {}) {
    for (const Row* row : rows_) column_.real(std::invoke(get, *row));
    finish(id);
  }
  template <class Get>
  void text(uint32_t id, const char*, Get get, std::string_view = {}) {
    bool filled = first_;
    for (const Row* row : rows_) filled |= !std::invoke(get, *row).empty();
    if (!filled) return;
    for (const Row* row : rows_) column_.varint(dictionary_.index(std::invoke(get, *row)));
    finish(id);
  }
  template <class Get>
  void attributes(uint32_t id, const char*, const char*, Get get, std::string_view = {}) {
    std::vector<const Attribute*> all = gather<Attribute>(get);
    if (all.empty()) return;
    for (const Attribute* attribute : all) column_.varint(dictionary_.index(attribute->key));
    for (const Attribute* attribute : all) column_.u8(static_cast<uint8_t>(attribute->value.index()));
    for (const Attribute* attribute : all) value(attribute->value);
    finish(id);
  }
  template <class Get, class Child>
  void list(uint32_t id, const char*, Get get, Of<Child> child, std::string_view = {}) {
    std::vector<const Child*> all = gather<Child>(get);
    if (all.empty()) return;
    TableEncoder<Child> table(dictionary_, all, column_);
    describe(table, child);
    nested_ += table.nested_rows();
    finish(id);
  }
  void ids(IdColumns columns) {
    const SpanIds ids = pack_ids(rows_);
    auto fixed = [&](uint64_t value) { column_.u64(value); };
    values(columns.parent_ahead, ids.parent_ahead, [&](int64_t value) { column_.zigzag(value); });
    values(columns.parent, ids.parent, fixed);
    values(ids.trace_by_span ? columns.trace_by_span : columns.trace_low, ids.trace_low, fixed, ids.trace_by_span);
  }
  // Writes the differences of a field to `expected`, if most differences are zero. Returns false otherwise.
  template <class Get, class Expected>
  bool rest(uint32_t id, Get get, Expected expected) {
    std::vector<int64_t> left;
    for (const Row* row : rows_)
      left.push_back(static_cast<int64_t>(static_cast<uint64_t>(std::invoke(get, *row)) - expected(*row)));
    if (2 * std::count(left.begin(), left.end(), 0) < std::ssize(left)) return false;
    values(
        id, left, [&](int64_t value) { column_.zigzag(value); }, true);
    return true;
  }
  size_t nested_rows() const { return nested_; }

 private:
  // Writes one value per row. A column of zeros is written only with `always`.
  template <class Number, class Write>
  void values(uint32_t id, const std::vector<Number>& all, Write write, bool always = false) {
    if (!always && std::all_of(all.begin(), all.end(), [](Number value) { return value == 0; })) return;
    for (Number value : all) write(value);
    finish(id);
  }

  template <class Get, class Write>
  void column(uint32_t id, Get get, Write write) {
    bool filled = first_;
    for (const Row* row : rows_) filled |= static_cast<int64_t>(std::invoke(get, *row)) != 0;
    if (!filled) return;
    for (const Row* row : rows_) write(std::invoke(get, *row));
    finish(id);
  }

  // Collects the lists of all rows in sequence and writes their lengths.
  template <class Child, class Get>
  std::vector<const Child*> gather(Get get) {
    std::vector<const Child*> all;
    for (const Row* row : rows_)
      for (const Child& child : std::invoke(get, *row)) all.push_back(&child);
    nested_ += all.size();
    if (all.empty()) return all;
    for (const Row* row : rows_) column_.varint(std::invoke(get, *row).size());
    return all;
  }

  void value(const Value& value) {
    if (auto* truth = std::get_if<bool>(&value)) column_.u8(*truth);
    if (auto* number = std::get_if<int64_t>(&value)) column_.zigzag(*number);
    if (auto* number = std::get_if<double>(&value)) column_.real(*number);
    if (auto* text = std::get_if<std::string>(&value)) column_.varint(dictionary_.index(*text));
    if (auto* bytes = std::get_if<Bytes>(&value)) column_.varint(dictionary_.index(bytes->bytes));
    if (auto* nested = std::get_if<Nested>(&value)) column_.varint(dictionary_.index(nested->json));
  }

  void finish(uint32_t id) {
    out_.varint(id);
    out_.text(column_.bytes());
    column_.clear();
    first_ = false;
  }

  Dictionary& dictionary_;
  const std::vector<const Row*>& rows_;
  PackedWriter& out_;
  PackedWriter column_;
  bool first_ = true;
  size_t nested_ = 0;
};

class BatchEncoder {
 public:
  template <class Row>
  void section_of(uint32_t id, const std::vector<Row>& rows) {
    if (rows.empty()) return;
    std::vector<const Row*> pointers;
    for (const Row& row : rows) pointers.push_back(&row);
    PackedWriter columns;
    TableEncoder<Row> table(dictionary_, pointers, columns);
    describe(table, Of<Row>());
    describe_derived(table, Of<Row>());
    sections_.varint(id);
    sections_.varint(rows.size());
    sections_.text(columns.bytes());
    fits_ = fits_ && rows.size() <= kMaxBatchRows && table.nested_rows() <= kMaxNestedRows;
  }

  Result<std::string> finish() {
    if (!fits_ || dictionary_.expanded() > kMaxBatchText)
      return Error{Error::Kind::Full, "a batch is larger than one frame may be", "push smaller batches"};
    PackedWriter out;
    out.varint(kDictionarySection);
    out.varint(0);
    out.text(dictionary_.encoded());
    out.raw(sections_.bytes());
    return out.take();
  }

 private:
  Dictionary dictionary_;
  PackedWriter sections_;
  bool fits_ = true;
};

}  // namespace

Result<std::string> encode_batch(const Batch& batch) {
  BatchEncoder encoder;
#define TABLE(section, Row, member) encoder.section_of(section, batch.member);
#include "model/tables.inc"
  return encoder.finish();
}

}  // namespace culprit
