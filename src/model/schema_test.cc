#include "model/schema.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

namespace culprit {
namespace {

TEST(Schema, EveryTableAndColumnHasItsSentence) {
  std::set<std::string_view> tables;
  for (const TableDoc& table : schema()) {
    EXPECT_TRUE(tables.insert(table.name).second) << table.name;
    EXPECT_GT(table.sentence.size(), 10u) << table.name;
    std::set<std::string_view> columns;
    for (const ColumnDoc& column : table.columns) {
      EXPECT_TRUE(columns.insert(column.name).second) << table.name << "." << column.name;
      EXPECT_GT(column.sentence.size(), 5u) << table.name << "." << column.name;
      EXPECT_TRUE(column.sentence.ends_with('.')) << table.name << "." << column.name;
    }
  }
}

// With CULPRIT_ACCEPT=1 the test writes the pages instead.
TEST(Schema, ThePagesInDocsAreMadeFromIt) {
  for (const TableDoc& table : schema()) {
    std::string path = std::string(CULPRIT_SOURCE_DIR "/docs/schema/") + std::string(table.name) + ".md";
    if (std::getenv("CULPRIT_ACCEPT") != nullptr) std::ofstream(path) << schema_page(table);
    std::ifstream file(path);
    std::stringstream page;
    page << file.rdbuf();
    EXPECT_EQ(page.str(), schema_page(table)) << path << ": run the test with CULPRIT_ACCEPT=1";
  }
}

}  // namespace
}  // namespace culprit
