-- A shop as DuckDB's users write it: for analysis, loaded from elsewhere; enum types, DECIMAL, lists and structs instead of small tables, sequences, virtual columns, macros and views.
CREATE TYPE order_state AS ENUM ('cart', 'placed', 'paid', 'shipped', 'delivered', 'returned', 'cancelled');
CREATE TYPE payment_method AS ENUM ('card', 'invoice', 'transfer', 'voucher');
CREATE SEQUENCE order_ids START 1;
CREATE SEQUENCE invoice_numbers START 100000 INCREMENT 10;
CREATE TABLE currencies (code VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, digits UTINYINT NOT NULL DEFAULT 2 CHECK (digits <= 4));
CREATE TABLE customers (
    id BIGINT PRIMARY KEY,
    uid UUID NOT NULL DEFAULT uuid() UNIQUE,
    email VARCHAR NOT NULL,
    full_name VARCHAR NOT NULL,
    birthday DATE,
    newsletter BOOLEAN NOT NULL DEFAULT false,
    tags VARCHAR[] DEFAULT [],
    address STRUCT(street VARCHAR, postcode VARCHAR, city VARCHAR),
    settings JSON,
    created_at TIMESTAMPTZ DEFAULT now(),
    lifetime_value DECIMAL(18, 4)
);
COMMENT ON TABLE customers IS 'People who have bought something, or wanted to';
CREATE TABLE categories (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES categories (id), slug VARCHAR NOT NULL UNIQUE, name VARCHAR NOT NULL, position TINYINT DEFAULT 0);
CREATE TABLE products (
    id BIGINT PRIMARY KEY,
    sku VARCHAR NOT NULL UNIQUE,
    title VARCHAR NOT NULL,
    description VARCHAR,
    price DECIMAL(12, 2) NOT NULL CHECK (price >= 0),
    currency VARCHAR NOT NULL DEFAULT 'EUR' REFERENCES currencies (code),
    tax_rate DECIMAL(4, 3) NOT NULL DEFAULT 0.19,
    gross DECIMAL(16, 5) AS (CAST(price * (1 + tax_rate) AS DECIMAL(16, 5))),
    weight_g INTEGER,
    attributes MAP(VARCHAR, VARCHAR),
    picture BLOB,
    barcode UBIGINT,
    updated_at TIMESTAMP DEFAULT current_timestamp
);
CREATE TABLE product_categories (product_id BIGINT REFERENCES products (id), category_id INTEGER REFERENCES categories (id), PRIMARY KEY (product_id, category_id));
CREATE TABLE product_embeddings (product_id BIGINT PRIMARY KEY REFERENCES products (id), model VARCHAR NOT NULL, embedding FLOAT[16] NOT NULL);
CREATE TABLE warehouses (id SMALLINT PRIMARY KEY, name VARCHAR NOT NULL UNIQUE, position STRUCT(lat DOUBLE, lon DOUBLE), opens TIME);
CREATE TABLE stock (
    warehouse_id SMALLINT REFERENCES warehouses (id),
    product_id BIGINT REFERENCES products (id),
    on_hand UINTEGER NOT NULL DEFAULT 0,
    reserved INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    PRIMARY KEY (warehouse_id, product_id)
);
CREATE TABLE vouchers (code VARCHAR PRIMARY KEY, percent DECIMAL(5, 2), amount DECIMAL(12, 2), valid_until DATE, CHECK (percent IS NULL OR amount IS NULL));
CREATE TABLE orders (
    id BIGINT PRIMARY KEY DEFAULT nextval('order_ids'),
    number VARCHAR NOT NULL UNIQUE,
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    state order_state NOT NULL DEFAULT 'cart',
    voucher_code VARCHAR REFERENCES vouchers (code),
    shipping DECIMAL(12, 2) NOT NULL DEFAULT 0,
    note VARCHAR,
    placed_at TIMESTAMPTZ
);
CREATE INDEX orders_customer ON orders (customer_id);
CREATE TABLE order_lines (
    order_id BIGINT NOT NULL REFERENCES orders (id),
    line UTINYINT NOT NULL,
    product_id BIGINT NOT NULL REFERENCES products (id),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    unit_price DECIMAL(12, 2) NOT NULL,
    total DECIMAL(18, 2) AS (quantity * unit_price),
    PRIMARY KEY (order_id, line)
);
CREATE TABLE payments (id UUID PRIMARY KEY, order_id BIGINT NOT NULL REFERENCES orders (id), method payment_method NOT NULL, amount DECIMAL(12, 2) NOT NULL, reference VARCHAR, paid_at TIMESTAMPTZ NOT NULL);
CREATE TABLE shipments (id INTEGER PRIMARY KEY, order_id BIGINT NOT NULL REFERENCES orders (id), warehouse_id SMALLINT NOT NULL REFERENCES warehouses (id), stops STRUCT(place VARCHAR, arrived TIMESTAMP)[], took INTERVAL);
CREATE TABLE reviews (product_id BIGINT, customer_id BIGINT, stars TINYINT NOT NULL CHECK (stars BETWEEN 1 AND 5), body VARCHAR, words INTEGER AS (length(body)), PRIMARY KEY (product_id, customer_id));
CREATE TABLE "user" (id INTEGER PRIMARY KEY, "Login" VARCHAR NOT NULL UNIQUE, "group" VARCHAR NOT NULL DEFAULT 'staff', password_hash BLOB NOT NULL);
CREATE TABLE invoices (number BIGINT PRIMARY KEY DEFAULT nextval('invoice_numbers'), order_id BIGINT NOT NULL UNIQUE REFERENCES orders (id), issued_on DATE NOT NULL, total_ever HUGEINT);
CREATE TABLE daily_sales (day DATE, currency VARCHAR, n_orders UBIGINT, revenue DECIMAL(38, 2), median DOUBLE, PRIMARY KEY (day, currency));
CREATE VIEW open_orders AS SELECT id, number, customer_id FROM orders WHERE state IN ('placed', 'paid');
CREATE MACRO gross(price, rate) AS price * (1 + rate);
CREATE MACRO orders_of(c) AS TABLE SELECT * FROM orders WHERE customer_id = c;

