-- A shop as SQLite's users write it: money in cents, epochs, 0 and 1, JSON texts, CHECK (... IN ...) for enums, WITHOUT ROWID for pairs, triggers that keep the stock and the words.
PRAGMA foreign_keys = ON;
CREATE TABLE currencies (code TEXT PRIMARY KEY, name TEXT NOT NULL, digits INTEGER NOT NULL DEFAULT 2 CHECK (digits BETWEEN 0 AND 4)) WITHOUT ROWID;
CREATE TABLE customers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE DEFAULT (lower(hex(randomblob(16)))),
    email TEXT NOT NULL COLLATE NOCASE,
    full_name TEXT NOT NULL,
    birthday TEXT,
    newsletter INTEGER NOT NULL DEFAULT 0 CHECK (newsletter IN (0, 1)),
    settings TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(settings)),
    created_at INTEGER NOT NULL DEFAULT (unixepoch()),
    deleted_at INTEGER
);
CREATE UNIQUE INDEX customers_email ON customers (email) WHERE deleted_at IS NULL;
CREATE TABLE addresses (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    kind TEXT NOT NULL DEFAULT 'delivery' CHECK (kind IN ('delivery', 'invoice')),
    street TEXT NOT NULL,
    postcode TEXT NOT NULL CHECK (length(postcode) <= 12),
    city TEXT NOT NULL,
    country TEXT NOT NULL DEFAULT 'DE',
    UNIQUE (customer_id, kind, street, postcode)
);
CREATE TABLE categories (
    id INTEGER PRIMARY KEY,
    parent_id INTEGER REFERENCES categories (id),
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    position INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX categories_parent ON categories (parent_id, position DESC);
CREATE TABLE products (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sku TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    price_cents INTEGER NOT NULL CHECK (price_cents >= 0),
    currency TEXT NOT NULL DEFAULT 'EUR' REFERENCES currencies (code),
    tax_rate REAL NOT NULL DEFAULT 0.19,
    weight_g INTEGER CHECK (weight_g > 0),
    attributes JSON,
    picture BLOB,
    updated_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX products_price ON products (price_cents) WHERE price_cents > 0;
CREATE VIRTUAL TABLE products_fts USING fts5 (title, description, content='products', content_rowid='id', tokenize='porter unicode61');
CREATE TRIGGER products_ai AFTER INSERT ON products BEGIN
    INSERT INTO products_fts (rowid, title, description) VALUES (new.id, new.title, new.description);
END;
CREATE TRIGGER products_ad AFTER DELETE ON products BEGIN
    INSERT INTO products_fts (products_fts, rowid, title, description) VALUES ('delete', old.id, old.title, old.description);
END;
CREATE TRIGGER products_au AFTER UPDATE ON products BEGIN
    INSERT INTO products_fts (products_fts, rowid, title, description) VALUES ('delete', old.id, old.title, old.description);
    INSERT INTO products_fts (rowid, title, description) VALUES (new.id, new.title, new.description);
END;
CREATE TABLE product_categories (
    product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    category_id INTEGER NOT NULL REFERENCES categories (id) ON DELETE CASCADE,
    PRIMARY KEY (product_id, category_id)
) WITHOUT ROWID;
CREATE TABLE product_embeddings (product_id INTEGER PRIMARY KEY REFERENCES products (id) ON DELETE CASCADE, model TEXT NOT NULL, embedding BLOB NOT NULL);
CREATE TABLE warehouses (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, latitude REAL, longitude REAL);
CREATE TABLE stock (
    warehouse_id INTEGER NOT NULL REFERENCES warehouses (id),
    product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    on_hand INTEGER NOT NULL DEFAULT 0 CHECK (on_hand >= 0),
    reserved INTEGER NOT NULL DEFAULT 0,
    available INTEGER GENERATED ALWAYS AS (on_hand - reserved) VIRTUAL,
    PRIMARY KEY (warehouse_id, product_id),
    CHECK (reserved >= 0 AND reserved <= on_hand)
) WITHOUT ROWID;
CREATE TABLE vouchers (
    code TEXT NOT NULL PRIMARY KEY,
    percent REAL CHECK (percent > 0 AND percent <= 100),
    amount_cents INTEGER,
    valid_until TEXT,
    CHECK ((percent IS NULL) <> (amount_cents IS NULL))
);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    number TEXT NOT NULL UNIQUE,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    delivery_address_id INTEGER REFERENCES addresses (id) ON DELETE SET NULL,
    state TEXT NOT NULL DEFAULT 'cart' CHECK (state IN ('cart', 'placed', 'paid', 'shipped', 'delivered', 'returned', 'cancelled')),
    voucher_code TEXT REFERENCES vouchers (code) ON UPDATE CASCADE,
    shipping_cents INTEGER NOT NULL DEFAULT 0,
    note TEXT,
    placed_at INTEGER,
    CHECK (state = 'cart' OR placed_at IS NOT NULL)
);
CREATE INDEX orders_customer ON orders (customer_id, placed_at DESC);
CREATE INDEX orders_open ON orders (placed_at) WHERE state IN ('placed', 'paid');
CREATE TABLE order_lines (
    order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    line INTEGER NOT NULL,
    product_id INTEGER NOT NULL REFERENCES products (id),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    unit_cents INTEGER NOT NULL,
    total_cents INTEGER GENERATED ALWAYS AS (quantity * unit_cents) STORED,
    PRIMARY KEY (order_id, line)
) WITHOUT ROWID;
CREATE TABLE payments (
    id TEXT PRIMARY KEY NOT NULL,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    method TEXT NOT NULL CHECK (method IN ('card', 'invoice', 'transfer', 'voucher')),
    amount_cents INTEGER NOT NULL,
    reference TEXT,
    paid_at DATETIME NOT NULL,
    UNIQUE (method, reference)
);
CREATE TABLE shipments (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    warehouse_id INTEGER NOT NULL REFERENCES warehouses (id),
    tracking TEXT,
    sent_at DATETIME
);
CREATE TABLE reviews (
    product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    customer_id INTEGER NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    stars INTEGER NOT NULL CHECK (stars BETWEEN 1 AND 5),
    body TEXT,
    helpful INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (product_id, customer_id)
);
CREATE TABLE "user" (id INTEGER PRIMARY KEY, Login TEXT NOT NULL UNIQUE COLLATE NOCASE, "group" TEXT NOT NULL DEFAULT 'staff', password_hash BLOB NOT NULL);
CREATE TABLE invoices (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id INTEGER NOT NULL UNIQUE REFERENCES orders (id),
    issued_by INTEGER REFERENCES "user" (id),
    issued_on DATE NOT NULL DEFAULT CURRENT_DATE,
    pdf BLOB
);
CREATE VIEW open_orders AS SELECT id, number, customer_id FROM orders WHERE state IN ('placed', 'paid');
CREATE VIEW bestsellers AS SELECT product_id, sum(quantity) AS sold FROM order_lines GROUP BY product_id;
CREATE TRIGGER products_touch AFTER UPDATE OF price_cents ON products BEGIN
    UPDATE products SET updated_at = CURRENT_TIMESTAMP WHERE id = new.id;
END;

INSERT INTO currencies VALUES ('EUR', 'Euro', 2), ('USD', 'US dollar', 2), ('JPY', '円', 0), ('BHD', 'Bahraini dinar', 3);
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
INSERT INTO customers (uid, email, full_name, birthday, newsletter, settings, created_at, deleted_at)
    SELECT printf('%032x', i * 7919), 'Customer' || i || '@Example.org', CASE i % 5 WHEN 0 THEN 'Zoë Müller' WHEN 1 THEN 'O''Brien, "Pat"' ELSE 'Customer ' || i END, date('1930-01-01', (i * 97) || ' days'),
           i % 2, json_object('lang', 'de', 'n', i), 1700000000 + i * 2220, CASE WHEN i % 10 = 9 THEN 1709208000 END FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
INSERT INTO addresses (id, customer_id, kind, street, postcode, city) SELECT 1000 + i, i, CASE i % 2 WHEN 0 THEN 'invoice' ELSE 'delivery' END, 'Straße ' || i, printf('%05d', i), 'Köln' FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
INSERT INTO categories (parent_id, slug, name, position) SELECT nullif(i / 3, 0), 'category-' || i, 'Category ' || i, i % 4 FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80)
INSERT INTO products (sku, title, description, price_cents, currency, weight_g, attributes, picture, updated_at)
    SELECT printf('SKU-%06d', i), CASE WHEN i % 3 = 0 THEN 'Running shoes ' ELSE 'Wooden table ' END || i, CASE WHEN i % 4 = 0 THEN '' ELSE 'Made for people who run, sit or stand; number ' || i END,
           i * 12345 % 1000000, CASE i % 4 WHEN 0 THEN 'EUR' WHEN 1 THEN 'USD' WHEN 2 THEN 'JPY' ELSE 'BHD' END, nullif(i % 9, 0) * 100,
           CASE WHEN i % 6 > 0 THEN json_object('colour', 'röd', 'sizes', json_array(i, i + 1)) END, CASE WHEN i % 5 = 0 THEN CAST(printf('%c%d', i, i) AS BLOB) END,
           datetime('2024-01-01', i || ' hours') FROM n;
