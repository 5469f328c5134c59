#include "model/batch_codec.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <unordered_map>
#include <vector>

#include "base/packed.h"
#include "model/batch_columns.h"
#include "model/span_ids.h"

namespace culprit {

namespace {

using batch_columns::Of;

constexpr uint64_t kDictionarySection = 1;
// A column's number is below this; more than any section has, few enough for an array.
constexpr uint64_t kMaxColumns = 64;

// The texts of a batch, each once, in order of first use.
class Dictionary {
 public:
  uint64_t index(std::string_view text) {
    expanded_ += text.size();
    // A few texts come again and again: to compare with the last one that looked like this is cheaper than to hash it.
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
  void number(uint32_t id, Get get) {
    column(id, get, [&](auto value) { column_.zigzag(static_cast<int64_t>(value)); });
  }
  template <class Get, class Enum>
  void choice(uint32_t id, Get get, Enum) {
    number(id, get);
  }
  template <class Get>
  void delta(uint32_t id, Get get) {
    uint64_t previous = 0;
    column(id, get, [&](int64_t value) {
      column_.zigzag(static_cast<int64_t>(static_cast<uint64_t>(value) - previous));
      previous = static_cast<uint64_t>(value);
    });
  }
  template <class Get>
  void fixed(uint32_t id, Get get) {
    column(id, get, [&](uint64_t value) { column_.u64(value); });
  }
  // Reals are always written: their zero is rarely the default of their field.
  template <class Get>
  void real(uint32_t id, Get get) {
    for (const Row* row : rows_) column_.real(std::invoke(get, *row));
    finish(id);
  }
  template <class Get>
  void text(uint32_t id, Get get) {
    bool filled = first_;
    for (const Row* row : rows_) filled |= !std::invoke(get, *row).empty();
    if (!filled) return;
    for (const Row* row : rows_) column_.varint(dictionary_.index(std::invoke(get, *row)));
    finish(id);
  }
  template <class Get>
  void attributes(uint32_t id, Get get) {
    std::vector<const Attribute*> all = gather<Attribute>(get);
    if (all.empty()) return;
    for (const Attribute* attribute : all) column_.varint(dictionary_.index(attribute->key));
    for (const Attribute* attribute : all) column_.u8(static_cast<uint8_t>(attribute->value.index()));
    for (const Attribute* attribute : all) value(attribute->value);
    finish(id);
  }
  template <class Get, class Child>
  void nested(uint32_t id, Get get, Of<Child> child) {
    std::vector<const Child*> all = gather<Child>(get);
    if (all.empty()) return;
    TableEncoder<Child> table(dictionary_, all, column_);
    batch_columns::describe(table, child);
    nested_ += table.nested_rows();
    finish(id);
  }
  void ids(batch_columns::IdColumns columns) {
    const SpanIds ids = pack_ids(rows_);
    auto fixed = [&](uint64_t value) { column_.u64(value); };
    values(columns.parent_ahead, ids.parent_ahead, [&](int64_t value) { column_.zigzag(value); });
    values(columns.parent, ids.parent, fixed);
    values(ids.trace_by_span ? columns.trace_by_span : columns.trace_low, ids.trace_low, fixed, ids.trace_by_span);
  }
  // What is left of a field once `expected` is taken off, where that is nothing for most rows. False: it is not.
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
  // One value a row; where all are zero only if `always`.
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

  // The lists of all rows one after the other, their lengths written first.
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
  explicit BatchEncoder(const Batch& batch) : batch_(batch) {}

  template <class Row>
  void section(uint32_t id, std::vector<Row> Batch::*member) {
    const std::vector<Row>& rows = batch_.*member;
    if (rows.empty()) return;
    std::vector<const Row*> pointers;
    for (const Row& row : rows) pointers.push_back(&row);
    PackedWriter columns;
    TableEncoder<Row> table(dictionary_, pointers, columns);
    batch_columns::describe(table, Of<Row>());
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
  const Batch& batch_;
  Dictionary dictionary_;
  PackedWriter sections_;
  bool fits_ = true;
};

// What decoding may still use up; running out of it is a failure like any other.
struct Budget {
  const std::vector<std::string_view>& texts;
  size_t text_bytes = kMaxBatchText;
  size_t nested_rows = kMaxNestedRows;
  bool failed = false;

  std::string_view text(uint64_t index) {
    if (index >= texts.size() || texts[index].size() > text_bytes) return failed = true, std::string_view();
    text_bytes -= texts[index].size();
    return texts[index];
  }
};

template <class Row>
class TableDecoder {
 public:
  TableDecoder(Budget& budget, const std::vector<Row*>& rows, std::string_view bytes) : budget_(budget), rows_(rows) {
    PackedReader in(bytes);
    while (!in.at_end()) {
      uint64_t id = in.varint();
      std::string_view column = in.text();
      if (id < kMaxColumns) columns_[id] = column;
    }
    if (in.failed()) budget_.failed = true;
  }

  template <class Get>
  void number(uint32_t id, Get get) {
    if (column(id).empty()) return zero(get);
    each(id, [&](Row& row, PackedReader& in) { set(std::invoke(get, row), in.zigzag()); });
  }
  // A value that this version does not know reads as the last one, which is the vaguest.
  template <class Get, class Enum>
  void choice(uint32_t id, Get get, Enum last) {
    if (column(id).empty()) return zero(get);
    each(id, [&](Row& row, PackedReader& in) {
      int64_t number = in.zigzag();
      std::invoke(get, row) = number >= 0 && number <= static_cast<int64_t>(last) ? static_cast<Enum>(number) : last;
    });
  }
  template <class Get>
  void delta(uint32_t id, Get get) {
    uint64_t previous = 0;
    each(id, [&](Row& row, PackedReader& in) {
      previous += static_cast<uint64_t>(in.zigzag());
      std::invoke(get, row) = static_cast<int64_t>(previous);
    });
  }
  template <class Get>
  void fixed(uint32_t id, Get get) {
    each(id, [&](Row& row, PackedReader& in) { std::invoke(get, row) = in.u64(); });
  }
  template <class Get>
  void real(uint32_t id, Get get) {
    each(id, [&](Row& row, PackedReader& in) { set(std::invoke(get, row), in.real()); });
  }
  template <class Get>
  void text(uint32_t id, Get get) {
    each(id, [&](Row& row, PackedReader& in) { std::invoke(get, row) = budget_.text(in.varint()); });
  }
  template <class Get>
  void attributes(uint32_t id, Get get) {
    PackedReader in(column(id));
    std::vector<Attribute*> all = spread<Attribute>(in, get);
    for (Attribute* attribute : all) attribute->key = budget_.text(in.varint());
    std::string_view types = in.raw(all.size());
    if (in.failed()) return fail();
    for (size_t i = 0; i < all.size() && !in.failed(); ++i) all[i]->value = value(static_cast<uint8_t>(types[i]), in);
    if (in.failed()) fail();
  }
  template <class Get, class Child>
  void nested(uint32_t id, Get get, Of<Child> child) {
    PackedReader in(column(id));
    std::vector<Child*> all = spread<Child>(in, get);
    if (all.empty()) return;
    TableDecoder<Child> table(budget_, all, in.rest());
    batch_columns::describe(table, child);
  }
  void ids(batch_columns::IdColumns columns) {
    SpanIds ids;
    ids.trace_by_span = !column(columns.trace_by_span).empty();
    ids.parent_ahead = values<int64_t>(columns.parent_ahead, [](PackedReader& in) { return in.zigzag(); });
    auto fixed = [](PackedReader& in) { return in.u64(); };
    ids.parent = values<uint64_t>(columns.parent, fixed);
    ids.trace_low = values<uint64_t>(ids.trace_by_span ? columns.trace_by_span : columns.trace_low, fixed);
    if (!unpack_ids(ids, rows_)) fail();
  }
  template <class Get, class Expected>
  bool rest(uint32_t id, Get get, Expected expected) {
    each(id, [&](Row& row, PackedReader& in) {
      std::invoke(get, row) = static_cast<int64_t>(expected(row) + static_cast<uint64_t>(in.zigzag()));
    });
    return !column(id).empty();
  }

 private:
  // One value a row, zeros where the column is not there.
  template <class Number, class Read>
  std::vector<Number> values(uint32_t id, Read read) {
    std::vector<Number> all(rows_.size());
    PackedReader in(column(id));
    for (Number& value : all)
      if (!column(id).empty()) value = read(in);
    if (in.failed()) fail();
    return all;
  }

  std::string_view column(uint32_t id) const { return columns_[id]; }
  void fail() { budget_.failed = true; }

  // A column that is not there is zero in every row, which is not always what the field begins with.
  template <class Get>
  void zero(Get get) {
    for (Row* row : rows_) set(std::invoke(get, *row), 0);
  }

  template <class Field, class Number>
  static void set(Field& field, Number number) {
    field = static_cast<Field>(number);
  }

  template <class Read>
  void each(uint32_t id, Read read) {
    if (column(id).empty()) return;
    PackedReader in(column(id));
    for (Row* row : rows_) read(*row, in);
    if (in.failed()) fail();
  }

  // Gives every row its list, as long as the lengths in front say.
  template <class Child, class Get>
  std::vector<Child*> spread(PackedReader& in, Get get) {
    std::vector<Child*> all;
    if (in.at_end()) return all;
    std::vector<size_t> lengths;
    size_t total = 0;
    for (size_t i = 0; i < rows_.size(); ++i) {
      uint64_t length = in.varint();
      if (length > budget_.nested_rows) return fail(), in.fail(), all;
      budget_.nested_rows -= length;
      total += length;
      lengths.push_back(length);
    }
    // Each nested row takes at least a byte of what follows.
    if (in.failed() || total > in.rest().size()) return fail(), in.fail(), all;
    all.reserve(total);
    for (size_t i = 0; i < rows_.size(); ++i) {
      auto& list = std::invoke(get, *rows_[i]);
      list.resize(lengths[i]);
      for (Child& child : list) all.push_back(&child);
    }
    return all;
  }

  Value value(uint8_t type, PackedReader& in) {
    switch (type) {
      case 0: return {};
      case 1: return in.u8() != 0;
      case 2: return in.zigzag();
      case 3: return in.real();
      case 4: return std::string(budget_.text(in.varint()));
      case 5: return Bytes{std::string(budget_.text(in.varint()))};
      case 6: return Nested{std::string(budget_.text(in.varint()))};
    }
    return in.fail(), Value();
  }

  Budget& budget_;
  const std::vector<Row*>& rows_;
  std::string_view columns_[kMaxColumns];
};

struct Section {
  uint64_t id, rows;
  std::string_view bytes;
};

class BatchDecoder {
 public:
  BatchDecoder(const std::vector<Section>& sections, const std::vector<std::string_view>& texts)
      : sections_(sections), budget_{.texts = texts} {}

  template <class Row>
  void section(uint32_t id, std::vector<Row> Batch::*member) {
    for (const Section& section : sections_)
      if (section.id == id) read(section, batch_.*member);
  }

  Result<Batch> finish() {
    for (Span& span : batch_.spans) check_resource(span.resource);
    for (LogRecord& log : batch_.logs) check_resource(log.resource);
    if (budget_.failed) return Error{Error::Kind::Corrupt, "a frame's content is malformed"};
    return std::move(batch_);
  }

 private:
  template <class Row>
  void read(const Section& section, std::vector<Row>& rows) {
    // The first column is always there and takes at least a byte a row.
    if (!rows.empty() || section.rows > kMaxBatchRows || section.rows > section.bytes.size() || budget_.failed) {
      budget_.failed = true;
      return;
    }
    rows.resize(section.rows);
    std::vector<Row*> pointers;
    for (Row& row : rows) pointers.push_back(&row);
    TableDecoder<Row> table(budget_, pointers, section.bytes);
    batch_columns::describe(table, Of<Row>());
  }

  void check_resource(uint32_t index) {
    if (index != 0 && index >= batch_.resources.size()) budget_.failed = true;
  }

  const std::vector<Section>& sections_;
  Budget budget_;
  Batch batch_;
};

// The dictionary's texts; empty where they are not there as promised.
std::vector<std::string_view> read_texts(std::string_view bytes) {
  PackedReader in(bytes);
  std::vector<std::string_view> texts;
  uint64_t count = in.varint();
  if (count > bytes.size()) return texts;
  for (uint64_t i = 0; i < count && !in.failed(); ++i) texts.push_back(in.text());
  if (in.failed()) texts.clear();
  return texts;
}

}  // namespace

Result<std::string> encode_batch(const Batch& batch) {
  BatchEncoder encoder(batch);
  batch_columns::describe_batch(encoder);
  return encoder.finish();
}

Result<Batch> decode_batch(std::string_view bytes) {
  PackedReader in(bytes);
  std::vector<Section> sections;
  std::vector<std::string_view> texts;
  while (!in.at_end()) {
    Section section{.id = in.varint(), .rows = in.varint(), .bytes = {}};
    section.bytes = in.text();
    if (section.id == kDictionarySection) texts = read_texts(section.bytes);
    if (section.id != kDictionarySection) sections.push_back(section);
  }
  if (in.failed()) return Error{Error::Kind::Corrupt, "a frame's content is cut off"};
  BatchDecoder decoder(sections, texts);
  batch_columns::describe_batch(decoder);
  return decoder.finish();
}

}  // namespace culprit
