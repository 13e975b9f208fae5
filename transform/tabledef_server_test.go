package transform

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/testdb"
)

// tables of which SHOW CREATE TABLE must be the same after a split. on is the servers that have them, empty is all.
var tortureTables = []struct{ name, on, ddl string }{
	{"odd names", "", "CREATE TABLE x (`key` int, `primary key` int, `a)` int, `b,``c` int, `unique` varchar(20) COMMENT 'KEY `x` (`a`),\n  KEY (', PRIMARY KEY (`primary key`), KEY `index` (`key`), KEY `)` (`a)`), UNIQUE `,` (`b,``c`), KEY `fk'` (`unique`(3))) COMMENT='PARTITION BY (x'"},
	{"index comments", "", "CREATE TABLE x (a int, b int, KEY k (a) COMMENT 'x'')\\\\, KEY', KEY l USING BTREE (b), UNIQUE u (a,b) COMMENT '`')"},
	{"unique and plain mixed", "", "CREATE TABLE x (a int NOT NULL, b int, c int NOT NULL, KEY k1 (a), UNIQUE u1 (b), KEY k2 (b), UNIQUE u2 (a), KEY k3 (c,b), UNIQUE u3 (c), UNIQUE u4 (a,b), PRIMARY KEY (c,a))"},
	{"no primary key", "", "CREATE TABLE x (a int NOT NULL, b int, c int NOT NULL, KEY k1 (a), UNIQUE u1 (b), UNIQUE u0 (a,b), UNIQUE u2 (a), UNIQUE u3 (c))"},
	{"no primary key, prefix", "", "CREATE TABLE x (a varchar(20) NOT NULL, b int NOT NULL, UNIQUE u1 (a(5)), UNIQUE u2 (b), KEY k (b,a))"},
	{"auto increment in plain keys", "", "CREATE TABLE x (a int NOT NULL AUTO_INCREMENT, b int NOT NULL, c int, KEY j (b), KEY k (a), KEY l (a,b), UNIQUE u (c), PRIMARY KEY (b,a)) AUTO_INCREMENT=77"},
	{"auto increment in unique keys", "", "CREATE TABLE x (a int NOT NULL AUTO_INCREMENT, b int NOT NULL, c int, KEY j (b), UNIQUE t (b), UNIQUE u (a), UNIQUE v (c), UNIQUE w (a,c), PRIMARY KEY (b,a))"},
	{"auto increment in MyISAM", "", "CREATE TABLE x (a int NOT NULL AUTO_INCREMENT, b int NOT NULL, c int, KEY h (c), KEY i (b,a), KEY j (b), UNIQUE u (c), FULLTEXT f (d), d text) ENGINE=MyISAM"},
	{"fulltext", "", "CREATE TABLE x (a int PRIMARY KEY, t text, v varchar(100), KEY k1 (a), FULLTEXT f1 (t), UNIQUE u (v(10)), FULLTEXT f2 (t,v), KEY k2 (v), FULLTEXT f3 (v) COMMENT 'c')"},
	{"fulltext with its own id", "", "CREATE TABLE x (FTS_DOC_ID bigint unsigned NOT NULL AUTO_INCREMENT, t text, PRIMARY KEY (FTS_DOC_ID), UNIQUE FTS_DOC_ID_INDEX (FTS_DOC_ID), FULLTEXT f1 (t), KEY k (t(5)))"},
	{"fulltext parser", "mysql97", "CREATE TABLE x (a int PRIMARY KEY, t text, KEY k (t(9)), FULLTEXT f (t) WITH PARSER ngram)"},
	{"spatial", "mariadb mysql97", "CREATE TABLE x (a int PRIMARY KEY, g geometry NOT NULL, h point NOT NULL, KEY k1 (a), SPATIAL s1 (g), KEY k2 (a), SPATIAL s2 (h), UNIQUE u (a))"},
	{"spatial in MyISAM", "", "CREATE TABLE x (a int PRIMARY KEY, g geometry NOT NULL, t text, KEY k1 (a), SPATIAL s1 (g), KEY k2 (a), FULLTEXT f (t), FULLTEXT e (t)) ENGINE=MyISAM"},
	{"foreign keys", "", "CREATE TABLE x (a int, b int, c int, PRIMARY KEY (a), KEY k (c), CONSTRAINT z FOREIGN KEY (b) REFERENCES p (a) ON DELETE CASCADE ON UPDATE SET NULL, CONSTRAINT y FOREIGN KEY (c,b) REFERENCES p (b,c), FOREIGN KEY (a) REFERENCES p (a), CONSTRAINT `s,)` FOREIGN KEY (c) REFERENCES x (a))"},
	{"partitions", "", "CREATE TABLE x (a int NOT NULL, b int NOT NULL, c int, UNIQUE u (a,c), KEY k (b), PRIMARY KEY (a,b), UNIQUE v (a)) PARTITION BY RANGE (a) SUBPARTITION BY HASH (a) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (10) COMMENT='KEY (', PARTITION p1 VALUES LESS THAN MAXVALUE)"},
	{"partitions by key", "", "CREATE TABLE x (a int NOT NULL, b int NOT NULL, UNIQUE u (a), KEY k (b)) PARTITION BY KEY () PARTITIONS 3"},
	{"memory", "", "CREATE TABLE x (a int NOT NULL, b int, KEY k (b) USING BTREE, UNIQUE u (a) USING HASH, KEY l (a)) ENGINE=MEMORY"},
	{"archive", "", "CREATE TABLE x (a int NOT NULL AUTO_INCREMENT, b int, KEY k (a)) ENGINE=ARCHIVE"},
	{"row format and block size", "", "CREATE TABLE x (a int PRIMARY KEY, b int, KEY k (b) KEY_BLOCK_SIZE=1, UNIQUE u (b)) ROW_FORMAT=DYNAMIC"},
	{"generated columns", "mariadb mysql97", "CREATE TABLE x (a int PRIMARY KEY, b int, v int AS (b + 1) VIRTUAL, s varchar(50) AS (concat(b,',KEY(')) STORED, KEY kv (v), KEY k (b), UNIQUE us (s), UNIQUE uv (v), KEY kvb (b,v), KEY k2 (b,a))"},
	{"functional", "mysql97", "CREATE TABLE x (a int PRIMARY KEY, b int, c json, KEY k1 (b), KEY f1 ((b + 1)), UNIQUE f2 ((abs(b)) DESC, a), KEY k2 (b DESC), KEY m ((CAST(c->'$.z' AS UNSIGNED ARRAY))), KEY k3 (a,b), UNIQUE u (b))"},
	{"invisible", "mysql97", "CREATE TABLE x (a int PRIMARY KEY, b int INVISIBLE, KEY k1 (b) INVISIBLE, UNIQUE u (b) COMMENT 'x' INVISIBLE, KEY k2 (b), CHECK (b > 1) NOT ENFORCED, CONSTRAINT `key` CHECK (a > 0))"},
	{"generated invisible primary key", "mysql97", "SET sql_generate_invisible_primary_key=1; CREATE TABLE x (a int, KEY k (a)); SET sql_generate_invisible_primary_key=0"},
	{"ignored", "mariadb", "CREATE TABLE x (a int PRIMARY KEY, b int INVISIBLE, KEY k1 (b) IGNORED, UNIQUE u (b) COMMENT 'x' IGNORED, KEY k2 (b), CHECK (b > 1), CONSTRAINT `key` CHECK (a > 0))"},
	{"hash unique", "mariadb", "CREATE TABLE x (a int PRIMARY KEY, b text, c blob NOT NULL, KEY k (a), UNIQUE u (b), UNIQUE v (c), UNIQUE w (a), KEY l (b(5)))"},
	{"descending", "mariadb mysql97", "CREATE TABLE x (a int, b int NOT NULL, KEY k1 (b DESC), UNIQUE u (b DESC,a), KEY k2 (a,b DESC), PRIMARY KEY (b DESC))"},
	{"system versioned", "mariadb", "CREATE TABLE x (a int PRIMARY KEY, b int, s timestamp(6) GENERATED ALWAYS AS ROW START, e timestamp(6) GENERATED ALWAYS AS ROW END, KEY k (b), UNIQUE u (b), PERIOD FOR SYSTEM_TIME(s,e)) WITH SYSTEM VERSIONING"},
	{"system versioned, implicit", "mariadb", "CREATE TABLE x (a int PRIMARY KEY, b int WITHOUT SYSTEM VERSIONING, KEY k (b), UNIQUE u (b)) WITH SYSTEM VERSIONING"},
	{"system versioned partitions", "mariadb", "CREATE TABLE x (a int PRIMARY KEY, b int, KEY k (b), UNIQUE u (a,b)) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME (PARTITION p0 HISTORY, PARTITION pn CURRENT)"},
	{"system versioned, foreign and other keys", "mariadb", "CREATE TABLE x (a int PRIMARY KEY, b int, c text, g point NOT NULL, KEY k (b), FULLTEXT f (c), SPATIAL s (g), CONSTRAINT y FOREIGN KEY (b) REFERENCES p (a)) WITH SYSTEM VERSIONING"},
	{"application period", "mariadb", "CREATE TABLE x (a int, f date, t date, KEY k (a), PERIOD FOR p (f,t), UNIQUE u (a, p WITHOUT OVERLAPS), UNIQUE v (a,f))"},
	{"aria", "mariadb", "CREATE TABLE x (a int NOT NULL AUTO_INCREMENT, b int NOT NULL, KEY j (b), KEY i (b,a), UNIQUE u (b)) ENGINE=Aria TRANSACTIONAL=1"},
	{"mariadb options", "mariadb", "CREATE TABLE x (a int, b varchar(9) CHARACTER SET utf8mb3 CHECK (b <> 'KEY ('), KEY k (a) USING BTREE, INDEX h USING HASH (b)) PAGE_COMPRESSED=1"},
}