INSERT INTO product_categories SELECT id, id % 20 + 1 FROM products UNION SELECT id, id * 7 % 20 + 1 FROM products;
INSERT INTO product_embeddings SELECT id, 'm1', f32(id, 16) FROM products;
INSERT INTO warehouses VALUES (1, 'Hamburg', 53.55, 9.99), (2, 'Graz', NULL, NULL), (-3, 'Ωμέγα', 0.0, -0.5);
INSERT INTO stock (warehouse_id, product_id, on_hand, reserved) SELECT w.id, p.id, p.id % 50, p.id % 50 / 2 FROM warehouses w, products p WHERE p.id % 2 = 0;
INSERT INTO vouchers VALUES ('SUMMER', 12.5, NULL, '2024-08-31'), ('FIVER', NULL, 500, NULL), ('', 100, NULL, NULL);
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150)
INSERT INTO orders (number, customer_id, delivery_address_id, state, voucher_code, shipping_cents, note, placed_at)
    SELECT '2024-' || i, i % 60 + 1, 1001 + i % 60, CASE i % 7 WHEN 0 THEN 'cart' WHEN 1 THEN 'placed' WHEN 2 THEN 'paid' WHEN 3 THEN 'shipped' WHEN 4 THEN 'delivered' WHEN 5 THEN 'returned' ELSE 'cancelled' END,
           CASE i % 9 WHEN 0 THEN 'FIVER' WHEN 1 THEN '' END, i % 3 * 495, CASE WHEN i % 4 = 0 THEN 'ring' || char(9) || 'twice' || char(10) END, 1711845000 + i * 420 FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150), m (j) AS (VALUES (1), (2), (3))