INSERT INTO currencies VALUES ('EUR', 'Euro', 2), ('USD', 'US dollar', 2), ('JPY', '円', 0), ('BHD', 'Bahraini dinar', 3);
INSERT INTO customers SELECT i, CAST(md5('customer' || i) AS UUID), 'Customer' || i || '@Example.org', CASE i % 5 WHEN 0 THEN 'Zoë Müller' WHEN 1 THEN 'O''Brien, "Pat"' ELSE 'Customer ' || i END,
    DATE '1930-01-01' + CAST(i * 97 AS INTEGER), i % 2 = 0, CASE i % 3 WHEN 0 THEN [] WHEN 1 THEN ['vip', 'a,b "c"'] ELSE [NULL, 'new'] END,
    CASE WHEN i % 7 > 0 THEN {'street': 'Straße ' || i, 'postcode': lpad(CAST(i AS VARCHAR), 5, '0'), 'city': 'Köln'} END, '{"lang": "de", "n": ' || i || '}',
    TIMESTAMPTZ '2023-10-29 00:59:59.999999+00' + i * INTERVAL 37 MINUTE, i * 1234.5678 FROM range(1, 61) r(i);
INSERT INTO categories SELECT i, NULLIF(i // 3, 0), 'category-' || i, 'Category ' || i, i % 4 FROM range(1, 2) r(i);
INSERT INTO categories SELECT i, 1, 'category-' || i, 'Category ' || i, i % 4 FROM range(2, 21) r(i);
INSERT INTO products SELECT i, 'SKU-' || lpad(CAST(i AS VARCHAR), 6, '0'), CASE WHEN i % 3 = 0 THEN 'Running shoes ' ELSE 'Wooden table ' END || i, CASE WHEN i % 4 > 0 THEN 'Made for people who run; number ' || i END,
    CAST((i * 12345 % 1000000) / 100 AS DECIMAL(12, 2)), ['EUR', 'USD', 'JPY', 'BHD'][i % 4 + 1], 0.19, NULLIF(i % 9, 0) * 100, CASE WHEN i % 6 > 0 THEN MAP {'colour': 'röd', 'size': CAST(i AS VARCHAR)} END,
    CASE WHEN i % 5 = 0 THEN encode('p' || i) END, 18446744073709551615 - i, TIMESTAMP '2024-01-01' + i * INTERVAL 1 HOUR FROM range(1, 81) r(i);
INSERT INTO product_categories SELECT i, i % 20 + 1 FROM range(1, 81) r(i) UNION SELECT i, (i * 7) % 20 + 1 FROM range(1, 81) r(i);
INSERT INTO product_embeddings SELECT i, 'm1', CAST([CAST(sin(i * j) AS FLOAT) FOR j IN range(1, 17)] AS FLOAT[16]) FROM range(1, 81) r(i);
INSERT INTO warehouses VALUES (1, 'Hamburg', {'lat': 53.55, 'lon': 9.99}, '08:00:00'), (2, 'Graz', NULL, '23:59:59.999999'), (-3, 'Ωμέγα', {'lat': 0.0, 'lon': NULL}, NULL);
INSERT INTO stock SELECT w.id, p.id, p.id % 50, p.id % 50 // 2 FROM warehouses w, products p WHERE p.id % 2 = 0;
INSERT INTO vouchers VALUES ('SUMMER', 12.50, NULL, '2024-08-31'), ('FIVER', NULL, 5, NULL), ('', 100, NULL, NULL);
INSERT INTO orders (number, customer_id, state, voucher_code, shipping, note, placed_at) SELECT '2024-' || i, i % 60 + 1, enum_range(NULL::order_state)[i % 7 + 1], CASE i % 9 WHEN 0 THEN 'FIVER' WHEN 1 THEN '' END,
    (i % 3) * 4.95, CASE WHEN i % 4 = 0 THEN 'ring' || chr(9) || 'twice' || chr(10) END, TIMESTAMPTZ '2024-03-31 00:30:00+00' + i * INTERVAL 7 MINUTE FROM range(1, 151) r(i);
INSERT INTO order_lines SELECT i, j, (i * j) % 80 + 1, j, (i * j * 37 % 9999) / 100 FROM range(1, 151) r(i), range(1, 4) s(j);
INSERT INTO payments SELECT CAST(md5('payment' || i) AS UUID), i, enum_range(NULL::payment_method)[i % 4 + 1], i * 10.01 - 500, 'ref ' || i, '2024-04-01 00:00:00+00' FROM range(1, 151) r(i);
INSERT INTO shipments SELECT i, i, [1, 2, -3][i % 3 + 1], [{'place': 'hub', 'arrived': TIMESTAMP '2024-04-01 08:00:00'}, {'place': NULL, 'arrived': TIMESTAMP '2024-04-02' + i * INTERVAL 1 HOUR}], CAST(i AS INTEGER) * INTERVAL 3 DAY FROM range(1, 41) r(i);
INSERT INTO reviews SELECT i % 80 + 1, i % 60 + 1, i % 5 + 1, CASE WHEN i % 3 > 0 THEN 'The runner was running, and ran well: ' || i END FROM range(1, 201) r(i);
INSERT INTO "user" VALUES (1, 'root', 'admin', '\x00\xFF'), (2, 'Éva', 'staff', ''), (3, 'eva', 'staff', '\x27');
INSERT INTO invoices (order_id, issued_on, total_ever) SELECT i, DATE '2024-04-01' + CAST(i AS INTEGER), 170141183460469231731687303715884105727 - i FROM range(1, 31) r(i);
INSERT INTO daily_sales SELECT DATE '2024-04-01' + CAST(i AS INTEGER), c, i * 3, i * 123456789012345678901234567890.12, CASE i % 3 WHEN 0 THEN 'nan'::DOUBLE WHEN 1 THEN -0.0 ELSE 0.1 * i END FROM range(1, 21) r(i), unnest(['EUR', 'USD']) u(c);
