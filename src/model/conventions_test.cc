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

TEST(Conventions, ReadNumbersThatWereSentAsText) {
  EXPECT_EQ(http_status({{"http.status_code", string("503")}}), 503);
  EXPECT_EQ(http_status({{"http.status_code", string("many")}}), 0);
}

TEST(Conventions, TellWhatThePeerIsFromWhereItIs) {
  Attributes both{{"peer.service", string("payments")}, {"network.peer.address", string("10.0.0.3")}};
  EXPECT_EQ(peer_service(both), "payments");
  EXPECT_EQ(peer_address(both), "10.0.0.3");
}

}  // namespace
}  // namespace culprit
