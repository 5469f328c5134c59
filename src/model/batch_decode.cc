#include <bit>
#include <functional>
#include <vector>

#include "base/packed.h"
#include "model/batch_codec.h"
#include "model/span_ids.h"
#include "model/tables.h"

namespace culprit {

namespace {

// The limit of column numbers. Every section has fewer columns, and an array of this size is small.
constexpr uint64_t kMaxColumns = 64;

// The remaining budget of a decoding: texts and nested rows. Exceeding the budget is a failure like any other.
struct Budget {
  const std::vector<std::string_view>& texts;
  size_t text_bytes = kMaxBatchText;
  size_t nested_rows = kMaxNestedRows;
  bool failed = false;
  int64_t unknown_parts = 0;

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
      if (id < kMaxColumns) given_ |= uint64_t{1} << id;
      if (id >= kMaxColumns) ++budget_.unknown_parts;
    }
    if (in.failed()) budget_.failed = true;
  }
  ~TableDecoder() { budget_.unknown_parts += std::popcount(given_ & ~known_); }

  template <class Get>
  void number(uint32_t id, const char*, Get get, std::string_view = {}) {
    if (column(id).empty()) return zero(get);
    each(id, [&](Row& row, PackedReader& in) { set(std::invoke(get, row), in.zigzag()); });
  }
  // A value that this version does not know is read as the last value, which is the least specific one.
  template <class Get, size_t N>
  void names(uint32_t id, const char*, Get get, const std::string_view (&)[N], std::string_view = {}) {
    if (column(id).empty()) return zero(get);
    each(id, [&](Row& row, PackedReader& in) {
      auto& field = std::invoke(get, row);
      int64_t number = in.zigzag();
      bool known = number >= 0 && number < static_cast<int64_t>(N);
      budget_.unknown_parts += !known;
      set(field, known ? number : static_cast<int64_t>(N) - 1);
    });
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
    fixed(high, name, [get](Row& row) -> auto& { return std::invoke(get, row).high; });
    fixed(low, name, [get](Row& row) -> auto& { return std::invoke(get, row).low; });
  }
  template <class Get>
  void trace_high(uint32_t id, const char* name, Get get, std::string_view) {
    fixed(id, name, [get](Row& row) -> auto& { return std::invoke(get, row).high; });
  }
  template <class Get, size_t N>
  void waits(uint32_t known, uint32_t first, Get get, const char* const (&)[N]) {
    number(known, "known", [get](Row& row) -> auto& { return std::invoke(get, row).known; });
    for (uint32_t wait = 0; wait < N; ++wait)
      number(first + wait, "ns", [get, wait](Row& row) -> auto& { return std::invoke(get, row).ns[wait]; });
  }
  template <class Get>
  void span_attributes(uint32_t id, Get get) {
    attributes(id, "attributes", "attribute_types", get);
  }
  template <class Get>
  void delta(uint32_t id, const char*, Get get, std::string_view = {}) {
    uint64_t previous = 0;
    each(id, [&](Row& row, PackedReader& in) {
      previous += static_cast<uint64_t>(in.zigzag());
      std::invoke(get, row) = static_cast<int64_t>(previous);
    });
  }
  template <class Get>
  void fixed(uint32_t id, const char*, Get get, std::string_view = {}) {
    each(id, [&](Row& row, PackedReader& in) { std::invoke(get, row) = in.u64(); });
  }
  template <class Get>
  void real(uint32_t id, const char*, Get get, std::string_view = {}) {
    each(id, [&](Row& row, PackedReader& in) { set(std::invoke(get, row), in.real()); });
  }
  template <class Get>
  void text(uint32_t id, const char*, Get get, std::string_view = {}) {
    each(id, [&](Row& row, PackedReader& in) { std::invoke(get, row) = budget_.text(in.varint()); });
  }
  template <class Get>
  void attributes(uint32_t id, const char*, const char*, Get get, std::string_view = {}) {
    PackedReader in(column(id));
    std::vector<Attribute*> all = spread<Attribute>(in, get);
    for (Attribute* attribute : all) attribute->key = budget_.text(in.varint());
    std::string_view types = in.raw(all.size());
    if (in.failed()) return fail();
    for (size_t i = 0; i < all.size() && !in.failed(); ++i) all[i]->value = value(static_cast<uint8_t>(types[i]), in);
    if (in.failed()) fail();
  }
  template <class Get, class Child>
  void list(uint32_t id, const char*, Get get, Of<Child> child, std::string_view = {}) {
    PackedReader in(column(id));
    std::vector<Child*> all = spread<Child>(in, get);
    if (all.empty()) return;
    TableDecoder<Child> table(budget_, all, in.rest());
    describe(table, child);
  }
  void ids(IdColumns columns) {
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
  // Returns one value per row; zeros if the column is absent.
  template <class Number, class Read>
  std::vector<Number> values(uint32_t id, Read read) {
    std::vector<Number> all(rows_.size());
    PackedReader in(column(id));
    for (Number& value : all)
      if (!column(id).empty()) value = read(in);
    if (in.failed()) fail();
    return all;
  }

  std::string_view column(uint32_t id) {
    known_ |= uint64_t{1} << id;
    return columns_[id];
  }
  void fail() { budget_.failed = true; }

  // Sets a field to zero in every row, because an absent column means zero, which may differ from the field's default.
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

  // Gives every row its list. The lengths of the lists come first.
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
    // Each nested row takes at least one byte of the following columns.
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
  uint64_t given_ = 0, known_ = 0;  // one bit per column: present in the frame, read by this version
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
  void section_of(uint32_t id, std::vector<Row> Batch::*member) {
    for (const Section& section : sections_) {
      if (section.id != id) continue;
      ++known_sections_;
      read(section, batch_.*member);
    }
  }

  Result<DecodedBatch> finish() {
    for (Span& span : batch_.spans) check_resource(span.resource);
    for (LogRecord& log : batch_.logs) check_resource(log.resource);
    if (budget_.failed) return Error{Error::Kind::Corrupt, "a frame's content is malformed"};
    auto unknown_sections = static_cast<int64_t>(sections_.size() - known_sections_);
    return DecodedBatch{std::move(batch_), budget_.unknown_parts + unknown_sections};
  }

 private:
  template <class Row>
  void read(const Section& section, std::vector<Row>& rows) {
    // The first column is always present and takes at least one byte per row.
    if (!rows.empty() || section.rows > kMaxBatchRows || section.rows > section.bytes.size() || budget_.failed) {
      budget_.failed = true;
      return;
    }
    rows.resize(section.rows);
    std::vector<Row*> pointers;
    for (Row& row : rows) pointers.push_back(&row);
    TableDecoder<Row> table(budget_, pointers, section.bytes);
    describe(table, Of<Row>());
    describe_derived(table, Of<Row>());
  }

  void check_resource(uint32_t index) {
    if (index != 0 && index >= batch_.resources.size()) budget_.failed = true;
  }

  const std::vector<Section>& sections_;
  Budget budget_;
  Batch batch_;
  size_t known_sections_ = 0;
};

// Returns the texts of the dictionary; none if the dictionary is malformed.
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

Result<DecodedBatch> decode_batch_parts(std::string_view bytes) {
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
#define TABLE(section, Row, member) decoder.section_of(section, &Batch::member);
#include "model/tables.inc"
  return decoder.finish();
}

Result<Batch> decode_batch(std::string_view bytes) { return TRY(decode_batch_parts(bytes)).batch; }

}  // namespace culprit
