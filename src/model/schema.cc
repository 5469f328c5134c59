#include "model/schema.h"

#include <functional>

namespace culprit {

namespace {

// The type of the field that a member pointer points to.
template <class Row, class T>
T field_type(T Row::*);

// Collects the columns of a row's description.
class ColumnDocs {
 public:
  template <class Get>
  void number(uint32_t, const char* name, Get get, std::string_view sentence = {}) {
    add(name, sql_type<decltype(field_type(get))>(), sentence);
  }
  template <class Get>
  void delta(uint32_t id, const char* name, Get get, std::string_view sentence = {}) {
    number(id, name, get, sentence);
  }
  template <class Get>
  void fixed(uint32_t id, const char* name, Get get, std::string_view sentence = {}) {
    number(id, name, get, sentence);
  }
  template <class Get>
  void real(uint32_t id, const char* name, Get get, std::string_view sentence = {}) {
    number(id, name, get, sentence);
  }
  template <class Get>
  void derived(const char* name, Get get, std::string_view sentence) {
    number(0, name, get, sentence);
  }
  template <class Get>
  void text(uint32_t, const char* name, Get, std::string_view sentence = {}) {
    add(name, "VARCHAR", sentence);
  }
  template <class Get, size_t N>
  void names(uint32_t, const char* name, Get, const std::string_view (&)[N], std::string_view sentence = {}) {
    add(name, "VARCHAR", sentence);
  }
  template <class Get>
  void trace_id(uint32_t, uint32_t, const char* name, Get, std::string_view sentence = {}) {
    add(name, "VARCHAR", sentence);
  }
  template <class Get>
  void trace_high(uint32_t, const char* name, Get, std::string_view sentence) {
    add(name, "VARCHAR", sentence);
  }
  template <class Get>
  void resource(uint32_t, const char* name, Get, std::string_view sentence) {
    add(name, "UBIGINT", sentence);
  }
  void own_id(const char* name, std::string_view sentence) { add(name, "UBIGINT", sentence); }
  template <class Get, size_t N>
  void waits(uint32_t, uint32_t, Get, const char* const (&sentences)[N]) {
    for (size_t wait = 0; wait < N; ++wait) add(std::string(kWaitNames[wait]) + "_ns", "BIGINT", sentences[wait]);
  }
  template <class Get>
  void attributes(uint32_t, const char* name, const char* types, Get, std::string_view sentence = {}) {
    add(name, "MAP(VARCHAR, VARCHAR)", sentence);
    add(types, "VARCHAR", kAttributeTypes);
  }
  template <class Get, class Child>
  void list(uint32_t, const char* name, Get, Of<Child> child, std::string_view sentence = {}) {
    ColumnDocs members;
    describe(members, child);
    std::string type;
    for (const ColumnDoc& member : members.columns_)
      type += (type.empty() ? "STRUCT(\"" : ", \"") + member.name + "\" " + member.type;
    add(name, type + ")[]", sentence);
  }
  template <class Get>
  void span_attributes(uint32_t, Get) {
    add("attributes", "MAP(VARCHAR, VARCHAR)",
        "The attributes: the first value of every key as text; bytes, and keys that are not UTF-8, in hex.");
    add("attributes_number", "MAP(VARCHAR, DOUBLE)",
        "The attributes with numbers as values: the first value of every key, integers up to 2^53.");
    add("attributes_rest", "STRUCT(\"key\" VARCHAR, \"type\" VARCHAR, \"value\" VARCHAR)[]",
        "The attributes that neither a column nor a map of the segment holds exactly: bytes, nested values, "
        "repeated keys, integers over 2^53.");
    add("attribute_order", "VARCHAR",
        "The place of each attribute, in the order of arrival: one character for each, see segment.md.");
  }
  std::vector<ColumnDoc> take() { return std::move(columns_); }

 private:
  void add(std::string name, std::string_view type, std::string_view sentence) {
    columns_.push_back({std::move(name), std::string(type), std::string(sentence)});
  }
  std::vector<ColumnDoc> columns_;
};

}  // namespace

const std::vector<TableDoc>& schema() {
  static const std::vector<TableDoc> kTables = [] {
    std::vector<TableDoc> tables;
    for_each_table([&](auto row) {
      ColumnDocs columns;
      describe(columns, row);
      tables.push_back({table_info(row), columns.take()});
    });
    return tables;
  }();
  return kTables;
}

std::string schema_page(const TableDoc& table) {
  std::string page =
      "# Table `" + std::string(table.name) + "`\n\n" + std::string(table.sentence) +
      (table.subject.empty() ? "" : " A row is written again when it changes; the table shows the last one.") +
      "\n\nThis page is made from the tables in src/model (span_table.h, record_table.h) by model_test with "
      "CULPRIT_ACCEPT=1.\n\n| column | type | "
      "meaning |\n|---|---|---|\n";
  for (const ColumnDoc& column : table.columns)
    page += "| `" + std::string(column.name) + "` | `" + std::string(column.type) + "` | " +
            std::string(column.sentence) + " |\n";
  return page;
}

}  // namespace culprit
