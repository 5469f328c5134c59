#include "demo/tables.h"

namespace culprit::demo {

// CREATE TABLE AS first, then the indexes: with wal_level = minimal, rows are written once and sorted once.
const char* const kOrdersSql = R"(
CREATE TABLE orders AS
  SELECT g AS id, 1 + floor(random() * 20000)::int AS customer_id, timestamptz '2026-01-01' + g * interval '15 seconds' AS placed_at,
         (ARRAY['new', 'paid', 'sent', 'done'])[1 + g % 4] AS status, (g % 90000)::int + 500 AS total_cents
  FROM generate_series(1, 2000000::bigint) g;
CREATE SEQUENCE orders_id OWNED BY orders.id START 2000001;
ALTER TABLE orders ADD PRIMARY KEY (id), ALTER id SET DEFAULT nextval('orders_id');
CREATE INDEX orders_customer_id ON orders (customer_id);
)";

// Customers have very different numbers of invoices (30 to some hundreds): low customer numbers have the most.
const char* const kOtherTablesSql = R"(
CREATE TABLE order_items AS
  SELECT o AS order_id, l::smallint AS line, 1 + floor(random() * 5000)::int AS product_id, 1 + l % 3 AS quantity, 500 + (o % 9000)::int AS price_cents
  FROM generate_series(1800001::bigint, 2000000) o, generate_series(1, 2) l;
ALTER TABLE order_items ADD PRIMARY KEY (order_id, line);
CREATE TABLE invoices AS
  SELECT g AS id, 1 + floor(random() ^ 2 * 2000)::int AS customer_id, timestamptz '2026-01-01' + g * interval '2 minutes' AS issued_at
  FROM generate_series(1, 240000) g;
ALTER TABLE invoices ADD PRIMARY KEY (id);
CREATE INDEX invoices_customer_id ON invoices (customer_id);
CREATE TABLE invoice_lines AS
  SELECT i AS invoice_id, l::smallint AS line, 1 + floor(random() * 5000)::int AS product_id, 1 + l % 3 AS quantity, 500 + i % 9000 AS price_cents
  FROM generate_series(1, 240000) i, generate_series(1, 2) l;
ALTER TABLE invoice_lines ADD PRIMARY KEY (invoice_id, line);
CREATE TABLE products AS SELECT g AS id, 'product ' || g AS name, 1 + g % 50 AS category, 500 + g % 9000 AS price_cents FROM generate_series(1, 5000) g;
ALTER TABLE products ADD PRIMARY KEY (id);
CREATE INDEX products_category ON products (category);
CREATE TABLE stock AS SELECT g AS product_id, 1000 AS quantity, now() AS changed_at FROM generate_series(1, 5000) g;
ALTER TABLE stock ADD PRIMARY KEY (product_id);
CREATE TABLE imported_orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, partner int NOT NULL, reference bigint NOT NULL, body text NOT NULL);
)";

const std::array<const char*, 4> kSettleSql = {
    "GRANT ALL ON ALL TABLES IN SCHEMA public TO shop; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO shop; "
    "CREATE EXTENSION pg_prewarm",
    "VACUUM (ANALYZE)",
    "CHECKPOINT",
    "SELECT sum(pg_prewarm(oid::regclass)) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN "
    "('r', 'i')",
};

const char* const kDropOrdersIndexSql = "DROP INDEX orders_customer_id";
const char* const kOrdersIndexSql = "CREATE INDEX CONCURRENTLY orders_customer_id ON orders (customer_id)";

}  // namespace culprit::demo
