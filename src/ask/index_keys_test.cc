#include "ask/index_keys.h"

#include <gtest/gtest.h>

namespace culprit::ask {

namespace {

using Keys = std::vector<std::string>;

Table books(std::string alias = "") {
  return {std::move(alias),
          {{"id", "integer"},
           {"member_id", "integer"},
           {"due", "timestamp with time zone"},
           {"title", "text"},
           {"name", "character varying"},
           {"isbn", "bigint"},
           {"lent", "boolean"},
           {"\"Odd Name\"", "text"}},
          [](const std::string& function) { return function != "date"; }};
}

Keys keys(std::string_view filter, const std::string& alias = "") { return keys_of_filter(filter, books(alias)).keys; }
Keys patterns(std::string_view filter) { return keys_of_filter(filter, books()).patterns; }

TEST(KeysOfFilter, AreTheColumnsThatAreComparedToAValue) {
  EXPECT_EQ(keys("(member_id = $1)"), (Keys{"member_id"}));
  EXPECT_EQ(keys("((member_id = $1) AND (due < now()))"), (Keys{"member_id", "due"}));
  EXPECT_EQ(keys("((name)::text = 'x'::text)"), (Keys{"name"}));
  EXPECT_EQ(keys("(name)::text = 'x'::text"), (Keys{"name"}));
  EXPECT_EQ(keys("(member_id = ANY ('{1,2}'::integer[]))"), (Keys{"member_id"}));
  EXPECT_EQ(keys("(due IS NULL)"), (Keys{"due"}));
  EXPECT_EQ(keys("($1 = member_id)"), (Keys{"member_id"}));
  EXPECT_EQ(keys("(\"Odd Name\" = 'title'::text)"), (Keys{"\"Odd Name\""}));
  EXPECT_EQ(keys("((NOT lent) AND (id > $1))"), (Keys{"lent", "id"}));
}

TEST(KeysOfFilter, PutEqualityBeforeOneRange) {
  EXPECT_EQ(keys("((due >= $1) AND (isbn < $2) AND (member_id = $3) AND (due < $4))"), (Keys{"member_id", "due"}));
  EXPECT_EQ(keys("((due = $1) AND (due < $2))"), (Keys{"due"}));
  EXPECT_EQ(keys("((lent = true) AND (ROW(due, id) < ROW($1, $2)))"), (Keys{"lent", "due", "id"}));
}

TEST(KeysOfFilter, TakeAFunctionOfOneColumn) {
  EXPECT_EQ(keys("(lower(title) = $1)"), (Keys{"lower(title)"}));
  EXPECT_EQ(keys("(lower((name)::text) = $1)"), (Keys{"lower((name)::text)"}));
  EXPECT_EQ(keys("(library.plain(b.title) = $1)", "b"), (Keys{"library.plain(title)"}));
}

TEST(KeysOfFilter, LeaveOutWhatNoIndexIsAskedFor) {
  EXPECT_EQ(keys("((isbn % $2) = $3)"), Keys());
  EXPECT_EQ(keys("(member_id <> $1)"), Keys());
  EXPECT_EQ(keys("(member_id <> ALL ($1))"), Keys());
  EXPECT_EQ(keys("(due IS NOT NULL)"), Keys());
  EXPECT_EQ(keys("((member_id = $1) OR (isbn = $2))"), Keys());
  EXPECT_EQ(keys("(NOT (member_id = $1))"), Keys());
  EXPECT_EQ(keys("((id)::text = $1)"), Keys()) << "a cast that changes the order";
  EXPECT_EQ(keys("(date(due) = $1)"), Keys()) << "not immutable";
  EXPECT_EQ(keys("(substr(title, 2) = $1)"), Keys());
  EXPECT_EQ(keys("(COALESCE(title, ''::text) = $1)"), Keys());
  EXPECT_EQ(keys("((title = $1) IS TRUE)"), Keys());
  EXPECT_EQ(keys("(id = member_id)"), Keys()) << "both of the same row";
  EXPECT_EQ(keys("(member_id = (SubPlan 1))"), Keys());
}

TEST(KeysOfFilter, TellOwnColumnsByTheAlias) {
  EXPECT_EQ(keys("((b.member_id = m.id) AND (b.due < now()))", "b"), (Keys{"member_id", "due"}));
  EXPECT_EQ(keys("(b.member_id = b.id)", "b"), Keys());
  EXPECT_EQ(keys("(\"B 2\".member_id = $1)", "B 2"), (Keys{"member_id"}));
}

TEST(KeysOfFilter, KnowPatterns) {
  EXPECT_EQ(patterns("(title ~~ $1)"), (Keys{"title"}));
  EXPECT_EQ(patterns("((name)::text ~~ '%x'::text)"), (Keys{"name"}));
  EXPECT_EQ(patterns("(title !~~ $1)"), Keys());
  EXPECT_EQ(keys("(title ~~ $1)"), Keys());
  EXPECT_EQ(keys("((title ~~ $1) AND (member_id = $2))"), (Keys{"member_id"}));
}

TEST(KeysOfFilter, AreNoneInForeignBytes) {
  EXPECT_EQ(keys(""), Keys());
  EXPECT_EQ(keys("="), Keys());
  EXPECT_EQ(keys("ROW < 1"), Keys());
  EXPECT_EQ(keys("ROW( < ROW("), Keys());
  EXPECT_EQ(keys("))((= ) AND ( AND"), Keys());
  EXPECT_EQ(keys(std::string(100'000, '(')), Keys());
}

TEST(KeysOfSort, KeepTheOrder) {
  EXPECT_EQ(keys_of_sort({"b.due DESC", "b.id"}, books("b")), (Keys{"due DESC", "id"}));
  EXPECT_EQ(keys_of_sort({"b.title COLLATE \"C\" DESC NULLS LAST"}, books("b")),
            (Keys{"title COLLATE \"C\" DESC NULLS LAST"}));
  EXPECT_EQ(keys_of_sort({"(lower(b.title)) DESC"}, books("b")), (Keys{"lower(title) DESC"}));
}

TEST(KeysOfSort, AreAllOfOneTableOrNone) {
  EXPECT_EQ(keys_of_sort({"b.due", "m.id"}, books("b")), Keys());
  EXPECT_EQ(keys_of_sort({"(b.id + b.member_id)", "b.due"}, books("b")), Keys());
  EXPECT_EQ(keys_of_sort({"b.due USING <"}, books("b")), Keys());
  EXPECT_EQ(keys_of_sort({}, books()), Keys());
}

}  // namespace

}  // namespace culprit::ask
