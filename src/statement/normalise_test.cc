#include "statement/normalise.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace culprit {
namespace {

std::string text(std::string_view sql, std::string_view system = "postgresql") {
  return normalise(sql, sql_dialect(system)).text();
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

TEST(Sql, ListsOfRowsCollapse) {
  EXPECT_EQ(text("INSERT INTO t VALUES (1,NULL),(2,'x')"), text("INSERT INTO t VALUES (NULL,'y')"));
  EXPECT_EQ(text("INSERT INTO t VALUES (),()"), "INSERT INTO t VALUES ()");
  EXPECT_EQ(text("INSERT INTO t VALUES ROW(1,2), ROW(3,4)", "mysql"), "INSERT INTO t VALUES ROW(?,?)");
  EXPECT_EQ(text("SELECT a FROM t WHERE (b, c) IN ((1, 2), (3, 4))"), "SELECT a FROM t WHERE (b, c) IN ((?, ?))");
  EXPECT_EQ(text("SELECT a FROM t WHERE (b, c) IN ((1,2))"), "SELECT a FROM t WHERE (b, c) IN ((?, ?))");
  EXPECT_EQ(text("SELECT a FROM t WHERE b IN ('x'::character varying(9), CAST(7 AS int), date '2024-01-01')"),
            "SELECT a FROM t WHERE b IN (?)");
  EXPECT_EQ(text("SELECT a::text, 7::bigint FROM t"), "SELECT a::text, ?::bigint FROM t");
  EXPECT_EQ(text("SELECT ARRAY[[1,2],[3,4]], b[1], c[1:2]"), "SELECT ARRAY[?], b[?], c[?:?]");
  EXPECT_EQ(text("SELECT a FROM t WHERE (b=1 AND c=2) OR (b=3 AND c=4) OR (b=5 AND c=6)"),
            "SELECT a FROM t WHERE (b=? AND c=?)");
  EXPECT_EQ(text("SELECT a FROM t WHERE b=1 AND c=2 OR c=3"), "SELECT a FROM t WHERE b=? AND c=? OR c=?");
  EXPECT_EQ(text("UPDATE t SET a = CASE WHEN id=1 THEN 2 WHEN id=3 THEN 4 ELSE a END"),
            "UPDATE t SET a = CASE WHEN id=? THEN ? ELSE a END");
  EXPECT_EQ(text("INSERT INTO t SELECT 1, 'a' UNION ALL SELECT 2, 'b'", "sqlite"), "INSERT INTO t SELECT ?, ?");
}

TEST(Sql, GeneratedNamesFold) {
  EXPECT_EQ(text("DECLARE c_4711 CURSOR FOR SELECT 1"), "DECLARE c_? CURSOR FOR SELECT ?");
  EXPECT_EQ(text("FETCH FORWARD 100 FROM \"curs_5f3a9c21e0\""), "FETCH FORWARD ? FROM \"curs_?\"");
  EXPECT_EQ(text("CLOSE c1"), "CLOSE c?");
  EXPECT_EQ(text("SAVEPOINT s140223342_x5; ROLLBACK TO SAVEPOINT s140223342_x5; RELEASE s140223342_x5"),
            "SAVEPOINT s?_x?; ROLLBACK TO SAVEPOINT s?_x?; RELEASE s?_x?");
  EXPECT_EQ(text("PREPARE p_17 AS SELECT 1"), "PREPARE p_? AS SELECT ?");
  EXPECT_EQ(text("EXECUTE get_user_2(5)"), "EXECUTE get_user_?(?)");
  EXPECT_EQ(normalise_sql("EXECUTE p_17(1)").statements[0].prepared_name, "p_17");
  EXPECT_EQ(normalise_sql("EXECUTE p_17(1)").statements[0].target, "p_?");
  EXPECT_EQ(text("EXECUTE get_users2 5", "mssql"), "EXECUTE get_users2 ?");
  EXPECT_EQ(text("CREATE TEMP TABLE staging_17 (id int)"), "CREATE TEMP TABLE staging_? (id int)");
  EXPECT_EQ(text("SELECT tmp_4711.id FROM tmp_4711"), "SELECT tmp_?.id FROM tmp_?");
  EXPECT_EQ(text("SELECT id FROM #rows123", "mssql"), "SELECT id FROM #rows?");
  EXPECT_EQ(text("DROP TABLE work_3f2504e0_4f89_11d3_9a0c_0305e82c3301"), "DROP TABLE work_?");
  // Names that a person chose are kept.
  for (std::string_view plain :
       {"SELECT t1.col_2, temp_1 FROM table3 t1", "SELECT a FROM events_20240115",
        "SELECT \"no.7\" FROM \"staff 2024\"", "SELECT md5, base64, face2face FROM utf8", "SELECT foo$bar$ FROM t"})
    EXPECT_EQ(text(plain), plain);
}

TEST(Sql, LongTextsAreToldApartByTheirHash) {
  std::string columns;
  for (int i = 0; i < 1000; ++i) columns += "column_" + std::string(1, static_cast<char>('a' + i % 26)) + ", ";
  std::string a = text("SELECT " + columns + "x FROM t"), b = text("SELECT " + columns + "y FROM t");
  EXPECT_NE(a, b);
  EXPECT_EQ(a.substr(0, 4000), b.substr(0, 4000));
  EXPECT_LE(a.size(), kMaxStatementBytes + 20);
  EXPECT_EQ(text(a), a);
  EXPECT_EQ(a, text("SELECT " + columns + "x FROM t"));
  std::string cut = normalise_sql("SELECT a, b FROM t WHERE", SqlText::Cut, {}, 9000).text();
  EXPECT_TRUE(cut.ends_with("…_16k")) << cut;
  EXPECT_EQ(text(cut), cut);
  // The length of a list does not matter.
  EXPECT_EQ(normalise_sql("SELECT a FROM t WHERE b IN (1, 2, 3", SqlText::Cut, {}, 9000).text(),
            normalise_sql("SELECT a FROM t WHERE b IN (1, 2, 3", SqlText::Cut, {}, 90000).text());
}

TEST(Sql, ASessionsSettingsCount) {
  SqlSettings escapes{&sql_dialect("postgresql"), Backslash::Escapes, false};
  EXPECT_EQ(normalise_sql(R"(SELECT 'a\'b', 'c\'d')", SqlText::Whole, escapes).text(), "SELECT ?, ?");
  EXPECT_EQ(text(R"(SELECT 'a\'b', 'c\'d')"), "SELECT ?, ?");  // not set: only one reading fits the text
  SqlSettings plain{&sql_dialect("mysql"), Backslash::Plain, false};
  EXPECT_EQ(normalise_sql(R"(SELECT 'a\', b, 'c\' FROM t)", SqlText::Whole, plain).text(), "SELECT ?, b, ? FROM t");
  SqlSettings ansi{&sql_dialect("mysql"), {}, true};
  EXPECT_EQ(normalise_sql("SELECT \"a b\" FROM \"t\" WHERE c = 'x'", SqlText::Whole, ansi).text(),
            "SELECT \"a b\" FROM \"t\" WHERE c = ?");
}

TEST(Sql, ADialectDecidesWhatIsALiteral) {
  EXPECT_EQ(text("SELECT q'[it's]', nq'!a'b!', :1, :name FROM emp#", "oracle.db"), "SELECT ?, ?, ?, ? FROM emp#");
  EXPECT_EQ(text("SELECT 5--1 FROM t -- secret", "mysql"), "SELECT ?-? FROM t");
  EXPECT_EQ(text("SELECT a /* x /* y */ FROM t", "mysql"), "SELECT a FROM t");
  EXPECT_EQ(text("SELECT [a'b] FROM [x]]y] WHERE c = $12.50", "mssql"), "SELECT [a'b] FROM [x]]y] WHERE c = ?");
  EXPECT_EQ(text("SELECT \"name\" FROM t WHERE \"name\" = \"secret\" AND x IN (\"u\", \"v\")", "sqlite"),
            "SELECT \"name\" FROM t WHERE \"name\" = ? AND x IN (?)");
  EXPECT_EQ(text("SELECT a FROM \"t\" WHERE b = \"secret\" AND \"t\".\"c\" = 'x\\' # secret", "other_sql"),
            "SELECT a FROM \"t\" WHERE b = ? AND \"t\".\"c\" = ?");
  EXPECT_EQ(text("MATCH (n:User {name: \"jane\"}) RETURN n // secret", "neo4j"), "MATCH (n:User {name: ?}) RETURN n");
  EXPECT_EQ(text("SELECT $$o'x$$, $a$ $$ $a$, foo$bar$"), "SELECT ?, ?, foo$bar$");
}

TEST(OtherLanguages, CommandsKeepTheirKeysTemplate) {
  EXPECT_EQ(text("SET user:4711:{cart} secret EX 60", "redis"), "SET user:?:{cart} ?");
  EXPECT_EQ(text("AUTH secret", "redis"), "AUTH ?");
  EXPECT_EQ(text("CONFIG SET requirepass secret", "redis"), "CONFIG SET ?");
  EXPECT_EQ(text("GET a:1\nGET a:2\nDEL a:1", "redis"), "GET a:?\nDEL a:?");
  EXPECT_EQ(text("SET k \"first\nsecret line\"", "redis"), "SET k ?");
  EXPECT_EQ(text("get jane@example.org", "memcached"), "get ?");
}

TEST(OtherLanguages, DocumentsKeepTheirKeys) {
  EXPECT_EQ(text(R"({"find": "users", "filter": {"name": "jane", "age": {"$gt": 30}}, "ids": [1, 2, 3]})", "mongodb"),
            R"({"find": "users", "filter": {"name": ?, "age": {"$gt": ?}}, "ids": [?]})");
  EXPECT_EQ(text("db.users.find({name: 'jane', _id: ObjectId(\"507f1f77bcf86cd799439011\")})", "mongodb"),
            "db.users.find({name: ?, _id: ObjectId(?)})");
  EXPECT_EQ(text(R"({"query":{"term":{"user":"kim\"chy"}}})", "elasticsearch"), R"({"query":{"term":{"user":?}}})");
  EXPECT_EQ(text(R"({"insert":"t","documents":[{"a":1},{"a":"x"}]})", "mongodb"),
            R"({"insert":"t","documents":[{"a":?}]})");
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
  EXPECT_EQ(text("SELECT `a b` FROM t WHERE c = \"x\\\"y\" # secret", "mysql"), "SELECT `a b` FROM t WHERE c = ?");
  EXPECT_EQ(text("SELECT [a b] FROM [dbo].[t] WHERE c = N'x'", "mssql"), "SELECT [a b] FROM [dbo].[t] WHERE c = ?");
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

constexpr std::string_view kSystems[] = {"postgresql", "mysql",   "sqlite", "mssql", "oracle", "other_sql",
                                         "clickhouse", "spanner", "neo4j",  "redis", "mongodb"};
using Random = std::mt19937;
constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

std::string letters(Random& random, size_t size, std::string_view alphabet = kAlphabet) {
  std::string out;
  for (size_t i = 0; i < size; ++i) out += alphabet[random() % alphabet.size()];
  return out;
}

// Makes a secret of one of twenty families, with ten variants each: 200 kinds. The test then searches for the marker in
// it.
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

// Makes a statement with `value` in a place where values or comments can be.
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
    case 15: return "SELECT a FROM t WHERE b='" + doubled(value, '\'');  // the captured text ends here
    case 16: return "SELECT set_config('x', " + plain + ", false);SELECT" + plain;
    default: return "SELECT a FROM t WHERE b LIKE" + plain + "AND c=" + plain + "ORDER BY d";
  }
}

