#include "statement/normalise.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace culprit {
namespace {

std::string text(std::string_view sql, SqlDialect dialect = SqlDialect::Postgresql) {
  return normalise_sql(sql, SqlText::Whole, dialect).text();
}
std::string summary(std::string_view sql) { return normalise_sql(sql).summary(); }

TEST(Sql, LiteralsAndParametersBecomeQuestionMarks) {
  EXPECT_EQ(text("SELECT * FROM orders WHERE id = 5 AND name = 'bob''s' -- hi"),
            "SELECT * FROM orders WHERE id = ? AND name = ?");
  EXPECT_EQ(text("SELECT 0x1F, 1_000, 1.5e-3, .5, X'FF', B'01', U&'d\\0061', E'a\\'b', N'x'"),
            "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?");
  EXPECT_EQ(text("DELETE FROM a.b WHERE x=:name and y=@p1 and z=? and w=$12"),
            "DELETE FROM a.b WHERE x=? and y=? and z=? and w=?");
  EXPECT_EQ(text("DO $body$ DECLARE x text := 'secret'; BEGIN END $body$"), "DO ?");
  EXPECT_EQ(text("SELECT true, NULL, a::numeric(10,2)"), "SELECT true, NULL, a::numeric(?,?)");
}

TEST(Sql, ASignBelongsToItsNumber) {
  EXPECT_EQ(text("SET a = a + -3512"), text("SET a = a + 3512"));
  EXPECT_EQ(text("SELECT a - 5, -5, x[-1], (-2)"), "SELECT a - ?, ?, x[?], (?)");
  EXPECT_EQ(text("SELECT - - 1"), "SELECT ?");
}

TEST(Sql, ListsCollapse) {
  EXPECT_EQ(text("SELECT a FROM t WHERE b IN (1, 2,3) AND c IN ('x'::text,'y') AND d IN (SELECT e FROM f)"),
            "SELECT a FROM t WHERE b IN (?) AND c IN (?) AND d IN (SELECT e FROM f)");
  EXPECT_EQ(text("INSERT INTO t (a,b) VALUES (1, 'x'), (2, $$y$$), (3, now())"), "INSERT INTO t (a,b) VALUES (?, ?)");
  EXPECT_EQ(text("SELECT ARRAY[1,2,3]"), "SELECT ARRAY[?]");
  EXPECT_EQ(normalise_sql("SELECT a FROM t WHERE b IN (1,2,", SqlText::Cut).text(),
            normalise_sql("SELECT a FROM t WHERE b IN (1,2,3,4", SqlText::Cut).text());
}

TEST(Sql, CommentsGoAndTheirTraceContextStays) {
  NormalisedSql sql = normalise_sql(
      "SELECT 1/* a /* nested */ secret */FROM t "
      "/*traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'*/");
  EXPECT_EQ(sql.text(), "SELECT ? FROM t");
  ASSERT_TRUE(sql.context);
  EXPECT_EQ(span_id_hex(sql.context->span_id), "b7ad6b7169203331");
}

TEST(Sql, NamesWhatIsDoneToWhat) {
  EXPECT_EQ(summary("with x as (select * from orders) select * from x join y on true"), "SELECT orders");
  EXPECT_EQ(summary("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS foo_idx ON foo (a)"), "CREATE INDEX foo");
  EXPECT_EQ(summary("SELECT EXTRACT(year FROM ts), a IS DISTINCT FROM b FROM events"), "SELECT events");
  EXPECT_EQ(summary("SELECT x FROM (SELECT * FROM \"public\".\"Order Items\") s"), "SELECT public.Order Items");
  EXPECT_EQ(summary("INSERT INTO s.t VALUES (1)"), "INSERT s.t");
  EXPECT_EQ(summary("UPDATE ONLY t SET a=1"), "UPDATE t");
  EXPECT_EQ(summary("BEGIN; UPDATE t SET a=1; COMMIT"), "UPDATE t +2");
  EXPECT_EQ(summary("END"), "COMMIT");
  EXPECT_EQ(summary("START TRANSACTION READ ONLY"), "BEGIN");
  EXPECT_EQ(summary("SELECT nextval('s')"), "SELECT");
  EXPECT_EQ(summary("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE"), "LOCK orders");
  EXPECT_EQ(summary("EXPLAIN (ANALYZE) SELECT * FROM t"), "EXPLAIN t");
  EXPECT_EQ(summary("COPY (SELECT * FROM big) TO STDOUT"), "COPY big");
  EXPECT_EQ(summary(""), "");
  EXPECT_EQ(summary(";;"), "");
}

TEST(Sql, ACutTextLeaksNothingOfItsLiteral) {
  for (std::string_view sql : {"SELECT 'secret", "SELECT E'secret\\", "SELECT $a$secret", "SELECT /* secret",
                               "SELECT \"secret", "SELECT $a$secret$a"}) {
    NormalisedSql cut = normalise_sql(sql, SqlText::Cut);
    EXPECT_TRUE(cut.cut);
    EXPECT_TRUE(cut.text().ends_with("…")) << sql;
    EXPECT_EQ(cut.text().find("secret"), std::string::npos) << sql;
  }
}

TEST(Sql, KnowsBackslashesBySight) { EXPECT_EQ(text("SELECT 'a\\' OR secret' FROM t"), "SELECT ? FROM t"); }

TEST(Sql, KnowsOtherDialects) {
  EXPECT_EQ(text("SELECT `a b` FROM t WHERE c = \"x\\\"y\" # secret", SqlDialect::Mysql),
            "SELECT `a b` FROM t WHERE c = ?");
  EXPECT_EQ(text("SELECT [a b] FROM [dbo].[t] WHERE c = N'x'", SqlDialect::SqlServer),
            "SELECT [a b] FROM [dbo].[t] WHERE c = ?");
}

TEST(Sql, KeepsWholeCharactersAndRepairsOthers) {
  NormalisedSql sql = normalise_sql("SELECT * FROM t\xff WHERE größe = 1");
  EXPECT_TRUE(sql.bad_utf8);
  EXPECT_EQ(sql.text(), "SELECT * FROM t\xef\xbf\xbd WHERE größe = ?");
}

TEST(Sql, TheCacheGivesTheSameAnswer) {
  SqlCache cache;
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 5000; ++i) {
      std::string sql = "SELECT a" + std::to_string(i % 700) + " FROM t WHERE b = " + std::to_string(i);
      ASSERT_EQ(cache.normalise(sql)->text(), text(sql));
    }
  EXPECT_NE(cache.normalise("SELECT 'a", SqlText::Whole), cache.normalise("SELECT 'a", SqlText::Cut));
}