INSERT INTO order_lines (order_id, line, product_id, quantity, unit_cents) SELECT i, j, i * j % 80 + 1, j, i * j * 37 % 9999 FROM n, m;
INSERT INTO payments SELECT printf('%08x-0000-4000-8000-%012x', id, id * 77), id, CASE id % 4 WHEN 0 THEN 'card' WHEN 1 THEN 'invoice' WHEN 2 THEN 'transfer' ELSE 'voucher' END, id * 1001 - 50000,
    CASE WHEN id % 50 > 3 THEN 'ref ' || id END, datetime('2024-04-01', id || ' minutes') FROM orders WHERE id > 3;
INSERT INTO shipments (order_id, warehouse_id, tracking, sent_at) SELECT id, CASE id % 3 WHEN 0 THEN 1 WHEN 1 THEN 2 ELSE -3 END, 'T' || id, datetime('2024-04-01 08:00:00', id || ' days') FROM orders WHERE id <= 40;
INSERT INTO reviews SELECT id % 80 + 1, id % 60 + 1, id % 5 + 1, CASE WHEN id % 3 > 0 THEN 'The runner was running, and ran well: ' || id END, id FROM orders;
INSERT INTO "user" (Login, "group", password_hash) VALUES ('root', 'admin', x'00ff'), ('Éva', 'staff', x''), ('eva', 'staff', x'27');
INSERT INTO invoices (order_id, issued_by, issued_on) SELECT id, id % 3 + 1, date('2024-04-01', id || ' days') FROM orders WHERE id <= 30;
