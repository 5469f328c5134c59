#include "model/conventions.h"

#include <gtest/gtest.h>

namespace culprit {
namespace {

using std::string;

TEST(Conventions, ReadOldNamesWhereTheNewOnesAreMissing) {
  Attributes old{{"db.system", string("mysql")},
                 {"db.statement", string("SELECT 1")},
                 {"net.peer.name", string("db")},
                 {"net.peer.port", int64_t{3306}}};
  EXPECT_EQ(db_system(old), "mysql");
  EXPECT_EQ(db_text(old), "SELECT 1");
  EXPECT_EQ(peer_address(old), "db");
  EXPECT_EQ(peer_port(old), 3306);
}

TEST(Conventions, PreferTheNewName) {
  Attributes both{{"db.statement", string("old")}, {"db.query.text", string("new")}};
  EXPECT_EQ(db_text(both), "new");
}

TEST(Conventions, FindTheSamePathInEveryFormOfAnAddress) {
  EXPECT_EQ(http_path({{"url.path", string("/cart")}}), "/cart");
  EXPECT_EQ(http_path({{"http.target", string("/cart?id=7")}}), "/cart");
  EXPECT_EQ(http_path({{"http.url", string("http://shop:8080/cart?id=7#top")}}), "/cart");
  EXPECT_EQ(http_path({{"url.full", string("https://shop")}}), "/");
}

TEST(Conventions, ReadNumbersThatWereSentAsText) {
  EXPECT_EQ(http_status({{"http.status_code", string("503")}}), 503);
  EXPECT_EQ(http_status({{"http.status_code", string("many")}}), 0);
}

TEST(Conventions, NameARemoteMethodInFull) {
  EXPECT_EQ(rpc_method({{"rpc.service", string("shop.Cart")}, {"rpc.method", string("Get")}}), "shop.Cart/Get");
  EXPECT_EQ(rpc_method({{"rpc.method", string("shop.Cart/Get")}}), "shop.Cart/Get");
}

}  // namespace
}  // namespace culprit
