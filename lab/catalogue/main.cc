// catalogue: the products and how many of each are in stock.
#include "shop/database.h"
#include "shop/http_server.h"
#include "shop/json.h"
#include "shop/options.h"

namespace {

using namespace shop;

std::vector<Statement> statements() {
  return {
      {"products_of_category",
       "SELECT id, name, price_cents FROM products WHERE category = $1::int ORDER BY price_cents LIMIT 20"},
      {"product_by_id",
       "SELECT p.id, p.name, p.price_cents, s.quantity FROM products p JOIN stock s ON s.product_id = p.id WHERE p.id "
       "= $1::int"},
      {"change_stock", "UPDATE stock SET quantity = quantity + $2::int, changed_at = now() WHERE product_id = $1::int"},
  };
}

HttpResponse failed(const Rows& rows) {
  return {503, "{\"error\":\"" + rows.error.substr(0, rows.error.find('\n')) + "\"}"};
}

HttpResponse list_products(Database& database, const HttpRequest& request) {
  Database::Lease session(database);
  Rows rows = session->run("products_of_category", {request.parameter("category")});
  if (!rows.ok) return failed(rows);
  return {200, json_rows({"id", "name", "price_cents"}, rows.rows)};
}

HttpResponse show_product(Database& database, long id) {
  Database::Lease session(database);
  Rows rows = session->run("product_by_id", {std::to_string(id)});
  if (!rows.ok) return failed(rows);
  if (rows.rows.empty()) return {404, "{}"};
  return {200, json_rows({"id", "name", "price_cents", "in_stock"}, rows.rows)};
}

HttpResponse change_stock(Database& database, const HttpRequest& request) {
  Database::Lease session(database);
  Rows rows = session->run("change_stock", {std::to_string(request.id_after("/stock/")), request.parameter("by")});
  return rows.ok ? HttpResponse{200, "{}"} : failed(rows);
}

}  // namespace

int main(int argc, char** argv) {
  Options options(argc, argv);
  Database database(options.text("db"), statements(), options.number("sessions", 16));
  serve_http(options.number("port", 0), [&](const HttpRequest& request) -> HttpResponse {
    if (request.method == "POST" && request.id_after("/stock/") > 0) return change_stock(database, request);
    if (request.path == "/products") return list_products(database, request);
    if (long id = request.id_after("/products/")) return show_product(database, id);
    return {404, "{}"};
  });
}