// --- generated statements ---

using Random = std::mt19937;
constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

std::string letters(Random& random, size_t size, std::string_view alphabet = kAlphabet) {
  std::string out;
  for (size_t i = 0; i < size; ++i) out += alphabet[random() % alphabet.size()];
  return out;
}

// Twenty families of secrets, ten of each with fresh letters: 200 kinds. The marker in each is looked for afterwards.
std::string secret(Random& random, int kind, const std::string& marker) {
  switch (kind % 20) {
    case 0: return "AKIA" + marker;
    case 1: return "eyJhbGciOiJIUzI1NiJ9." + marker + "." + letters(random, 20);
    case 2: return "ghp_" + marker;
    case 3: return "xoxb-1234-" + marker;
    case 4: return "sk_live_" + marker;
    case 5: return "-----BEGIN RSA PRIVATE KEY-----\n" + marker + "\n-----END RSA PRIVATE KEY-----";
    case 6: return marker + "@example.com";
    case 7: return "postgres://u:" + marker + "@db/x?sslmode=require";
    case 8: return "host=db password=" + marker;
    case 9: return "{\"token\": \"" + marker + "\"}";
    case 10: return "Bearer " + marker;
    case 11: return marker + " /* no comment */ -- " + marker;
    case 12: return "p;" + marker + "; DROP";
    case 13: return "\"" + marker + "\"";
    case 14: return "AIza" + marker;
    case 15: return "$5$" + marker + "$" + marker;
    case 16: return "(" + marker + ", 1), (2";
    case 17: return "Müller " + marker;
    case 18: return "hvs." + marker;
    default: return marker;
  }
}

std::string doubled(const std::string& text, char quote) {
  std::string out;
  for (char c : text) out += c == quote ? std::string(2, c) : std::string(1, c);
  return out;
}
std::string escaped(const std::string& text) {
  std::string out;
  for (char c : text) out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out;
}