// TestSplitTableServers splits tables and puts them together again on real servers.
func TestSplitTableServers(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			db := s.DB(t)
			db.SetMaxOpenConns(1)
			original, copied := s.Schema(t), s.Schema(t)
			run(t, db, "SET foreign_key_checks=0, sql_mode=''")
			for _, schema := range []string{original, copied} {
				run(t, db, "CREATE TABLE "+schema+".p (a int PRIMARY KEY, b int, c int, UNIQUE (b,c))")
			}
			for _, tt := range tortureTables {
				if tt.on != "" && !strings.Contains(tt.on, string(k)) {
					continue
				}
				t.Run(tt.name, func(t *testing.T) {
					run(t, db, "USE "+original, tt.ddl)
					want := showCreate(t, db)
					run(t, db, "DROP TABLE x", "USE "+copied)
					def, err := SplitTable([]byte(want), Mode{}, true)
					if err != nil {
						t.Fatal(err)
					}
					defer run(t, db, "DROP TABLE IF EXISTS x")
					run(t, db, string(def.Create))
					run(t, db, AlterStatements(copied, "x", def.Indexes)...)
					if fk := AlterForeignKeys(copied, "x", def.ForeignKeys); fk != "" {
						run(t, db, fk)
					}
					if diff := cmp.Diff(want, showCreate(t, db)); diff != "" {
						t.Errorf("created as\n%s\nwith %v\n%s", def.Create, AlterStatements(copied, "x", def.Indexes), diff)
					}
				})
			}
		})
	}
}

// run runs statements; one may hold several.
func run(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, q := range statements {
		if _, err := db.ExecContext(context.Background(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

func showCreate(t *testing.T, db *sql.DB) string {
	t.Helper()
	var name, text string
	if err := db.QueryRowContext(context.Background(), "SHOW CREATE TABLE x").Scan(&name, &text); err != nil {
		t.Fatal(fmt.Errorf("show create table: %w", err))
	}
	return text
}
