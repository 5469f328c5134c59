// Tests random statements of each dialect: the output contains no literal of the input, and normalising twice changes
// nothing.
#include "statement/dialect.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "statement/normalise.h"

namespace culprit {
namespace {

using Random = std::mt19937;

std::string doubled(std::string_view text, char quote) {
  std::string out;
  for (char c : text) out += c == quote ? std::string(2, c) : std::string(1, c);
  return out;
}
std::string escaped(std::string_view text, char quote) {
  std::string out;
  for (char c : text) out += c == quote || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out;
}

enum class Form { Doubled, Escaped, EscapeString, Dollar, Unicode, National, DoubleQuotes, Bracketed, Number };

std::string literal(Random& random, Form form, const std::string& value) {
  switch (form) {
    case Form::Doubled: return "'" + doubled(value, '\'') + "'";
    case Form::Escaped: return "'" + escaped(value, '\'') + "'";
    case Form::EscapeString: return "E'" + escaped(value, '\'') + "'";
    case Form::Dollar: return "$q1$" + value + "$q1$";
    case Form::Unicode: return "U&'" + doubled(value, '\'') + "'";
    case Form::National: return "N'" + doubled(value, '\'') + "'";
    case Form::DoubleQuotes: return "\"" + escaped(value, '"') + "\"";
    case Form::Bracketed: return value.find("]'") == std::string::npos ? "q'[" + value + "]'" : "''";
    case Form::Number: return std::to_string(random() % 1'000'000) + ".5e-3";
  }
  return {};
}

struct Spoken {
  std::string_view system;
  std::vector<Form> forms;
};
const std::vector<Spoken> kSpoken = {
    {"postgresql", {Form::Doubled, Form::EscapeString, Form::Dollar, Form::Unicode, Form::National, Form::Number}},
    {"mysql", {Form::Escaped, Form::DoubleQuotes, Form::Number}},
    {"mariadb", {Form::Escaped, Form::DoubleQuotes}},
    {"sqlite", {Form::Doubled, Form::Number}},
    {"mssql", {Form::Doubled, Form::National, Form::Number}},
    {"microsoft.sql_server", {Form::Doubled, Form::National}},
    {"oracle.db", {Form::Doubled, Form::National, Form::Bracketed, Form::Number}},
    {"clickhouse", {Form::Escaped, Form::Number}},
    {"spanner", {Form::Escaped, Form::DoubleQuotes}},
    {"other_sql", {Form::Doubled, Form::Number}},
    {"", {Form::Escaped}},
};

constexpr std::string_view kTemplates[] = {
    "SELECT a, b1 FROM t WHERE c = {} AND d <> {}",
    "INSERT INTO t (a, b) VALUES (1, {}), ({}, 2), (NULL, {})",
    "UPDATE s.t SET a = {}, b = b + 1 WHERE c IN ({}, {}, {})",
    "SELECT f({}, c) FROM t WHERE d LIKE {} ORDER BY e LIMIT 5",
    "SELECT a /* {} */ FROM t -- {}\nWHERE b = {}",
    "DELETE FROM t WHERE (a = {} AND b = {}) OR (a = {} AND b = {})",
    "SELECT CASE WHEN a = {} THEN {} WHEN a = {} THEN {} END FROM t",
    "SELECT * FROM t WHERE (a, b) IN (({}, {}), ({}, {}))",
    "CALL post({}, {})",
};

TEST(Dialect, AControlCharacterBehindTwoDashesBeginsAComment) {
  using namespace std::string_literals;
  EXPECT_EQ(normalise("--\0-"s, sql_dialect("mysql")).text(), "");
}

TEST(Dialect, ACommandOfBrokenUtf8IsNormalisedOnceAndForAll) {
  const std::string once =
      normalise("SELECT $\xff\xff\xff\xff\xff\xff\xff\xfftagrminated", sql_dialect("redis")).text();
  EXPECT_EQ(normalise(once, sql_dialect("redis")).text(), once);
}

TEST(DialectProperty, NoLiteralIsFoundInTheOutput) {
  constexpr unsigned kSeed = 20261130;
  constexpr std::string_view kNoise[] = {"'", "\"", "\\", "--", "/ *", ";", " OR ", "$",
                                         "`", "[",  "]",  "#",  "ä",   "(", ")",    " "};
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";
  Random random(kSeed);
  for (int round = 0; round < 300; ++round) {
    for (const Spoken& spoken : kSpoken) {
      std::vector<std::string> markers;
      std::string sql;
      for (std::string_view rest = kTemplates[random() % std::size(kTemplates)]; !rest.empty();) {
        size_t hole = rest.find("{}");
        sql += rest.substr(0, hole);
        if (hole == std::string_view::npos) break;
        bool comment = sql.ends_with("/* ") || sql.ends_with("-- ");
        rest.remove_prefix(hole + 2);
        std::string marker = "zq";
        for (int i = 0; i < 14; ++i) marker += kLetters[random() % kLetters.size()];
        std::string value;
        for (int i = 0; i < 3 && !comment; ++i) value += kNoise[random() % std::size(kNoise)];
        value += marker;
        for (int i = 0; i < 3 && !comment; ++i) value += kNoise[random() % std::size(kNoise)];
        sql += comment ? value : literal(random, spoken.forms[random() % spoken.forms.size()], value);
        markers.push_back(std::move(marker));
      }
      const SqlDialect& dialect = sql_dialect(spoken.system);
      const std::string once = normalise(sql, dialect).text();
      for (const std::string& marker : markers)
        ASSERT_EQ(once.find(marker), std::string::npos)
            << "seed " << kSeed << ", " << spoken.system << ": " << sql << "\n"
            << once;
      ASSERT_EQ(normalise(once, dialect).text(), once) << "seed " << kSeed << ", " << spoken.system << ": " << sql;
      ASSERT_NE(once.find_first_of("abcdefst"), std::string::npos) << "names stay: " << sql;
    }
  }
}

TEST(Dialect, IsFoundByTheSystemsName) {
  EXPECT_EQ(sql_dialect("postgresql").system, "postgresql");
  EXPECT_EQ(sql_dialect("mariadb").system, "mysql");
  EXPECT_EQ(sql_dialect("mssql").system, "microsoft.sql_server");
  EXPECT_EQ(sql_dialect("").system, "other_sql");
  EXPECT_EQ(sql_dialect("a system that comes later").system, "other_sql");
}

}  // namespace
}  // namespace culprit