// A statement that hides `value` where values and remarks hide.
std::string planted(int place, const std::string& value) {
  std::string plain = "'" + doubled(value, '\'') + "'";
  std::string no_comment_end;
  for (char c : value) no_comment_end += c == '*' || c == '/' || c == '\n' ? ' ' : c;
  switch (place % 18) {
    case 0: return "SELECT * FROM users WHERE key = " + plain;
    case 1: return "SELECT E'" + escaped(value) + "' FROM t";
    case 2: return "INSERT INTO t (a, b) VALUES (1, $q$" + value + "$q$)";
    case 3: return "SELECT 1 -- " + no_comment_end + "\nFROM t";
    case 4: return "SELECT /* " + no_comment_end + " */ a FROM t";
    case 5: return "SELECT /* a /* " + no_comment_end + " */ b " + no_comment_end + " */ a FROM t";
    case 6: return "ALTER ROLE joe WITH LOGIN PASSWORD " + plain;
    case 7: return "CREATE SUBSCRIPTION s CONNECTION " + plain + " PUBLICATION p";
    case 8: return "UPDATE t SET a = N" + plain + ", b=U&" + plain;
    case 9: return "SELECT a FROM t WHERE b IN (1, " + plain + ", 'x')";
    case 10: return "INSERT INTO t VALUES (1, 'a'), (2, " + plain + "), (3, 'c')";
    case 11: return "COPY t FROM STDIN;\n1\t" + no_comment_end + "\n\\.\nSELECT 1";
    case 12: return "SELECT f(" + plain + "::text)||" + plain;
    case 13: return "CREATE FUNCTION f() RETURNS text AS $body$ SELECT '" + value + "' $body$ LANGUAGE sql";
    case 14: return "EXECUTE s1(" + plain + ", 5)";
    case 15: return "SELECT a FROM t WHERE b='" + doubled(value, '\'');  // the capture ended
    case 16: return "SELECT set_config('x', " + plain + ", false);SELECT" + plain;
    default: return "SELECT a FROM t WHERE b LIKE" + plain + "AND c=" + plain + "ORDER BY d";
  }
}

TEST(SqlProperty, NoSecretSurvivesAndNormalisingTwiceChangesNothing) {
  constexpr unsigned kSeed = 20261124;
  Random random(kSeed);
  for (int kind = 0; kind < 200; ++kind) {
    for (int place = 0; place < 18; ++place) {
      // Digits in front: a marker that were cut out of its quotes would still be seen.
      std::string marker = "Zq" + letters(random, 14);
      std::string sql = planted(place, secret(random, kind, marker));
      NormalisedSql once = normalise_sql(sql);
      std::string out = once.text();
      EXPECT_EQ(out.find(marker), std::string::npos) << "seed " << kSeed << ": " << sql << "\n" << out;
      EXPECT_EQ(text(out), out) << sql;
      EXPECT_LE(out.size(), sql.size() + 8) << sql;
      EXPECT_EQ(once.summary().find(marker), std::string::npos) << sql;
      // Cut anywhere, it leaks as little.
      size_t at = random() % sql.size();
      std::string cut = normalise_sql(std::string_view(sql).substr(0, at), SqlText::Cut).text();
      EXPECT_EQ(cut.find(marker.substr(0, 6)), std::string::npos) << sql.substr(0, at) << "\n" << cut;
    }
  }
}

TEST(SqlProperty, AnyTextIsNormalisedOnceAndForAll) {
  constexpr unsigned kSeed = 4711;
  Random random(kSeed);
  static constexpr std::string_view kPieces[] = {
      "SELECT", " ",  "'",   "\"", "$",  "$$", "$a$", "--",      "/*",    "*/", "-", "+",  "1",      "1.5",  "e5",
      "x",      "E'", "U&'", "(",  ")",  ",",  "IN",  " VALUES", "ARRAY", "[",  "]", ";",  "::",     ":",    ":n",
      "@",      "@p", "?",   "\\", "\n", "…",  "ä",   "\xff",    "`",     "#",  ".", "0x", "FROM t", "COPY", "STDIN"};
  for (int i = 0; i < 20000; ++i) {
    std::string sql;
    for (size_t n = random() % 24; n > 0; --n) sql += kPieces[random() % std::size(kPieces)];
    SqlDialect dialect = static_cast<SqlDialect>(random() % 3);
    std::string once = text(sql, dialect);
    ASSERT_EQ(text(once, dialect), once) << "seed " << kSeed << ": " << sql;
  }
}

}  // namespace
}  // namespace culprit
