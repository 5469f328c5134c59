// backoffice: a clerk's session corrects the stock of some products and stays uncommitted. Ends, and rolls back, on SIGTERM.
#include <unistd.h>

#include <cstdio>

#include "shop/database.h"
#include "shop/options.h"

int main(int argc, char** argv) {
  shop::Options options(argc, argv);
  const std::string conninfo = options.text("db");
  const std::vector<shop::Statement> statements = {
      {"correct_stock", "UPDATE stock SET quantity = quantity - 1 WHERE product_id <= $1::int"}};
  shop::Session session(conninfo, statements);
  if (!session.connect()) shop::give_up("database: " + session.error());
  session.command("BEGIN");
  shop::Rows done = session.run("correct_stock", {options.text("products", "5")});
  if (!done.ok) shop::give_up("database: " + done.error);
  // Whoever started us reads this line to know that the rows are locked now.
  std::puts("holding");
  std::fflush(stdout);
  for (;;) pause();
}
