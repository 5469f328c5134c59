// orders: what customers ordered.
//
// Its settings (reloaded on SIGHUP): `invoices = join` or `each` (one query for each invoice's lines), `import = batch` or
// `row` (one transaction for each row).
#include <cstdlib>

#include "shop/config.h"
#include "shop/database.h"
#include "shop/http_client.h"
#include "shop/http_server.h"
#include "shop/json.h"
#include "shop/options.h"

namespace {

using namespace shop;

std::vector<Statement> statements() {
  return {
      {"orders_of_customer",
       "SELECT id, placed_at, status, total_cents FROM orders WHERE customer_id = $1::int ORDER BY placed_at DESC "
       "LIMIT 20"},
      {"order_by_id", "SELECT id, customer_id, placed_at, status, total_cents FROM orders WHERE id = $1::bigint"},
      {"items_of_order", "SELECT product_id, quantity, price_cents FROM order_items WHERE order_id = $1::bigint"},
      {"invoices",
       "SELECT i.id, i.issued_at, l.product_id, l.quantity, l.price_cents FROM invoices i "
       "JOIN invoice_lines l ON l.invoice_id = i.id WHERE i.customer_id = $1::int"},
      {"invoices_alone", "SELECT id, issued_at FROM invoices WHERE customer_id = $1::int"},
      {"lines_of_invoice", "SELECT product_id, quantity, price_cents FROM invoice_lines WHERE invoice_id = $1::int"},
      {"insert_order",
       "INSERT INTO orders (customer_id, placed_at, status, total_cents) VALUES ($1::int, now(), 'new', $2::int) "
       "RETURNING id"},
      {"insert_item",
       "INSERT INTO order_items (order_id, line, product_id, quantity, price_cents) "
       "VALUES ($1::bigint, $2::smallint, $3::int, $4::int, $5::int)"},
      {"insert_import",
       "INSERT INTO imported_orders (partner, reference, body) VALUES ($1::int, $2::bigint, $3::text)"},
  };
}

HttpResponse failed(const Rows& rows) {
  return {503, "{\"error\":\"" + rows.error.substr(0, rows.error.find('\n')) + "\"}"};
}

HttpResponse list_orders(Database& database, const HttpRequest& request) {
  Database::Lease session(database);
  Rows rows = session->run("orders_of_customer", {request.parameter("customer")});
  if (!rows.ok) return failed(rows);
  return {200, json_rows({"id", "placed_at", "status", "total_cents"}, rows.rows)};
}

HttpResponse show_order(Database& database, HttpPool& shipping, long id) {
  Rows order, items;
  {
    Database::Lease session(database);
    order = session->run("order_by_id", {std::to_string(id)});
    items = session->run("items_of_order", {std::to_string(id)});
  }
  if (!order.ok || !items.ok) return failed(order.ok ? items : order);
  if (order.rows.empty()) return {404, "{}"};
  HttpResponse shipment = shipping.call("GET", "/shipments/" + std::to_string(id));
  return {200, "{\"order\":" + json_rows({"id", "customer", "placed_at", "status", "total_cents"}, order.rows) +
                   ",\"items\":" + json_rows({"product", "quantity", "price_cents"}, items.rows) +
                   ",\"shipment\":" + shipment.body + "}"};
}

HttpResponse list_invoices(Database& database, const Config& config, const HttpRequest& request) {
  std::string customer = std::to_string(request.id_after("/customers/"));
  Database::Lease session(database);
  if (config.text("invoices", "join") == "join") {
    Rows rows = session->run("invoices", {customer});
    if (!rows.ok) return failed(rows);
    return {200, json_rows({"invoice", "issued_at", "product", "quantity", "price_cents"}, rows.rows)};
  }
  Rows invoices = session->run("invoices_alone", {customer});
  if (!invoices.ok) return failed(invoices);
  std::string body;
  for (const std::vector<std::string>& invoice : invoices.rows) {
    Rows lines = session->run("lines_of_invoice", {invoice[0]});
    if (!lines.ok) return failed(lines);
    body += (body.empty() ? "" : ",") + json_rows({"product", "quantity", "price_cents"}, lines.rows);
  }
  return {200, "[" + body + "]"};
}

HttpResponse place_order(Database& database, const HttpRequest& request) {
  Database::Lease session(database);
  session->command("BEGIN");
  Rows order = session->run("insert_order", {request.parameter("customer"), "4200"});
  for (int line = 1; line <= 3 && order.ok; ++line) {
    Rows item = session->run("insert_item",
                             {order.rows[0][0], std::to_string(line), request.parameter("product"), "1", "1400"});
    if (!item.ok) order = item;
  }
  Rows done = session->command(order.ok ? "COMMIT" : "ROLLBACK");
  if (!order.ok || !done.ok) return failed(order.ok ? done : order);
  return {201, "{\"id\":\"" + order.rows[0][0] + "\"}"};
}

// The body is one reference a line, from a partner's shop.
HttpResponse import_orders(Database& database, const Config& config, const HttpRequest& request) {
  bool each = config.text("import", "batch") == "row";
  Database::Lease session(database);
  Rows done{true, {}, {}};
  int rows = 0;
  if (!each) session->command("BEGIN");
  for (size_t at = 0; at < request.body.size() && done.ok; ++rows) {
    size_t end = std::min(request.body.find('\n', at), request.body.size());
    if (each) session->command("BEGIN");
    done = session->run("insert_import",
                        {request.parameter("partner"), std::to_string(rows), request.body.substr(at, end - at)});
    if (each && done.ok) done = session->command("COMMIT");
    at = end + 1;
  }
  if (!each && done.ok) done = session->command("COMMIT");
  if (!done.ok) session->command("ROLLBACK");
  return done.ok ? HttpResponse{201, "{\"rows\":" + std::to_string(rows) + "}"} : failed(done);
}

}  // namespace

int main(int argc, char** argv) {
  Options options(argc, argv);
  Config config(options.text("config"));
  Database database(options.text("db"), statements(), options.number("sessions", 16));
  HttpPool shipping(options.number("shipping", 0), options.number("connections", 40));
  serve_http(options.number("port", 0), [&](const HttpRequest& request) -> HttpResponse {
    if (request.method == "POST" && request.path == "/orders/import") return import_orders(database, config, request);
    if (request.method == "POST" && request.path == "/orders") return place_order(database, request);
    if (request.path == "/orders") return list_orders(database, request);
    if (long id = request.id_after("/orders/")) return show_order(database, shipping, id);
    if (request.path.rfind("/customers/", 0) == 0) return list_invoices(database, config, request);
    return {404, "{}"};
  });
}
