// Tests that recordings of an earlier version open row for row. tests/data/recordings has such recordings, sealed and
// unsealed, and that version's result of one SELECT per table.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "model/schema.h"
#include "store/local/store_testing.h"

namespace culprit {
namespace {

const std::string kRecordings = CULPRIT_SOURCE_DIR "/tests/data/recordings/";

void copy_files(const std::string& from, const std::string& to) {
  mkdir(to.c_str(), 0700);
  auto names = list_directory(from);
  if (!names.has_value()) return;
  for (const std::string& name : names.value()) {
    if (!is_regular_file(from + "/" + name)) continue;
    std::ifstream in(from + "/" + name, std::ios::binary);
    std::ofstream(to + "/" + name, std::ios::binary) << in.rdbuf();
  }
}

struct Question {
  std::string select;
  std::vector<std::string> rows;
};

std::vector<Question> questions_of(const std::string& file) {
  std::ifstream in(file);
  std::vector<Question> questions;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("= "))
      questions.push_back({line.substr(2), {}});
    else if (!questions.empty())
      questions.back().rows.push_back(line);
  }
  return questions;
}

std::vector<std::string> answer(Reader& reader, const std::string& select) {
  auto table = reader.sql(select, {});
  EXPECT_TRUE(table.has_value()) << select << ": " << (table.has_value() ? "" : table.error().message);
  std::vector<std::string> rows;
  if (!table.has_value()) return rows;
  for (const std::vector<std::string>& cells : table.value().rows) {
    std::string& row = rows.emplace_back();
    for (const std::string& cell : cells) row += (row.empty() ? "" : ",") + cell;
  }
  return rows;
}

class OldRecording : public testing::TestWithParam<std::string> {};

std::string copy_recording(const std::string& name, const TemporaryDirectory& directory) {
  std::string path = directory.path() + "/x.culprit";
  mkdir(path.c_str(), 0700);
  copy_files(kRecordings + name, path);
  for (const char* part : {"/journal", "/segments"}) copy_files(kRecordings + name + part, path + part);
  File::open(path + "/lock", O_RDWR | O_CREAT).value();
  return path;
}

std::vector<Question> questions_about(const std::string& name) {
  return questions_of(kRecordings + name.substr(0, name.find('-')) + ".txt");
}

TEST_P(OldRecording, OpensRowForRow) {
  std::vector<Question> questions = questions_about(GetParam());
  ASSERT_EQ(questions.size(), 10u) << "one a table";
  TemporaryDirectory directory = TemporaryDirectory::create("old-recording").value();
  std::string path = copy_recording(GetParam(), directory);
  for (auto seal : {ReaderOptions::Seal::Privately, ReaderOptions::Seal::Lazily, ReaderOptions::Seal::Lazily}) {
    auto reader = open_reader(path, {.seal = seal});
    ASSERT_TRUE(reader.has_value()) << reader.error().message;
    for (const Question& question : questions)
      EXPECT_EQ(answer(*reader.value(), question.select), question.rows) << question.select;
    // As the analysis reads them: a column that was added since is empty.
    for (const TableDoc& table : schema()) {
      if (table.name == "span") continue;
      auto rows = reader.value()->rows(table.name);
      EXPECT_TRUE(rows.has_value()) << table.name << ": " << (rows.has_value() ? "" : rows.error().message);
    }
    EXPECT_TRUE(reader.value()->account().value().balanced());
  }
}

// No side records tell of its segments: their footers do.
TEST(DamagedOldRecording, OpensRowForRow) {
  for (const std::string name : {"imported-sealed", "recorded-sealed"}) {
    TemporaryDirectory directory = TemporaryDirectory::create("old-recording").value();
    std::string path = copy_recording(name, directory);
    ASSERT_EQ(unlink((path + "/manifest").c_str()), 0);
    for (auto seal : {ReaderOptions::Seal::Privately, ReaderOptions::Seal::Lazily, ReaderOptions::Seal::Lazily}) {
      auto reader = open_reader(path, {.seal = seal});
      ASSERT_TRUE(reader.has_value()) << reader.error().message;
      for (const Question& question : questions_about(name)) {
        std::vector<std::string> rows = answer(*reader.value(), question.select);
        // The ledger alone has one row more: that the manifest is missing.
        if (question.select.find("FROM ledger") == std::string::npos)
          EXPECT_EQ(rows, question.rows) << question.select;
        else
          EXPECT_EQ(rows.size(), question.rows.size()) << question.select;
      }
      EXPECT_TRUE(reader.value()->account().value().balanced());
      EXPECT_EQ(ledger_count(*reader.value(), "malformed", "file"), 1);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, OldRecording,
                         testing::Values("imported-sealed", "imported-unsealed", "recorded-sealed",
                                         "recorded-unsealed"));

}  // namespace
}  // namespace culprit