TEST(SqlProperty, NoSecretSurvivesAndNormalisingTwiceChangesNothing) {
  constexpr unsigned kSeed = 20261124;
  Random random(kSeed);
  for (int kind = 0; kind < 200; ++kind) {
    for (int place = 0; place < 18; ++place) {
      // The marker begins with letters: outside of quotes it would be kept as a word, and the test would find it.
      std::string marker = "Zq" + letters(random, 14);
      std::string sql = planted(place, secret(random, kind, marker));
      NormalisedSql once = normalise_sql(sql);
      std::string out = once.text();
      EXPECT_EQ(out.find(marker), std::string::npos) << "seed " << kSeed << ": " << sql << "\n" << out;
      EXPECT_EQ(text(out), out) << sql;
      EXPECT_LE(out.size(), sql.size() + 8) << sql;
      EXPECT_EQ(once.summary().find(marker), std::string::npos) << sql;
      // A text that is cut at any position contains no part of the secret either.
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
      "SELECT", " ",   "'",       "\"",         "$",       "$$",     "$a$",   "--",        "/*",   "*/",
      "-",      "+",   "1",       "1.5",        "e5",      "x",      "E'",    "U&'",       "(",    ")",
      ",",      "IN",  " VALUES", "ARRAY",      "[",       "]",      ";",     "::",        ":",    ":n",
      "@",      "@p",  "?",       "\\",         "\n",      "…",      "ä",     "\xff",      "`",    "#",
      ".",      "0x",  "FROM t",  "COPY",       "STDIN",   "OR",     "UNION", " ALL ",     "WHEN", "THEN",
      "CASE",   "END", "NULL",    "TEMP TABLE", "DECLARE", "CURSOR", "tmp_4", "8f3a9c21d", "ROW",  "{",
      "}",      "GET", "q'[",     "//",         "%",       "CAST",   " AS ",  "int",       "= ",   ";SELECT"};
  for (int i = 0; i < 40000; ++i) {
    std::string sql;
    for (size_t n = random() % 24; n > 0; --n) sql += kPieces[random() % std::size(kPieces)];
    std::string_view system = kSystems[random() % std::size(kSystems)];
    std::string once = text(sql, system);
    ASSERT_EQ(text(once, system), once) << "seed " << kSeed << ": " << system << ": " << sql;
  }
}

}  // namespace
}  // namespace culprit
